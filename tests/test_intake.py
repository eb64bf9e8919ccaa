"""Intake: one table of dirty files, each with its right end, and properties on any bytes."""

import gzip
import hashlib
import os
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import kzsec.intake
from kzsec.__main__ import main
from kzsec.corpus import SEEDS, CorpusError, list_files, read_corpus, read_file, read_records
from kzsec.intake import MAX_BYTES, decode, repair

EDM = "Publication: Eurasia Daily Monitor Volume: 7 Issue: 92"
EN = (
    "Kazakhstan’s defense minister met his counterparts — from Russia and the United States — in Astana. They agreed on "
    "a joint exercise “in the autumn” that will last five days and take place near Almaty (Interfax, May 11)."
)
PLAIN = EN.translate(str.maketrans("’—“”", "'-\"\""))
RU = "Министр обороны Казахстана встретился с послом России в Астане. Стороны обсудили учения и поставки оружия. " * 3
TEXT = f"{EDM}\n\n{EN}\n"
PAGE = "<!DOCTYPE html><html><head><title>Astana plans</title>{}</head><body><nav>Menu</nav><article><h1>Astana plans</h1><p>{}</p></article></body></html>"


def scrambled(text, codec="cp1252"):
    """UTF-8 read in another encoding: one layer of mojibake."""
    return "".join(bytes([b]).decode(codec, "replace").replace("\ufffd", chr(b)) for b in text.encode())


def same(text):
    return ("accepted", text, "")


