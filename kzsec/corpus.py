"""Text in, units out: documents, rejects, texts, paragraphs, sentences, citations.

A text never changes after its intake, and every offset anywhere in the project counts code points into it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .dates import find_dates
from .intake import CorpusError, list_files, read_bytes, read_overrides, take_text

if TYPE_CHECKING:
    import pandas as pd

SEEDS = Path(__file__).parents[1] / "seeds"
JANUARY_ISSUES = 25  # issues are numbered by working day, so the first 25 fall into January and its eve

LINE = re.compile(r"[^\n\r]*(?:\r\n|[\n\r]|\Z)")
PUBLICATION = re.compile(
    r"Publication(?::|(?=[^.]*\bVolume\b))[ \t]*(?P<publication>.*?)(?:[ \t]*\bVolume:?[ \t]*(?:(?P<volume>\d{1,4})\b|\S*))?"
    r"(?:[ \t]*\bIssue:?[ \t]*(?:(?P<issue>\d{1,4})\b|\S*))?[ \t]*$",
    re.IGNORECASE,
)
HEADER_LINE = re.compile(r"^[ \t]*Publication:[^\n\r]*Volume:[^\n\r]*$", re.MULTILINE)
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
INITIALS = re.compile(r"(?:\w+ )?(?:[A-Z]\.){2,}")  # `The U.S.` before `Ambassador` is no sentence
PARENTHESIS = re.compile(r"\(([^()]{4,400})\)")
WEB_SOURCE = re.compile(r"(?:https?://|www\.)\S+|[\w-]+\.(?:com|kz|ru|org|net|info|az|uz|kg|tj|tm|ua|cn|tr|eu)\b", re.I)
WORD = re.compile(r"\w+(?:[-’'.]\w+)*")
QUOTES = re.compile("[‘’“”„«»']")
LONGEST_CAPTION_WORDS = 25
LONGEST_HEADER_CHARS = 400
FULL_PARAGRAPH_WORDS = 40

Span = tuple[int, int]


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
    paragraphs: tuple[Span, ...] = ()
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
        return self._texts[doc]

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {article.doc: article.text for article in self.articles}

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in CORPUS_TABLES:
            return self.tables[name]
        raise AttributeError(name)

    @property
    def sha256(self) -> str:
        """One hash of every file's name, state and bytes."""
        rows = (f"{record.doc}\0{record.status}\0{record.sha256}\n" for record in self.records)
        return hashlib.sha256("".join(rows).encode("utf-8", "surrogatepass")).hexdigest()


# --- text to units ---------------------------------------------------------------------------------


def parse_text(doc: str, text: str) -> Article:
    """The article in `text`: header fields, paragraphs, sentences, citations with ISO dates."""
    publication, volume, issue, title, paragraphs = _split(text)
    sentences = tuple(
        Sentence(para, sent, *span)
        for para, block in enumerate(paragraphs)
        for sent, span in enumerate(split_sentences(text, *block))
    )
    article = Article(doc, text, title, publication, volume, issue, paragraphs=tuple(paragraphs), sentences=sentences)
    return with_year(article, publication_year(publication, volume))


def with_year(article: Article, year: int | None, *, issued: str = "", basis: str = "") -> Article:
    """The article with its citations dated in `year` and the bound on its day that follows from them."""
    january = article.issue is not None and article.issue <= JANUARY_ISSUES
    citations = tuple(find_citations(article.text, article.sentences, year=year, january=january))
    own_days = [day for c in citations for day in c.date_iso.split("/") if len(day) == 10 and day[:4] == str(year)]
    after, basis = (issued, basis) if issued else (max(own_days, default=""), "citation" if own_days else "")
    return replace(article, year=year, citations=citations, issued_after=after, issued_basis=basis)


def publication_year(publication: str, volume: int | None) -> int | None:
    """2003 + volume for the Eurasia Daily Monitor; no other publication's volume tells a year."""
    known = publication.strip().casefold() == "eurasia daily monitor" and 0 < (volume or 0) < 97
    return 2003 + volume if volume and known else None


def _lines(text: str) -> list[Span]:
    """Spans of the lines without their ends and outer blanks, up to the last with text; a blank one is empty."""
    spans = []
    for found in LINE.finditer(text):
        start = found.end() - len(found[0].lstrip(" \t\xa0\ufeff\u200b\x0b\x0c"))
        spans.append((start, max(start, found.start() + len(found[0].rstrip()))))
    while spans and spans[-1][0] == spans[-1][1]:
        spans.pop()
    return spans


