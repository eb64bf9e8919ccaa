"""Coding sheets, agreement, corrections and corrected shares: whatever people do to a table, a line with the cure."""

import csv
import io
import math
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kzsec
from kzsec import sheets
from kzsec.__main__ import main
from kzsec.annotations import ANNOTATION_TABLES

ARTICLES = {
    "a.txt": "Kazakhstan and Russia signed a treaty. Moscow is “wary” of NATO.\n\nThe weather in Café Almaty was fine. China waits.",
    "=b.txt": "+5 is what China’s envoy offered. Astana may turn to Turkey.",
}
FILLED = {
    ("=b.txt", 0, 0): [["China", "china", "Cooperation", "", "FALSE", "report"]],
    ("=b.txt", 0, 1): [["NATO and the West", "Turkey; united states", "cooperation", "", "yes", "judgment"]],
    ("a.txt", 0, 0): [["russia", "russia", " cooperation ", "", "0", "report"]],
    ("a.txt", 0, 1): [["russia", "", "friction", "Constraint", "false", "Judgement"], ["nato", "nato", "neutral", "", "true", "report"]],
    ("a.txt", 1, 0): [["None", "", "", "", "", ""]],
}
HEADER = [*sheets.SHEET, "coder"]


@pytest.fixture
def corpus(folder):
    return kzsec.read_corpus(folder(ARTICLES))


@pytest.fixture
def sheet(corpus, tmp_path):
    """A filled sheet as rows of cells, the header first."""
    sheets.write_sheet(corpus, tmp_path / "sheet.csv", n=6, rng=np.random.default_rng(0))
    with (tmp_path / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *rows = csv.reader(file)
    filled = [HEADER]
    for row in rows:
        key = (row[0].lstrip("'"), int(row[1]), int(row[2]))
        filled += [[*row[:5], *codes, "Ann"] for codes in FILLED.get(key, [row[5:]])]
    return filled


def saved(path, rows, *, encoding="utf-8", delimiter=",", start=""):
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter).writerows(rows)
    path.write_bytes((start + made.getvalue()).encode(encoding))
    return path


def faults(path, corpus):
    with pytest.raises(sheets.SheetError) as error:
        sheets.read_sheet(path, corpus)
    assert all("\n" not in line and path.name in line for line in error.value.problems)
    assert str(error.value).splitlines() == error.value.problems
    return error.value.problems


def test_importing_sheets_loads_no_plotting_or_learning_library():
    code = "import kzsec.sheets, sys; print([m for m in ('matplotlib', 'seaborn', 'sklearn', 'nltk', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


# --- sheets ----------------------------------------------------------------------------------------


