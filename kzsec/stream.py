"""A corpus of any size in, table files out: chunk by chunk, on all cores or a cluster, and resumable.

Files are taken in the order of `doc`, in chunks that depend on their number alone. A worker reads a chunk; the
caller tells, in order, which articles are duplicates; a worker codes the rest and gives finished bytes back; the
caller writes them in order. So the bytes are the same for any number of workers, and beyond a few chunks memory
holds the files' names and 200 bytes an article.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
import signal
import sys
import threading
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import __version__
from .annotations import ANNOTATION_TABLES, annotation_rows, in_order
from .codebook import read_codebook
from .corpus import CORPUS_TABLES, _body_hash, corpus_rows, parse_text, read_file
from .entities import load_engine
from .intake import CorpusError, list_files, read_overrides
from .output import Output, StreamError, encode, locked

if TYPE_CHECKING:
    from .corrections import Correction

COLUMNS = {name: columns.split() for name, columns in {**CORPUS_TABLES, **ANNOTATION_TABLES}.items()}


@dataclass(frozen=True)
class Job:
    """What every worker has to know; `made_by` is what its own package and codebook must be."""

    root: str
    format: str
    engine: str
    codebook: str | None
    made_by: tuple[tuple[str, str], ...]


class Chunk(NamedTuple):
    """Some files as read: a key of each article's text, one hash of all, and their records, packed."""

    keys: list[bytes | None]
    sha256: str
    records: bytes


