"""Headlines: they hold on the seeds, fail by name when the data contradict them, and say so elsewhere."""

import base64
import html
import re

import pandas as pd
import pytest
from conftest import ROOT

from kzsec import claims, figures
from kzsec.annotations import Annotations
from kzsec.patterns import RECODINGS


def altered(study, **tables):
    return study.recoded(Annotations("altered", {**study.coding.tables, **tables}))


@pytest.mark.parametrize("headline", claims.HEADLINES, ids=lambda h: h.__name__)
def test_every_headline_holds_on_the_seeds_and_has_sentences(study, headline):
    claim = headline(study)
    assert claim.holds is True
    assert claim.refs
    known = set(study.corpus.sentences[["doc", "para", "sent"]].itertuples(index=False, name=None))
    assert set(claim.refs) <= known


def test_numbers_of_headlines_by_another_route(study):
    rows, events = study.coding.codings, study.coding.events
    western = rows["doc"].str.startswith(("002", "003"))
    russia = rows["vector"] == "russia"
    friction = rows["stance"] == "friction"
    says = claims.claim_by_story(study).says
    assert f"{(western & russia & friction).sum()} of {(western & russia).sum()}" in says
    assert f"elsewhere {(~western & russia & friction).sum()} of {(~western & russia).sum()}" in says
    strong = [e for e in events.to_dict("records") if e["kind"] in ("operation", "commitment")]
    assert f"{sum('russia' in e['vectors'] for e in strong)} of {len(strong)}" in claims.claim_operations(study).says


def test_the_readme_says_what_the_claims_say(study):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.split("<!-- findings")[1].split("<!-- end of findings")[0]
    lines = [line[2:].replace("**", "") for line in block.splitlines() if line.startswith("- ")]
    assert len(lines) >= 5
    assert set(lines) <= {headline(study).says for headline in claims.HEADLINES}


def test_the_readme_shows_the_figure_of_the_report(study):
    """Its title and its counts; drawn anew by saving the SVG of the figure in 00-overview, on white."""
    shown, now = (ROOT / ".github" / "who-does-what.svg").read_text(encoding="utf-8"), figures.who_does_what(study).html
    made = base64.b64decode(re.search(r'download="who-does-what.svg" href="data:[^;"]+;base64,([^"]*)"', now)[1]).decode()
    for tag in ("title", "desc"):
        told = re.search(rf"<{tag}>(.+?)</{tag}>", made)[0]
        assert told in shown
    assert html.unescape(re.search("<title>(.+?)</title>", made)[1]) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_each_headline_can_fail_or_refuse(study):
    rows, events = study.coding.codings, study.coding.events
    flat = rows.assign(stance="cooperation", limit="constraint", voice="report", vector=["nato", "russia"] * (len(rows) // 2))
    flat["hedged"] = flat["vector"] == "russia"
    west = events.assign(
        vectors=pd.Series([["nato"]] * len(events), index=events.index), kind="support",
        partners=pd.Series([["nato"]] * len(events), index=events.index),
    )  # fmt: skip
    wrong = altered(study, codings=flat, events=west)
    empty = altered(study, codings=rows.head(0), events=events.head(0))
    for headline in claims.HEADLINES:
        assert headline(wrong).holds is not True
        assert headline(empty).holds is not True


def test_on_the_seeds_a_broken_claim_stops_the_run_by_name(study):
    broken = [claims.Claim("the moon is a partner", "The moon: 0 of 1.", False)]
    with pytest.raises(claims.ClaimError, match="the moon is a partner"):
        claims.claims_html(study.corpus, broken)


def test_elsewhere_a_broken_claim_says_so(folder):
    import kzsec

    corpus = kzsec.read_corpus(folder({"a.txt": "Kazakhstan met Russia. They agreed."}))
    html = claims.claims_html(corpus, [claims.Claim("x", "The moon: 0 of 1.", False), claims.Claim("y", "The sun: 0.", None)])._repr_html_()
    assert "Does not hold here" in html
    assert "Not estimable from 1 article" in html


def test_survival_has_every_claim_under_every_choice(study):
    found = claims.survival(study)
    recodings = len(RECODINGS) + 1  # the machine's coding
    assert found["choices"].nunique() == 2**recodings + len(study.corpus.articles)
    assert len(found) == len(claims.HEADLINES) * found["choices"].nunique()
    assert found.loc[found["choices"] == frozenset(), "holds"].eq(True).all()
    assert set(claims.OVERTURNED) == set(claims.CONDITIONS) == set(found["claim"])


def test_a_summary_counts_the_same_numbers_once_and_names_the_smallest_sets():
    rows = [("c", frozenset(), True, "1 of 2"), ("c", frozenset("a"), True, "1 of 2"), ("c", frozenset("b"), False, "0 of 2"),
            ("c", frozenset("ab"), False, "0 of 1"), ("c", frozenset("d"), None, "0 of 0")]  # fmt: skip
    found = pd.DataFrame(rows, columns=["claim", "choices", "holds", "says"]).astype({"holds": object})
    row = claims.survival_summary(found).iloc[0]
    assert (row["holds in"], row["of results"], row["broken by"], row["not estimable"]) == (1, 4, "b", "d")
