"""Files to text: what lies in a folder, what its bytes say, and every repair by name.

A clean UTF-8 file is never changed. A repair acts on a derived text, which the table `texts` holds, and only
where the fault would break the coding: no-break spaces, emoji, line ends, U+2028, bidi controls between words and markup that is
no page's remnant stay, and are shown for what they are. Nothing is executed, no archive is opened, no link is followed
out of the folder.
"""

from __future__ import annotations

import codecs
import csv
import fnmatch
import html
import io
import logging
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 20_000_000
MAX_TAGS = 50_000  # a cap on time that is the same on every machine: about four seconds of extraction
LEAST_PAGE_WORDS = 30
MOST_LAYERS = 8
SKIPPED_NAMES = (
    ".*", "README*", "LICENSE*", "*~", "~$*", "#*#", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r",
    "corpus.csv", "corrections.csv",
)  # fmt: skip
SKIPPED_ENDINGS = tuple(
    ".csv .tsv .json .jsonl .parquet .xls .xlsx .ods .png .jpg .jpeg .gif .svg .webp .bmp .ico .tif .tiff "
    ".css .js .py .ipynb .swp .swo .bak .orig .tmp .part .crdownload .lnk".split()
)
SKIPPED_FOLDERS = {"gold": "folder of tables", "__MACOSX": "system litter", "__pycache__": "system litter"}
BOMS = (
    (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
MAGIC = {
    b"%PDF-": "PDF", b"PK\3\4": "ZIP archive or Office document", b"PK\5\6": "ZIP archive", b"\x89PNG": "PNG picture",
    b"\xff\xd8\xff": "JPEG picture", b"GIF8": "GIF picture", b"\x7fELF": "program", b"\x1f\x8b": "gzip archive",
    b"BZh": "bzip2 archive", b"\xfd7zXZ": "xz archive", b"7z\xbc\xaf": "7z archive", b"Rar!\x1a": "RAR archive",
    b"(\xb5/\xfd": "zstd archive", b"\xd0\xcf\x11\xe0": "old Office document", b"{\\rtf": "RTF document",
    b"SQLite format 3": "database", b"bplist00": "Safari web archive", b"RIFF": "sound, film or picture",
}  # fmt: skip
CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
COMMON_CYRILLIC = frozenset("оеаинтсрвлкм")  # two thirds of the letters of a text in Russian
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*((?:windows-|cp|iso-?8859-|koi8-|mac|gb|big5|shift_jis|euc-)[\w-]*)", re.I)
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
FOREIGN_RUN = re.compile(rb"[\x80-\xff]{4}|[\xc0-\xff]{3}")  # no Western word has three accented letters in a row
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*"
    r"<(?:!doctype html|(?:html|head|body|title|div|article|section|main|header|nav|table)\b)",
    re.I | re.S,
)
WALL = re.compile(
    r"\b(?:page (?:not|cannot be|could not be) found|40[34] (?:error|forbidden|not found)|access denied|we value your privacy|accept (?:all|cookies)|"
    r"before you continue|use of cookies|we use cookies|enable javascript|are you a robot|you are human|captcha|"
    r"subscribe to (?:continue|read)|(?:log|sign) in to (?:continue|read))\b",
    re.I,
)

codecs.register_error("kzsec-cp1252", lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end))


class CorpusError(ValueError):
    """A corpus, or with a `reason` one file, that cannot be read; the message names the place and the cure."""

    def __init__(self, message: str, reason: str = "not text"):
        super().__init__(message)
        self.reason = reason


class Taken(NamedTuple):
    """The text of one file, how it was had, and what a web page says of itself."""

    text: str
    encoding: str
    repairs: tuple[str, ...]
    title: str = ""
    issued: str = ""


# --- the folder ------------------------------------------------------------------------------------


