"""Files in, text units out: documents, rejects, texts, paragraphs, sentences, citations.

Bytes are read once and decoded here; the decoded text never changes afterwards, and every offset
anywhere in the project counts code points into it.
"""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .dates import find_dates

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 20_000_000
SKIPPED_NAMES = (".*", "README*", "LICENSE*", "*~", "#*#", "Thumbs.db", "desktop.ini", "corpus.csv", "corrections.csv")
SKIPPED_ENDINGS = frozenset(
    ".csv .tsv .json .jsonl .parquet .xls .xlsx .ods .png .jpg .jpeg .gif .svg .webp .bmp .ico .tif .tiff "
    ".css .js .py .ipynb .swp .bak .tmp".split()
)
BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
JANUARY_ISSUES = 25  # issues are numbered by working day, so the first 25 fall into January and its eve

NEWLINE = re.compile(r"\r\n|[\n\r]")
PUBLICATION = re.compile(
    r"Publication:[ \t]*(?P<publication>.*?)(?:[ \t]*\bVolume:[ \t]*(?P<volume>\d+))?"
    r"(?:[ \t]*\bIssue:[ \t]*(?P<issue>\d+))?[ \t]*$",
    re.IGNORECASE,
)
BYLINE = re.compile(r"By:(?:[ \t].*)?$", re.IGNORECASE)
PLACEHOLDER = re.compile(r"Placeholder canvas$", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
CREDIT = re.compile(r"\((?:photo|source|image|credit|courtesy)\b[^)]*\)\W*$", re.IGNORECASE)
# where a sentence ends though the splitter may not see it: glued to the next (`border.Then`), behind a common word that
# the splitter takes for an abbreviation, or with its citation behind the full stop
SENTENCE_JOINT = re.compile(
    r"[.!?](?:(?<=[a-z]{3}[.!?])[”’\"]?(?:(?P<glued>)(?=[A-Z][a-z]{2})|(?P<spaced>)(?=\s+[“\"]?[A-Z]))"
    r"|(?<=\w[.!?])[”’\"]?\s*\([^()]{4,400}\)(?=\s+[“\"]?[A-Z]))"
)
ABBREVIATIONS = frozenset(
    """gen col maj adm capt cmdr sgt brig prof gov sen rep rev hon pres amb min dir mrs messrs jan feb mar apr jun jul aug
    sept sep oct nov dec inc ltd corp bros dept dist univ est vol fig art sec nos etc approx resp ave blvd obl tel""".split()
)
PARENTHESIS = re.compile(r"\(([^()]{4,400})\)")
WEB_SOURCE = re.compile(r"(?:https?://|www\.)\S+|[\w-]+\.(?:com|kz|ru|org|net|info|az|uz|kg|tj|tm|ua|cn|tr|eu)\b", re.I)
WORD = re.compile(r"\w+(?:[-’'.]\w+)*")
LONGEST_CAPTION_WORDS = 25
FULL_PARAGRAPH_WORDS = 40


class CorpusError(ValueError):
    """A corpus that cannot be read at all; the message names the place and the cure."""


class Sentence(NamedTuple):
    """`text[start:end]` is sentence `sent` of paragraph `para`, both counted from 0."""

    para: int
    sent: int
    start: int
    end: int


class Citation(NamedTuple):
    """One source of the parenthesis `text[start:end]`; `date_iso` is empty where no year is known."""

    para: int
    sent: int
    start: int
    end: int
    source: str
    source_start: int
    date_text: str
    date_start: int
    date_iso: str


@dataclass(frozen=True, slots=True)
class Article:
    """One readable text with its units; all offsets are code points into `text`."""

    doc: str
    text: str
    title: str = ""
    publication: str = ""
    volume: int | None = None
    issue: int | None = None
    year: int | None = None
    issued_after: str = ""
    issued_basis: str = ""
    paragraphs: tuple[tuple[int, int], ...] = ()
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of one file: its state, the reason, and the article where there is one."""

    doc: str
    sha256: str
    status: str
    reason: str = ""
    detail: str = ""
    encoding: str = ""
    repairs: tuple[str, ...] = ()
    duplicate_of: str = ""
    article: Article | None = None


@dataclass(frozen=True)
class Corpus:
    """The articles of one folder or file, and the tables of their units; never changed after reading."""

    root: Path
    records: tuple[FileRecord, ...]
    skipped: tuple[tuple[str, str], ...]
    tables: dict[str, pd.DataFrame] = field(repr=False, default_factory=dict)

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that have text, by `doc`."""
        return tuple(record.article for record in self.records if record.article)

    def raw(self, doc: str) -> str:
        """The text that all offsets of `doc` count into; KeyError for an unknown `doc`."""
        for article in self.articles:
            if article.doc == doc:
                return article.text
        raise KeyError(doc)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in CORPUS_TABLES:
            raise AttributeError(name)
        return self.tables[name]

    @property
    def sha256(self) -> str:
        """One hash of every file's name, state and bytes."""
        rows = (f"{record.doc}\0{record.status}\0{record.sha256}\n" for record in self.records)
        return hashlib.sha256("".join(rows).encode("utf-8", "surrogatepass")).hexdigest()


# --- text to units ---------------------------------------------------------------------------------


def parse_text(doc: str, text: str) -> Article:
    """The article in `text`: header fields, paragraphs, sentences, citations with ISO dates."""
    header, blocks = _split_header(text)
    sentences = tuple(
        Sentence(para, sent, start, end)
        for para, block in enumerate(blocks)
        for sent, (start, end) in enumerate(split_sentences(text, *block))
    )
    volume, issue = header.get("volume"), header.get("issue")
    publication = header.get("publication", "")
    article = Article(
        doc,
        text,
        title=header.get("title", ""),
        publication=publication,
        volume=volume,
        issue=issue,
        year=publication_year(publication, volume),
        paragraphs=tuple(blocks),
        sentences=sentences,
    )
    return with_year(article, article.year)


def with_year(article: Article, year: int | None, *, issued: str = "") -> Article:
    """The article with its citations dated in `year` and the bound on its day that follows from them."""
    january = article.issue is not None and article.issue <= JANUARY_ISSUES
    citations = tuple(find_citations(article.text, article.sentences, year=year, january=january))
    own_days = [day for c in citations for day in c.date_iso.split("/") if len(day) == 10 and day[:4] == str(year)]
    after, basis = (issued, "corpus.csv") if issued else (max(own_days, default=""), "citation" if own_days else "")
    return replace(article, year=year, citations=citations, issued_after=after, issued_basis=basis)


def publication_year(publication: str, volume: int | None) -> int | None:
    """2003 + volume for the Eurasia Daily Monitor; no other publication's volume tells a year."""
    if volume is None or publication.strip().casefold() != "eurasia daily monitor":
        return None
    return 2003 + volume


def _lines(text: str) -> list[tuple[int, int]]:
    """Spans of the lines without their ends and outer blanks; a blank line has start == end."""
    spans, at = [], 0
    for end, following in [*((m.start(), m.end()) for m in NEWLINE.finditer(text)), (len(text), len(text))]:
        line = text[at:end]
        start = at + len(line) - len(line.lstrip(" \t\xa0\ufeff\u200b\x0b\x0c"))
        spans.append((start, max(start, at + len(line.rstrip()))))
        at = following
    return spans


def _split_header(text: str) -> tuple[dict, list[tuple[int, int]]]:
    """The header's fields and the spans of the body's paragraphs."""
    lines = _lines(text)
    while lines and lines[-1][0] == lines[-1][1]:
        lines.pop()
    header: dict = {}
    first_body, title_line = 0, None
    for number, (start, end) in enumerate(lines[:12]):
        line = text[start:end]
        if found := PUBLICATION.match(line):
            header = {key: value for key, value in found.groupdict().items() if value}
            for key in ("volume", "issue"):
                header[key] = int(header[key]) if key in header else None
            first_body = number + 1
        elif BYLINE.match(line) or PLACEHOLDER.match(line):
            first_body = max(first_body, number + 1)
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        if not line or PLACEHOLDER.match(line):
            continue
        if header and number < first_body:
            is_title = not (PUBLICATION.match(line) or BYLINE.match(line))
        else:
            rest = [text[a:b] for a, b in lines[number + 1 :] if b > a]
            is_title = not header and bool(rest) and _is_heading(line, rest[0])
        title_line = number if is_title else None
        break
    if title_line is not None:
        header["title"] = text[slice(*lines[title_line])]
        first_body = max(first_body, title_line + 1)
    return header, _body(text, lines, first_body, has_header="publication" in header)


def _is_heading(line: str, following: str) -> bool:
    """Whether an unmarked first line heads the text: short, open-ended, with a longer text below it."""
    words = len(line.split())
    return words <= 20 and not SENTENCE_END.search(line) and len(following.split()) > words


def _body(text: str, lines: list[tuple[int, int]], first: int, *, has_header: bool) -> list[tuple[int, int]]:
    """The paragraphs: blocks between blank lines, or each line where there is no blank line."""
    body = lines[first:]
    blocks: list[list[tuple[int, int]]] = [[]]
    for span in body:
        if span[0] == span[1]:
            blocks.append([])
        elif not (has_header and len(blocks) == 1 and BYLINE.match(text[slice(*span)])):
            blocks[-1].append(span)
    blocks = [block for block in blocks if block]
    no_blank = all(start < end for start, end in lines)
    if len(blocks) == 1 and (no_blank or all(SENTENCE_END.search(text[slice(*span)]) for span in blocks[0][1:])):
        blocks = [[span] for span in blocks[0]]
    paragraphs = [(block[0][0], block[-1][1]) for block in blocks]
    while has_header and len(paragraphs) > 1 and _is_caption(text, paragraphs[0], paragraphs[1:]):
        paragraphs.pop(0)
    return paragraphs


def _is_caption(text: str, block: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    """Whether the block under a newsletter's header is a picture's caption and not the first paragraph."""
    caption = text[slice(*block)]
    words = len(caption.split())
    if not any(len(text[slice(*other)].split()) > words for other in others) or words > FULL_PARAGRAPH_WORDS:
        return False
    if not SENTENCE_END.search(caption) or CREDIT.search(caption):
        return True
    full = len(text[slice(*others[0])].split()) >= FULL_PARAGRAPH_WORDS
    return full and words <= LONGEST_CAPTION_WORDS and not PARENTHESIS.search(caption)


def split_sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences in `text[start:end]`, by nupunkt's Punkt model.

    Three repairs for newsletters: a sentence glued to the one before (`border.Then`) is cut off, so is one behind a
    common word that the model takes for an abbreviation, and a citation behind the full stop belongs to the
    sentence that it closes.
    """
    import nupunkt

    ends = [found.end() for found in SENTENCE_JOINT.finditer(text, start, end) if _ends_sentence(text, found)]
    cuts = sorted({start, end, *ends, *(start + a for a, _ in nupunkt.sent_spans(text[start:end]))})
    spans: list[tuple[int, int]] = []
    for left, right in pairwise(cuts):
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if left < right and spans and _only_parenthesis(text[left:right]):
            spans[-1] = (spans[-1][0], right)
        elif left < right:
            spans.append((left, right))
    return spans


def _ends_sentence(text: str, found: re.Match[str]) -> bool:
    """Whether the full stop of a joint is one: not an abbreviation's, nor one inside a web address."""
    before = text[max(0, found.start() - 40) : found.start()].split()[-1:]
    if found["spaced"] is not None:
        return not before or re.sub(r"\W", "", before[0]).lower() not in ABBREVIATIONS
    return found["glued"] is None or not WEB_SOURCE.search(before[0] + text[found.start() : found.end() + 20].split()[0])


def _only_parenthesis(piece: str) -> bool:
    return piece[0] == "(" and piece.rstrip(".!?”\"’'") [-1:] == ")" and piece.count("(") == 1


def find_citations(
    text: str, sentences: tuple[Sentence, ...], *, year: int | None, january: bool = False
) -> Iterator[Citation]:
    """Each source of each source citation: `(Source, Month D)`, also with several sources or dates.

    A parenthesis with a date and no source, as `(December 15)`, is none. A source without a date of
    its own takes the next one in its parenthesis. Years that the text does not name are `year`.
    """
    for sentence in sentences:
        for found in PARENTHESIS.finditer(text, sentence.start, sentence.end):
            rows = _sources(text, found.start(1), found.end(1), year=year, january=january)
            for source_start, source, date_start, date_text, date_iso in rows:
                yield Citation(
                    sentence.para, sentence.sent, found.start(), found.end(),
                    source, source_start, date_text, date_start, date_iso,
                )  # fmt: skip


def _sources(text: str, start: int, end: int, *, year: int | None, january: bool) -> list[tuple[int, str, int, str, str]]:
    """(start, source, date start, date, ISO date) of each source in a parenthesis; empty where it cites none."""
    dates = [(a, b, iso if year or re.match(r"\d{4}", iso) else "") for a, b, iso in
             find_dates(text, start, end, year=year, january=january)]  # fmt: skip
    pieces = []
    at = start
    for a, b, iso in [*dates, (end, end, "")]:
        for piece in re.finditer(r"[^,;]+", text[at:a]):
            name = piece.group().strip(" .:–—-\n")
            name = re.sub(r"^(?:see(?: also)?|and|in|as quoted by|according to|e\.g\.)\s+", "", name, flags=re.I)
            if name and (name[0].isupper() or (name[0].isdigit() and not name.isdigit()) or WEB_SOURCE.match(name)):
                pieces.append((at + text[at:a].index(name, piece.start()), name, a, text[a:b], iso))
            elif re.search(r"\w", name) and not name.isdigit():
                return []  # running words: a remark that has a date in it, not a citation
        at = b
    undated_web = [piece for piece in pieces if WEB_SOURCE.match(piece[1])]
    if not dates and len(undated_web) != len(pieces):
        return []
    return pieces


# --- files to records ------------------------------------------------------------------------------


def list_files(root: Path) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """(doc, path) of every file to read and (doc, reason) of every one skipped, each by `doc`.

    Raises `CorpusError` where `root` does not exist.
    """
    if root.is_file():
        return [(root.name, root)], []
    if not root.is_dir():
        raise CorpusError(f"{root}: no such file or folder; give a folder of articles or one article")
    chosen, skipped = [], []
    for folder, folders, names in os.walk(root):
        for name in list(folders):
            if name == "gold" or name.startswith("."):
                folders.remove(name)
                skipped.append((_doc(root, Path(folder, name)) + "/", "folder of tables" if name == "gold" else "hidden"))
        for name in names:
            path = Path(folder, name)
            reason = _skip_reason(name)
            (skipped.append((_doc(root, path), reason)) if reason else chosen.append((_doc(root, path), path)))
    return sorted(chosen), sorted(skipped)


def _doc(root: Path, path: Path) -> str:
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _skip_reason(name: str) -> str:
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in SKIPPED_NAMES):
        return "hidden file, notice or litter"
    return "table, picture or program" if Path(name).suffix.lower() in SKIPPED_ENDINGS else ""


def read_file(doc: str, path: Path, overrides: dict[str, str] | None = None) -> FileRecord:
    """What became of one file; a fault in it is a `quarantined` record with reason and cure, never an error."""
    try:
        if not path.is_file():
            return FileRecord(doc, "", "quarantined", "not a file", "a pipe, device or broken link; copy the text itself")
        if path.stat().st_size > MAX_BYTES:
            return FileRecord(doc, "", "quarantined", "too large", f"over {MAX_BYTES:,} bytes, not read; split the file")
        data = path.read_bytes()
    except OSError as error:
        return FileRecord(doc, "", "quarantined", "unreadable", f"{error.strerror}; check the file's permissions")
    digest = hashlib.sha256(data).hexdigest()
    if not data.strip():
        return FileRecord(doc, digest, "quarantined", "empty", "the file has no text; save the article again")
    try:
        text, encoding, repairs = decode(data)
    except CorpusError as error:
        return FileRecord(doc, digest, "quarantined", "not text", str(error))
    if looks_like_html(text):
        text, repairs = _html_text(text), (*repairs, "html")
    article = parse_text(doc, text)
    if overrides:
        article = _override(article, overrides)
    if not article.sentences:
        detail = "no paragraph under the header" if article.publication else "no sentence found"
        return FileRecord(doc, digest, "quarantined", "no article text", f"{detail}; save the article's full text")
    return FileRecord(
        doc, digest, "repaired" if repairs else "accepted", encoding=encoding, repairs=tuple(repairs), article=article
    )


def decode(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """(text without its byte-order mark, encoding, repairs).

    In order: byte-order mark, strict UTF-8, detection by charset-normalizer, which is named as a repair.
    Raises `CorpusError` for bytes that are no text.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding, ()
            except UnicodeDecodeError as error:
                raise CorpusError(f"broken {encoding} at byte {error.start}; save the file as UTF-8") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _detect(data, error.start)
    if "\0" in text:
        raise CorpusError(f"NUL byte at {data.index(0)}: not a text file; save the article as UTF-8 text")
    return text, "utf-8", ()


def _detect(data: bytes, position: int) -> tuple[str, str, tuple[str, ...]]:
    """The text in the encoding that charset-normalizer finds the likeliest."""
    from charset_normalizer import from_bytes

    best = None if b"\0" in data else from_bytes(data[:200_000]).best()
    if best is None:
        raise CorpusError(f"neither UTF-8 (byte {position}) nor a known encoding; save the article as UTF-8 text")
    try:
        return data.decode(best.encoding), best.encoding, (f"decoded from {best.encoding}",)
    except UnicodeDecodeError as error:
        raise CorpusError(f"mixed encodings (byte {error.start}); save the article as UTF-8 text") from None


def looks_like_html(text: str) -> bool:
    """Whether the content, whatever the file's name, is a web page."""
    return bool(re.match(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", text[:4000], re.I | re.S))


def _html_text(page: str) -> str:
    """The main text of a saved web page with its title as first line, by trafilatura; empty where it finds none."""
    import trafilatura

    text = trafilatura.extract(page, include_comments=False, include_tables=False) or ""
    title = getattr(trafilatura.extract_metadata(page), "title", None)
    body = text.replace("\n", "\n\n")
    return f"{title}\n\n{body}" if title and body and not text.startswith(title) else body


def read_overrides(root: Path) -> dict[str, dict[str, str]]:
    """The rows of the folder's `corpus.csv` by `doc`; CorpusError names a row that cannot be used."""
    path = root / "corpus.csv"
    if not path.is_file():
        return {}
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    if rows and "doc" not in rows[0]:
        raise CorpusError(f"{path}: no column doc; its columns are doc, title, issued, author, url")
    for number, row in enumerate(rows, start=2):
        if not re.fullmatch(r"(?:\d{4}(?:-\d\d(?:-\d\d)?)?)?", (row.get("issued") or "").strip()):
            raise CorpusError(f"{path}: line {number}: issued is {row['issued']!r}; write 2007-04-26, 2007-04 or 2007")
    return {(row["doc"] or "").strip(): {k: (v or "").strip() for k, v in row.items() if k} for row in rows}


def _override(article: Article, row: dict[str, str]) -> Article:
    issued = row.get("issued", "")
    if issued:
        article = with_year(article, int(issued[:4]), issued=issued)
    return replace(article, title=row.get("title") or article.title)


def read_records(root: Path) -> Iterator[FileRecord]:
    """One record a file, by `doc`; a file with the bytes or the text of an earlier one is its `duplicate`."""
    files, _ = list_files(root)
    overrides = read_overrides(root if root.is_dir() else root.parent)
    seen: dict[bytes, str] = {}
    for doc, path in files:
        record = read_file(doc, path, overrides.get(doc))
        if record.article:
            keys = [bytes.fromhex(record.sha256), hashlib.sha256(record.article.text.encode("utf-8", "replace")).digest()]
            first = next((seen[key] for key in keys if key in seen), None)
            if first is not None:
                record = replace(record, status="duplicate", duplicate_of=first, article=None)
            for key in keys:
                seen.setdefault(key, doc)
        yield record


def read_corpus(path: str | Path | None = None) -> Corpus:
    """Every article of a folder (or one file) with the tables of its units; `None` reads the five seeds.

    Raises `CorpusError` where there is no such folder or no file in it. Files that hold no article
    stand in `rejects`; nothing is dropped silently.
    """
    root = Path(path) if path is not None else SEEDS
    skipped = tuple(list_files(root)[1])
    records = tuple(read_records(root))
    if not records:
        raise CorpusError(f"{root}: no article here; put .txt files into the folder")
    return Corpus(root, records, skipped, corpus_tables(records))


SEEDS = Path(__file__).parents[1] / "seeds"


# --- records to tables -----------------------------------------------------------------------------

CORPUS_TABLES = {
    "documents": "doc sha256 status duplicate_of encoding repairs publication title volume issue year issued_after "
    "issued_basis engine chars words paragraphs sentences",
    "rejects": "doc sha256 reason detail",
    "texts": "doc text",
    "paragraphs": "doc para start end text",
    "sentences": "doc para sent start end text",
    "citations": "doc para sent start end source date_text date_iso",
}


def corpus_rows(record: FileRecord) -> dict[str, list[tuple]]:
    """The rows that one file adds to each table."""
    article = record.article
    rows: dict[str, list[tuple]] = {name: [] for name in CORPUS_TABLES}
    if record.status == "quarantined":
        rows["rejects"].append((record.doc, record.sha256, record.reason, record.detail))
    shown = article or Article(record.doc, "")
    words = len(WORD.findall(" ".join(shown.text[a:b] for a, b in shown.paragraphs)))
    rows["documents"].append(
        (record.doc, record.sha256, record.status, record.duplicate_of, record.encoding, list(record.repairs),
         shown.publication, shown.title, shown.volume, shown.issue, shown.year, shown.issued_after,
         shown.issued_basis, "", len(shown.text), words, len(shown.paragraphs), len(shown.sentences))
    )  # fmt: skip
    if article:
        text, doc = article.text, article.doc
        rows["texts"].append((doc, text))
        rows["paragraphs"] += [(doc, para, a, b, text[a:b]) for para, (a, b) in enumerate(article.paragraphs)]
        rows["sentences"] += [(doc, *s, text[s.start : s.end]) for s in article.sentences]
        rows["citations"] += [
            (doc, c.para, c.sent, c.start, c.end, c.source, c.date_text, c.date_iso) for c in article.citations
        ]
    return rows


def corpus_tables(records: tuple[FileRecord, ...]) -> dict[str, pd.DataFrame]:
    """The tables of `CORPUS_TABLES` over all records, sorted by `doc` and `start`."""
    import pandas as pd

    rows: dict[str, list[tuple]] = {name: [] for name in CORPUS_TABLES}
    for record in records:
        for name, more in corpus_rows(record).items():
            rows[name] += more
    tables = {name: pd.DataFrame(rows[name], columns=columns.split()) for name, columns in CORPUS_TABLES.items()}
    whole = ["volume", "issue", "year", "chars", "words", "paragraphs", "sentences"]
    tables["documents"] = tables["documents"].astype(dict.fromkeys(whole, "Int64"))
    return tables