def _split(text: str) -> tuple[str, int | None, int | None, str, list[Span]]:
    """Publication, volume, issue and title of the header, and the spans of the body's paragraphs."""
    lines = _lines(text)
    heads = [text[start : min(end, start + LONGEST_HEADER_CHARS)] for start, end in lines]
    fields: dict[str, str | None] = {}
    first, title = 0, ""
    for number, line in enumerate(heads[:12]):
        if found := PUBLICATION.match(line):
            fields = found.groupdict()
        if found or BYLINE.match(line) or PLACEHOLDER.match(line):
            first = number + 1
    while fields and first < len(heads) and BYLINE.match(heads[first]):
        first += 1
    top = next((n for n, line in enumerate(heads) if line and not PLACEHOLDER.match(line)), 0)
    if fields:
        is_title = top < first and not (PUBLICATION.match(heads[top]) or BYLINE.match(heads[top]))
    else:
        is_title = bool(lines) and _is_heading(heads[top], next((text[a:b] for a, b in lines[top + 1 :] if a < b), ""))
    if is_title:
        title, first = text[slice(*lines[top])], max(first, top + 1)
    publication = fields.get("publication") or ""
    volume, issue = (int(fields[key]) if fields.get(key) else None for key in ("volume", "issue"))
    return publication, volume, issue, title, _paragraphs(text, lines, first, bool(publication))


def _is_heading(line: str, following: str) -> bool:
    """Whether an unmarked first line heads the text: short, open-ended, with a longer text below it."""
    words = len(line.split())
    return words <= 20 and not SENTENCE_END.search(line) and len(following.split()) > words


def _paragraphs(text: str, lines: list[Span], first: int, has_header: bool) -> list[Span]:
    """The blocks between blank lines, or each line where there is no blank line, from line `first` on."""
    blocks = [list(block) for blank, block in groupby(lines[first:], lambda span: span[0] == span[1]) if not blank]
    no_blank = all(start < end for start, end in lines)
    if len(blocks) == 1 and (no_blank or all(SENTENCE_END.search(text[slice(*span)]) for span in blocks[0][1:])):
        blocks = [[span] for span in blocks[0]]
    spans = [(block[0][0], block[-1][1]) for block in blocks]
    words = [len(text[slice(*span)].split()) for span in spans]
    at = 0
    if has_header and spans:  # the longest is never a caption, so there is always one more below
        longest = max(words)
        while words[at] < longest and _is_caption(text[slice(*spans[at])], *words[at : at + 2]):
            at += 1
    return spans[at:]


def _is_caption(caption: str, words: int, below: int) -> bool:
    """Whether the block under a newsletter's header is a picture's caption and not the first paragraph."""
    if words > FULL_PARAGRAPH_WORDS:
        return False
    if not SENTENCE_END.search(caption) or CREDIT.search(caption):
        return True
    return below >= FULL_PARAGRAPH_WORDS and words <= LONGEST_CAPTION_WORDS and not PARENTHESIS.search(caption)


def split_sentences(text: str, start: int, end: int) -> list[Span]:
    """Spans of the sentences in `text[start:end]`, by nupunkt's Punkt model.

    Three repairs for newsletters: a sentence glued to the one before (`border.Then`) is cut off, so is one behind a
    common word that the model takes for an abbreviation, and a citation behind the full stop belongs to the
    sentence that it closes.
    """
    import nupunkt

    ends = [found.end() for found in SENTENCE_JOINT.finditer(text, start, end) if _ends_sentence(text, found)]
    cuts = sorted({start, end, *ends, *(start + a for a, _ in nupunkt.sent_spans(text[start:end]))})
    spans: list[Span] = []
    for left, right in pairwise(cuts):
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if left < right and spans and (_only_parenthesis(text[left:right]) or INITIALS.fullmatch(text, *spans[-1])):
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
    return piece[0] == "(" and piece.rstrip(".!?”\"’'")[-1:] == ")" and piece.count("(") == 1


def find_citations(
    text: str, sentences: tuple[Sentence, ...], *, year: int | None, january: bool
) -> Iterator[Citation]:
    """Each source of each source citation: `(Source, Month D)`, also with several sources or dates.

    A parenthesis with a date and no source, as `(December 15)`, is none. A source without a date of
    its own takes the next one in its parenthesis. Years that the text does not name are `year`.
    """
    for para, sent, start, end in sentences:
        for found in PARENTHESIS.finditer(text, start, end):
            dates = find_dates(text, *found.span(1), year=year, january=january)
            for source in _sources(text, *found.span(1), dates):
                yield Citation(para, sent, *found.span(), *source)


def _sources(text: str, at: int, end: int, dates: list[tuple[int, int, str]]) -> list[tuple[str, int, str, int, str]]:
    """(source, its start, date, its start, ISO date) of each source in a parenthesis; empty where it cites none."""
    sources = []
    for a, b, iso in [*dates, (end, end, "")]:
        for piece in re.finditer(r"[^,;]+", text[at:a]):
            name = piece.group().strip(" .:–—-\n")
            name = re.sub(r"^(?:see(?: also)?|and|in|as quoted by|according to|e\.g\.)\s+", "", name, flags=re.I)
            if name and (name[0].isupper() or (name[0].isdigit() and not name.isdigit()) or WEB_SOURCE.match(name)):
                dated = "" if iso.startswith("-") else iso  # without a year there is no day
                sources.append((name, at + text[at:a].index(name, piece.start()), text[a:b], a, dated))
            elif re.search(r"\w", name) and not name.isdigit():
                return []  # running words: a remark that has a date in it, not a citation
        at = b
    return sources if dates or all(WEB_SOURCE.match(source[0]) for source in sources) else []