def test_a_sheet_is_a_random_sample_that_a_spreadsheet_opens_and_runs_nothing_of(corpus, sheet, tmp_path):
    assert (tmp_path / "sheet.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (tmp_path / "sheet.csv").read_text(encoding="utf-8-sig").startswith(",".join(sheets.SHEET) + "\n")
    assert {row[4] for row in sheet[1:]} == {"1.0"}
    assert not [cell for row in sheet[1:] for cell in row if cell[:1] in tuple("=+-@\t\r")]
    assert any(row[0] == "'=b.txt" and row[3].startswith("'+5") for row in sheet)
    with pytest.raises(FileExistsError, match="name a new file"):
        sheets.write_sheet(corpus, tmp_path / "sheet.csv", n=2, rng=np.random.default_rng(0))
    for n in (0, 7):
        with pytest.raises(ValueError, match="has 6 sentences"):
            sheets.write_sheet(corpus, tmp_path / "other.csv", n=n, rng=np.random.default_rng(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "sheet.csv"]


def test_each_sentence_is_drawn_with_the_probability_that_the_sheet_states(corpus, tmp_path):
    rng, drawn = np.random.default_rng(5), []
    for number in range(300):
        sheets.write_sheet(SimpleNamespace(corpus=corpus), tmp_path / f"{number}.csv", n=2, rng=rng)
        drawn += pd.read_csv(tmp_path / f"{number}.csv")[["doc", "para", "sent", "probability"]].to_records(index=False).tolist()
    assert [row[3] for row in drawn] == [pytest.approx(1 / 3)] * 600
    counts = pd.Series([row[:3] for row in drawn]).value_counts()
    assert len(counts) == 6
    assert counts.between(70, 130).all()


def test_a_filled_sheet_gives_codings(corpus, sheet, tmp_path):
    codings = sheets.read_sheet(saved(tmp_path / "s.csv", sheet), corpus)
    assert list(codings.columns) == ANNOTATION_TABLES["codings"].split()
    assert set(codings["basis"]) == {"sheet"}
    assert codings[["doc", "vector", "partners", "stance", "limit", "hedged", "voice"]].to_numpy().tolist() == [
        ["=b.txt", "china", ["china"], "cooperation", "", False, "report"],
        ["=b.txt", "nato", ["turkey", "united-states"], "cooperation", "", True, "judgement"],
        ["a.txt", "russia", ["russia"], "cooperation", "", False, "report"],
        ["a.txt", "nato", ["nato"], "neutral", "", True, "report"],
        ["a.txt", "russia", [], "friction", "constraint", False, "judgement"],
    ]
    for row in codings.itertuples():
        assert corpus.raw(row.doc)[row.start : row.end] in set(corpus.sentences["text"])
    assert [row[:3] for row in codings.attrs["sentences"]] == [list(key) for key in sorted(FILLED)]
    assert codings.attrs["not_coded"] == [["a.txt", 1, 1]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman"])
def test_any_spreadsheets_csv_is_read_the_same(corpus, sheet, tmp_path, encoding, delimiter):
    expected = sheets.read_sheet(saved(tmp_path / "s.csv", sheet), corpus)
    start = "sep=;\r\n" if delimiter == ";" else ""
    found = sheets.read_sheet(saved(tmp_path / "t.csv", sheet, encoding=encoding, delimiter=delimiter, start=start), corpus)
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs == expected.attrs


def test_a_cyrillic_windows_sheet_is_read(folder, tmp_path):
    corpus = kzsec.read_corpus(folder({"а.txt": "Казахстан — партнёр России."}))
    row = ["а.txt", "0", "0", "Казахстан — партнёр России.", "0,5", "Russia", "", "neutral", "", "ЛОЖЬ", "report"]
    found = sheets.read_sheet(saved(tmp_path / "s.csv", [sheets.SHEET, row], encoding="cp1251", delimiter=";"), corpus)
    assert found["hedged"].tolist() == [False]
    assert found.attrs["sentences"] == [["а.txt", 0, 0, 0.5]]


def test_what_spreadsheets_change_is_no_damage(corpus, sheet, tmp_path):
    """Short rows, straight quotes, decimals, swallowed apostrophes, blank rows, columns moved."""
    expected = sheets.read_sheet(saved(tmp_path / "s.csv", sheet), corpus)
    rows = [[cell.lstrip("'").translate(str.maketrans("“”’", "\"\"'")) for cell in row] for row in sheet]
    rows = [[*row[:1], f"{row[1]}.0", *row[2:]] if n else row for n, row in enumerate(rows)]
    for row in rows:
        while row[-1] in ("", "Ann"):
            row.pop()
    rows.insert(3, [""] * 11)
    found = sheets.read_sheet(saved(tmp_path / "t.csv", rows), corpus)
    pd.testing.assert_frame_equal(found, expected)
    turned = [row[::-1] for row in sheet]
    pd.testing.assert_frame_equal(sheets.read_sheet(saved(tmp_path / "u.csv", turned), corpus), expected)


def at(column):
    return HEADER.index(column)


# name: cell to change in row 2 (china, cooperation, report), its new content, what the line says
CELLS = {
    "unknown vector": ("vector", "Rusia", "'Rusia' is no label; write one of russia, china"),
    "unknown stance": ("stance", "hostile", "'hostile' is no label; write one of cooperation, friction, neutral"),
    "unknown hedged": ("hedged", "maybe", "'maybe' is no label; write one of true, false"),
    "unknown voice": ("voice", "author", "'author' is no label; write one of report, official, judgement"),
    "limit without friction": ("limit", "dispute", "dispute without friction; empty it, or write friction"),
    "a formula": ("stance", "=A1", "'=A1' is a formula; write one of"),
    "a formula's error": ("hedged", "#NAME?", "'#NAME?' is a formula; write one of"),
    "a formula as partner": ("partners", "=cmd|' /C calc'!A0", "is no entity id; write ids"),
    "empty vector": ("vector", "", "is empty; write one of"),
    "empty stance": ("stance", "", "is empty; write one of"),
    "empty hedged": ("hedged", " ", "is empty; write one of"),
    "empty voice": ("voice", "", "is empty; write one of"),
    "changed sentence": ("text", "China’s envoy offered 5.", "is not this sentence; put its text back"),
    "no such sentence": ("sent", "9", "is not in this corpus; copy doc, para and sent"),
    "no such article": ("doc", "z.txt", "is not in this corpus"),
    "no number": ("para", "first", "'first' is no number"),
    "broken probability": ("probability", "often", "'often' is no probability"),
    "impossible probability": ("probability", "7", "'7' is no probability"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_bad_cell_is_one_line_with_file_row_column_and_cure(case, corpus, sheet, tmp_path):
    column, content, says = CELLS[case]
    sheet[1][at(column)] = content
    (line,) = faults(saved(tmp_path / "s.csv", sheet), corpus)
    place = "doc" if "not in this corpus" in says else column
    assert line.startswith(f"s.csv: row 2, column {place}: ")
    assert says in line


def test_friction_needs_a_known_limit(corpus, sheet, tmp_path):
    row = next(n for n, row in enumerate(sheet) if row[at("limit")] == "Constraint")
    for content, says in (("", "is empty; write one of dispute"), ("quarrel", "'quarrel' is no label")):
        sheet[row][at("limit")] = content
        assert says in faults(saved(tmp_path / "s.csv", sheet), corpus)[0]


def without(rows, column):
    return [[cell for n, cell in enumerate(row) if n != at(column)] for row in rows]


def changed(rows, number, row):
    return [*rows[:number], row, *rows[number + 1 :]]


# name: what is done to the rows, what the line says
TABLES = {
    "missing column": (lambda rows: without(rows, "stance"), "column stance is missing; save it as CSV"),
    "column twice": (lambda rows: [[*row, row[7]] for row in rows], "column stance stands twice"),
    "row twice": (lambda rows: [*rows, rows[1]], "row 9, column vector: china beside china in row 2 for the same sentence; delete one"),
    "none beside a vector": (lambda rows: [*rows, [*rows[1][:5], "none", "", "", "", "", "", ""]], "none beside china in row 2"),
    "none with a stance": (lambda rows: changed(rows, 1, [*rows[1][:5], "none", "", "neutral", "", "", "", ""]), "'neutral' beside the vector none"),
    "row too long": (lambda rows: changed(rows, 1, [*rows[1], "report"]), "row 2, column voice: the row has 1 cells too many"),
    "row too short": (lambda rows: changed(rows, 1, [c for c in rows[1] if c]), "row 2, column voice: the row has 1 cells too few"),
    "header lost": (lambda rows: rows[1:], "not such a table"),
    "header alone gone": (lambda rows: [["x"] * 12, *rows[1:]], "not such a table"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_damaged_table_is_one_line(case, corpus, sheet, tmp_path):
    damage, says = TABLES[case]
    (line,) = faults(saved(tmp_path / "s.csv", damage(sheet)), corpus)
    assert says in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\r\n", "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (b"sep=;\r\n", "not such a table"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "not such a table"),
        (b"PK\x03\x04\x14\0\x06\0" + bytes(range(255, 0, -1)), "not such a table"),
        (b'doc,"para\n' + b"x" * 200_000, "quotation mark in it is not closed"),
        (b"\xff\xfe\xd8", "not such a table"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_sheet_is_one_line(content, says, corpus, tmp_path):
    path = tmp_path / "s.csv"
    if content is not None:
        path.write_bytes(content)
    assert says in faults(path, corpus)[0]


def test_all_faults_are_told_at_once(corpus, sheet, tmp_path):
    sheet[1][at("voice")], sheet[2][at("hedged")], sheet[3][at("stance")] = "x", "q", "z"
    lines = faults(saved(tmp_path / "s.csv", sheet), corpus)
    assert [line.split(":")[1] for line in lines] == [" row 2, column voice", " row 3, column hedged", " row 4, column stance"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_crashes_the_reader(data, corpus, sheet, tmp_path):
    content = bytearray(saved(tmp_path / "s.csv", sheet).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    (tmp_path / "t.csv").write_bytes(bytes(content))
    lines = ["t.csv: nothing; nothing"]
    try:
        assert set(sheets.read_sheet(tmp_path / "t.csv", corpus)["basis"]) <= {"sheet"}
    except sheets.SheetError as error:
        lines = error.problems
    assert lines
    assert all(line.startswith("t.csv: ") and "; " in line and len(line.splitlines()) == 1 for line in lines)


# --- agreement -------------------------------------------------------------------------------------


def coded(labels, *, column="voice", vector="russia"):
    """One coding for each label that is not None, at a sentence of its own."""
    rows = [
        ("d", 0, n, 10 * n, 10 * n + 9, vector, [], "neutral", "", False, "report", "sheet")
        for n, label in enumerate(labels)
        if label is not None
    ]
    table = pd.DataFrame(rows, columns=ANNOTATION_TABLES["codings"].split())
    return table.assign(**{column: [label for label in labels if label is not None]}) if column else table


def cell(table, column, vector="russia"):
    return table.set_index(["column", "vector"]).loc[column, vector]


def test_agreement_of_krippendorffs_examples():
    """Krippendorff (2011), Computing Krippendorff's alpha-reliability, sections A (two values) and B (five)."""
    meg, owen = ([bool(int(x)) or None for x in row] for row in ("0100000010", "1110010000"))
    sentences = [("d", 0, n) for n in range(10)]
    found = sheets.compare_sheets(coded(meg, column=None), coded(owen, column=None), sentences=sentences)
    assert cell(found, "present").n == 10
    assert cell(found, "present").percentage == pytest.approx(0.6)
    assert cell(found, "present").alpha == pytest.approx(0.095, abs=5e-4)
    ben, gerry = "aabbdcccedda", "babbbcccedd" + "d"
    found = sheets.compare_sheets(coded(list(ben)), coded(list(gerry)))
    assert cell(found, "voice").n == cell(found, "voice", "all").n == 12
    assert cell(found, "voice").alpha == pytest.approx(0.692, abs=5e-4)


def test_agreement_of_gwets_example():
    """Gwet (2002), 125 subjects of which the raters call 118, 5, 2 and 0: ++, +-, -+, --."""
    first, second = "+" * 123 + "-" * 2, "+" * 118 + "-" * 5 + "+" * 2
    found = cell(sheets.compare_sheets(coded(list(first)), coded(list(second))), "voice")
    assert found.percentage == pytest.approx(0.944)
    assert found.kappa == pytest.approx(-0.0234, abs=5e-5)
    assert found.ac1 == pytest.approx(0.9408, abs=5e-5)


def test_agreement_of_two_sheets_is_on_what_both_coded(corpus, sheet, tmp_path):
    one = sheets.read_sheet(saved(tmp_path / "a.csv", sheet), corpus)
    other_rows = [row for row in sheet if row[at("vector")] != "russia" or row[at("stance")] != "friction"]
    other = sheets.read_sheet(saved(tmp_path / "b.csv", [row if row[0] == "doc" or row[1:3] != ["0", "0"] else [*row[:5], *[""] * 7] for row in other_rows]), corpus)
    found = sheets.compare_sheets(one, other)
    assert cell(found, "present").n == 3  # the first sentences of two articles are not coded in the second sheet
    assert cell(found, "present").percentage == pytest.approx(2 / 3)
    assert cell(found, "present", "all").n == 15
    assert cell(found, "stance", "all").n == 2
    assert cell(found, "limit").n == 0
    assert all(math.isnan(value) for value in cell(found, "limit")[["percentage", "kappa", "alpha", "ac1"]])
    assert cell(found, "present", "region")[["kappa", "alpha", "ac1"]].isna().all()


# --- corrections -----------------------------------------------------------------------------------


def corrections(corpus, *lines):
    (corpus.root / "corrections.csv").write_text("\n".join(["doc,para,sent,vector,column,value", *lines]), encoding="utf-8")
    return kzsec.read_corrections(corpus)


def annotated(corpus):
    return kzsec.annotate(corpus)


def test_no_corrections_change_nothing(corpus):
    coding = annotated(corpus)
    assert kzsec.read_corrections(corpus).empty
    assert kzsec.corrected(corpus, coding) is coding


def test_corrections_change_what_they_name_and_say_so(corpus):
    coding = annotated(corpus)
    before = coding.codings.copy()
    old = before.set_index(["doc", "para", "sent", "vector"])
    assert old.loc[("a.txt", 0, 1, "russia"), "stance"] == "friction"
    table = corrections(
        corpus,
        "a.txt,0,1,Russia,stance,cooperation",
        "a.txt,0,1,nato,present,false",
        "a.txt,1,0,region,present,true",
        "a.txt,1,0,region,stance,friction",
        "a.txt,1,0,region,limit,doubt",
        "a.txt,1,0,region,hedged,no",
        "a.txt,1,0,region,voice,report",
        "a.txt,1,0,region,partners,Uzbekistan",
        "'=b.txt,0,0,china,hedged," + str(old.loc[("=b.txt", 0, 0, "china"), "hedged"]),
    )
    made, report = kzsec.apply_corrections(coding, table)
    pd.testing.assert_frame_equal(coding.codings, before)
    new = made.codings.set_index(["doc", "para", "sent", "vector"])
    assert new.loc[("a.txt", 0, 1, "russia"), ["stance", "limit"]].tolist() == ["cooperation", ""]
    assert new.loc[("a.txt", 0, 1, "russia"), "basis"].endswith("; corrected: limit, stance")
    assert ("a.txt", 0, 1, "nato") not in new.index
    added = new.loc[("a.txt", 1, 0, "region")]
    assert added[["partners", "stance", "limit", "hedged", "voice"]].tolist() == [["uzbekistan"], "friction", "doubt", False, "report"]
    assert corpus.raw("a.txt")[added["start"] : added["end"]].startswith("The weather")
    assert made.codings.dtypes.astype(str).to_dict() == before.dtypes.astype(str).to_dict()
    assert ["a.txt", 1, "region"] in made.paragraph_vectors.to_numpy().tolist()
    assert set(map(tuple, made.paragraph_vectors.to_numpy())) == set(map(tuple, made.codings[["doc", "para", "vector"]].to_numpy()))
    rows = report.set_index(["line", "column"])
    assert rows.loc[(2, "stance"), ["was", "now", "outcome"]].tolist() == ["friction", "cooperation", "applied"]
    assert rows.loc[(2, "limit"), ["was", "now", "outcome"]].tolist() == ["constraint", "", "applied"]
    assert rows.loc[(3, "present"), ["was", "now"]].tolist() == ["true", "false"]
    assert rows.loc[(10, "hedged"), "outcome"] == "was so already"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["a.txt,9,0,russia,stance,neutral"], "no such sentence in this corpus"),
        (["gone.txt,0,0,russia,present,true"], "no such sentence in this corpus"),
        (["a.txt,1,0,russia,stance,neutral"], "not coded in the sentence; add a line with present true"),
        (["a.txt,1,0,russia,present,true", "a.txt,1,0,russia,stance,neutral"], "needs a line for hedged, voice too"),
        (["a.txt,0,0,russia,stance,friction"], "friction needs a line for its limit too"),
        (["a.txt,0,0,russia,limit,doubt"], "a limit needs friction"),
        (["a.txt,0,0,russia,present,false", "a.txt,0,0,russia,stance,neutral"], "keep one of them"),
    ],
)
def test_corrections_that_do_not_apply_say_why_and_change_nothing(lines, why, corpus):
    coding = annotated(corpus)
    made, report = kzsec.apply_corrections(coding, corrections(corpus, *lines))
    assert report["outcome"].str.contains(why, regex=False).all()
    assert len(report) == len(lines)
    pd.testing.assert_frame_equal(made.codings, coding.codings)
    pd.testing.assert_frame_equal(made.paragraph_vectors, coding.paragraph_vectors)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a.txt,0,0,russia,mood,good", "column column: 'mood' is no label; write one of present, partners, stance"),
        ("a.txt,0,0,russia,stance,warm", "column value: 'warm' is no label; write one of cooperation"),
        ("a.txt,0,0,none,present,true", "column vector: 'none' names no coding"),
        ("a.txt,x,0,russia,stance,neutral", "column para: 'x' is no number"),
        ("a.txt,0,0,russia,present,", "column value: is empty; write one of true, false"),
        ("a.txt,0,0,russia,partners,=A1", "column value: '=A1' is no entity id"),
        ("a.txt,0,0,russia,stance,neutral,more", "1 cells too many"),
    ],
)
def test_a_fault_in_the_corrections_is_one_line(line, says, corpus, tmp_path, capsys):
    with pytest.raises(kzsec.CorpusError) as error:
        corrections(corpus, "a.txt,0,1,russia,stance,neutral", line)
    assert str(error.value).startswith("corrections.csv: line 3, ")
    assert says in str(error.value)
    assert main(["annotate", str(corpus.root), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("kzsec: corrections.csv: line 3, ")
    assert said.count("\n") == 1


def test_a_correction_twice_is_a_fault(corpus):
    with pytest.raises(kzsec.CorpusError, match="line 3, column column: stance of this coding stands in line 2 too"):
        corrections(corpus, "a.txt,0,1,russia,stance,neutral", "a.txt,0,1,Russia,stance,cooperation")


def test_every_later_run_applies_the_corrections(corpus, tmp_path, capsys):
    corrections(corpus, "a.txt,0,1,russia,stance,neutral", "a.txt,9,9,china,present,false")
    study = kzsec.open_study(corpus.root)
    row = study.coding.codings.query("doc == 'a.txt' and sent == 1 and vector == 'russia'")
    assert row["stance"].tolist() == ["neutral"]
    assert "1 of 2 lines of corrections.csv applied" in study.coder
    assert study.coding.coder == "rules"
    assert study.corpus.records == corpus.records
    for form in ("csv", "jsonl", "parquet"):
        assert main(["annotate", str(corpus.root), "--out", str(tmp_path / form), "--format", form]) == 0
        said = capsys.readouterr().err
        assert "1 of 2 lines of corrections.csv applied" in said
        assert "line 3: no such sentence" in said
    written = pd.read_csv(tmp_path / "csv" / "codings.csv")
    assert written.query("doc == 'a.txt' and sent == 1 and vector == 'russia'")["stance"].tolist() == ["neutral"]
    assert pd.read_csv(tmp_path / "csv" / "corrections.csv")["line"].tolist() == [2, 2, 3]


def test_the_reference_coding_is_corrected_beside_its_articles(study, tmp_path):
    import shutil

    from conftest import ROOT

    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    first = study.coding.codings.iloc[0]
    place = ",".join(map(str, first[["doc", "para", "sent", "vector"]]))
    (tmp_path / "seeds" / "corrections.csv").write_text(f"doc,para,sent,vector,column,value\n{place},voice,official\n")
    found = kzsec.open_study(tmp_path / "seeds")
    assert found.coding.coder == "reference"
    assert found.coder == "the reference coding, 1 of 1 lines of corrections.csv applied"
    assert found.coding.codings.iloc[0]["voice"] == "official"
    assert found.coding.codings.iloc[0]["basis"] == "reference; corrected: voice"
    rest = [table.iloc[1:].reset_index(drop=True) for table in (found.coding.codings, study.coding.codings)]
    pd.testing.assert_frame_equal(*rest)
    assert study.coder == "the reference coding"


# --- shares ----------------------------------------------------------------------------------------


def planted(rng, *, articles, share):
    """(article, label, machine's label) by sentence: articles differ in length, share and in how the machine errs.

    The machine misses a quarter of the cases and sees the label in a tenth of the others.
    """
    length = rng.integers(8, 45, articles)
    article = np.repeat(np.arange(articles), length)
    own = rng.beta(share * 6, (1 - share) * 6, articles)
    label = rng.random(len(article)) < own[article]
    miss, alarm = (np.clip(rng.normal(mean, sd, articles), 0, 1) for mean, sd in ((0.25, 0.08), (0.1, 0.04)))
    chance = np.where(label, 1 - miss[article], alarm[article])
    return article, label.astype(float), (rng.random(len(article)) < chance).astype(float)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_corrected_shares_cover_the_truth_where_the_machines_do_not(share):
    rng, covered, naive = np.random.default_rng(20), [], []
    for _ in range(1500):
        article, label, machine = planted(rng, articles=200, share=share)
        drawn = np.isin(article, rng.choice(200, 40, replace=False))
        found = kzsec.corrected_share(machine, np.where(drawn, label, np.nan), np.full(len(article), 40 / 200), article)
        covered.append(found.low <= share <= found.high)
        naive.append(machine.mean())
    assert 0.93 <= np.mean(covered) <= 0.97
    assert abs(np.mean(naive) - share) > 0.02  # the machine alone is off


def test_corrected_shares_cover_where_single_sentences_are_drawn():
    rng, covered = np.random.default_rng(21), []
    for _ in range(1000):
        article, label, machine = planted(rng, articles=100, share=0.3)
        drawn = np.isin(np.arange(len(article)), rng.choice(len(article), 300, replace=False))
        found = kzsec.corrected_share(machine, np.where(drawn, label, np.nan), np.full(len(article), 300 / len(article)), article)
        covered.append(found.low <= 0.3 <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_corrected_share_by_hand():
    """Everything coded: the mean of the people's labels with the cluster-robust interval."""
    article = np.repeat(np.arange(20), 2)
    human = np.array([1.0, 0.0] * 15 + [1.0, 1.0] * 5)
    found = kzsec.corrected_share(1 - human, human, np.ones(40), article)
    sums = np.array([0] * 15 + [1] * 5) + 1 - 2 * 25 / 40
    half = 2.093024 * math.sqrt((sums**2).sum() * 20 / 19) / 40  # t table, 19 degrees of freedom
    assert (found.value, found.n) == (pytest.approx(25 / 40), 20)
    assert (found.low, found.high) == (pytest.approx(25 / 40 - half), pytest.approx(25 / 40 + half))


def test_the_correction_does_not_depend_on_order_or_names():
    rng = np.random.default_rng(4)
    article, label, machine = planted(rng, articles=50, share=0.3)
    human = np.where(article < 30, label, np.nan)
    chance = np.where(article < 30, 0.6, np.nan)
    one = kzsec.corrected_share(machine, human, chance, article)
    turn = rng.permutation(len(article))
    other = kzsec.corrected_share(machine[turn], human[turn], chance[turn], [f"x{number}" for number in article[turn]])
    assert vars(one) == pytest.approx(vars(other))


@pytest.mark.parametrize(
    ("machine", "human", "probability", "says"),
    [([0, 1], [1, np.nan], [0, 1], "no probability"), ([0, 1], [1, np.nan], [np.nan, 1], "no probability"), ([np.nan, 1], [1, np.nan], [1, 1], "label all")],
)
def test_a_correction_that_cannot_be_made_says_why(machine, human, probability, says):
    with pytest.raises(ValueError, match=says):
        kzsec.corrected_share(machine, human, probability, ["a", "b"])


def test_too_few_articles_carry_no_interval():
    article, label, machine = planted(np.random.default_rng(1), articles=60, share=0.3)
    rng = np.random.default_rng(0)
    for few in (1, 2, 19):
        some = article < few
        found = kzsec.bootstrap_share(label[some], article[some], rng=rng)
        assert (found.value, found.n) == (pytest.approx(label[some].mean()), few)
        assert math.isnan(found.low)
        found = kzsec.corrected_share(machine, np.where(some, label, np.nan), np.full(len(article), few / 60), article)
        assert math.isnan(found.low)
        assert not math.isnan(found.value)
    assert not math.isnan(kzsec.bootstrap_share(label[article < 20], article[article < 20], rng=rng).low)
    nothing = kzsec.corrected_share([0, 1], [np.nan] * 2, [np.nan] * 2, ["a", "b"])
    assert math.isnan(nothing.value)
    assert math.isnan(kzsec.bootstrap_share([], [], rng=rng).value)


def test_what_never_varies_has_no_interval():
    zeros, article = np.zeros(60), np.repeat(np.arange(30), 2)
    for found in (kzsec.bootstrap_share(zeros, article, rng=np.random.default_rng(0)), kzsec.corrected_share(zeros, zeros, zeros + 1, article)):
        assert found.value == 0
        assert math.isnan(found.low)
        assert math.isnan(found.high)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_bootstrap_intervals_cover_the_truth(share):
    rng, covered = np.random.default_rng(22), []
    for _ in range(1000):
        article, label, _ = planted(rng, articles=100, share=share)
        found = kzsec.bootstrap_share(label, article, rng=rng, replicates=600)
        covered.append(found.low <= share <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.97


def test_bootstrap_interval_by_another_route():
    """Resampled article by article in a plain loop."""
    article, label, _ = planted(np.random.default_rng(8), articles=25, share=0.3)
    found = kzsec.bootstrap_share(label, article, rng=np.random.default_rng(1), replicates=300)
    groups = [label[article == number] for number in range(25)]

    def share_and_error(chosen):
        share = np.concatenate(chosen).mean()
        return share, math.sqrt(sum((group - share).sum() ** 2 for group in chosen) * 25 / 24) / sum(map(len, chosen))

    share, error = share_and_error(groups)
    drawn = np.random.default_rng(1).integers(0, 25, (300, 25))
    resamples = [share_and_error([groups[number] for number in row]) for row in drawn]
    low, high = np.quantile([(other - share) / own for other, own in resamples], [0.025, 0.975])
    assert vars(found) == pytest.approx({"value": share, "low": share - high * error, "high": share - low * error, "n": 25})


def test_the_same_seed_gives_the_same_bootstrap():
    article, label, _ = planted(np.random.default_rng(3), articles=40, share=0.3)
    one, other = (kzsec.bootstrap_share(label, article, rng=np.random.default_rng(9)) for _ in range(2))
    assert one == other


def test_a_sheet_corrects_the_machines_share(study, tmp_path):
    """The whole corpus coded: the people's share, whatever the machine says; five articles carry no interval."""
    corpus, codings = study.corpus, study.coding.codings
    rows = corpus.sentences[["doc", "para", "sent"]]
    codings = codings.copy()
    codings.attrs["sentences"] = [[*row, 1.0] for row in rows.itertuples(index=False, name=None)]
    for stance in (None, "friction"):
        chosen = codings[(codings["vector"] == "russia") & (codings["stance"].eq(stance) | (stance is None))]
        expected = len(chosen[["doc", "para", "sent"]].drop_duplicates()) / len(rows)
        found = sheets.sheet_share(corpus, codings.iloc[:0], codings, "russia", stance=stance)
        assert found.value == pytest.approx(expected)
        assert math.isnan(found.low)
