"""Two outputs of `annotate` in, what changed from the one to the other out: articles, codings, acts, findings.

Both are read side by side in the order of `doc`, an article at a time, so that memory does not grow with them; only the
findings need all codings at once, and are told for up to `MOST_ARTICLES`. A sentence is the same where its text is, or
else its place: one that has moved within its article, or was reworded where it stands, changes no coding for that.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby, islice, zip_longest
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from .annotations import ANNOTATION_TABLES, annotation_tables, csv_cell
from .codebook import VECTORS, read_codebook
from .corpus import Article, Corpus, FileRecord
from .evidence import visible
from .output import JOURNAL, MANIFEST, StreamError, encode, written

if TYPE_CHECKING:
    from .claims import Claim

MOST_ARTICLES = 5_000  # whose codings fit into a gigabyte
EXAMPLES = 3
READ = {
    "sentences": "doc para sent start end text",
    "codings": ANNOTATION_TABLES["codings"],
    "events": ANNOTATION_TABLES["events"],
}
ABOUT = ["sha256", "title", "year", "issued_after"]  # what may change in an article
DOCUMENT = ["doc", "status", "paragraphs", *ABOUT]
# what makes a coding or an act of a sentence the same one, and what may change in it
UNITS = {
    "coding": ("codings", ("vector",), "partners stance limit hedged voice".split()),
    "act": ("events", ("kind",), "vectors partners contested modality domain channel tone role participants date_iso what".split()),
}
VERDICTS = {True: "holds", False: "does not hold", None: "not estimable"}


class Change(NamedTuple):
    """One change of a `unit` (article, coding, act, finding), with what became of its article; `text` is its sentence."""

    unit: str
    change: str
    article: str
    doc: str
    para: int | None
    sent: int | None
    vectors: list[str]
    was: str
    now: str
    text: str


class Entry(NamedTuple):
    """One file of an output: its row in `documents`, and its rows in the tables of `READ`."""

    about: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]

    @property
    def is_article(self) -> bool:
        return self.about["status"] in ("accepted", "repaired")


def check_earlier(earlier: Path, out: Path) -> None:
    """Raises `StreamError` where `earlier` is no finished output that `out` can be compared with."""
    if not earlier.is_dir():
        raise StreamError(f"{earlier}: no such folder; give the --out of an earlier annotate", 2)
    if earlier.resolve() == out.resolve():
        raise StreamError(f"{earlier}: is the folder that this run writes; give the --out of an earlier one", 2)
    if (earlier / JOURNAL).exists():
        raise StreamError(f"{earlier}: an unfinished run; finish it with --resume first", 2)
    for table, columns in {"documents": DOCUMENT, **{name: columns.split() for name, columns in READ.items()}}.items():
        next(written(earlier, table, columns), None)


def compare(earlier: Path, out: Path, *, format: str, codebook: str | None = None) -> list[str]:
    """Write the table `changes` of `out` over `earlier` into `out`; what to tell of it, in lines."""
    told = Told()
    try:
        for left in (out / "changes").glob("part-*.parquet"):
            left.unlink()
        for number, rows in enumerate(_pieces(told.noting(_changes(earlier, out, codebook)))):
            path = out / (f"changes/part-{number:05}.parquet" if format == "parquet" else f"changes.{format}")
            path.parent.mkdir(exist_ok=True)
            with path.open("ab" if number and format != "parquet" else "wb") as file:
                file.write(encode(format, list(Change._fields), rows, number == 0))
    except OSError as error:
        raise StreamError(f"{out}: {error.strerror}; make room, and tell the changes again with --resume", 1) from None
    return [*_makers(earlier, out), *told.lines()]


def _pieces(changes: Iterator[Change]) -> Iterator[list[Change]]:
    """The changes by the ten thousand; one empty piece where there are none."""
    yield list(islice(changes, 10_000))
    while piece := list(islice(changes, 10_000)):
        yield piece


def _makers(earlier: Path, out: Path) -> list[str]:
    """What made the two outputs, where it is not the same: codings can differ for that alone."""
    made: list[dict] = [{}, {}]
    for about, folder in zip(made, (earlier, out), strict=True):
        with suppress(OSError, ValueError, TypeError):  # a report's tables have no manifest
            about.update(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    pairs = ((name, *(str(about.get(name))[:24] for about in made)) for name in ("version", "engine", "codebook", "corrections"))
    shown = [f"{name} {was} -> {now}" for name, was, now in pairs if was != now]
    return [f"made by: {'; '.join(shown)}: codings of the same article can differ for that"] if shown else []


def _changes(earlier: Path, out: Path, codebook: str | None) -> Iterator[Change]:
    both = heapq.merge(((e.about["doc"], 0, e) for e in _entries(earlier)), ((e.about["doc"], 1, e) for e in _entries(out)), key=itemgetter(0, 1))
    articles = [0, 0]
    for _, group in groupby(both, itemgetter(0)):
        sides = {side: entry for _, side, entry in group if entry.is_article}
        for side in sides:
            articles[side] += 1
        if sides:
            yield from _of_article(sides.get(0), sides.get(1))
    if max(articles) > MOST_ARTICLES:
        yield Change("finding", "not told", "", "", None, None, [], "", "", f"over {MOST_ARTICLES:,} articles")
        return
    was, now = (findings(folder, codebook) for folder in (earlier, out))
    for old, new in zip(was, now, strict=True):
        change = "moved" if old.holds != new.holds else "with other numbers" if old.says != new.says else "same"
        verdicts = f"{VERDICTS[old.holds]}: {old.says}", f"{VERDICTS[new.holds]}: {new.says}"
        yield Change("finding", change, "", "", None, None, [], *verdicts, old.name)


def _entries(out: Path) -> Iterator[Entry]:
    """Each file of an output with its rows; all tables are in the order of `doc`."""
    groups = {name: groupby(written(out, name, columns.split()), itemgetter("doc")) for name, columns in READ.items()}
    held = {name: next(group, (None, ())) for name, group in groups.items()}
    for about in written(out, "documents", DOCUMENT):
        rows = {}
        for name, group in groups.items():
            rows[name] = list(held[name][1]) if held[name][0] == about["doc"] else []
            if rows[name]:
                held[name] = next(group, (None, ()))
        yield Entry(about, rows)


def _of_article(old: Entry | None, new: Entry | None) -> Iterator[Change]:
    """What changed in one article, which either output may lack."""
    about = (new or old).about
    was, now = (_words(entry.about, ABOUT, other and other.about) if entry else "" for entry, other in ((old, new), (new, old)))
    article = "gone" if not new else "new" if not old else "changed" if was != now else "same"
    yield Change("article", article, article, about["doc"], None, None, [], was, now, about["title"])
    for unit, (table, names, values) in UNITS.items() if not (old and new and old.rows == new.rows) else ():
        places = [_places(entry) for entry in (old, new)]
        both = {*places[0].values()} & {*places[1].values()}
        sides = [_units(entry, table, names, own, both) for entry, own in zip((old, new), places, strict=True)]
        for key in {**sides[0], **sides[1]}:
            left, right = ([*side.get(key, ())] for side in sides)
            for row in [*left]:
                if twin := next((other for other in right if all(row[name] == other[name] for name in values)), None):
                    left.remove(row)
                    right.remove(twin)
            for a, b in zip_longest(left, right):
                row, change = b or a, "removed" if not b else "added" if not a else "changed"
                words = (_words(one, [*names, *values], other) if one else "" for one, other in ((a, b), (b, a)))
                vectors = row["vectors"] if unit == "act" else [row["vector"]]
                text = places[b is not None][row["para"], row["sent"]][0]
                yield Change(unit, change, article, row["doc"], row["para"], row["sent"], vectors, *words, text)


def _places(entry: Entry | None) -> dict[tuple[int, int], tuple[str, int]]:
    """By its place each sentence's text, and how often that stood before."""
    seen: Counter[str] = Counter()
    places = {}
    for row in entry.rows["sentences"] if entry else ():
        places[row["para"], row["sent"]] = (row["text"], seen[row["text"]])
        seen[row["text"]] += 1
    return places


