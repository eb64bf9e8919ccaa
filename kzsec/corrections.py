"""Codings found wrong, in a table beside the corpus, in; corrected codings and what became of each line out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .annotations import ANNOTATION_TABLES, Annotations
from .corpus import Corpus
from .evidence import Ref
from .filled import CellError, SheetError, codings_table, entity_ids, label, place, read_table, sentences_by_ref

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["doc", "para", "sent", "vector", "column", "value"]
KEY = COLUMNS[:4]
REPORT = ["line", *KEY, "column", "was", "now", "outcome"]
CODING = ANNOTATION_TABLES["codings"].split()


class Correction(NamedTuple):
    """One line of a `corrections.csv`: in the coding of `vector` in the sentence `ref`, `column` is to be `value`."""

    line: int
    ref: Ref
    vector: str
    column: str
    value: Any

    @property
    def key(self) -> tuple:
        return (*self.ref, self.vector)


def corrections_beside(folder: Path, docs: Collection[str]) -> list[Correction]:
    """The lines of the `corrections.csv` in a folder of these articles, by coding; none where there is no table.

    `column` is stance, limit, hedged, voice, partners, or `present` with true or false. `SheetError` (a `CorpusError`)
    with a line for each fault.
    """
    path = folder / "corrections.csv"
    found: dict[tuple, Correction] = {}
    problems = []
    for number, cells, gap in read_table(path, COLUMNS, docs) if path.is_file() else ():
        try:
            if gap > 0:
                raise CellError("value", f"the row has {gap} cells too many", "quote a cell that holds a separator")
            ref, vector, column = place(cells), label("vector", cells["vector"]), label("column", cells["column"])
            if vector == "none":
                raise CellError("vector", "'none' names no coding", "name the vector, and write false for the column present")
            line = Correction(number, ref, vector, column, _value(column, cells["value"]))
            if (first := found.setdefault((*line.key, column), line)) is not line:
                raise CellError("column", f"{column} of this coding stands in line {first.line} too", "delete one of the two lines")
        except CellError as fault:
            problems.append(f"{path.name}: line {number}, {fault}")
    if problems:
        raise SheetError(problems)
    return sorted(found.values(), key=lambda line: (line.key, line.line))


def read_corrections(corpus: Corpus) -> pd.DataFrame:
    """The rows of the `corrections.csv` beside the corpus with their line; `start` is -1 where there is no such sentence.

    Empty where there is no table; see `corrections_beside`.
    """
    import pandas as pd

    places = sentences_by_ref(corpus)
    lines = corrections_beside(corpus.root if corpus.root.is_dir() else corpus.root.parent, {ref[0] for ref in places})
    rows = [(line.line, *line.ref, *places.get(line.ref, (-1, -1))[:2], line.vector, line.column, line.value) for line in lines]
    return pd.DataFrame(rows, columns=["line", *KEY[:3], "start", "end", *COLUMNS[3:]])


def _value(column: str, cell: str) -> Any:
    try:
        return entity_ids(cell) if column == "partners" else label(column, cell)
    except CellError as fault:
        raise CellError("value", *str(fault).split(": ", 1)[1].rsplit("; ", 1)) from None


def apply_corrections(annotations: Annotations, corrections: pd.DataFrame) -> tuple[Annotations, pd.DataFrame]:
    """The annotations with codings and paragraph vectors corrected, and what became of each line of the table; see `correct_rows`."""
    import pandas as pd

    rows = corrections.to_dict("records")
    places = {tuple(row[name] for name in KEY[:3]): (row["start"], row["end"]) for row in rows if row["start"] >= 0}
    lines = [Correction(row["line"], tuple(row[name] for name in KEY[:3]), row["vector"], row["column"], row["value"]) for row in rows]
    codings, report = correct_rows(annotations.codings.itertuples(index=False, name=None), lines, places)
    fixed = codings_table(codings)
    paragraphs = fixed[["doc", "para", "vector"]].drop_duplicates().sort_values(["doc", "para", "vector"], ignore_index=True)
    made = Annotations(annotations.coder, {**annotations.tables, "codings": fixed, "paragraph_vectors": paragraphs})
    return made, pd.DataFrame(report, columns=REPORT)


def correct_rows(
    rows: Iterable[tuple], corrections: Iterable[Correction], places: Mapping[Ref, tuple[int, int]]
) -> tuple[list[tuple], list[tuple]]:
    """The rows of `codings` corrected, and of each line what became of it, by coding; `places` tells where each sentence stands.

    The lines of one coding apply together or not at all: friction has a limit and nothing else has one, and a coding
    that `present` adds needs stance, hedged and voice. Acts stay as they are. The outcome is `applied`, or why not; a
    limit that goes with its friction has a row too.
    """
    codings = {(*row[:3], row[5]): dict(zip(CODING, row, strict=True)) for row in rows}
    report = []
    for key, group in groupby(sorted(corrections, key=lambda line: (line.key, line.line)), lambda line: line.key):
        old, lines = codings.get(key, {}), list(group)
        values = {line.column: line.value for line in lines}
        if values.get("stance", "friction") != "friction" and "limit" not in values and old.get("limit"):
            lines.append(next(line for line in lines if line.column == "stance")._replace(column="limit", value=""))
            values["limit"] = ""
        before = {"present": bool(old), **old}
        why = _hindrance(before, values) if key[:3] in places else "no such sentence in this corpus"
        for line in sorted(lines, key=lambda line: (line.line, line.column)):
            was = before.get(line.column, "")
            outcome = why or ("was so already" if was == line.value else "applied")
            report.append((line.line, *key, line.column, _text(was), _text(line.value), outcome))
        if not why and not values.pop("present", True):
            codings.pop(key, None)
        elif not why:
            start, end = places[key[:3]]
            new = {**dict(zip(KEY, key, strict=True)), "start": start, "end": end, "partners": [], "limit": ""}
            basis = "; ".join([*filter(None, [old.get("basis")]), f"corrected: {', '.join(sorted(values))}"])
            codings[key] = {**new, **old, **values, "basis": basis}
    return [tuple(row[name] for name in CODING) for row in codings.values()], report


def _hindrance(old: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Why the corrections of one coding cannot apply; empty where they can."""
    new = {**old, **values}
    if not old["present"] and "present" not in values:
        return "this vector is not coded in the sentence; add a line with present true"
    if not new["present"]:
        return "other lines correct what this one takes out; keep one of them" if len(values) > 1 else ""
    if missing := [name for name in ("stance", "hedged", "voice") if name not in new]:
        return f"a coding that is added needs a line for {', '.join(missing)} too"
    if (new["stance"] == "friction") != bool(new.get("limit")):
        return "friction needs a line for its limit too" if new["stance"] == "friction" else "a limit needs friction as stance"
    return ""