def list_files(root: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """(doc, path) of every file to read and (doc, reason) of every one skipped, each by `doc`.

    Raises `CorpusError` where `root` does not exist.
    """
    if os.path.isfile(root):
        return [(_doc(root.parent, root), root.resolve())], []
    if not os.path.isdir(root):
        raise CorpusError(f"{root}: no such file or folder; give a folder of articles or one article")
    chosen, skipped, shut = [], [], []
    for folder, folders, names in os.walk(root, onerror=shut.append):
        pages = {name.rpartition(".")[0] for name in names}
        reasons = {name: _skipped_folder(Path(folder, name), pages) for name in folders}
        folders[:] = [name for name in folders if not reasons[name]]
        skipped += [(_doc(root, Path(folder, name)) + "/", reason) for name, reason in reasons.items() if reason]
        for name in names:
            path, reason = Path(folder, name), _skipped_file(name)
            (skipped if reason else chosen).append((_doc(root, path), reason or path))
    chosen += [(_doc(root, Path(error.filename)) + "/", Path(error.filename)) for error in shut]  # refused in reading
    return sorted(chosen), sorted(skipped)


def _doc(root: Path, path: Path) -> str:
    """The name of a file in the tables; one that is not UTF-8 is spelled, and no two files share a name."""
    name = path.relative_to(root).as_posix()
    if re.search(r"[\udc80-\udcff]|\\x[89a-f][0-9a-f]", name):
        name = name.replace("\\", "\\\\")
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _skipped_folder(path: Path, pages: set[str]) -> str:
    if path.is_symlink():
        return "link to a folder, not followed"
    if path.name.endswith("_files") and path.name.removesuffix("_files") in pages:
        return "parts of a saved page"
    return SKIPPED_FOLDERS.get(path.name) or ("hidden" if path.name.startswith(".") else "")


def _skipped_file(name: str) -> str:
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in SKIPPED_NAMES):
        return "hidden file, notice or litter"
    return "table, picture or program" if name.lower().endswith(SKIPPED_ENDINGS) else ""


