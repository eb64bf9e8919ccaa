"""The weights: what they may know of a row, that they can be read and edited, and that the table is what the fit gives."""

import csv
import io
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from kzsec.codebook import TABLES, Codebook, CodebookError, read_codebook
from kzsec.coding import code_article
from kzsec.corpus import parse_text
from kzsec.entities import find_mentions
from kzsec.weights import COLUMNS, HEADS, Weights, proposed, stem, weights

ROOT = Path(__file__).parents[1]
HEAD = "Publication: Eurasia Daily Monitor Volume: 4 Issue: 90\n\n"


def rows(body, codebook=None):
    """The rows that the weights are shown of an invented article, and its codings."""
    codebook = codebook or read_codebook()
    article, seen = parse_text("invented.txt", HEAD + body), []
    codings, _ = code_article(article, find_mentions(article, codebook), codebook, seen=seen)
    return seen, codings


def with_weights(*lines):
    """The shipped codebook with these weights alone: (feature, column, weight)."""
    table = {}
    for name, column, weight in lines:
        table.setdefault(name, dict.fromkeys(COLUMNS, "") | {"feature": name})[column] = weight
    return Codebook({**read_codebook().tables, "weights": tuple(table.values())}, repr(lines))


def test_nobody_is_friendlier_by_name():
    """The same sentence about another partner has the same features: names are masked."""
    told = [rows(f"On May 3 the visit of the {who} minister was put off without a word.")[0][0].features() for who in ("Russian", "Turkish", "Iranian")]
    assert told[0] == told[1] == told[2]
    assert "pair <partner> minist" in told[0]
    assert not any("russia" in name or "nato" in name for name in told[0])


def test_no_name_of_a_partner_has_a_weight():
    partners = read_codebook()["partners"]
    cells = ";".join(f"{row['id']};{row['demonyms']};{row['capital']}" for row in partners if row["vectors"]).lower()
    names = {stem(name) for name in cells.split(";") if name.isalpha()} - {"west"}  # a point of the compass too
    assert {"russia", "washington", stem("chinese")} <= names
    assert [line["feature"] for line in read_codebook()["weights"] if names & set(line["feature"].split()[1:])] == []


def test_a_score_is_the_sum_of_the_table():
    """Label by label and feature by feature, by another route than the fast one."""
    (row, *_), _ = rows("Moscow postponed the exercise, but Russian officers stayed in Astana.")
    model = weights(read_codebook())
    sums = dict.fromkeys(COLUMNS, 0.0)
    for line in read_codebook()["weights"]:
        if line["feature"] in row.features():
            for column in COLUMNS:
                sums[column] += float(line[column] or 0)
    expected = {head: max(labels, key=lambda label: round(sums[f"{head} {label}"], 2)) for head, labels in HEADS.items()}
    assert model.choose([row]) == [expected]


def test_an_analyst_can_change_a_weight():
    """One line decides, and is named as what decided."""
    body = "Turkey inherited the quarry."
    assert rows(body, with_weights(("word quarri", "stance friction", "9"), ("word quarri", "limit dispute", "1")))[1][0].stance == "friction"
    coding = rows(body, with_weights(("word quarri", "stance neutral", "9")))[1][0]
    assert (coding.stance, coding.limit) == ("neutral", "")
    assert coding.basis == 'stance:neutral "quarry"'


def test_without_weights_the_rules_stand():
    seen, codings = rows("Kazakhstan accused Uzbekistan of moving the fence.", with_weights())
    assert [proposed(row)["stance"] for row in seen] == [coding.stance for coding in codings] == ["friction"]
    assert codings[0].basis == 'stance:friction "accused"'


def test_an_act_needs_a_score_or_a_rule():
    """A word may make an act of a sentence, and a word may take one away; a judgement without a date is none."""
    body = "Turkey sent ten radios to Kazakhstan."
    act = ("word radio", "act yes", "9"), ("word radio", "kind agreement", "9"), ("word radio", "modality sought", "9")

    def acts(codebook):
        article = parse_text("invented.txt", HEAD + body)
        return [(act.kind, act.modality) for act in code_article(article, find_mentions(article, codebook), codebook)[1]]

    assert acts(with_weights(*act)) == [("agreement", "sought")]
    assert acts(with_weights(*act, ("word ten", "voice judgement", "9"))) == []
    assert acts(with_weights(("word radio", "act no", "9"))) == []


@pytest.mark.parametrize("cell", ["much", "nan", "inf"])
def test_a_weight_that_is_no_number_is_named_with_its_cure(cell):
    with pytest.raises(CodebookError, match=rf"weights.csv, row 2, column stance friction: '{cell}' is no number; give one"):
        weights(with_weights(("word wary", "stance friction", cell)))


def test_a_feature_has_one_line():
    (line,) = with_weights(("word wary", "stance friction", "1"))["weights"]
    with pytest.raises(CodebookError, match=r"weights.csv, row 3: word wary again; keep one line for it"):
        Weights([line, line])


def test_the_table_is_what_the_fit_gives(monkeypatch):
    """Fitted again, but for the last digit of a few weights, which depends on the machine's arithmetic."""
    monkeypatch.setattr(sys, "argv", ["fit.py"])
    fit = runpy.run_path(str(ROOT / "training" / "fit.py"))
    rules = Codebook({**read_codebook().tables, "weights": ()}, "rules")
    again = {row["feature"]: row for row in fit["table"](fit["fit"](list(fit["examples"](rules)), fit["read_polarity"]()))}
    shipped = {row["feature"]: row for row in csv.DictReader(io.StringIO((TABLES / "weights.csv").read_text(encoding="utf-8")))}
    both = shipped.keys() & again.keys()
    assert len(both) > 0.99 * len(shipped.keys() | again.keys())
    apart = np.array([[float(shipped[name][c] or 0) - float(again[name][c] or 0) for c in COLUMNS] for name in sorted(both)])
    assert np.abs(apart).max() < 0.25
    assert (np.abs(apart) < 0.05).mean() > 0.99


def test_weights_know_nothing_of_a_tested_article():
    """No sentence, but for the short ones that anybody might write, of a text that scores are reported on was learnt from."""
    trained = {line[2:] for path in ROOT.glob("training/*/*.coded") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("S ")}
    assert len(trained) > 10_000
    tested = [*ROOT.glob("seeds/*.txt"), *ROOT.glob("tests/made_up/*/*.txt")]
    for path in tested:
        article = parse_text(path.name, path.read_text(encoding="utf-8-sig"))
        sentences = {article.text[s.start : s.end] for s in article.sentences}
        assert not {sentence for sentence in sentences & trained if len(sentence) > 60}, path
