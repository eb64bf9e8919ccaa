"""What a report need not run again, and that it shows nothing stale for it."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from kzsec import cache
from kzsec.__main__ import main
from kzsec.report import ReportError, report


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a site but the record of its run."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "run.json"}


@pytest.fixture
def call(one_notebook, tmp_path, monkeypatch, capsys):
    """A function that reports on one article by notebooks which note each of their runs: the runs, and what was said."""
    corpus, log = tmp_path / "corpus", tmp_path / "log"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Kazakhstan met Russia.", encoding="utf-8")
    for name in ("00-one", "01-two"):
        one_notebook(f"open({str(log)!r}, 'a').write('{name} ')", name)
    monkeypatch.setenv("KZSEC_CACHE", str(tmp_path / "cache"))

    def run(*options: str) -> tuple[list[str], str]:
        log.write_text("")
        capsys.readouterr()
        assert main(["report", "--corpus", str(corpus), "--out", str(tmp_path / "out"), *options]) == 0
        return sorted(log.read_text().split()), capsys.readouterr().err

    return run


def test_pages_from_the_cache_are_those_of_a_run(site, tmp_path, monkeypatch):
    monkeypatch.setattr("kzsec.report._execute", None)
    report(None, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(site)


def test_nothing_changed_ends_within_a_second_and_a_changed_package_is_seen(one_notebook, tmp_path):
    """On a copy of the package, as a command: start of the interpreter included."""
    one_notebook("import kzsec; kzsec.__version__")
    for name in ("kzsec", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)

    def run() -> tuple[float, str]:
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "kzsec", "report"], cwd=tmp_path, capture_output=True, text=True, check=True)
        return time.perf_counter() - started, done.stderr

    run()
    seconds, said = min(run() for _ in range(3))
    assert seconds < 1
    assert said == f"kzsec: nothing changed since the last run; open {tmp_path / 'reports' / 'index.html'}\n"
    module = tmp_path / "kzsec" / "__init__.py"
    module.write_text(module.read_text(encoding="utf-8").replace("0.1.0", "9.9.9"), encoding="utf-8")
    assert "nothing changed" not in run()[1]
    assert "9.9.9" in (tmp_path / "reports" / "00-one.html").read_text(encoding="utf-8")


def test_the_way_to_nothing_imports_no_library():
    code = "import sys, kzsec.cache, kzsec.__main__; print(sorted({m.split('.')[0] for m in sys.modules} & {'pandas', 'numpy', 'nbformat', 'jinja2', 'nupunkt'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_only_what_changed_runs_again(call, one_notebook, tmp_path):
    assert call()[0] == ["00-one", "01-two"]
    runs, said = call()
    assert runs == []
    assert said.startswith("kzsec: nothing changed")
    one_notebook(f"open({str(tmp_path / 'log')!r}, 'a').write('new '); print('another page')", "01-two")
    assert call()[0] == ["new"]
    assert "another page" in (tmp_path / "out" / "01-two.html").read_text(encoding="utf-8")
    (tmp_path / "corpus" / "a.txt").write_text("Kazakhstan met russia.", encoding="utf-8")
    assert call()[0] == ["00-one", "new"]
    assert call("--fresh")[0] == ["00-one", "new"]


@pytest.mark.parametrize("harm", ["edited", "deleted", "added", "record"])
def test_a_site_that_is_not_as_it_was_written_is_written_anew(call, tmp_path, harm):
    call()
    before, page = contents(tmp_path / "out"), tmp_path / "out" / "00-one.html"
    if harm == "edited":
        page.write_bytes(page.read_bytes().replace(b"Why", b"Wry"))
    elif harm == "deleted":
        page.unlink()
    elif harm == "added":
        (tmp_path / "out" / "more.html").write_text("")
    else:
        (tmp_path / "out" / "run.json").write_text("[]")
    runs, said = call()
    assert runs == []
    assert "nothing changed" not in said
    assert contents(tmp_path / "out") == before


INPUTS = ["corpus/a.txt", "corpus/corpus.csv", "corpus/corrections.csv", "corpus/sentences.csv", "corpus/gold/stance.jsonl", "corpus/more/b.txt",
          "own/cues.csv", "package/coding.py", "package/tables/cues.csv", "package/templates/kzsec/style.css", "notebooks/00-one.ipynb"]  # fmt: skip


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """A function that gives the keys of a notebook on small stand-ins for all that it reads."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path / "package")
    parameters = cache.parameters_for(tmp_path / "corpus", tmp_path / "own")
    return lambda **more: cache.notebook_keys(tmp_path / "notebooks", parameters | more)