def annotate_files(
    corpus: str | Path, out: str | Path, *, format: str = "parquet", engine: str = "rules", codebook: str | None = None,
    jobs: int | None = None, scheduler: str | None = None, resume: bool = False, chunk: int | None = None,
) -> Counter[str]:  # fmt: skip
    """Write every table of the corpus and a manifest under `out`; the number of files by what became of them.

    `jobs` processes here (default: all cores) or the workers of the Dask `scheduler`; `chunk` files a part. With
    `resume` the parts that an earlier run of the same call made of the same files are kept. Raises `StreamError`.
    """
    root, out = Path(corpus), Path(out)
    listed = list_files(root)[0]
    if not listed:
        raise CorpusError(f"{root}: no article here; put .txt files into the folder")
    folder = root if root.is_dir() else root.parent
    overrides, docs = read_overrides(folder), [doc for doc, _ in listed]
    corrections = _corrections(folder, docs)
    elsewhere = {doc: str(path.absolute()) for doc, path in listed if path != folder / doc}  # names that are not UTF-8
    del listed
    size = chunk or max(50, min(500, len(docs) // 20), len(docs) // 50_000)
    lines: dict[int, list] = {}  # of corrections, by the chunk that has their article, or would have it
    for line in corrections:
        lines.setdefault(max(0, bisect_right(docs, line.ref[0]) - 1) // size, []).append(line)
    made_by = _made_by(engine, codebook)
    job = Job(str(root.absolute()), format, engine, codebook and str(Path(codebook).absolute()), tuple(made_by.items()))
    _tools(job)
    names = hashlib.sha256("\0".join(docs).encode())
    names.update(json.dumps(sorted(overrides.items())).encode())
    identity = {**made_by, "format": format, "corpus": names.hexdigest(), "articles": len(docs), "chunk": size, "corrections": bool(corrections)}
    seen: dict[bytes, int] = {}

    def reads() -> Iterator[tuple[range, Any]]:
        for start in range(0, len(docs), size):
            places = range(start, min(start + size, len(docs)))
            files = [(docs[i], elsewhere.get(docs[i]) or str(folder.absolute() / docs[i])) for i in places]
            yield places, submit(read_chunk, job, files, {doc: overrides[doc] for doc, _ in files if doc in overrides})

    def codings() -> Iterator[tuple[tuple[int, str], Any]]:
        for places, read in _in_turn(reads(), ahead):
            firsts = {i: seen.setdefault(key, i) for i, key in zip(places, read.keys, strict=True) if key}
            known = {docs[i]: docs[first] for i, first in firsts.items() if first != i}
            number = places.start // size
            own = lines.get(number, []) if corrections else None
            inputs = _sha256(f"{read.sha256} {json.dumps([known, own])}".encode())
            kept = output.keeps(number, inputs)
            yield (number, inputs), None if kept else submit(code_chunk, job, read.records, known, number == 0, own)

    with _workers(job, jobs or _cores(), scheduler, len(docs)) as (submit, ahead), locked(out), _progress(len(docs)) as tell:
        output = Output(out, identity, resume=resume)
        for (number, inputs), coded in _in_turn(codings(), ahead):
            if coded:
                output.write(number, inputs, *coded)
            tell(min(size, len(docs) - number * size))
        return output.finish()


def _in_turn(calls: Iterable[tuple[Any, Any]], ahead: int) -> Iterator[tuple[Any, Any]]:
    """Each call's tag and result in the order of the calls, with at most `ahead` more of them under way."""
    waiting: deque[tuple[Any, Any]] = deque()
    for call in calls:
        waiting.append(call)
        if len(waiting) > ahead:
            tag, future = waiting.popleft()
            yield tag, future and future.result()
    for tag, future in waiting:
        yield tag, future and future.result()


# --- the work on one chunk -------------------------------------------------------------------------


def read_chunk(job: Job, files: list[tuple[str, str]], overrides: dict[str, dict[str, str]]) -> Chunk:
    """The files of one chunk as records, with what tells duplicates and changed files."""
    _tools(job)
    if not os.path.exists(job.root):
        raise StreamError(f"{job.root}: not seen by a worker; put the corpus where every worker reads it", 2)
    records = [read_file(doc, Path(path), overrides.get(doc)) for doc, path in files]
    keys = [record.article and _body_hash(record.article) for record in records]
    states = "".join(f"{record.doc}\0{record.status}\0{record.reason}\0{record.detail}\0{record.sha256}\n" for record in records)
    return Chunk(keys, _sha256(states.encode()), pickle.dumps(records, pickle.HIGHEST_PROTOCOL))


def _corrections(folder: Path, docs: list[str]) -> list[Correction]:
    """The lines of the `corrections.csv` beside the articles."""
    if not (folder / "corrections.csv").is_file():
        return []
    from .corrections import corrections_beside

    return corrections_beside(folder, set(docs))


@contextmanager
def _no_cycles() -> Iterator[None]:
    """A chunk makes many rows and no cycles of them; to look for some costs a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_no_cycles()
def code_chunk(
    job: Job, records: bytes, known: dict[str, str], first: bool, corrections: list[Correction] | None
) -> tuple[Counter, dict[str, tuple[bytes, int]]]:
    """How many files came to each state, and each table's bytes and number of rows; one more where there are corrections."""
    codebook, pipeline = _tools(job)
    rows: dict[str, list[tuple]] = {name: [] for name in COLUMNS}
    counts: Counter[str] = Counter()
    for record in pickle.loads(records):
        coded: dict[str, list[tuple]] = {}
        if record.doc in known:
            record = replace(record, status="duplicate", duplicate_of=known[record.doc], article=None)
        elif record.article:
            try:
                coded = annotation_rows(record.article, codebook, pipeline=pipeline)
            except Exception as error:  # one article that the coding fails on does not stop a million
                detail = f"{type(error).__name__}: {error}; a fault of kzsec, please report it with the article"
                record = replace(record, status="quarantined", reason="not coded", detail=detail, article=None)
        counts[record.status] += 1
        for name, more in {**corpus_rows(record), **coded}.items():
            rows[name] += more
    at = COLUMNS["documents"].index("engine")
    rows["documents"] = [(*row[:at], job.engine, *row[at + 1 :]) for row in rows["documents"]]
    columns = COLUMNS
    if corrections is not None:
        from .corrections import REPORT, correct_rows

        columns = {**COLUMNS, "corrections": REPORT}
        places = {row[:3]: row[3:5] for row in rows["sentences"]}
        rows["codings"], rows["corrections"] = correct_rows(rows["codings"], corrections, places)
        rows["paragraph_vectors"] = list({(row[0], row[1], row[5]) for row in rows["codings"]})
    rows |= {name: in_order(name, rows[name]) for name in ANNOTATION_TABLES}
    return counts, {name: (encode(job.format, columns[name], rows[name], first), len(rows[name])) for name in columns}


@lru_cache(maxsize=1)
def _tools(job: Job) -> tuple:
    """The codebook and the engine, with whatever they load at their first article."""
    if _made_by(job.engine, job.codebook) != dict(job.made_by):
        raise StreamError("a worker has another kzsec or codebook; install the same version, with the same tables", 2)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy only adds up here; its threads would forbid a fork
    codebook, pipeline = read_codebook(job.codebook), load_engine(job.engine)
    annotation_rows(parse_text("", "Kazakhstan met Russia."), codebook, pipeline=pipeline)
    return codebook, pipeline


def _made_by(engine: str, codebook: str | None) -> dict[str, str]:
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return {"version": f"{__version__}+{_sha256(code)[:12]}", "engine": engine, "codebook": read_codebook(codebook).sha256}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- workers ---------------------------------------------------------------------------------------


class _Done:
    """A call made at once, in this process."""

    def __init__(self, function, *values) -> None:
        self.value = function(*values)

    def result(self) -> Any:
        return self.value


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _workers(job: Job, jobs: int, scheduler: str | None, files: int) -> Iterator[tuple[Any, int]]:
    """(submit, calls to have under way): on a cluster, in processes, or here where there is little to do."""
    jobs = min(jobs, files // 100)
    if scheduler:
        with _cluster(scheduler) as workers:
            yield workers
        return
    if jobs < 2:
        yield _Done, 0
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # a fork has everything loaded, and is safe where no other thread may hold a lock
    alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    pool = ProcessPoolExecutor(jobs, get_context("fork" if alone else "spawn"), _start_worker)
    try:
        pool.submit(os.getpid).result()  # fork now: no worker may inherit the lock
        yield pool.submit, 2 * jobs
    except BrokenProcessPool:
        raise StreamError("a worker was killed, for want of memory perhaps; free some, or fewer --jobs, and --resume", 1) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave interrupts to the parent, and end with it even where it is killed."""
    from multiprocessing import connection, parent_process

    gc.freeze()  # what a fork has from its parent stays shared with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: (connection.wait([parent_process().sentinel]), os._exit(1)), daemon=True).start()


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Any, int]]:
    try:
        from distributed import Client
    except ImportError:
        raise StreamError("--scheduler needs Dask's distributed; install it with: pip install 'kzsec[cluster]'", 2) from None
    client, status = None, 2
    try:
        client = Client(address, timeout=10, set_as_default=False)
        client.wait_for_workers(1, timeout=10)
        status = 1
        yield lambda *call: client.submit(*call, pure=False), 2 * sum(client.nthreads().values())
    except (StreamError, KeyboardInterrupt):
        raise
    except Exception as error:
        cure = "start the scheduler and a worker" if status == 2 else "give both this same kzsec, and --resume"
        raise StreamError(f"{address}: {type(error).__name__}: {error}; {cure}", status) from None
    finally:
        if client:
            client.close()


@contextmanager
def _progress(files: int) -> Iterator[Any]:
    """A function to tell of more files done; it moves a bar where there is a terminal and more than a moment's work."""
    if files <= 100 or not sys.stderr.isatty():
        yield lambda done: None
        return
    from tqdm import tqdm

    with tqdm(total=files, unit="file", file=sys.stderr) as bar:
        yield bar.update
