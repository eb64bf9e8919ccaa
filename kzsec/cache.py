"""What a report is made from, as hashes of content, and what its notebooks gave: nothing runs again for the same.

Only the standard library is imported, so that a report with nothing to do ends at once.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
NOTEBOOKS, SEEDS = PACKAGE.parent / "notebooks", PACKAGE.parent / "seeds"
MOST_BYTES = 300_000_000  # of results kept; the oldest go first


def parameters_for(corpus: str | Path | None, codebook: str | Path | None) -> dict[str, str]:
    """What the notebooks are told to read: nothing where it is the seeds under the shipped tables."""
    if corpus is not None and Path(corpus).resolve() == SEEDS.resolve():
        corpus = None
    given = {"corpus": corpus, "codebook": codebook}
    return {name: str(Path(path).resolve()) for name, path in given.items() if path is not None}


def notebook_keys(notebooks: Path, parameters: dict[str, str]) -> dict[str, str]:
    """By each numbered notebook's name one hash of all that its result rests on: itself, the package with its tables,
    the corpus with what stands beside it, the codebook, Python, the libraries, and the parameters."""
    libraries = sorted({path.name for folder in sys.path for path in Path(folder).glob("*.*-info")})
    common = hashlib.sha256(json.dumps([sys.version, sys.platform, libraries, parameters]).encode())
    for root in (PACKAGE, parameters.get("corpus", SEEDS), parameters.get("codebook", PACKAGE / "tables")):
        common.update(tree_hash(Path(root)).encode())
    made = ((path.stem, path.read_bytes()) for path in sorted(notebooks.glob("[0-9]*.ipynb")))
    return {name: hashlib.sha256(common.digest() + data).hexdigest() for name, data in made}


def tree_hash(root: Path, *, without: str = "") -> str:
    """One hash of names and bytes under a folder, or of one article and the tables that may stand beside it."""
    digest, base = hashlib.sha256(), root if root.is_dir() else root.parent
    for path in sorted(_paths(root)):
        if (name := path.relative_to(base).as_posix()) != without:
            digest.update(os.fsencode(f"{name}\0{_state(path)}\n"))
    return digest.hexdigest()


def _paths(root: Path) -> Iterator[Path]:
    if not root.is_dir():
        yield from (root, root.with_name("corpus.csv"), root.with_name("corrections.csv"))
    for folder, folders, names in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *names))
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]  # never read


def _state(path: Path) -> str:
    """The hash of a file's bytes, what it is if it has none, or why it cannot be read; for a link, where it leads as well."""
    try:
        leads = os.path.realpath(path) if path.is_symlink() else ""
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return f"{leads}{stat.S_IFMT(mode)}"
        with path.open("rb") as file:
            return leads + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)


def is_current(out: Path, keys: dict[str, str]) -> bool:
    """Whether `out` holds the site of just these inputs, each of its files as it was written, and no failure since."""
    try:
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
        same = bool(keys) and record["keys"] == keys and not failed_place(out).exists()
        return same and record["site"] == site_hash(out)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def site_hash(out: Path) -> str:
    """One hash of a written site but for the record of its run."""
    return tree_hash(out, without="run.json")


def failed_place(out: Path) -> Path:
    """Where the pages of a report to `out` go if a notebook fails."""
    return out.with_name(out.name + ".failed")


# --- results of notebooks --------------------------------------------------------------------------


def _place(key: str) -> Path:
    if own := os.environ.get("KZSEC_CACHE"):
        return Path(own, f"{key}.ipynb.gz")
    from platformdirs import user_cache_path

    return user_cache_path("kzsec", appauthor=False) / f"{key}.ipynb.gz"


def read_result(key: str) -> dict[str, Any] | None:
    """The executed notebook kept under the key; None where there is none that is whole."""
    path = _place(key)
    try:
        entry = json.loads(gzip.decompress(path.read_bytes()))
        result = entry["notebook"] if entry["key"] == key else None
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
        return None
    with suppress(OSError):
        os.utime(path)
    return result


def keep_result(key: str, notebook: dict[str, Any]) -> None:
    """Keep an executed notebook, at once and whole, and let the oldest ones go; a cache that cannot be written is no error."""
    path = _place(key)
    part = path.with_name(f"{key}.{os.getpid()}.ipynb.gz")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(gzip.compress(json.dumps({"key": key, "notebook": notebook}).encode(), 5, mtime=0))
        part.replace(path)
        kept = sorted(((entry.stat(), entry) for entry in path.parent.glob("?" * 64 + "*.ipynb.gz")), key=lambda e: e[0].st_mtime_ns)
        surplus = sum(about.st_size for about, _ in kept) - MOST_BYTES
        for about, entry in kept:
            if surplus > 0:
                entry.unlink(missing_ok=True)
                surplus -= about.st_size
