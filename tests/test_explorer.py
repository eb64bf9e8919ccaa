"""The search by another route, the table of pages without a kernel, and the widgets of a live notebook."""

import re
import sys

import pandas as pd
import pytest
from conftest import ATTACKS

from kzsec.evidence import refs_of, text_html, url_of, visible
from kzsec.explorer import SHOWN, article_html, explore, find
from kzsec.patterns import open_study

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    "asked",
    [{"stance": "friction"}, {"vector": "nato", "voice": "official"}, {"partner": "turkey", "stance": "cooperation"}, {"kind": "operation"},
     {"partner": "nato", "kind": "support"}, {"vector": "russia", "stance": "friction", "voice": "judgement"}],
    ids=str,
)  # fmt: skip
def test_codings_and_acts_select_as_their_tables_do(study, asked):
    codings, acts = study.coding.codings, study.coding.events
    partner, vector, kind = (asked.get(name) for name in ("partner", "vector", "kind"))
    expected = set(refs_of(study.corpus.sentences))
    if set(asked) - {"kind"}:
        query = " and ".join([*(f"{name} == '{value}'" for name, value in asked.items() if name in ("vector", "stance", "voice")), "index == index"])
        rows = codings.query(query)
        expected &= {(r.doc, r.para, r.sent) for r in rows.itertuples() if partner is None or partner in r.partners}
    if kind:
        expected &= {(r.doc, r.para, r.sent) for r in acts.itertuples() if r.kind == kind and {partner, vector} <= {None, *r.partners, *r.vectors}}
    found = find(study, **asked)
    assert found["ref"].tolist() == sorted(expected)
    assert len(found) > 0


@pytest.mark.parametrize(
    ("words", "pattern"),
    [("security", [r"\bsecurity\b"]), ("SECURITY  ties", [r"\bsecurity\b", r"\bties\b"]), ("agree*", [r"\bagree"]),
     ('"joint exercise*"', [r"\bjoint\s+exercise"]), ("(", [r"(?<!\w)\((?!\w)"]), ("nowhere", ["nowhere"])],
)  # fmt: skip
def test_all_words_stand_in_what_is_found(study, words, pattern):
    texts = {(r.doc, r.para, r.sent): r.text for r in study.corpus.sentences.itertuples()}
    expected = [ref for ref, text in texts.items() if all(re.search(p, text, re.IGNORECASE) for p in pattern)]
    found = find(study, words=words)
    assert found["ref"].tolist() == expected
    for row in found.itertuples():
        assert row.left + row.keyword + row.right in texts[row.ref]
        assert re.match(pattern[0], row.keyword, re.IGNORECASE)


def test_nothing_asked_is_every_sentence_whole(study):
    found = find(study, words=' "" ')
    assert found["right"].tolist() == study.corpus.sentences["text"].tolist()
    assert found.columns.tolist() == ["sentence", "left", "keyword", "right", "codings", "acts", "ref"]
    assert find(study, words="nowhere").empty
    assert find(study, partner="atlantis").empty


def test_what_needs_no_kernel_is_a_short_table_that_is_the_same_each_time(study, monkeypatch):
    live = explore(study, words="security")
    shown = live._repr_mimebundle_()
    assert {"text/html", VIEW} <= set(shown)
    assert "script" not in shown["text/html"]
    assert shown["text/html"].count('<th scope="row">') == SHOWN
    assert f"{len(find(study, words='security'))} of {len(study.corpus.sentences)} sentences, the first {SHOWN}" in shown["text/html"]
    assert url_of(find(study, words="security")["ref"][0]) in shown["text/html"]
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    without = explore(study, words="security")._repr_mimebundle_()
    assert set(without) == {"text/html", "text/plain"}
    assert without["text/html"] == shown["text/html"]


def test_the_widgets_show_what_find_finds(study):
    filters, told, beside = explore(study, words="security", stance="friction").live.children
    controls = {control.description: control for control in filters.children}
    hits, text = beside.children
    assert list(controls) == ["words", "vector", "partner", "stance", "voice", "kind"]
    for asked in ({"stance": "friction"}, {"words": "", "partner": "turkey"}, {"kind": "support", "partner": ""}, {"words": "nowhere"}, {"words": "Turkey", "stance": "", "kind": ""}):
        for name, value in asked.items():
            controls[name].value = value
        found = find(study, **{name: control.value for name, control in controls.items()})
        assert [row.ref for _, row in hits.options] == found["ref"].tolist()
        assert f"{len(found)} of " in told.value
        assert (hits.index, hits.value is None) == ((0, False) if len(found) else (None, True))
        assert bool(text.value) == (len(found) > 0)
    hits.index = len(hits.options) - 1
    assert hits.value.ref == found["ref"].iloc[-1]
    assert text.value == article_html(study, hits.value, "Turkey")
    assert f"<br>{hits.value.codings}" in text.value
    assert re.search("<mark>.*<b>Turkey</b>.*</mark>", text.value)


def test_the_article_beside_is_whole_and_its_text_is_data(folder):
    files = {f"{n}.txt": f"{attack}\n\nRussia signed {attack} a treaty. Kazakhstan too, number {n}.\n\n{attack} again.".encode() for n, attack in enumerate(ATTACKS)}
    study = open_study(folder(files))
    assert len(study.corpus.articles) > 30
    for hit in find(study, words="signed").itertuples():
        html = article_html(study, hit, words='signed < b "img src"')
        assert set(re.findall(r"<\s*/?\s*([^\s>]*)", html)) <= {"div", "p", "b", "br", "mark", "details", "summary"}
        assert re.search(r"<mark>.*<b>signed</b>.*</mark>", html, re.DOTALL)
        article = next(a for a in study.corpus.articles if a.doc == hit.ref[0])
        plain = re.sub(r"</?(?:p|b|mark|details|summary)>", "", html)
        assert all(text_html(article.text[a:b]) in plain for a, b in article.paragraphs)
    assert all(line == visible(line) for line, _ in explore(study).live.children[2].children[0].options)


def test_a_corpus_without_codings_can_be_searched(folder):
    study = open_study(folder({"a.txt": "The weather was fine in spring."}))
    assert len(find(study)) == 1
    assert find(study, stance="friction").empty
    assert isinstance(find(study, kind="contact"), pd.DataFrame)
    assert "0 of 1 sentences" in explore(study, stance="friction").html
