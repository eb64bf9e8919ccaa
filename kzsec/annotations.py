"""Articles in, coded tables out: the machine's coding, or the reference coding that stands beside a corpus."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .codebook import Codebook, read_codebook
from .corpus import Article, Corpus, CorpusError, Sentence, read_corpus

if TYPE_CHECKING:
    import pandas as pd

    from .entities import Pipeline

WAIT_FROM = 200  # articles
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
        if name in ANNOTATION_TABLES:
            return self.tables[name]
        raise AttributeError(name)


def annotate(corpus: Corpus, *, codebook: Codebook | None = None, engine: str = "rules") -> Annotations:
    """The machine's coding of every article of `corpus`; it never reads a reference coding.

    With the engine `spacy:NAME` an installed spaCy pipeline adds the names that the rules do not find; raises
    `EngineError` where it is missing.
    """
    from .entities import load_engine

    codebook, pipeline = codebook or read_codebook(), load_engine(engine)
    articles = with_progress(corpus.articles, "articles coded", of=len(corpus.articles))
    parts = [annotation_rows(article, codebook, pipeline=pipeline) for article in articles]
    rows = {name: [row for part in parts for row in part[name]] for name in ANNOTATION_TABLES}
    return Annotations(engine, annotation_tables(rows))


def with_progress(items: Iterable[Any], what: str, *, of: int) -> Iterable[Any]:
    """The items, under a bar where they come of so many articles that somebody waits."""
    notebook = "IPython" in sys.modules and sys.modules["IPython"].get_ipython()
    if of < WAIT_FROM or not (sys.stderr.isatty() or notebook):
        return items
    from tqdm.auto import tqdm

    return tqdm(items, desc=what, leave=False)


def annotation_rows(
    article: Article, codebook: Codebook, *, pipeline: Pipeline | None = None
) -> dict[str, list[tuple]]:
    """The rows that one article adds to each table of the coding."""
    from .coding import code_article
    from .entities import find_mentions

    doc = article.doc
    mentions = find_mentions(article, codebook, pipeline=pipeline)
    codings, events = code_article(article, mentions, codebook)
    coded = [(doc, *_plain(coding)) for coding in codings]
    return {
        "mentions": [(doc, *m[:7], list(m.vectors), m.rule) for m in mentions],
        "codings": coded,
        "paragraph_vectors": _paragraph_vectors(coded),
        "events": [(doc, *_plain(event)) for event in events],
    }


def _plain(row: Iterable[Any]) -> list[Any]:
    """Tuples as lists, the pairs inside them too, so that every table format gives the same values back."""
    return [_listed(value) if isinstance(value, tuple) else value for value in row]


def _listed(value: tuple[Any, ...]) -> list[Any]:
    return [list(one) if isinstance(one, tuple) else one for one in value]


def _paragraph_vectors(codings: list[tuple]) -> list[tuple]:
    return sorted({(row[0], row[1], row[5]) for row in codings})


def annotation_tables(rows: dict[str, list[tuple]]) -> dict[str, pd.DataFrame]:
    """The rows as DataFrames sorted by place in the text, then by the other columns."""
    import pandas as pd

    rows = {**rows, "paragraph_vectors": _paragraph_vectors(rows["codings"])}
    return {
        name: pd.DataFrame(in_order(name, rows[name]), columns=columns.split())
        for name, columns in ANNOTATION_TABLES.items()
    }


def in_order(table: str, rows: list[tuple]) -> list[tuple]:
    """The rows of a table by place in the text, then by the other columns."""
    if table == "paragraph_vectors":
        return sorted(rows)
    place = itemgetter(0, 3, 4)
    same = (list(group) for _, group in groupby(sorted(rows, key=place), place))
    return [row for group in same for row in (sorted(group, key=lambda row: [*map(str, row)]) if group[1:] else group)]


# --- the reference coding --------------------------------------------------------------------------


def has_reference(corpus: Corpus) -> bool:
    """Whether a reference coding stands beside the corpus."""
    return (corpus.root / "gold" / "stance.jsonl").is_file()


def read_reference(folder: str | Path) -> Annotations:
    """The coding in `folder/gold/` under the columns of the machine's tables (`rule` and `basis`: `reference`).

    Where `folder/sentences.csv` tells each sentence's hash, the coding follows a sentence that has moved, and one
    that was changed since has none. Raises `CorpusError` where a file is missing or a row does not fit its text.
    """
    return reference_for(read_corpus(folder))


def reference_for(corpus: Corpus) -> Annotations:
    """The reference coding of an already read corpus; see `read_reference`."""
    return _reference(corpus)[0]


def _reference(corpus: Corpus) -> tuple[Annotations, set[tuple]]:
    """The reference coding, and the sentences (doc, para, sent) that it does not speak of as they were changed."""
    places, changed = _places(corpus)
    vectors = _gold_vectors(corpus.root / "gold" / "partners.csv")
    mentions, codings, events = [], [], []
    for g, at in _gold_rows(corpus, "entities.jsonl", places):
        if corpus.raw(g["doc"])[at[3] : at[4]] != g["text"]:
            misfit = f"{g['text']!r} at {g['start']} does not fit {g['doc']}; it was changed"
            raise CorpusError(f"{corpus.root}/gold/entities.jsonl: {misfit}")
        own = [] if g["type"] in ("MEDIA", "DATE") else list(vectors(g["id"]))
        mentions.append((*at, g["text"], g["type"], g["id"], own, "reference"))
    for g, at in _gold_rows(corpus, "stance.jsonl", places):
        codings.append((*at, *(g[name] for name in ANNOTATION_TABLES["codings"].split()[5:-1]), "reference"))
    for g, at in _gold_rows(corpus, "events.jsonl", places):
        also = [list(places[g["doc"], *span][2:]) for span in g["also"] if (g["doc"], *span) in places]
        events.append((*at, also, *(g[name] for name in ANNOTATION_TABLES["events"].split()[6:])))
    tables = annotation_tables({"mentions": mentions, "codings": codings, "events": events})
    return Annotations("reference", tables), changed


def _places(corpus: Corpus) -> tuple[dict[tuple, Sentence], set[tuple]]:
    """Where each sentence that the reference speaks of (doc, start, end) stands now; and the sentences that are new."""
    now = [(a.doc, s, sentence_hash(a.text[s.start : s.end])) for a in corpus.articles for s in a.sentences]
    told = [(doc, s.start, s.end, digest) for doc, s, digest in now]
    if (path := corpus.root / "sentences.csv").is_file():
        told = [(row["doc"], int(row["start"]), int(row["end"]), row["sha256"]) for row in _csv_rows(path)]
    left: dict[tuple[str, str], list[Sentence]] = {}
    for doc, sentence, digest in now:
        left.setdefault((doc, digest), []).append(sentence)
    places = {(doc, *span): left[doc, digest].pop(0) for doc, *span, digest in told if left.get((doc, digest))}
    return places, {(doc, s.para, s.sent) for (doc, _), more in left.items() for s in more}


def sentence_hash(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a sentence's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _gold_vectors(path: Path) -> Callable[[str], Iterable[str]]:
    """The vectors of an entity id by the reference's own table, or by the codebook where it has none."""
    if not path.is_file():
        from .lexicon import vectors_of

        return lambda entity: vectors_of(entity, read_codebook())
    table = {row["id"]: [v for v in row["vector"].split(";") if v] for row in _csv_rows(path)}
    return lambda entity: table.get(entity, [])


def _csv_rows(path: Path) -> list[dict[str, str]]:
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def _gold_rows(corpus: Corpus, name: str, places: dict[tuple, Sentence]) -> Iterator[tuple[dict, tuple]]:
    """(row, its doc, para, sent, start and end as they are now) of each line whose sentence is there."""
    path = corpus.root / "gold" / name
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; a reference coding needs this file") from None
    for number, row in enumerate(rows, start=1):
        doc, own = row["doc"], [key for key in places if key[0] == row["doc"]]
        if old := next((key for key in own if key[1] <= row["start"] and row["end"] <= key[2]), None):
            para, sent, start, _ = places[old]
            yield row, (doc, para, sent, *(start - old[1] + row[at] for at in ("start", "end")))
        elif own and not (corpus.root / "sentences.csv").is_file():
            raise CorpusError(f"{path}: line {number}: does not fit the text of {doc}; the article was changed")


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
    rows = {
        name: [*table.itertuples(index=False, name=None)]
        + [row for row in machine.tables[name].itertuples(index=False, name=None) if row[:3] in changed]
        for name, table in reference.tables.items()
    }
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