# name: (bytes or text, (state, text or None where any will do, what its repairs or its reason and detail say))
BYTES = {
    "utf-8": (TEXT, same(TEXT)),
    "utf-8 with mark": (b"\xef\xbb\xbf" + TEXT.encode(), same(TEXT)),
    "utf-16 with mark": (("\ufeff" + TEXT).encode("utf-16-le"), same(TEXT)),
    "utf-16-be with mark": (("\ufeff" + TEXT).encode("utf-16-be"), same(TEXT)),
    "utf-32 with mark": (("\ufeff" + TEXT).encode("utf-32-le"), same(TEXT)),
    "utf-32-be with mark": (("\ufeff" + TEXT).encode("utf-32-be"), same(TEXT)),
    "utf-16 without mark": (TEXT.encode("utf-16-le"), ("repaired", TEXT, "decoded from utf-16-le")),
    "utf-16-be without mark": (RU.encode("utf-16-be"), ("repaired", RU, "decoded from utf-16-be")),
    "utf-32 without mark": (TEXT.encode("utf-32-be"), ("repaired", TEXT, "decoded from utf-32-be")),
    "utf-16 cut in a character": (("\ufeff" + TEXT).encode("utf-16-le")[:-1], ("repaired", TEXT[:-1], "incomplete last character")),
    "cp1252": (TEXT.encode("cp1252"), ("repaired", TEXT, "decoded from cp1252")),
    "cp1252 with accents": ("Le café déjà vu à Almaty, “oui”.".encode("cp1252"), ("repaired", "Le café déjà vu à Almaty, “oui”.", "decoded from cp1252")),
    "cp1251": (RU.encode("cp1251"), ("repaired", RU, "decoded from cp1251")),
    "cp1251, a few words": ("Министр прибыл в Астану.".encode("cp1251"), ("repaired", "Министр прибыл в Астану.", "decoded from cp1251")),
    "cp1251 within English": ("The minister (Министр обороны) met.".encode("cp1251"), ("repaired", "The minister (Министр обороны) met.", "cp1251")),
    "koi8-r": (RU.encode("koi8-r"), ("repaired", RU, "decoded from koi8-r")),
    "cp866": (RU.encode("cp866"), ("repaired", RU, "decoded from cp866")),
    "another charset declared": (PAGE.format('<meta charset="koi8-r">', RU * 2).encode("cp1251"), ("repaired", None, "html, decoded from cp1251")),
    "another declared, utf-8": (PAGE.format('<meta charset="windows-1251">', EN * 2).encode(), ("repaired", None, "html")),
    "charset declared": (PAGE.format('<meta charset="windows-1254">', "Ankara’da görüşme yapıldı ve Kazakistan ile anlaşma imzalandı. " * 9).encode("cp1254"), ("repaired", None, "decoded from cp1254")),
    "a codec that is no charset": (PAGE.format('<meta charset="zlib">', EN * 2).encode("cp1252"), ("repaired", None, "decoded from cp1252")),
    "gb18030": (("哈萨克斯坦国防部长在阿斯塔纳会见了俄罗斯大使，双方讨论了演习和武器供应问题。" * 9).encode("gb18030"), ("repaired", None, "decoded from gb")),
    "cut in a character": (TEXT.encode() + "“".encode()[:2], ("repaired", TEXT, "incomplete last character")),
    "mixed encodings": (EN.encode() + b" Kazakhstan\x92s plan.", ("repaired", EN + " Kazakhstan’s plan.", "mixed encodings")),
    "mixed Cyrillic": (RU.encode() + RU[:40].encode("cp1251"), ("quarantined", "", r"mixed encodings.*byte \d+.*save")),
    "mojibake": (scrambled(TEXT), ("repaired", TEXT, "mojibake")),
    "mojibake by latin-1": (TEXT.encode().decode("latin-1"), ("repaired", TEXT, "mojibake")),
    "mojibake of two layers": (scrambled(scrambled(TEXT)), ("repaired", TEXT, "mojibake")),
    "mojibake of Russian": (scrambled(RU, "cp1251"), ("repaired", RU, "mojibake")),
    "look-alike: letters": ("The list has Ã, Õ and Â. São Paulo is SÃO PAULO.", same("The list has Ã, Õ and Â. São Paulo is SÃO PAULO.")),
    "look-alike: capitals": ("The CAFÉ… was closed.", same("The CAFÉ… was closed.")),
    "look-alike: quoted": (f"{EN} The page showed “â€™” in its place.", same(f"{EN} The page showed “â€™” in its place.")),
    "look-alike: quoted, ASCII": ('The page showed "Ã©" in its place.', same('The page showed "Ã©" in its place.')),
    "look-alike: French": ("L’été à l’île où naît l’œuvre, ça y est.", same("L’été à l’île où naît l’œuvre, ça y est.")),
    "NUL": (b"Kazakhstan met\0 Russia.", ("quarantined", "", "NUL byte at 14.*save")),
    "control bytes": (b"Kazakh\x08stan\x7f met Russia.", ("repaired", "Kazakhstan met Russia.", "control characters")),
    "only control bytes": (bytes(range(1, 32)) * 9 + b"\xff", ("quarantined", "", "not text")),
    "surrogate pairs": ("It met 😀.".encode("utf-16", "surrogatepass").decode("utf-16").encode()[:7] + b"\xed\xa0\xbd\xed\xb8\x80.", ("repaired", "It met 😀.", "surrogates")),
    "lone surrogate": (b"It met \xed\xa0\xbd here.", ("repaired", "It met \ufffd here.", "surrogates")),
    "CRLF": (TEXT.replace("\n", "\r\n"), same(TEXT.replace("\n", "\r\n"))),
    "CR": (TEXT.replace("\n", "\r"), same(TEXT.replace("\n", "\r"))),
    "mixed line ends": (f"{EDM}\r\n\n{EN}\r", same(f"{EDM}\r\n\n{EN}\r")),
    "U+2028": ("It met.\u2028It agreed.", same("It met.\u2028It agreed.")),
}  # fmt: skip
UNICODE = {
    "decomposed": ("Erdog\u0306an met Tokayev.", ("repaired", "Erdoğan met Tokayev.", "decomposed letters")),
    "soft hyphen": ("Kazakh\xadstan met Russia.", ("repaired", "Kazakhstan met Russia.", "soft hyphens")),
    "zero width": ("Kazakh\u200bstan met Rus\u200dsia.", ("repaired", "Kazakhstan met Russia.", "zero-width characters")),
    "zero width in Persian": ("قزاقستان می\u200cگوید.", same("قزاقستان می\u200cگوید.")),
    "bidi override": ("Kazakh\u202estan met.", ("repaired", "Kazakhstan met.", "bidi controls")),
    "bidi override between words": ("It met \u202enatsrussia\u202c here.", same("It met \u202enatsrussia\u202c here.")),
    "bidi marks in Hebrew": ("קזחסטן\u200f נפגשה.", same("קזחסטן\u200f נפגשה.")),
    "no-break space": ("The United\xa0States met.", same("The United\xa0States met.")),
    "homoglyph": ("K\u0430z\u0430khstan met Russia.", ("repaired", "Kazakhstan met Russia.", "look-alike letters")),
    "two scripts": ("The Ми-8 and NATO’s СНГ partner met.", same("The Ми-8 and NATO’s СНГ partner met.")),
    "ligature": ("An o\ufb03cial met.", ("repaired", "An official met.", "ligatures")),
    "full width": ("\uff2bazakhstan met.", ("repaired", "Kazakhstan met.", "full-width letters")),
    "Chinese punctuation": ("哈萨克斯坦，会晤。", same("哈萨克斯坦，会晤。")),
    "terminal escapes": ("\x1b[31mKazakhstan\x1b[0m met \x1b]0;title\x07Russia.", ("repaired", "Kazakhstan met Russia.", "terminal escapes")),
    "emoji": ("Kazakhstan 🇰🇿 met 👩‍🚀 Russia.", same("Kazakhstan 🇰🇿 met 👩‍🚀 Russia.")),
}  # fmt: skip
STRUCTURE = {
    "empty": ("", ("quarantined", "", "empty.*save")),
    "blanks": (" \n\t\r\n", ("quarantined", "", "empty.*save")),
    "blanks beyond ASCII": ("\xa0\n\u2003\n", ("quarantined", "", "no article text.*save")),
    "only a mark": ("\ufeff".encode("utf-16-le"), ("quarantined", "", "no article text.*save")),
    "only a header": (f"TITLE\n\n{EDM}", ("quarantined", "", "no paragraph under the header.*save")),
    "no header": (EN, same(EN)),
    "header without colons": (f"Publication Eurasia Daily Monitor Volume 3\n\n{EN}", same(f"Publication Eurasia Daily Monitor Volume 3\n\n{EN}")),
    "volume without number": (f"Publication: Eurasia Daily Monitor Volume: x\n\n{EN}", same(f"Publication: Eurasia Daily Monitor Volume: x\n\n{EN}")),
    "volume out of all bounds": (f"Publication: Eurasia Daily Monitor Volume: {'9' * 40}\n\n{EN}", ("accepted", None, "")),
    "another newsletter": (f"Publication: Monitor Volume: 2 Issue: 167\n\n{EN}", ("accepted", None, "")),
    "two articles": (f"{TEXT}\n{EDM[:-2]}93\n\n{PLAIN}", ("quarantined", "", f"two articles in one file.*character {len(TEXT) + 1};.*split")),
    "one header twice": (f"{EDM}\n\n{TEXT}", ("accepted", None, "")),
    "another language": (RU, same(RU)),
    "one long line": ("Kazakhstan met Russia (Interfax, May 3). " * 125_000, ("accepted", None, "")),
    "too large": (b"a" * (MAX_BYTES + 1), ("quarantined", "", "too large.*not read.*split")),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0", ("quarantined", "", "PNG picture")),
    "PDF": (b"%PDF-1.7\nstream of words", ("quarantined", "", "PDF.*save")),
    "ZIP": (b"PK\x03\x04 article.txt", ("quarantined", "", "ZIP archive.*never opened")),
    "ELF": (b"\x7fELF\x02\x01", ("quarantined", "", "program")),
    "gzip": (gzip.compress(TEXT.encode()), ("quarantined", "", "gzip archive")),
}  # fmt: skip
LONG = f"{EN} {EN} {EN}"
HTML = {
    "remnants": (f"<p>{PLAIN}</p>\n<p>Russia&nbsp;met<br/>Astana.</p>", ("repaired", None, "html remnants")),
    "entities twice": ("Kazakhstan &amp;amp; Russia met.", ("repaired", "Kazakhstan & Russia met.", "html remnants")),
    "no remnants": ("R&D rose if a < b and c > d; x<y.", same("R&D rose if a < b and c > d; x<y.")),
    "script among remnants": ("It <script>alert('met')</script>met<br><b>Russia</b>.", ("repaired", "It met\nRussia.", "html remnants")),
    "script in a text": ("It <script>alert('met')</script>met <b>Russia</b>.", same("It <script>alert('met')</script>met <b>Russia</b>.")),
    "script as entities": ("It &lt;script&gt; met.", same("It &lt;script&gt; met.")),
    "faults without end": ("&" + "amp;" * 50 + " met.", ("quarantined", "", "over 8 layers.*save")),
    "script left open": ("It <script>met<br>Russia.", ("repaired", "It met\nRussia.", "html remnants")),
    "malformed": (f"<html><body><div><p>{LONG}<p>{LONG}<b>cut", ("repaired", None, "html")),
    "comments, then nothing": ("<!---->" * 600 + "x", same("<!---->" * 600 + "x")),
    "consent wall": ("<html><title>News</title><body><h1>We value your privacy</h1><p>We and our 842 partners store cookies.</p></body>", ("quarantined", "", "too little text.*consent wall")),
    "404": (PAGE.format("", "404 Page not found. " * 5), ("quarantined", "", "too little text.*error page")),
    "short page": (PAGE.format("", "Kazakhstan met Russia."), ("quarantined", "", "too little text.*no article")),
    "10,000 divs": ("<html><body>" + "<div>" * 10_000 + LONG + "</div>" * 10_000, ("repaired", None, "html")),
    "too many tags": ("<html><body>" + "<i>a</i>" * 30_000, ("quarantined", "", "too large a page.*save")),
    "external entity": (f'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>{LONG} &x;</p></body></html>', ("repaired", None, "html")),
    "xhtml": (f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html><html><body><p>{LONG}</p></body></html>', ("repaired", None, "html")),
    "mhtml": (b"From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
              + __import__("base64").encodebytes(PAGE.format("", LONG).encode()) + b"\r\n--b--\r\n", ("repaired", None, "mhtml, html")),
    "mhtml without page": (b"From: x\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b--", ("quarantined", "", "MHTML.*save")),
}  # fmt: skip
CASES = {**BYTES, **UNICODE, **STRUCTURE, **HTML}


@pytest.mark.parametrize("case", CASES)
def test_each_dirty_file_has_its_right_end(case, folder):
    content, (status, text, says) = CASES[case]
    root = folder({"a.txt": content})
    record = read_file("a.txt", root / "a.txt")
    about = f"{record.reason}: {record.detail}" if status == "quarantined" else ", ".join(record.repairs)
    assert record.status == status, about
    assert re.search(says, about) if says else not about
    assert "\n" not in about
    if text is not None:
        assert (record.article.text if record.article else "") == text
    if record.article:
        assert "root:" not in record.article.text
        assert repair(record.article.text) == (record.article.text, ())
        assert len(content) > 1_000_000 or read_corpus(root).raw("a.txt") == record.article.text


def test_every_state_is_counted_once(folder, capsys):
    files = {f"{number:03}.txt": content for number, (content, _) in enumerate(CASES.values()) if len(content) < 100_000}
    root = folder({**files, "zz/same.txt": TEXT})
    main(["check", str(root)])
    out, err = capsys.readouterr()
    counts = [int(n) for n in re.findall(r"\d+", err)]
    assert sum(counts[:4]) == counts[4] == len(files) + 1 == len(out.splitlines())


NEAR = {
    "other line ends": (TEXT.replace("\n", "\r\n"), "duplicate"),
    "trailing blanks": (TEXT.replace("\n", "  \n") + "\n\n", "duplicate"),
    "another title": (f"ASTANA PLANS\n\n{TEXT}", "duplicate"),
    "no header": (EN, "duplicate"),
    "straight quotes": (TEXT.replace("“", '"').replace("”", '"').replace("’", "'"), "duplicate"),
    "another encoding": (TEXT.encode("cp1252"), "duplicate"),
    "one word more": (TEXT.replace("agreed", "then agreed"), "accepted"),
    "same name, other content": (f"{EDM}\n\n{RU}", "accepted"),
}


@pytest.mark.parametrize("case", NEAR)
def test_a_duplicate_has_the_same_body(case, folder):
    content, status = NEAR[case]
    documents = read_corpus(folder({"a.txt": TEXT, "b/a.txt": content})).documents
    assert list(documents["status"]) == ["accepted", status]
    assert list(documents["duplicate_of"]) == ["", "a.txt" if status == "duplicate" else ""]


def test_a_page_keeps_its_title_and_date(folder):
    meta = '<meta property="article:published_time" content="2009-03-04T08:00:00Z">'
    row = read_corpus(folder({"page": PAGE.format(meta, LONG)})).documents.iloc[0]
    assert (row["title"], row["year"], row["issued_after"], row["issued_basis"]) == ("Astana plans", 2009, "2009-03-04", "page")
    row = read_corpus(folder({"page": PAGE.format("", f"{LONG} On March 3, 2009 it met. © 2011")})).documents.iloc[0]
    assert (row["issued_after"], row["issued_basis"]) == ("", "")


def test_headers_that_are_wrong_tell_no_year(folder):
    cases = ["header without colons", "volume without number", "volume out of all bounds", "another newsletter"]
    documents = read_corpus(folder({f"{n}.txt": CASES[case][0] + f" {n}" for n, case in enumerate(cases)})).documents
    assert list(documents["publication"]) == ["Eurasia Daily Monitor"] * 3 + ["Monitor"]
    assert documents["year"].fillna(0).tolist() == [2006, 0, 0, 0]
    assert set(documents["paragraphs"]) == {1}


def test_links_pipes_and_odd_names_are_listed_and_never_followed(folder, tmp_path):
    root = folder({"a.txt": "Kazakhstan met Russia.", "new\nline.txt": "It met one.", "-rf": "It met two.", "B.txt": "It met three.",
                   "b.txt": "It met four.", "\\xff.txt": "It met five.", "<script>.txt": "It met six.", "../secret.txt": "It met none."})  # fmt: skip
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "in.txt").symlink_to("a.txt")
    (root / "loop.txt").symlink_to("loop.txt")
    (root / "gone.txt").symlink_to("nothing")
    (root / "up").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.txt")
    (root / "device.txt").symlink_to("/dev/zero")
    with open(os.fsencode(root) + b"/\xff.txt", "w") as file:
        file.write("It met seven.")
    states = {record.doc: (record.status, record.reason) for record in read_records(root)}
    refused = {doc: reason for doc, (status, reason) in states.items() if status == "quarantined"}
    assert refused == {"out.txt": "link out of the folder", "device.txt": "link out of the folder", "loop.txt": "unreadable",
                       "gone.txt": "unreadable", "pipe.txt": "not a file"}  # fmt: skip
    assert states["in.txt"] == ("duplicate", "")
    assert {"new\nline.txt", "-rf", "B.txt", "b.txt", "\\\\xff.txt", "\\xff.txt", "<script>.txt"} <= set(states)
    assert list_files(root)[1] == [("up/", "link to a folder, not followed")]


