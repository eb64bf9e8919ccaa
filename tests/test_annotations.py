"""Tables of the reference coding and of the machine's."""

import json

import pandas as pd
import pytest

import kzsec
from kzsec.annotations import ANNOTATION_TABLES, annotation_tables, csv_table
from kzsec.corpus import CorpusError


@pytest.fixture(scope="module")
def machine(study):
    return kzsec.annotate(study.corpus)


def test_the_reference_has_the_rows_that_its_readme_tells(study):
    coding = study.coding
    assert coding.coder == "reference"
    assert [len(getattr(coding, name)) for name in ("mentions", "codings", "events")] == [525, 176, 49]
    assert coding.paragraph_vectors["vector"].value_counts().to_dict() == {
        "russia": 21, "nato": 18, "region": 12, "china": 10, "middle_east": 8,
    }  # fmt: skip


def test_both_codings_have_the_columns_of_the_interface(study, machine):
    for coding in (study.coding, machine):
        for name, columns in ANNOTATION_TABLES.items():
            assert list(getattr(coding, name).columns) == columns.split()


def test_rows_point_into_the_text_and_are_in_order(study, machine):
    sentences = set(study.corpus.sentences[["doc", "para", "sent", "start", "end"]].itertuples(index=False, name=None))
    for coding in (study.coding, machine):
        for m in coding.mentions.itertuples():
            assert study.corpus.raw(m.doc)[m.start : m.end] == m.text
        for name in ("mentions", "codings", "events"):
            table = getattr(coding, name)
            assert list(table[["doc", "start", "end"]].itertuples(index=False)) == sorted(table[["doc", "start", "end"]].itertuples(index=False))
        for name in ("codings", "events"):
            places = getattr(coding, name)[["doc", "para", "sent", "start", "end"]]
            assert set(places.itertuples(index=False, name=None)) <= sentences


def test_paragraph_vectors_are_the_union_of_their_sentences(study, machine):
    for coding in (study.coding, machine):
        union = sorted(set(coding.codings[["doc", "para", "vector"]].itertuples(index=False, name=None)))
        assert list(coding.paragraph_vectors.itertuples(index=False, name=None)) == union


def test_the_machine_never_reads_the_reference(study, machine, folder):
    files = {article.doc: article.text for article in study.corpus.articles}
    alone = kzsec.annotate(kzsec.read_corpus(folder(files)))
    for name in ANNOTATION_TABLES:
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(machine, name))


def test_a_reference_that_does_not_fit_its_text_is_one_clear_line(study, folder):
    doc = study.corpus.articles[0].doc
    gold = {f"gold/{name}.jsonl": "" for name in ("entities", "events")}
    row = {"doc": doc, "start": 0, "end": 9, "vector": "russia", "partners": [], "stance": "neutral", "limit": "", "hedged": False, "voice": "report"}
    root = folder({doc: study.corpus.articles[0].text, "gold/stance.jsonl": json.dumps(row), **gold})
    with pytest.raises(CorpusError, match=r"stance\.jsonl: line 1: does not fit"):
        kzsec.read_reference(root)


def test_the_reference_follows_a_moved_sentence_and_leaves_a_changed_one_to_the_machine(study, tmp_path):
    import shutil

    root = tmp_path / "seeds"
    shutil.copytree(study.corpus.root, root)
    path = next(root.glob("001*.txt"))
    text = path.read_text(encoding="utf-8")
    old = "Kasymzhomart Tokayev, Kazakhstan’s foreign minister, has described Kazakhstan’s relations with China as the cornerstone of future foreign policy."
    assert old in text
    path.write_text(text.replace(old, "China delivered ten helicopters to Kazakhstan on December 14."), encoding="utf-8")
    coding = kzsec.open_study(str(root)).coding
    assert coding.coder == "reference (1 changed sentences: rules)"
    kept = coding.codings[coding.codings["basis"] == "reference"]
    assert len(kept) == 175
    before, after = (c[c["doc"] == path.name].groupby("voice").size().to_dict() for c in (study.coding.codings, kept))
    assert sum(before.values()) - sum(after.values()) == 1
    own = coding.codings[coding.codings["basis"] != "reference"]
    assert list(own["vector"]) == ["china"]
    raw = kzsec.read_corpus(root).raw(path.name)
    for m in coding.mentions[coding.mentions["doc"] == path.name].itertuples():
        assert raw[m.start : m.end] == m.text


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("@x", "'@x"), ("-x", "'-x"), ("\tx", "'\tx"), ("plain = text", "plain = text"),
     (["a", "b"], "a;b"), ([[1, 2], [3, 4]], "1-2;3-4"), ([], "")],
)  # fmt: skip
def test_cells_that_a_spreadsheet_would_run_are_made_text(cell, written):
    assert csv_table(pd.DataFrame({"x": pd.Series([cell], dtype=object)}))["x"][0] == written


def test_no_rows_are_still_tables():
    for name, table in annotation_tables({name: [] for name in ANNOTATION_TABLES}).items():
        assert list(table.columns) == ANNOTATION_TABLES[name].split()