# --- files to records ------------------------------------------------------------------------------


def read_file(doc: str, path: Path, overrides: dict[str, str] | None = None) -> FileRecord:
    """What became of one file; a fault in it is a `quarantined` record with reason and cure, never an error."""
    digest, row = "", overrides or {}
    try:
        data = read_bytes(path, Path(*path.parts[: -len(doc.strip("/").split("/"))]))
        digest = hashlib.sha256(data).hexdigest()
        taken = take_text(data)
        article = parse_text(doc, taken.text)
        if issued := row.get("issued") or taken.issued:
            basis = "corpus.csv" if row.get("issued") else "page"
            article = with_year(article, int(issued[:4]), issued=issued, basis=basis)
        article = replace(article, title=row.get("title") or taken.title or article.title)
        _refuse_without_body(article)
    except CorpusError as error:
        return FileRecord(doc, digest, "quarantined", error.reason, str(error))
    status = "repaired" if taken.repairs else "accepted"
    return FileRecord(doc, digest, status, encoding=taken.encoding, repairs=taken.repairs, article=article)


def _refuse_without_body(article: Article) -> None:
    """Raises `CorpusError` for a text without a sentence, or with the headers of two articles."""
    if not article.sentences:
        detail = "no paragraph under the header" if article.publication else "no sentence found"
        raise CorpusError(f"{detail}; save the article's full text", reason="no article text")
    headers = {" ".join(found[0].split()): found.start() for found in reversed([*HEADER_LINE.finditer(article.text)])}
    if len(headers) > 1:
        detail = f"the second header is at character {sorted(headers.values())[1]}; split the file there"
        raise CorpusError(detail, reason="two articles in one file")


def read_records(root: Path) -> Iterator[FileRecord]:
    """One record a file, by `doc`; one with the body of an earlier one is its `duplicate`."""
    files, _ = list_files(root)
    overrides = read_overrides(root if root.is_dir() else root.parent)
    seen: dict[bytes, str] = {}
    for doc, path in files:
        record = read_file(doc, path, overrides.get(doc))
        if record.article:
            first = seen.setdefault(_body_hash(record.article), doc)
            if first != doc:
                record = replace(record, status="duplicate", duplicate_of=first, article=None)
        yield record


def _body_hash(article: Article) -> bytes:
    """The same for articles whose paragraphs differ only in blanks, line ends and the shape of quotes."""
    body = QUOTES.sub('"', " ".join(article.text[start:end] for start, end in article.paragraphs))
    return hashlib.blake2b(" ".join(body.split()).encode(), digest_size=16).digest()


def read_corpus(path: str | Path | None = None) -> Corpus:
    """Every article of a folder (or one file) with the tables of its units; `None` reads the five seeds.

    Raises `CorpusError` where there is no such folder or no file in it. Files that hold no article
    stand in `rejects`; nothing is dropped silently.
    """
    root = Path(path) if path is not None else SEEDS
    records = tuple(read_records(root))
    if not records:
        raise CorpusError(f"{root}: no article here; put .txt files into the folder")
    return Corpus(root, records, tuple(list_files(root)[1]), corpus_tables(records))


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
    doc, article = record.doc, record.article or Article(record.doc, "")
    text, paragraphs, sentences = article.text, article.paragraphs, article.sentences
    words = len(WORD.findall(" ".join(text[a:b] for a, b in paragraphs)))
    document = (
        doc, record.sha256, record.status, record.duplicate_of, record.encoding, list(record.repairs),
        article.publication, article.title, article.volume, article.issue, article.year, article.issued_after,
        article.issued_basis, "", len(text), words, len(paragraphs), len(sentences),
    )  # fmt: skip
    return {
        "documents": [document],
        "rejects": [(doc, record.sha256, record.reason, record.detail)] if record.status == "quarantined" else [],
        "texts": [(doc, text)] if record.article else [],
        "paragraphs": [(doc, para, a, b, text[a:b]) for para, (a, b) in enumerate(paragraphs)],
        "sentences": [(doc, *s, text[s.start : s.end]) for s in sentences],
        "citations": [(doc, *c[:5], c.date_text, c.date_iso) for c in article.citations],
    }


def corpus_tables(records: tuple[FileRecord, ...]) -> dict[str, pd.DataFrame]:
    """The tables of `CORPUS_TABLES` over all records, sorted by `doc` and `start`."""
    import pandas as pd

    parts = [corpus_rows(record) for record in records]
    tables = {
        name: pd.DataFrame([row for part in parts for row in part[name]], columns=columns.split())
        for name, columns in CORPUS_TABLES.items()
    }
    whole = ["volume", "issue", "year", "chars", "words", "paragraphs", "sentences"]
    tables["documents"] = tables["documents"].astype(dict.fromkeys(whole, "Int64"))
    return tables
