"""The command line: exit status, one clear line for a fault, and the tables."""

import json
import subprocess
import sys

import pytest

from kzsec.__main__ import main


def test_annotate_writes_the_tables(folder, tmp_path):
    root = folder({"a.txt": "Kazakhstan and Russia signed a treaty (Interfax, May 3).", "b.txt": ""})
    assert main(["annotate", str(root), "--out", str(tmp_path / "t"), "--format", "jsonl"]) == 0
    documents = [json.loads(line) for line in (tmp_path / "t" / "documents.jsonl").read_text().splitlines()]
    assert [(d["doc"], d["status"]) for d in documents] == [("a.txt", "accepted"), ("b.txt", "quarantined")]
    assert documents[0]["engine"] == "rules"
    assert json.loads((tmp_path / "t" / "rejects.jsonl").read_text())["reason"] == "empty"


FAULTS = {
    "no such corpus": (["annotate", "{nothing}", "--out", "{new}"], 2, "no such file or folder"),
    "report on no such corpus": (["report", "--corpus", "{nothing}", "--out", "{new}"], 2, "no such file or folder"),
    "empty corpus": (["annotate", "{empty}", "--out", "{new}"], 1, "no article here"),
    "report on an empty corpus": (["report", "--corpus", "{empty}", "--out", "{new}"], 1, "no article here"),
    "out not empty": (["annotate", "{corpus}", "--out", "{corpus}"], 2, "not an empty folder"),
    "no such codebook": (["annotate", "{corpus}", "--out", "{new}", "--codebook", "{nothing}"], 2, "no such folder"),
    "codebook without tables": (["annotate", "{corpus}", "--out", "{new}", "--codebook", "{empty}"], 1, "no codebook table here"),
    "unknown engine": (["annotate", "{corpus}", "--out", "{new}", "--engine", "magic"], 2, "no such engine"),
    "nothing to report": (["report", "--corpus", "{blank}", "--out", "{new}"], 1, "no article text"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_clear_line(case, folder, tmp_path, capsys):
    call, status, says = FAULTS[case]
    root = folder({"a.txt": "Kazakhstan met Russia.", "../empty/.keep": "", "../blank/x.txt": " "})
    places = {"corpus": root, "nothing": tmp_path / "nothing", "new": tmp_path / "new", "empty": tmp_path / "empty", "blank": tmp_path / "blank"}
    assert main([part.format(**places) for part in call]) == status
    error = capsys.readouterr().err
    assert error.startswith("kzsec: ")
    assert error.count("\n") == 1
    assert says in error
    assert not (tmp_path / "new").exists()


def test_check_counts_every_file(folder, capsys):
    root = folder({"a.txt": "Kazakhstan met Russia.", "b.txt": "Kazakhstan met Russia.", "c.txt": "", "README": "x", "d\n\u202e.txt": "Astana waits."})
    assert main(["check", str(root)]) == 0
    out, err = capsys.readouterr()
    assert "accepted 2, repaired 0, duplicate 1, quarantined 1 = 4 files seen; skipped 1" in err
    assert len(out.splitlines()) == 5
    assert main(["check", str(root), "--strict", "--format", "jsonl"]) == 1
    out = capsys.readouterr().out
    assert out.isascii()
    rows = [json.loads(line) for line in out.splitlines()]
    assert "d\n\u202e.txt" in {row["doc"] for row in rows}
    assert {row["status"] for row in rows} == {"accepted", "duplicate", "quarantined", "skipped"}
    assert all(set(row) == {"doc", "status", "reason", "detail", "encoding", "repairs"} for row in rows)


@pytest.mark.parametrize("command", ["report", "annotate", "check"])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "Example: python -m kzsec" in " ".join(capsys.readouterr().out.split())


def test_a_wrong_call_exits_2():
    run = subprocess.run([sys.executable, "-m", "kzsec", "report", "--jobs", "0"], capture_output=True, text=True)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
