"""Codings found wrong, in a table beside the corpus, in; corrected codings and what became of each line out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .annotations import Annotations
from .corpus import Corpus
from .filled import CellError, SheetError, codings_table, entity_ids, label, place, read_table, sentences_by_ref

COLUMNS = ["doc", "para", "sent", "vector", "column", "value"]
KEY = COLUMNS[:4]


def read_corrections(corpus: Corpus) -> pd.DataFrame:
    """The rows of the `corrections.csv` beside the corpus with their line; `start` is -1 where there is no such sentence.

    `column` is stance, limit, hedged, voice, partners, or `present` with true or false. Empty where there is no table;
    `SheetError` (a `CorpusError`) with a line for each fault.
    """
    path = (corpus.root if corpus.root.is_dir() else corpus.root.parent) / "corrections.csv"
    known = sentences_by_ref(corpus) if path.is_file() else {}
    rows, lines, problems = [], {}, []
    for number, cells, gap in read_table(path, COLUMNS, {ref[0] for ref in known}) if path.is_file() else ():
        try:
            if gap > 0:
                raise CellError("value", f"the row has {gap} cells too many", "quote a cell that holds a separator")
            ref, vector, column = place(cells), label("vector", cells["vector"]), label("column", cells["column"])
            if vector == "none":
                raise CellError("vector", "'none' names no coding", "name the vector, and write false for the column present")
            if (first := lines.setdefault((ref, vector, column), number)) != number:
                raise CellError("column", f"{column} of this coding stands in line {first} too", "delete one of the two lines")
            rows.append((number, *ref, *known.get(ref, (-1, -1))[:2], vector, column, _value(column, cells["value"])))
        except CellError as fault:
            problems.append(f"{path.name}: line {number}, {fault}")
    if problems:
        raise SheetError(problems)
    return pd.DataFrame(rows, columns=["line", *KEY[:3], "start", "end", *COLUMNS[3:]])


def _value(column: str, cell: str) -> Any:
    try:
        return entity_ids(cell) if column == "partners" else label(column, cell)
    except CellError as fault:
        raise CellError("value", *str(fault).split(": ", 1)[1].rsplit("; ", 1)) from None


def apply_corrections(annotations: Annotations, corrections: pd.DataFrame) -> tuple[Annotations, pd.DataFrame]:
    """The annotations with codings and paragraph vectors corrected, and what became of each line of the table.

    The lines of one coding apply together or not at all: friction has a limit and nothing else has one, and a coding
    that `present` adds needs stance, hedged and voice. Acts stay as they are. The report's columns: line, the coding's
    place, column, was, now, outcome (`applied`, or why not); a limit that goes with its friction has a row too.
    """
    table = annotations.codings
    codings = {(*row[:3], row[5]): dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)}
    report = []
    for key, lines in corrections.groupby(KEY, sort=True):
        old = codings.get(key, {})
        lines = lines[["line", "start", "end", "column", "value"]].to_dict("records")
        values = {line["column"]: line["value"] for line in lines}
        if values.get("stance", "friction") != "friction" and "limit" not in values and old.get("limit"):
            lines.append(next(line for line in lines if line["column"] == "stance") | {"column": "limit", "value": ""})
            values["limit"] = ""
        before = {"present": bool(old), **old}
        why = "no such sentence in this corpus" if lines[0]["start"] < 0 else _hindrance(before, values)
        for line in lines:
            was = before.get(line["column"], "")
            outcome = why or ("was so already" if was == line["value"] else "applied")
            report.append((line["line"], *key, line["column"], _text(was), _text(line["value"]), outcome))
        if not why and not values.pop("present", True):
            del codings[key]
        elif not why:
            new = {**dict(zip(KEY, key, strict=True)), "start": lines[0]["start"], "end": lines[0]["end"], "partners": [], "limit": ""}
            basis = "; ".join([*filter(None, [old.get("basis")]), f"corrected: {', '.join(sorted(values))}"])
            codings[key] = {**new, **old, **values, "basis": basis}
    fixed = codings_table(tuple(row[name] for name in table.columns) for row in codings.values())
    paragraphs = fixed[["doc", "para", "vector"]].drop_duplicates().sort_values(["doc", "para", "vector"], ignore_index=True)
    made = Annotations(annotations.coder, {**annotations.tables, "codings": fixed, "paragraph_vectors": paragraphs})
    return made, pd.DataFrame(sorted(report), columns=["line", *KEY, "column", "was", "now", "outcome"])


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
    lines = annotations.tables["corrections"].groupby("line")["outcome"].first()
    return f"{(lines == 'applied').sum()} of {len(lines)} lines of corrections.csv applied"


def corrections_lines(annotations: Annotations) -> list[str]:
    """What to tell of the corrections: how many applied, and a line for each that did not."""
    if not (note := corrections_note(annotations)):
        return []
    report = annotations.tables["corrections"]
    failed = report[~report["outcome"].isin(["applied", "was so already"])]
    return [note, *(f"corrections.csv: line {line}: {why}" for line, why in zip(failed["line"], failed["outcome"], strict=True))]