def _text(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)


def corrected(corpus: Corpus, annotations: Annotations) -> Annotations:
    """The annotations under the `corrections.csv` beside the corpus, its report a further table `corrections`.

    The very same annotations where there is no such table.
    """
    corrections = read_corrections(corpus)
    if corrections.empty:
        return annotations
    made, report = apply_corrections(annotations, corrections)
    return Annotations(made.coder, {**made.tables, "corrections": report.astype({"line": str})})


def corrections_note(annotations: Annotations) -> str:
    """How many lines of `corrections.csv` the coding has taken, in words; empty where there was no such table."""
    if "corrections" not in annotations.tables:
        return ""
    return corrections_lines(annotations.tables["corrections"][["line", "outcome"]].itertuples(index=False, name=None))[0]


def corrections_lines(outcomes: Iterable[tuple[Any, str]]) -> list[str]:
    """What to tell of the lines of a `corrections.csv` and their outcomes: how many applied, and a line for each that did not."""
    outcomes = sorted(outcomes, key=lambda found: int(found[0]))
    lines = dict(reversed(outcomes))
    failed = {line: why for line, why in outcomes if why not in ("applied", "was so already")}
    note = f"{sum(why == 'applied' for why in lines.values())} of {len(lines)} lines of corrections.csv applied"
    return [note, *(f"corrections.csv: line {line}: {why}" for line, why in failed.items())]