def _units(
    entry: Entry | None, table: str, names: tuple[str, ...], places: dict[tuple[int, int], tuple[str, int]], both: set[tuple[str, int]]
) -> dict[tuple, list[dict[str, Any]]]:  # fmt: skip
    """The rows of one table by the columns `names` and their sentence: its text where `both` sides have it, else its place."""
    units: dict[tuple, list[dict[str, Any]]] = {}
    for row in entry.rows[table] if entry else ():
        place = (row["para"], row["sent"])
        units.setdefault((places[place] if places[place] in both else place, *(row[name] for name in names)), []).append(row)
    return units


def _words(row: dict[str, Any], names: list[str], other: dict[str, Any] | None) -> str:
    """The cells of a row in words: those that another one has not, or without another all that are not empty."""
    told = [name for name in names if (row[name] != other[name] if other else row[name])]
    return "; ".join(f"{name} {csv_cell(row[name]) or 'empty'}" for name in told)


# --- findings --------------------------------------------------------------------------------------


def findings(out: Path, codebook: str | None = None) -> list[Claim]:
    """Every headline on the tables of an output."""
    from .annotations import Annotations
    from .claims import HEADLINES
    from .patterns import Study

    records, rows = [], {name: [] for name in ANNOTATION_TABLES}
    for entry in _entries(out):
        if entry.is_article:
            records.append(FileRecord(entry.about["doc"], "", "accepted", article=_article(entry)))
            for name in ("codings", "events"):
                rows[name] += [tuple(intern(cell) if type(cell) is str else cell for cell in row.values()) for row in entry.rows[name]]
    study = Study(Corpus(out, tuple(records), ()), Annotations("", annotation_tables(rows)), read_codebook(codebook))
    return [headline(study) for headline in HEADLINES]


