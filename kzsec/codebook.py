"""Tables in, a codebook out: what an analyst may change stands in `kzsec/tables/*.csv`, not in code."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

TABLES = Path(__file__).with_name("tables")

HOME = ("kazakhstan",)  # whose relations are coded, as the partner of a mention
VECTORS = {
    "russia": "Russia",
    "china": "China",
    "nato": "NATO and the West",
    "middle_east": "Middle East",
    "region": "Neighbours",
}
STANCES = ("cooperation", "friction", "neutral")
LIMITS = ("dispute", "constraint", "doubt", "danger")
VOICES = ("report", "official", "judgement")
KINDS = ("statement", "contact", "agreement", "support", "operation", "commitment")
MODALITIES = ("done", "under_way", "scheduled", "sought", "denied")


class CodebookError(ValueError):
    """A codebook table that cannot be used; the message names the file and the cure."""


@dataclass(frozen=True)
class Codebook:
    """Each table's rows by the table's name, and one hash of all their bytes."""

    tables: dict[str, tuple[dict[str, str], ...]] = field(repr=False, compare=False)
    sha256: str

    def __getitem__(self, table: str) -> tuple[dict[str, str], ...]:
        return self.tables[table]


def read_codebook(folder: str | Path | None = None) -> Codebook:
    """The shipped tables, each replaced by the file of the same name in `folder` where there is one.

    Raises `CodebookError` for a folder without a known table, an unknown table, or a missing column.
    """
    return _read_codebook(None if folder is None else Path(folder).resolve())


@lru_cache(maxsize=8)
def _read_codebook(folder: Path | None) -> Codebook:
    shipped = {path.name: path for path in sorted(TABLES.glob("*.csv"))}
    own = {} if folder is None else {path.name: path for path in sorted(folder.glob("*.csv"))}
    if folder is not None and not own:
        raise CodebookError(f"{folder}: no codebook table here; put one of {', '.join(shipped)} in it")
    for name, path in own.items():
        if name not in shipped:
            raise CodebookError(f"{path}: not a codebook table; name it one of {', '.join(shipped)}")
    digest, tables = hashlib.sha256(), {}
    for name, path in (shipped | own).items():
        data = path.read_bytes()
        digest.update(path.stem.encode() + b"\0" + hashlib.sha256(data).digest())
        with shipped[name].open(encoding="utf-8", newline="") as file:
            tables[path.stem] = _rows(path, data, columns=next(csv.reader(file)))
    return Codebook(tables, digest.hexdigest())


def _rows(path: Path, data: bytes, columns: list[str]) -> tuple[dict[str, str], ...]:
    """The rows of one table, which has at least these columns."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CodebookError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise CodebookError(f"{path}: column {', '.join(missing)} is missing; its columns are {', '.join(columns)}")
    return tuple({key: (value or "").strip() for key, value in row.items() if key} for row in reader)
