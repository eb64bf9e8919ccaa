"""Articles in, coded tables out: the machine's coding, or the reference coding that stands beside a corpus."""

from __future__ import annotations

import bisect
import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from .codebook import Codebook, read_codebook
from .corpus import Article, Corpus, CorpusError, Sentence

if TYPE_CHECKING:
    import pandas as pd

    from .entities import Pipeline

ANNOTATION_TABLES = {
    "mentions": "doc para sent start end text type id vectors rule",
    "codings": "doc para sent start end vector partners stance limit hedged voice basis",
    "paragraph_vectors": "doc para vector",
    "events": "doc para sent start end also vectors partners contested kind modality domain channel tone role "
    "participants date_text date_iso what",
}


@dataclass(frozen=True)
class Annotations:
    """The coded tables of a corpus and who coded them: an engine of the machine (`rules`, `spacy:NAME`) or `reference`."""

    coder: str
    tables: dict[str, pd.DataFrame] = field(repr=False)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in ANNOTATION_TABLES:
            raise AttributeError(name)
        return self.tables[name]


def annotate(corpus: Corpus, *, codebook: Codebook | None = None, engine: str = "rules") -> Annotations:
    """The machine's coding of every article of `corpus`; it never reads a reference coding.

    With the engine `spacy:NAME` an installed spaCy pipeline adds the names that the rules do not find; raises
    `EngineError` where it is missing.
    """
    from .entities import load_engine

    codebook, pipeline = codebook or read_codebook(), load_engine(engine)
    rows: dict[str, list[tuple]] = {name: [] for name in ANNOTATION_TABLES}
    for article in corpus.articles:
        for name, more in annotation_rows(article, codebook, pipeline=pipeline).items():
            rows[name] += more
    return Annotations(engine, annotation_tables(rows))


def annotation_rows(
    article: Article, codebook: Codebook, *, pipeline: Pipeline | None = None
) -> dict[str, list[tuple]]:
    """The rows that one article adds to each table of the coding."""
    from .coding import code_article
    from .entities import find_mentions

    doc = article.doc
    mentions = find_mentions(article, codebook, pipeline=pipeline)
    codings, events = code_article(article, mentions, codebook)
    coded = [(doc, c.para, c.sent, c.start, c.end, c.vector, list(c.partners), *c[6:]) for c in codings]
    return {
        "mentions": [(doc, *m[:7], list(m.vectors), m.rule) for m in mentions],
        "codings": coded,
        "paragraph_vectors": sorted({(doc, row[1], row[5]) for row in coded}),
        "events": [(doc, *(_plain(value) for value in event)) for event in events],
    }


def _plain(value: object) -> object:
    """Tuples as lists, the pairs inside them too, so that every table format gives the same values back."""
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def annotation_tables(rows: dict[str, list[tuple]]) -> dict[str, pd.DataFrame]:
    """The rows as DataFrames sorted by place in the text, then by the other columns."""
    import pandas as pd

    return {
        name: pd.DataFrame(in_order(name, rows[name]), columns=columns.split())
        for name, columns in ANNOTATION_TABLES.items()
    }


def in_order(table: str, rows: list[tuple]) -> list[tuple]:
    """The rows of a table by place in the text, then by the other columns."""
    if table == "paragraph_vectors":
        return sorted(rows)
    ordered: list[tuple] = []
    for _, group in groupby(sorted(rows, key=_PLACE), _PLACE):
        same = list(group)
        ordered += same if len(same) == 1 else sorted(same, key=lambda row: [*map(_sortable, row)])
    return ordered


_PLACE = itemgetter(0, 3, 4)


def _sortable(value: object) -> object:
    return value if isinstance(value, (int, float, bool)) else str(value)


# --- the reference coding --------------------------------------------------------------------------


def has_reference(corpus: Corpus) -> bool:
    """Whether a reference coding stands beside the corpus."""
    return (corpus.root / "gold" / "stance.jsonl").is_file()


def read_reference(folder: str | Path) -> Annotations:
    """The coding in `folder/gold/` under the columns of the machine's tables (`rule` and `basis`: `reference`).

    Where `folder/sentences.csv` tells each sentence's hash, the coding follows a sentence that has moved, and one
    that was changed since has none. Raises `CorpusError` where a file is missing or a row does not fit its text.
    """
    from .corpus import read_corpus

    return reference_for(read_corpus(folder))


def reference_for(corpus: Corpus) -> Annotations:
    """The reference coding of an already read corpus; see `read_reference`."""
    return _reference(corpus)[0]