def test_a_file_that_is_named_may_be_a_link(folder, tmp_path):
    root = folder({"a.txt": "Kazakhstan met Russia."})
    (tmp_path / "link.txt").symlink_to(root / "a.txt")
    assert [(r.doc, r.status) for r in read_records(tmp_path / "link.txt")] == [("link.txt", "accepted")]


def test_litter_is_skipped_and_listed(folder):
    litter = {"a.txt~", "~$a.txt", "#a.txt#", ".a.swp", "Thumbs.db", "a.txt.bak", "a.txt.part", "page_files/x.html", "__MACOSX/a.txt"}
    root = folder({**dict.fromkeys(litter, "x"), "page.html": PAGE.format("", LONG), "my_files/a.txt": EN})
    chosen, skipped = list_files(root)
    assert [doc for doc, _ in chosen] == ["my_files/a.txt", "page.html"]
    assert {doc for doc, _ in skipped} == {name.split("/")[0] + "/" if "/" in name else name for name in litter}
    assert all(reason for _, reason in skipped)


def test_a_file_that_cannot_be_read_or_changes_says_so(folder, monkeypatch):
    root = folder({"a.txt": EN})
    path = root / "a.txt"

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    def write_meanwhile(*call):
        path.write_text(EN + " It grew.")
        return open(*call)

    for opener, reason, cure in ((refuse, "unreadable", "permissions"), (write_meanwhile, "changed", "run again")):
        monkeypatch.setattr(kzsec.intake, "open", opener, raising=False)
        record = read_file("a.txt", path)
        assert (record.status, record.reason) == ("quarantined", reason)
        assert cure in record.detail
    path.unlink()
    assert "gone" in read_file("a.txt", path).detail


