"""Rows to bytes, bytes to a folder and back: parts that are whole or absent, a manifest that vouches for them, one writer."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .annotations import bare, csv_cell

LISTS = frozenset(["repairs", "vectors", "partners", "contested", "participants"])
WHOLE = frozenset("line para sent start end volume issue year chars words paragraphs sentences".split())
MANIFEST, JOURNAL, LOCK = "manifest.json", "manifest.jsonl", ".lock"


class StreamError(ValueError):
    """A run that cannot begin (`status` 2) or go on (1); the message names the place and the cure."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return self.args[0]


def encode(format: str, columns: list[str], rows: list[tuple], first: bool) -> bytes:
    """The rows as a whole Parquet file, or as a piece of the CSV (its head on the `first`) or JSONL file."""
    if format == "parquet":
        return _parquet(columns, rows)
    text = io.StringIO()
    if format == "csv":
        head = [columns] if first else []
        csv.writer(text, lineterminator="\n").writerows([*head, *([csv_cell(value) for value in row] for row in rows)])
    else:
        text.writelines(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
    return text.getvalue().encode()


def _parquet(columns: list[str], rows: list[tuple]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet

    types = {"also": pa.list_(pa.list_(pa.int64())), "hedged": pa.bool_()} | dict.fromkeys(LISTS, pa.list_(pa.string()))
    schema = pa.schema([(c, types.get(c, pa.int64() if c in WHOLE else pa.string())) for c in columns])
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    table = pa.Table.from_arrays([pa.array(v, t) for v, t in zip(values, schema.types, strict=True)], schema=schema)
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def written(out: Path, table: str, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table in any of the formats, one after the other: these columns, with the values that were encoded.

    Raises `StreamError` for a table that is not there or cannot be read.
    """
    columns = list(columns)
    try:
        for row in _decoded(out, table, columns):
            yield {name: row[name] for name in columns}
    except (OSError, ValueError, LookupError, TypeError, csv.Error) as error:
        raise StreamError(f"{out}: no table {table} as annotate writes it ({error}); give the folder of an earlier run", 2) from None


def _decoded(out: Path, table: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    if (path := out / f"{table}.csv").is_file():
        csv.field_size_limit(2**30)  # of the process: whoever reads a table sets it
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield {name: _value(name, row[name]) for name in columns}
    elif (path := out / f"{table}.jsonl").is_file():
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
    elif parts := sorted((out / table).glob("part-*.parquet")):
        import pyarrow.parquet

        for part in parts:
            for batch in pyarrow.parquet.ParquetFile(part).iter_batches(2000, columns=columns):
                yield from batch.to_pylist()
    else:
        raise FileNotFoundError(f"{table}.csv, {table}.jsonl or {table}/part-*.parquet is missing")


def _value(column: str, cell: str) -> Any:
    """What the cell of a CSV stands for."""
    if column in WHOLE:
        return int(cell) if cell else None
    if column in LISTS or column == "also":
        parts = [part for part in cell.split(";") if part]
        return parts if column != "also" else [[int(n) for n in part.split("-")] for part in parts]
    return cell == "True" if column == "hedged" else bare(cell)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold `out` as its only writer; the system lets go of the lock of a process that was killed."""
    path = out / LOCK
    try:
        out.mkdir(parents=True, exist_ok=True)
        while True:
            file = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
            try:
                _lock(file)
            except BlockingIOError:
                owner = os.pread(file, 100, 0).decode(errors="replace") or "a process that just began"
                os.close(file)
                raise StreamError(f"{out}: another run writes here ({owner}); wait for it, or name another --out", 2) from None
            with suppress(FileNotFoundError):  # its last owner may have removed it meanwhile
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    break
            os.close(file)
        os.truncate(file, 0)
        os.write(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
    except OSError as error:
        raise StreamError(f"{out}: {error.strerror}; name a folder that can be written with --out", 2) from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(file)


def _lock(file: int) -> None:
    """Raises BlockingIOError where another process holds the lock; Windows and file systems without locks have none."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return


class Output:
    """The folder of one run. Each chunk's entry stands in the journal once all its parts are written; at the end
    the manifest takes the journal's place, so that a folder with a manifest and no journal is complete."""

    def __init__(self, out: Path, identity: dict[str, Any], *, resume: bool) -> None:
        self.out, self.identity, self.appending = out, identity, identity["format"] != "parquet"
        self.entries: dict[int, str] = {}
        self.ends: Counter[str] = Counter()
        self.broken = False
        names = {path.name for path in out.iterdir()} - {LOCK, f".{JOURNAL}.tmp"}
        if names and not resume:
            raise StreamError(f"{out}: not an empty folder; name a new one with --out, or go on with --resume", 2)
        if names:
            self._read()
        with self._disk():
            for left in (*out.glob(".*.tmp"), *out.glob("*/.*.tmp")):
                left.unlink()
            self._replace(out / JOURNAL, "".join(f"{line}\n" for line in (json.dumps(identity), *self.entries.values())).encode())
            (out / MANIFEST).unlink(missing_ok=True)

    def _read(self) -> None:
        """The entries of the earlier run, which must have been of the same call; its last line may be torn."""
        journal, manifest = self.out / JOURNAL, self.out / MANIFEST
        try:
            if journal.is_file():
                head, *lines = journal.read_text(encoding="utf-8").split("\n")
                earlier = json.loads(head)
                for line in lines[:-1]:
                    self.entries[json.loads(line)["chunk"]] = line
            else:
                earlier = json.loads(manifest.read_text(encoding="utf-8"))
                self.entries = {entry["chunk"]: json.dumps(entry) for entry in earlier["chunks"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StreamError(f"{self.out}: nothing here to resume ({error}); name a new folder with --out", 2) from None
        other = [name for name, value in self.identity.items() if earlier.get(name) != value]
        if other:
            was, now = ({name: about.get(name) for name in other} for about in (earlier, self.identity))
            raise StreamError(f"{self.out}: made with another {other[0]} ({was} and not {now}); name a new folder with --out", 2)

    def keeps(self, number: int, inputs: str) -> bool:
        """Whether the chunk stands there already, made of the same inputs and with the bytes that its entry tells.

        Ask in order. Where tables are appended to, nothing behind the first chunk to be done again is kept.
        """
        entry = json.loads(self.entries.get(number, "{}"))
        if (self.broken and self.appending) or entry.get("inputs") != inputs or not self._intact(number, entry["parts"]):
            self.broken = True
            self.entries.pop(number, None)
            return False
        self.ends.update({table: part["bytes"] for table, part in entry["parts"].items()})
        return True

    def _intact(self, number: int, parts: dict[str, dict]) -> bool:
        for table, part in parts.items():
            try:
                with self._path(table, number).open("rb") as file:
                    file.seek(self.ends[table] if self.appending else 0)
                    data = file.read(part["bytes"] if self.appending else -1)
            except OSError:
                return False
            if hashlib.sha256(data).hexdigest() != part["sha256"]:
                return False
        return True

    def write(self, number: int, inputs: str, files: Counter[str], tables: dict[str, tuple[bytes, int]]) -> None:
        """Write the parts of one chunk, then its entry. Raises `StreamError` on a full disk; what was done stays."""
        parts = {}
        with self._disk():
            for table, (data, rows) in tables.items():
                path = self._path(table, number)
                if self.appending:
                    self._append(path, data, self.ends[table])
                else:
                    path.parent.mkdir(exist_ok=True)
                    self._replace(path, data)
                self.ends[table] += len(data)
                parts[table] = {"rows": rows, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            entry = {"chunk": number, "inputs": inputs, "files": dict(sorted(files.items())), "parts": parts}
            self.entries[number] = json.dumps(entry)
            with (self.out / JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write(self.entries[number] + "\n")

    def finish(self) -> Counter[str]:
        """Write the manifest; the number of files by what became of them."""
        files, rows = Counter(), Counter()
        lines = [self.entries[number] for number in sorted(self.entries)]
        for entry in map(json.loads, lines):
            files.update(entry["files"])
            rows.update({table: part["rows"] for table, part in entry["parts"].items()})
        head = json.dumps({**self.identity, "files": dict(sorted(files.items())), "rows": dict(rows)}, indent=1)
        with self._disk():
            if self.appending:
                for table, end in self.ends.items():
                    os.truncate(self._path(table, 0), end)
            self._replace(self.out / MANIFEST, (head[:-2] + ',\n "chunks": [\n' + ",\n".join(lines) + "\n ]\n}\n").encode())
            (self.out / JOURNAL).unlink()
        return files

    def _path(self, table: str, number: int) -> Path:
        return self.out / (f"{table}.{self.identity['format']}" if self.appending else f"{table}/part-{number:05}.parquet")

    def _append(self, path: Path, data: bytes, end: int) -> None:
        with path.open("ab", buffering=0) as file:
            file.truncate(end)
            left = memoryview(data)
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(end)
                raise

    def _replace(self, path: Path, data: bytes) -> None:
        """Put the bytes in place at once."""
        part = path.with_name(f".{path.name}.tmp")
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StreamError(f"{self.out}: {error.strerror}; what is written stays: make room and go on with --resume", 1) from None
