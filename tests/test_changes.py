"""What changed between two releases of a corpus, from whatever format the tables are in."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kzsec import changes
from kzsec.__main__ import main

MET = "Kazakhstan signed a treaty with Russia on arms. China armed Kazakhstan with tanks."
EARLIER = {
    "a.txt": f"{MET} The weather was fine.",
    "b.txt": "Kazakhstan and Turkey held an exercise. Officials said that NATO would help Kazakhstan.",
    "gone.txt": "Kazakhstan signed a treaty with Iran.",
    "same.txt": "Uzbekistan supports Kazakhstan.",
    "twin.txt": "Uzbekistan supports Kazakhstan.",
}
LATER = EARLIER | {
    "a.txt": f"The season was dry.\n\n{MET}",  # sentences that have only moved
    "b.txt": "Kazakhstan and Turkey held an exercise. Officials doubt that NATO would help Kazakhstan.",  # one reworded
    "new.txt": "Kazakhstan signed a treaty with Egypt.",
}
LATER.pop("gone.txt")


@pytest.fixture
def told(tmp_path, capsys):
    """A function that codes both releases and gives what `--against` tells: its lines, and the rows of its table."""

    def run(earlier=EARLIER, later=LATER, *, formats=("csv", "csv"), more=()) -> tuple[list[str], list[dict]]:
        for name, files in (("earlier", earlier), ("later", later)):
            (tmp_path / name).mkdir()
            for file, text in files.items():
                (tmp_path / name / file).write_text(text, encoding="utf-8")
        first, second = tmp_path / "first", tmp_path / "second"
        assert main(["annotate", str(tmp_path / "earlier"), "--out", str(first), "--format", formats[0]]) == 0
        call = ["annotate", str(tmp_path / "later"), "--out", str(second), "--format", formats[1], "--against", str(first), *more]
        capsys.readouterr()
        assert main(call) == 0
        lines = capsys.readouterr().out.splitlines()
        assert main([*call, "--resume"]) == 0
        assert capsys.readouterr().out.splitlines() == lines
        return lines, rows_of(second)

    return run


def rows_of(out: Path) -> list[dict]:
    if (out / "changes.csv").is_file():
        return list(csv.DictReader((out / "changes.csv").open(encoding="utf-8", newline="")))
    if (out / "changes.jsonl").is_file():
        return [json.loads(line) for line in (out / "changes.jsonl").open(encoding="utf-8")]
    return pq.read_table(out / "changes").to_pylist()


def test_articles_codings_and_acts_that_changed_are_told(told):
    lines, rows = told()
    assert lines[:4] == ["articles: 1 new, 1 gone, 2 changed, 1 the same", "  new: new.txt", "  gone: gone.txt", "  changed: a.txt; b.txt"]
    codings = [(row["change"], row["article"], row["doc"], row["vectors"]) for row in rows if row["unit"] == "coding"]
    assert codings == [
        ("changed", "changed", "b.txt", "nato"), ("removed", "gone", "gone.txt", "middle_east"), ("added", "new", "new.txt", "middle_east"),
    ]  # fmt: skip
    changed = next(row for row in rows if row["change"] == "changed" and row["unit"] == "coding")
    assert (changed["was"].split("; ")[0], changed["now"].split("; ")[0]) == ("stance cooperation", "stance friction")
    assert changed["text"] == "Officials doubt that NATO would help Kazakhstan."
    assert "codings: 1 added, 1 removed, 1 changed; 0 of them in articles that are the same" in lines
    assert "  NATO and the West: 0 added, 0 removed, 1 changed" in lines
    assert any(line.startswith("  added: new.txt, para 0, sent 0: vector middle_east; partners egypt") for line in lines)
    acts = {(row["change"], row["doc"]) for row in rows if row["unit"] == "act" and row["doc"] != "b.txt"}
    assert acts == {("added", "new.txt"), ("removed", "gone.txt")}


@pytest.mark.parametrize("earlier", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("later", ["parquet", "csv", "jsonl"])
def test_formats_may_differ(told, tmp_path, earlier, later):
    lines, rows = told(formats=(earlier, later))
    assert lines[0] == "articles: 1 new, 1 gone, 2 changed, 1 the same"
    assert len(rows) == 4 + 3 + sum(row["unit"] in ("act", "finding") for row in rows)
    assert not [row for row in rows if row["change"] == "same"]


def test_a_release_that_is_the_same_tells_nothing(told):
    lines, rows = told(later=EARLIER)
    assert lines[0] == "articles: 0 new, 0 gone, 0 changed, 4 the same"
    assert lines[-1] == "findings: 0 moved, 0 with other numbers, 11 same"
    assert len(lines) == 4
    assert rows == []


def test_findings_that_moved_are_told(told):
    signed = {f"{n}.txt": f"Kazakhstan signed treaty {n} with {state}." for n, state in enumerate("Russia Russia Russia Russia China Egypt".split())}
    lines, rows = told(signed, dict(list(signed.items())[:4]))
    moved = [(row["text"], row["was"].split(":")[0], row["now"].split(":")[0]) for row in rows if (row["unit"], row["change"]) == ("finding", "moved")]
    assert ("several partners, unequal", "holds", "does not hold") in moved
    assert any(line.startswith("  several partners, unequal: holds -> does not hold; now Several partners, but") for line in lines)


def test_findings_are_those_of_the_study_itself(study, tmp_path):
    """From the tables of the seeds, every headline says what it says from the articles."""
    import kzsec
    from kzsec.claims import HEADLINES
    from kzsec.corpus import SEEDS
    from kzsec.patterns import Study

    assert main(["annotate", str(SEEDS), "--out", str(tmp_path / "out")]) == 0
    machine = Study(study.corpus, kzsec.annotate(study.corpus), study.codebook)
    assert [(c.name, c.says, c.holds) for c in changes.findings(tmp_path / "out")] == [(c.name, c.says, c.holds) for c in (h(machine) for h in HEADLINES)]


def test_beyond_a_number_of_articles_findings_are_not_told(told, monkeypatch):
    monkeypatch.setattr(changes, "MOST_ARTICLES", 3)
    assert told()[0][-1] == "findings: not told of over 3 articles"


def test_an_article_that_became_a_duplicate_is_gone(told):
    lines, _ = told({"b.txt": MET, "c.txt": "Astana waits."}, {"a.txt": MET, "b.txt": MET, "c.txt": "Astana waits."})
    assert lines[:3] == ["articles: 1 new, 1 gone, 0 changed, 1 the same", "  new: a.txt", "  gone: b.txt"]


def test_other_makers_are_named(told, tmp_path):
    tables = Path(changes.__file__).with_name("tables")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "partners.csv").write_bytes((tables / "partners.csv").read_bytes() + b"\n")
    lines, _ = told(later=EARLIER, more=["--codebook", str(tmp_path / "own")])
    assert lines[0].startswith("made by: codebook ")


def test_names_and_text_stay_on_their_line(told):
    lines, _ = told({"a.txt": MET}, {"a.txt": MET, "=b\u202e\n.txt": "Egypt sells weapons to \u202eKazakhstan."})
    assert "  new: =b[U+202E] .txt" in lines
    assert not [line for line in lines if "\u202e" in line]


FAULTS = {
    "no such folder": ({}, "no such folder; give the --out of an earlier annotate"),
    "no output": ({"earlier/a.txt": "x"}, "no table documents as annotate writes it"),
    "unfinished": ({"earlier/manifest.jsonl": "{}"}, "an unfinished run; finish it with --resume first"),
    "not a table": ({"earlier/documents.jsonl": "]"}, "no table documents as annotate writes it"),
    "another table": ({"earlier/documents.csv": "doc,name\na,b\n"}, "no table documents as annotate writes it ('"),
    "not Parquet": ({"earlier/documents/part-00000.parquet": "x"}, "no table documents as annotate writes it"),
    "the very folder": ({"out/x": ""}, "is the folder that this run writes"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_folder_that_is_no_earlier_output_is_one_clear_line(case, folder, tmp_path, capsys):
    files, says = FAULTS[case]
    root = folder({"a.txt": MET, **{f"../{name}": text for name, text in files.items()}})
    earlier = tmp_path / ("out" if case == "the very folder" else "earlier")
    assert main(["annotate", str(root), "--out", str(tmp_path / "out"), "--against", str(earlier)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("kzsec: ")
    assert said.count("\n") == 1
    assert says in said
    assert not (tmp_path / "out" / "manifest.json").exists()