def _reference(corpus: Corpus) -> tuple[Annotations, set[tuple[str, int, int]]]:
    """The reference coding, and the sentences (doc, para, sent) that it does not speak of as they were changed."""
    gold = corpus.root / "gold"
    places, changed = _places(corpus)
    vectors = _gold_vectors(gold / "partners.csv")
    rows: dict[str, list[tuple]] = {name: [] for name in ANNOTATION_TABLES}
    for g, sentence, start in _gold_rows(gold / "entities.jsonl", places):
        own = [] if g["type"] in ("MEDIA", "DATE") else list(vectors(g["id"]))
        place = (g["doc"], sentence.para, sentence.sent, start, start + g["end"] - g["start"])
        if corpus.raw(g["doc"])[place[3] : place[4]] != g["text"]:
            raise CorpusError(f"{gold}/entities.jsonl: {g['text']!r} at {g['start']} does not fit {g['doc']}; it was changed")
        rows["mentions"].append((*place, g["text"], g["type"], g["id"], own, "reference"))
    for g, sentence, _ in _gold_rows(gold / "stance.jsonl", places):
        rows["codings"].append(
            (g["doc"], *sentence, g["vector"], g["partners"], g["stance"], g["limit"], g["hedged"], g["voice"], "reference")
        )
    rows["paragraph_vectors"] = sorted({(row[0], row[1], row[5]) for row in rows["codings"]})
    after = ANNOTATION_TABLES["events"].split()[6:]
    for g, sentence, _ in _gold_rows(gold / "events.jsonl", places):
        also = [list(places[g["doc"], *span][2:]) for span in g["also"] if (g["doc"], *span) in places]
        rows["events"].append((g["doc"], *sentence, also, *(g[name] for name in after)))
    return Annotations("reference", annotation_tables(rows)), changed


def _places(corpus: Corpus) -> tuple[dict[tuple[str, int, int], Sentence], set[tuple[str, int, int]]]:
    """Where each sentence that the reference speaks of (doc, start, end) stands now; and the sentences that are new."""
    now = {(a.doc, s.start, s.end): s for a in corpus.articles for s in a.sentences}
    path = corpus.root / "sentences.csv"
    if not path.is_file():
        return now, set()
    by_hash: dict[tuple[str, str], list[Sentence]] = {}
    for a in corpus.articles:
        for s in a.sentences:
            by_hash.setdefault((a.doc, sentence_hash(a.text[s.start : s.end])), []).append(s)
    places = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if found := by_hash.get((row["doc"], row["sha256"])):
                places[row["doc"], int(row["start"]), int(row["end"])] = found.pop(0)
    return places, {(doc, s.para, s.sent) for (doc, _), left in by_hash.items() for s in left}


def sentence_hash(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a sentence's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _gold_vectors(path: Path) -> Callable[[str], Iterable[str]]:
    """The vectors of an entity id by the reference's own table, or by the codebook where it has none."""
    if not path.is_file():
        from .lexicon import vectors_of

        return lambda entity: vectors_of(entity, read_codebook())
    with path.open(encoding="utf-8", newline="") as file:
        table = {row["id"]: [v for v in row["vector"].split(";") if v] for row in csv.DictReader(file)}
    return lambda entity: table.get(entity, [])


def _gold_rows(path: Path, places: dict[tuple[str, int, int], Sentence]) -> Iterator[tuple[dict, Sentence, int]]:
    """(row, its sentence as it stands now, where the row's span begins now) of each line whose sentence is there."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; a reference coding needs this file") from None
    spans: dict[str, list[tuple[int, int]]] = {}
    for doc, start, end in sorted(places):
        spans.setdefault(doc, []).append((start, end))
    followed = any((s.start, s.end) != key[1:] for key, s in places.items())
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        own = spans.get(row["doc"], [])
        at = bisect.bisect_right(own, (row["start"], sys.maxsize)) - 1
        if own and at >= 0 and row["end"] <= own[at][1]:
            sentence = places[row["doc"], *own[at]]
            yield row, sentence, row["start"] - own[at][0] + sentence.start
        elif own and not followed and not (path.parent.parent / "sentences.csv").is_file():
            raise CorpusError(f"{path}: line {number}: does not fit the text of {row['doc']}; the article was changed")


def best_coding(corpus: Corpus, *, codebook: Codebook | None = None) -> Annotations:
    """The reference coding where one stands beside the corpus, else the machine's.

    A sentence that was changed since the reference was made is coded by the machine, and `coder` says how many.
    """
    if not has_reference(corpus):
        return annotate(corpus, codebook=codebook)
    reference, changed = _reference(corpus)
    if not changed:
        return reference
    machine = annotate(corpus, codebook=codebook)
    rows = {}
    for name, columns in ANNOTATION_TABLES.items():
        own = [row for row in reference.tables[name].itertuples(index=False, name=None)]
        if "sent" in columns.split():
            own += [row for row in machine.tables[name].itertuples(index=False, name=None) if row[:3] in changed]
        rows[name] = own
    rows["paragraph_vectors"] = sorted({(row[0], row[1], row[5]) for row in rows["codings"]})
    return Annotations(f"reference ({len(changed)} changed sentences: rules)", annotation_tables(rows))


# --- tables for a spreadsheet ----------------------------------------------------------------------


def csv_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table for a spreadsheet: lists joined by `;`, cells that it would run made plain text."""
    flat = table.copy()
    for column in flat.columns:
        if flat[column].dtype == object or str(flat[column].dtype) in ("str", "string"):
            flat[column] = [csv_cell(value) for value in flat[column]]
    return flat


def csv_cell(value: object) -> object:
    """The value as one cell; see `csv_table`."""
    if isinstance(value, list):
        value = ";".join("-".join(map(str, item)) if isinstance(item, list) else str(item) for item in value)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value


def bare(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r") else cell