def read_bytes(path: Path, root: Path) -> bytes:
    """The bytes of a regular file of at most `MAX_BYTES` within `root`; `CorpusError` for anything else."""
    try:
        real = os.path.realpath(path, strict=True)
        if path.is_symlink() and not Path(real).is_relative_to(root.resolve()):
            raise CorpusError("not followed; copy the file itself into the folder", "link out of the folder")
        before = os.stat(real)
        if stat.S_ISDIR(before.st_mode):
            raise CorpusError("a folder that cannot be listed; check its permissions", "unreadable")
        if not stat.S_ISREG(before.st_mode):
            raise CorpusError("a pipe, device or socket, not opened; copy the text itself", "not a file")
        if before.st_size > MAX_BYTES:
            raise CorpusError(f"{before.st_size:,} bytes, over {MAX_BYTES:,}, not read; split the file", "too large")
        with open(real, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        after = os.stat(real)
    except FileNotFoundError:
        raise CorpusError("a link to nothing, or gone since the folder was listed; run again", "unreadable") from None
    except OSError as error:
        raise CorpusError(f"{error.strerror}; check the file's permissions", "unreadable") from None
    if (len(data), after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise CorpusError("written to while it was read; run again", "changed")
    return data


def read_overrides(root: Path) -> dict[str, dict[str, str]]:
    """The rows of the folder's `corpus.csv` by `doc`; CorpusError names a row that cannot be used."""
    path = root / "corpus.csv"
    if not path.is_file():
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (OSError, csv.Error) as error:
        raise CorpusError(f"{path}: {error}; save it again as a plain table") from None
    if rows and "doc" not in rows[0]:
        raise CorpusError(f"{path}: no column doc; its columns are doc, title, issued, author, url")
    for number, row in enumerate(rows, start=2):
        if (row.get("issued") or "").strip() and not _is_date(row["issued"].strip()):
            raise CorpusError(f"{path}: line {number}: issued is {row['issued']!r}; write 2007-04-26, 2007-04 or 2007")
    return {(row["doc"] or "").strip(): {k: (v or "").strip() for k, v in row.items() if k} for row in rows}


def _is_date(text: str) -> bool:
    """Whether `text` is a day, a month or a year of the last two centuries."""
    try:
        return bool(re.fullmatch(r"(18|19|20)\d\d(-\d\d){0,2}", text) and date.fromisoformat((text + "-01-01")[:10]))
    except ValueError:
        return False


# --- bytes to text ---------------------------------------------------------------------------------


def take_text(data: bytes) -> Taken:
    """The article's text in a file's bytes, decoded, out of its web page, and repaired; else `CorpusError`."""
    if not data.strip():
        raise CorpusError("the file has no text; save the article again", "empty")
    kind = "tar archive" if data[257:262] == b"ustar" else next((k for m, k in MAGIC.items() if data.startswith(m)), "")
    if kind:
        raise CorpusError("by its first bytes, and never opened; save the article's own text as UTF-8", kind)
    found: tuple[str, ...] = ()
    if re.match(rb"[\w-]+: ", data) and b"multipart/related" in data[:4000].lower():
        data, found = _page_of_mhtml(data), ("mhtml",)
    text, encoding, decoded = decode(data)
    title = issued = ""
    if HTML_START.match(text[:4000]):  # whatever the file's name
        text, title, issued = _page_text(text)
        found = (*found, "html")
    text, repairs = repair(text)
    if "html" in found:
        _refuse_wall(text, title)
    return Taken(text, encoding, (*found, *decoded, *repairs), title, issued)


def decode(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """(text without its byte-order mark, encoding, repairs).

    In order: byte-order mark, strict UTF-8, UTF-8 with a fault that can be named, UTF-16 and UTF-32 without a
    mark, older encodings. Raises `CorpusError` for bytes that are no text.
    """
    mark, encoding = next(((mark, name) for mark, name in BOMS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text, repairs = _decode_nearly(data[len(mark) :], encoding)
    except UnicodeDecodeError as error:
        if mark:
            raise CorpusError(f"{encoding} breaks off at byte {error.start}; save it as UTF-8", "broken encoding") from None
        return _decode_wide(data) or _decode_older(data, error.start)
    if "\0" not in text:
        return text, encoding, repairs
    if not mark and (wide := _decode_wide(data)):
        return wide
    raise CorpusError(f"NUL byte at {data.find(0, len(mark))}; save the article as UTF-8 text")


def _decode_nearly(data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    """The strict reading, or the one that joins surrogates, or the one without a last character cut in two."""
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        fault, whole = error, data[: error.start]
    with suppress(UnicodeDecodeError):
        text = data.decode(encoding, "surrogatepass").encode("utf-16-le", "surrogatepass")
        return text.decode("utf-16-le", "replace"), ("surrogates",)
    is_letter = encoding == "utf-8" and whole.isascii() and len(data) - len(whole) == 1  # of another encoding
    if re.search("end of data|truncated", fault.reason) and not is_letter:
        return whole.decode(encoding), ("incomplete last character",)
    raise fault


def _decode_wide(data: bytes) -> tuple[str, str, tuple[str, ...]] | None:
    """UTF-32 or UTF-16 without a mark: the reading that has spaces between its words and no control characters."""
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be") if b"\0" in data else ():
        text = data.decode(encoding, "replace")
        if 50 * text.count(" ") >= len(text) and not CONTROL.search(text) and "\ufffd" not in text:
            return text, encoding, (f"decoded from {encoding}",)
    return None


def _decode_older(data: bytes, position: int) -> tuple[str, str, tuple[str, ...]]:
    """The text in an encoding older than Unicode.

    Where no three accented letters stand in a row: the declared one or cp1252, which may stand between UTF-8. Else
    the Cyrillic one in which common letters prevail, the declared one, or what charset-normalizer finds.
    """
    if b"\0" in data or 100 * len(CONTROL.findall(data.decode("latin-1"))) > len(data):
        raise CorpusError(f"NUL or control bytes, and no UTF-8 at byte {position}; save it as UTF-8 text")
    rest, unicode_characters = UTF8_CHARACTER.subn(b"", data)
    found = CHARSET.search(data[:4000])
    declared = found[1].decode() if found and not unicode_characters else ""
    if not FOREIGN_RUN.search(rest):
        if unicode_characters:
            return data.decode("utf-8", "kzsec-cp1252"), "utf-8", ("mixed encodings",)
        choices = ["" if re.match("iso-?8859-1$|koi8|.*125?1$|.*866$", declared, re.I) else declared, "cp1252"]
    elif cyrillic := [name for name in CYRILLIC if _is_cyrillic(data[:20_000].decode(name, "replace"))]:
        choices = cyrillic
    elif 4 * unicode_characters > len(re.findall(rb"[\x80-\xff]", rest)):
        raise CorpusError(f"UTF-8 breaks off at byte {position}; save the file as UTF-8", "mixed encodings")
    else:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:200_000], cp_exclusion=["utf_16", "utf_16_le", "utf_16_be", "utf_32"]).best()
        choices = [declared, best.encoding if best else ""]
    for name in filter(None, choices):
        with suppress(UnicodeDecodeError, LookupError):
            known = codecs.lookup(name).name
            return data.decode(name), known, (f"decoded from {known}",)
    raise CorpusError(f"not UTF-8 (byte {position}), nor another that is known; save it as UTF-8", "unknown encoding")


def _is_cyrillic(text: str) -> bool:
    letters = [c for c in text if c > "\x7f"]
    return 5 * sum(c in COMMON_CYRILLIC for c in letters) >= 2 * len(letters)


# --- web pages -------------------------------------------------------------------------------------


def _page_of_mhtml(data: bytes) -> bytes:
    """The web page in a saved archive of one, as its parts are laid out by RFC 2557."""
    import email

    try:
        for part in email.message_from_bytes(data).walk():
            if part.get_content_type() == "text/html" and (page := part.get_payload(decode=True)):
                return page
    except Exception as error:  # the standard parser fails in many ways on broken mail
        raise CorpusError(f"broken ({type(error).__name__}); save the page as HTML", "MHTML") from None
    raise CorpusError("no web page in it; save the page as HTML", "MHTML")


def _page_text(page: str) -> tuple[str, str, str]:
    """(main text, title, full date or "") of a saved web page by trafilatura; its bare text where that finds none."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it finds is said in the file's own line
    if page.count("<") > MAX_TAGS:
        raise CorpusError(f"over {MAX_TAGS:,} tags; save the article's own page or its text", "too large a page")
    days = {"extensive_search": False, "original_date": True}
    try:
        found = trafilatura.bare_extraction(
            page, include_comments=False, include_tables=False, with_metadata=True, date_extraction_params=days
        )
    except Exception:  # whatever a hostile page does to a parser, its bare text is left
        found = None
    if not found or not found.text:
        return _strip_markup(page), "", ""
    title = " ".join(repair(found.title or "")[0].split())
    text = found.text.removeprefix(title).lstrip() if title else found.text
    issued = found.date or ""
    return text.replace("\n", "\n\n"), title, issued if len(issued) == 10 and _is_date(issued) else ""


def _refuse_wall(text: str, title: str) -> None:
    """Raises `CorpusError` for a page with too little text, or with little and the words of an error or a consent wall."""
    words, wall = len(text.split()), WALL.search(f"{title}\n{text}")
    if words < LEAST_PAGE_WORDS or (wall and words < 5 * LEAST_PAGE_WORDS):
        why = f"“{wall[0]}”: an error page or a consent wall" if wall else "no article"
        raise CorpusError(f"{words} words, {why}; save the article's own page", "too little text")


# --- repairs ---------------------------------------------------------------------------------------

BLOCKS = {"p", "div", "table", "blockquote", "article", "section", "h1", "h2", "h3", "h4", "h5", "h6"}
TAG = re.compile(
    r"</?(p|br|div|li|ul|ol|tr|td|th|table|h[1-6]|blockquote|hr|article|section|main|header|footer|nav|html|head|body|meta|"
    r"link|title|span|b|i|u|em|strong|a|font|img|sup|sub|center|small|script|style|figure|figcaption|iframe|button|form)"
    r"(?:\s++[\w:-]++\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s<>\"']++))*+\s*+/?>|<!--(?:(?!-->|<!--).)*+-->",
    re.I | re.S,
)
SCRIPT = re.compile(r"<(?:script|style)\b(?:(?!</?(?:script|style)\b).)*+(?=</)", re.I | re.S)
REMNANT = re.compile(r"<(?:p|br|div)(?:\s[^<>]*)?/?>", re.I)  # a page stood here; any other tag may be meant as words
ENTITY = re.compile(r"&(?!lt;|gt;|#0*6[02];|#x0*3[ce];)(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.I)
FOREIGN, QUOTED = re.compile(r"[^\x00-\x7f]+"), re.compile(r'"[^"\n]{0,60}"')
SCRAMBLED = re.compile("[\xc2-\xf4\u0393\u0400-\u045f\u201a][^\x00-\x7f]")
ALIKE = str.maketrans("аеорсухіјѕԁһАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhABEKMHOPCTYXIJS")
LATIN = "A-Za-z" + "".join(map(chr, ALIKE))  # with the Cyrillic letters that look it
SUSPECT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\xc2-\xf4\u0300-\u036f\u0393\u0400-\u052f\u200b-\u200f\u201a\u202a-\u202e"
    "\u2060-\u2069\ufb00-\ufb06\uff10-\uff5a\ufeff]"
)


def repair(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without what would break its coding, and the names of the repairs; a second call changes nothing.

    Raises `CorpusError` for faults within faults that do not end after `MOST_LAYERS`.
    """
    if not (SUSPECT.search(text) or "<" in text or "&" in text):
        return text, ()
    named = set()
    for _ in range(MOST_LAYERS):
        before = text
        for name, mend in REPAIRS.items():
            mended = mend(text)
            if mended != text:
                named.add(name)
                text = mended
        if text == before:
            return text, tuple(name for name in REPAIRS if name in named)
    raise CorpusError(f"over {MOST_LAYERS} layers of {', '.join(sorted(named))}; save the article again")


def _unscramble(text: str) -> str:
    """The text out of UTF-8 read as another encoding, by ftfy, where most of its foreign characters are such.

    What is quoted, or scrambled among more that is clean, may be what the author meant: it stays.
    """
    if not SCRAMBLED.search(text):
        return text
    import ftfy

    fixed = ftfy.fix_encoding(text, ftfy.TextFixerConfig(replace_lossy_sequences=False))
    before, after = (Counter(FOREIGN.findall(QUOTED.sub("", version))) for version in (text, fixed))
    return fixed if before.total() > 4 * (before & after).total() else text


def _strip_markup(text: str) -> str:
    """The text without the tags, scripts and entities of a web page; blocks become paragraphs."""
    return _unescape(TAG.sub(_tag_space, SCRIPT.sub("", text)))


def _unescape(text: str) -> str:
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _tag_space(found: re.Match[str]) -> str:
    name = (found[1] or "").lower()
    return "\n\n" if name in BLOCKS else "\n" if name in {"br", "li", "tr", "hr"} else ""


def _sub(pattern: str, new: str | Callable[[re.Match[str]], str] = "") -> Callable[[str], str]:
    return partial(re.compile(pattern).sub, new)


REPAIRS: dict[str, Callable[[str], str]] = {
    "mojibake": _unscramble,
    "html remnants": lambda text: (_strip_markup if REMNANT.search(text) else _unescape)(text),
    "terminal escapes": _sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"),
    "control characters": _sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]", lambda found: " " if found[0] in "\x1c\x1d\x1e\x1f\x85" else ""),
    "soft hyphens": _sub("\xad"),
    "zero-width characters": _sub("[\u200b\u2060\ufeff]|(?<=[A-Za-zÀ-ɏЀ-ԯ])[\u200c\u200d]+(?=[A-Za-zÀ-ɏЀ-ԯ])"),
    "bidi controls": _sub("(?<=[A-Za-zÀ-ɏЀ-ԯ])[\u200e\u200f\u202a-\u202e\u2066-\u2069]+(?=[A-Za-zÀ-ɏЀ-ԯ])"),
    "decomposed letters": _sub(r"\w[\u0300-\u036f]+", lambda found: unicodedata.normalize("NFC", found[0])),
    "ligatures": _sub("[\ufb00-\ufb06]", lambda found: unicodedata.normalize("NFKC", found[0])),
    "full-width letters": _sub("[０-９Ａ-Ｚａ-ｚ]", lambda found: chr(ord(found[0]) - 0xFEE0)),
    "look-alike letters": _sub(  # in words that have letters of both scripts, of which some can only be Latin
        rf"\b(?=[{LATIN}]+\b)(?=[A-Za-z]*[^\x00-\x7f])(?=\w*[bdfgklmnqrtuvwzDFGLNQRUVWZ])\w+", lambda found: found[0].translate(ALIKE)
    ),
}