def test_a_folder_that_cannot_be_listed_is_not_lost(folder, monkeypatch):
    root = folder({"a.txt": EN, "shut/b.txt": EN})
    walk = os.walk

    def stumble(top, onerror):
        onerror(PermissionError(13, "Permission denied", str(root / "shut")))
        yield from walk(top)

    monkeypatch.setattr(kzsec.intake.os, "walk", stumble)
    records = {record.doc: record for record in read_records(root)}
    assert (records["shut/"].status, records["shut/"].reason) == ("quarantined", "unreadable")


def test_the_seeds_are_never_touched():
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in SEEDS.glob("*.txt")}
    for record in read_records(SEEDS):
        assert (record.status, record.encoding, record.repairs) == ("accepted", "utf-8", ())
        assert record.article.text == (SEEDS / record.doc).read_bytes().decode()
    assert before == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in SEEDS.glob("*.txt")}


SCRAPS = st.sampled_from(
    [b"Kazakhstan met Russia. ", b"\n\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\xbd", b"\xe2\x80", "“é”".encode(), "“é”".encode("cp1252"),
     RU[:30].encode("cp1251"), RU[:30].encode(), scrambled("’").encode(), b"<html>", b"<p>", b"&amp;lt;", b"<!--", b"-->", b"<script>", b"</script>",
     b"\x1b[", b"\xc2\xad", EDM.encode(), b"&#xd800;", b"From: x\nmultipart/related\n", b"Volume: 99999999999999999999", "\uff06\u0430b".encode()]
)  # fmt: skip
DIRTY = st.lists(SCRAPS, max_size=12).map(b"".join) | st.binary(max_size=200)


@settings(max_examples=300, deadline=None)
@given(DIRTY)
def test_any_bytes_are_decoded_or_refused(data):
    try:
        text, encoding, _ = decode(data)
    except CorpusError:
        return
    assert encoding
    text.encode()  # no lone surrogate is left


@settings(max_examples=200, deadline=None)
@given(DIRTY)
def test_any_file_ends_in_a_state_with_units_in_its_text(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "dirty.txt"
    path.write_bytes(data)
    record = read_file("dirty.txt", path)
    assert record.status in ("accepted", "repaired", "quarantined")
    assert record.detail if record.status == "quarantined" else record.article
    if record.article:
        for _, _, start, end in record.article.sentences:
            assert record.article.text[start:end].strip()


@settings(max_examples=300, deadline=None)
@given(st.lists(SCRAPS, max_size=12).map(lambda parts: b"".join(parts).decode("utf-8", "ignore")) | st.text())
@example("Ã\xad &#173; &amp;#173;")
def test_a_second_repair_changes_nothing(text):
    text = text.encode("utf-8", "ignore").decode()
    once, _ = repair(text)
    assert repair(once) == (once, ())
