"""Tables that people fill in: any spreadsheet's CSV in, cells and labels out, and for each bad cell a line with the cure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .annotations import ANNOTATION_TABLES, bare
from .codebook import LIMITS, STANCES, VECTORS, VOICES
from .corpus import Corpus, CorpusError
from .evidence import Ref
from .intake import BOMS

if TYPE_CHECKING:
    import pandas as pd

CODES = ["vector", "partners", "stance", "limit", "hedged", "voice"]
LONGEST_CELL = 131_072  # characters; a longer one has no closing quotation mark
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252", "cp1251", "mac_roman")


def fold(text: str) -> str:
    """Text as labels compare: case, blanks and underscores make no difference."""
    return re.sub(r"[\s_]+", " ", text).strip().casefold()


TRUTHS = dict.fromkeys("true yes y 1 wahr vrai истина".split(), True) | dict.fromkeys("false no n 0 falsch faux ложь".split(), False)
LABELS: dict[str, dict[str, Any]] = {
    "vector": {fold(name): key for key, label in VECTORS.items() for name in (key, label)} | {"none": "none"},
    "stance": {name: name for name in STANCES},
    "limit": {name: name for name in LIMITS},
    "voice": {name: name for name in VOICES} | {"judgment": "judgement"},
    "hedged": TRUTHS,
    "present": TRUTHS,
    "column": {name: name for name in ["present", *CODES[1:]]},
}


class SheetError(CorpusError):
    """A table filled in by people that cannot be used as it stands: `problems` has a line a fault, with its cure."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class CellError(ValueError):
    """What is wrong in one cell, and the cure."""

    def __init__(self, column: str, what: str, cure: str) -> None:
        super().__init__(f"column {column}: {what}; {cure}")


def plain(text: str) -> str:
    """Text as it compares after a spreadsheet: quotes straight, blanks single, no apostrophe before a formula's sign."""
    return " ".join(bare(text).translate(str.maketrans("“”‘’", "\"\"''")).split())


def shown(cell: str) -> str:
    """The cell in a message: quoted, on one line, cut where it is long."""
    return repr(cell if len(cell) <= 40 else cell[:39] + "…")


def read_table(path: Path, columns: Sequence[str], known: Collection[str]) -> list[tuple[int, dict[str, str], int]]:
    """(number, cells by column, cells too many or too few) of each row that is not blank; the header is row 1.

    Of the encodings and delimiters that fit, those that find the most of the columns, then of the `known` cells. `SheetError` where it is no such table.
    """
    cure = f"save it as CSV (UTF-8) with the columns {', '.join(columns)} in the first row"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SheetError([f"{path.name}: {error.strerror}; give the path of a table saved as CSV"]) from None
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise SheetError([f"{path.name}: the file is empty; {cure}"])
    body, encodings = next(((data[len(mark) :], (name,)) for mark, name in BOMS if data.startswith(mark)), (data, ENCODINGS))
    header, rows, best = [], [], (0, 0)
    csv.field_size_limit(LONGEST_CELL)
    for encoding, delimiter in product(encodings, ",;\t"):
        with suppress(UnicodeDecodeError, csv.Error):
            text = re.sub(r'\A"?sep=."?[\r\n]+', "", body.decode(encoding))  # a spreadsheet's own line on its delimiter
            first, *others = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)] or [[]]
            first = [fold(cell) for cell in first]
            score = (len(set(columns) & set(first)), sum(plain(cell) in known for row in others for cell in row))
            if score > best:
                header, rows, best = first, others, score
    if not best[0]:
        raise SheetError([f"{path.name}: not such a table, or a quotation mark in it is not closed; {cure}"])
    wrong = {name: header.count(name) for name in columns if header.count(name) != 1}
    if wrong:
        raise SheetError([f"{path.name}: column {name} {'stands twice' if n else 'is missing'}; {cure}" for name, n in wrong.items()])
    table = []
    for number, row in enumerate(rows, start=2):
        cells = [bare(cell.strip()) for cell in row]
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        if any(cells):
            by_column = dict(zip_longest(header, cells[: len(header)], fillvalue=""))
            table.append((number, by_column, len(cells) - len(header)))
    return table


def place(cells: Mapping[str, str]) -> Ref:
    """The sentence that the row names."""
    numbers = []
    for column in ("para", "sent"):
        found = re.fullmatch(r"(\d{1,9})(?:[.,]0+)?", cells[column], re.ASCII)
        if not found:
            raise CellError(column, f"{shown(cells[column])} is no number", "write it as the table of sentences has it, from 0")
        numbers.append(int(found[1]))
    return (cells["doc"], numbers[0], numbers[1])


def label(column: str, cell: str) -> Any:
    """The label that the cell means."""
    labels = LABELS[column]
    if fold(cell) in labels:
        return labels[fold(cell)]
    what = "is a formula" if cell[:1] in tuple("=+-@#") else "is no label" if cell else "is empty"
    names = ["true", "false"] if labels is TRUTHS else list(dict.fromkeys(labels.values()))
    raise CellError(column, f"{shown(cell)} {what}" if cell else what, f"write one of {', '.join(names)}")


def entity_ids(cell: str) -> list[str]:
    """The partners of a cell, parted by `;` or `,`."""
    ids = [re.sub(r"[\s_]+", "-", part.strip()) for part in re.split("[;,]", cell) if part.strip()]
    if bad := [one for one in ids if not re.fullmatch(r"[^\W_][\w.-]*", one)]:
        raise CellError("partners", f"{shown(bad[0])} is no entity id", "write ids such as united-states;turkey, or leave it empty")
    return [one.casefold() for one in ids]


def sentences_by_ref(corpus: Corpus) -> dict[Ref, tuple[int, int, str]]:
    """(start, end, text) of each sentence of the corpus."""
    return {(d, p, s): (a, b, text) for d, p, s, a, b, text in corpus.sentences.itertuples(index=False, name=None)}


def codings_table(rows: Iterable[tuple]) -> pd.DataFrame:
    """The rows as a table `codings`, in its order."""
    import pandas as pd

    ordered = sorted(rows, key=lambda row: (row[0], *row[3:6]))
    whole = dict.fromkeys(["para", "sent", "start", "end"], "int64")
    return pd.DataFrame(ordered, columns=ANNOTATION_TABLES["codings"].split()).astype({**whole, "hedged": bool})