@pytest.mark.parametrize("name", INPUTS)
def test_every_byte_that_is_read_counts(inputs, tmp_path, name):
    path = tmp_path / name
    before, about = inputs(), path.stat()
    path.write_text("y")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert inputs() != before
    path.write_text("x")
    assert inputs() == before
    path.rename(path.with_name("00-other.ipynb"))
    assert inputs() != before


def test_python_libraries_and_parameters_count(inputs, tmp_path, monkeypatch):
    before = inputs()
    assert inputs(corpus=str(tmp_path / "corpus" / "a.txt")) != before
    monkeypatch.setattr(sys, "version", "4.0")
    assert inputs() != before
    monkeypatch.undo()
    monkeypatch.setattr(cache, "PACKAGE", tmp_path / "package")
    assert inputs() == before
    (tmp_path / "site" / "pandas-99.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    assert inputs() != before


def test_for_one_article_the_tables_beside_it_count_and_no_other_article(tmp_path):
    for name in ("a.txt", "b.txt", "corpus.csv"):
        (tmp_path / name).write_text("x")
    before = cache.tree_hash(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("y")
    assert cache.tree_hash(tmp_path / "a.txt") == before
    (tmp_path / "corrections.csv").write_text("y")
    assert cache.tree_hash(tmp_path / "a.txt") != before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_pipes_links_and_names_of_any_bytes_are_told_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("x")
    before = cache.tree_hash(tmp_path)
    (tmp_path / "lost").unlink()
    assert cache.tree_hash(tmp_path) != before


def test_a_notebook_that_fails_is_run_again_and_the_others_not(call, one_notebook, tmp_path):
    one_notebook("1 / 0", "01-two")
    with pytest.raises(ReportError):
        report(tmp_path / "corpus", tmp_path / "out")
    assert len(list((tmp_path / "cache").iterdir())) == 1
    one_notebook("2 / 1", "01-two")
    assert call()[0] == []
    (tmp_path / "out.failed").mkdir()
    assert "nothing changed" not in call()[1]
    assert not (tmp_path / "out.failed").exists()


def test_what_changed_during_the_run_is_never_kept(call, one_notebook, tmp_path):
    one_notebook(f"open({str(tmp_path / 'corpus' / 'b.txt')!r}, 'w').write('Kazakhstan met China.')", "01-two")
    call()
    assert not (tmp_path / "cache").exists()
    assert "nothing changed" not in call()[1]


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-40], lambda data: data[:99] + b"!" + data[100:], lambda data: gzip.compress(b"[1]"),
                                    lambda data: gzip.compress(gzip.decompress(data).replace(b'"key": "', b'"key": "0'))])  # fmt: skip
def test_a_damaged_result_is_passed_over(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("KZSEC_CACHE", str(tmp_path))
    cache.keep_result("a" * 64, {"cells": list(range(200))})
    assert cache.read_result("a" * 64) == {"cells": list(range(200))}
    path = next(tmp_path.iterdir())
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read_result("a" * 64) is None


def test_the_cache_is_bounded_and_takes_nothing_but_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("KZSEC_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "MOST_BYTES", 500)
    (tmp_path / "mine.ipynb.gz").write_bytes(b"x" * 10_000)
    for number in range(9):
        cache.keep_result(f"{number:064}", {"cells": number})
        os.utime(tmp_path / f"{number:064}.ipynb.gz", (number, number))
    kept = [number for number in range(9) if cache.read_result(f"{number:064}")]
    assert kept == list(range(kept[0], 9))
    assert 0 < kept[0] < 8
    assert (tmp_path / "mine.ipynb.gz").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KZSEC_CACHE", str(tmp_path / "file"))
    cache.keep_result("a" * 64, {})
    assert cache.read_result("a" * 64) is None


def test_the_record_names_the_notebooks_and_their_keys(call, tmp_path):
    call()
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["keys"].keys() == record["notebooks"].keys() == {"00-one", "01-two"}