def _article(entry: Entry) -> Article:
    """The article as far as headlines read it: its year, how many paragraphs it has, and its sentences in their places."""
    text = ""
    for row in entry.rows["sentences"]:
        text += " " * (row["start"] - len(text)) + row["text"]
    return Article(entry.about["doc"], text, year=entry.about["year"], paragraphs=((0, 0),) * entry.about["paragraphs"])


# --- what to tell ----------------------------------------------------------------------------------


class Told:
    """Counts of the changes that pass, and the first of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.first: dict[tuple[str, str, bool], list[Change]] = {}  # those in articles of both outputs (True) apart

    def noting(self, changes: Iterator[Change]) -> Iterator[Change]:
        """The changes without what stayed the same, each counted."""
        for change in changes:
            self.counts[change.unit, change.change] += 1
            if change.change == "same":
                continue
            self.counts.update((change.unit, vector, change.change) for vector in change.vectors)
            self.counts[change.unit, "unexplained"] += change.article == "same"
            first = self.first.setdefault((change.unit, change.change, change.article in ("same", "changed")), [])
            if len(first) < EXAMPLES or change.change == "moved":
                first.append(change)
            yield change

    def lines(self) -> Iterator[str]:
        """The counts with their examples."""
        kinds = ("new", "gone", "changed")
        yield f"articles: {self._counted(kinds, 'article')}, {self.counts['article', 'same']} the same"
        for kind in kinds:
            if shown := [_line(change.doc) for change in self._examples("article", kind)]:
                more = self.counts["article", kind] - len(shown)
                yield f"  {kind}: {'; '.join(shown)}{f'; and {more} more' if more else ''}"
        kinds = ("added", "removed", "changed")
        for unit in UNITS:
            yield f"{unit}s: {self._counted(kinds, unit)}; {self.counts[unit, 'unexplained']} of them in articles that are the same"
            for vector, label in VECTORS.items():
                if any(self.counts[unit, vector, kind] for kind in kinds):
                    yield f"  {label}: {self._counted(kinds, unit, vector)}"
            yield from (f"  {kind}: {_example(change)}" for kind in kinds for change in self._examples(unit, kind))
        for change in self._examples("finding", "not told"):
            yield f"findings: not told of {change.text}"
            return
        yield f"findings: {self._counted(('moved', 'with other numbers', 'same'), 'finding')}"
        for change in self._examples("finding", "moved", most=99):
            yield f"  {change.text}: {change.was.split(':')[0]} -> {change.now.split(':')[0]}; now {_line(change.now.split(': ', 1)[1])}"

    def _examples(self, *key: str, most: int = EXAMPLES) -> list[Change]:
        return [change for shared in (True, False) for change in self.first.get((*key, shared), ())][:most]

    def _counted(self, kinds: tuple[str, ...], *unit: str) -> str:
        return ", ".join(f"{self.counts[*unit, kind]} {kind}" for kind in kinds)


def _line(text: str, most: int = 1000) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _example(change: Change) -> str:
    what = " -> ".join(_line(side, 120) for side in (change.was, change.now) if side)
    return f"{_line(change.doc)}, para {change.para}, sent {change.sent}: {what}: “{_line(change.text, 100)}”"
