"""Sentences out to people, their codings in: coding sheets, agreement of two coders, shares corrected by a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .agreement import Agreement, agreement, agreement_of
from .annotations import csv_table
from .codebook import VECTORS
from .corpus import Corpus
from .evidence import Ref, refs_of
from .filled import (
    CODES,
    CellError,
    SheetError,
    codings_table,
    entity_ids,
    label,
    place,
    plain,
    read_table,
    sentences_by_ref,
    shown,
)
from .shares import Estimate, corrected_share

if TYPE_CHECKING:
    from .patterns import Study

SHEET = ["doc", "para", "sent", "text", "probability", *CODES]
KEY = ["doc", "para", "sent", "vector"]


def write_sheet(source: Study | Corpus, path: str | Path, *, n: int, rng: np.random.Generator) -> None:
    """A sheet to code: a simple random sample of `n` sentences in reading order, each with its probability n/N.

    UTF-8 with a mark, as spreadsheets want it. A sentence with several vectors takes a row for each (the coder
    copies the row), one that speaks of no partner has `none` as vector; `partners` may stay empty. Columns of the coder's
    own, as `coder` or notes, are passed over when it is read. Raises
    `ValueError` for an `n` that the corpus does not have and `FileExistsError` rather than write over a sheet.
    """
    sentences = getattr(source, "corpus", source).sentences
    if not 1 <= n <= len(sentences):
        raise ValueError(f"n is {n}; the corpus has {len(sentences)} sentences to draw from")
    if Path(path).exists():
        raise FileExistsError(f"{path}: there is a sheet already; name a new file")
    drawn = sentences.iloc[np.sort(rng.choice(len(sentences), n, replace=False))]
    sheet = csv_table(drawn.assign(probability=n / len(sentences), **dict.fromkeys(CODES, ""))[SHEET])
    sheet.to_csv(path, index=False, lineterminator="\r\n", encoding="utf-8-sig", errors="backslashreplace")


def read_sheet(path: str | Path, corpus: Corpus) -> pd.DataFrame:
    """The codings of a filled sheet under the interface's columns, `basis` `sheet`.

    `attrs["sentences"]` lists [doc, para, sent, probability] of each sentence coded, `none` included, and
    `attrs["not_coded"]` [doc, para, sent] of those left empty. Raises `SheetError` with a line for each fault.
    """
    known = sentences_by_ref(corpus)
    rows, coded, chances, problems = [], {}, {}, []
    for number, cells, gap in read_table(Path(path), SHEET, {plain(text) for *_, text in known.values()}):
        try:
            if gap > 0:
                raise _ragged(gap)
            ref, coding = _sampled(cells, known), _coding(cells)
            chances.setdefault(ref, _probability(cells["probability"]))
            vectors = coded.setdefault(ref, {})
            if coding is None:
                continue
            for other, row in vectors.items():
                if other == coding[0] or "none" in (other, coding[0]):
                    raise CellError("vector", f"{coding[0]} beside {other} in row {row} for the same sentence", "delete one of the two rows")
            vectors[coding[0]] = number
            if coding[0] != "none":
                rows.append((*ref, *known[ref][:2], *coding, "sheet"))
        except CellError as fault:
            # a spreadsheet drops the empty cells at the end of a row: a short row is a fault only where it reads badly
            problems.append(f"{Path(path).name}: row {number}, {_ragged(gap) if gap else fault}")
    if problems:
        raise SheetError(problems)
    codings = codings_table(rows)
    codings.attrs["sentences"] = [[*ref, chances[ref]] for ref in sorted(coded) if coded[ref]]
    codings.attrs["not_coded"] = [list(ref) for ref in sorted(coded) if not coded[ref]]
    return codings


def _sampled(cells: Mapping[str, str], known: Mapping[Ref, tuple[int, int, str]]) -> Ref:
    """The sentence that the row codes, after its place and its text."""
    ref = place(cells)
    if ref not in known:
        where = f"sentence {ref[2]} of paragraph {ref[1]} of {shown(ref[0])}"
        raise CellError("doc", f"{where} is not in this corpus", "copy doc, para and sent from the sheet as it was written")
    text = plain(known[ref][2])
    if plain(cells["text"]) not in (text, text.encode("cp1252", "replace").decode("cp1252")):
        raise CellError("text", f"{shown(cells['text'])} is not this sentence", "put its text back; if the article was changed, draw a new sheet")
    return ref


def _probability(cell: str) -> float:
    with suppress(ValueError):
        if 0 < (value := float(cell.replace(",", "."))) <= 1:
            return value
    raise CellError("probability", f"{shown(cell)} is no probability", "copy it from the sheet as it was written")


def _ragged(gap: int) -> CellError:
    cure = "part all cells, also empty ones, and quote a text that holds a separator"
    return CellError(SHEET[-1], f"the row has {abs(gap)} cells too {'many' if gap > 0 else 'few'}", cure)


def _coding(cells: Mapping[str, str]) -> tuple | None:
    """(vector, partners, stance, limit, hedged, voice) of the row, None where it is not coded."""
    filled = [name for name in CODES if cells[name]]
    if not filled:
        return None
    vector = label("vector", cells["vector"])
    if vector == "none":
        if filled[1:]:
            what = f"{shown(cells[filled[1]])} beside the vector none"
            raise CellError(filled[1], what, "empty it, or name the vector")
        return (vector,)
    stance = label("stance", cells["stance"])
    limit = label("limit", cells["limit"]) if cells["limit"] or stance == "friction" else ""
    if limit and stance != "friction":
        raise CellError("limit", f"{limit} without friction", "empty it, or write friction as stance")
    return vector, entity_ids(cells["partners"]), stance, limit, label("hedged", cells["hedged"]), label("voice", cells["voice"])


def compare_sheets(a: pd.DataFrame, b: pd.DataFrame, *, sentences: Iterable[Ref] | None = None) -> pd.DataFrame:
    """Agreement of two codings: `n`, percentage, kappa, alpha and AC1 by column and vector, `all` pooling the vectors.

    `present` is compared on the sentences that both have coded: those of their sheets; for a coding that was not read
    from a sheet, `sentences`, or where these are not given the sentences with a row in either. The other columns are
    compared on the rows that both have, `limit` where both see friction. What is undefined is nan.
    """
    sheets = [{tuple(row[:3]) for row in side.attrs["sentences"]} for side in (a, b) if "sentences" in side.attrs]
    given = [set(sentences)] if sentences is not None else []
    both = set.intersection(*sheets, *given) if sheets or given else {*refs_of(a), *refs_of(b)}
    a, b = (side[[ref in both for ref in zip(side["doc"], side["para"], side["sent"], strict=True)]] for side in (a, b))
    has = [set(side[KEY].itertuples(index=False, name=None)) for side in (a, b)]
    found: dict[tuple[str, str], Agreement] = {}
    for name in [*VECTORS, "all"]:
        vectors = list(VECTORS) if name == "all" else [name]
        present = ([str((*ref, v) in side) for ref in sorted(both) for v in vectors] for side in has)
        found["present", name] = agreement_of(*present)
        sides = [side[side["vector"].isin(vectors)] for side in (a, b)]
        found |= {(column, name): agreement(*sides, column) for column in ("stance", "hedged", "voice")}
        found["limit", name] = agreement(*(side[side["stance"] == "friction"] for side in sides), "limit")
    order = product(["present", "stance", "limit", "hedged", "voice"], [*VECTORS, "all"])
    return pd.DataFrame([{"column": column, "vector": name, **vars(found[column, name])} for column, name in order])


def sheet_share(corpus: Corpus, machine: pd.DataFrame, sheet: pd.DataFrame, vector: str, *, stance: str | None = None) -> Estimate:
    """The share of all sentences in which the vector is present (with that stance), the machine's corrected by a sheet.

    `machine` has codings of the whole corpus, `sheet` those read from a random sheet; see `corrected_share`.
    """
    refs = list(sentences_by_ref(corpus))
    chances = {tuple(row[:3]): row[3] for row in sheet.attrs["sentences"]}
    found, seen = ({*refs_of(t[(t["vector"] == vector) & ((t["stance"] == stance) | (stance is None))])} for t in (machine, sheet))
    human = [float(ref in seen) if ref in chances else np.nan for ref in refs]
    return corrected_share([float(ref in found) for ref in refs], human, [chances.get(ref, np.nan) for ref in refs], [ref[0] for ref in refs])
