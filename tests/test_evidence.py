"""The trail from numbers and marks to sentences, and text that can do nothing but be read."""

import base64
import re

import pandas as pd
import pytest

from kzsec.evidence import MOST_ROWS, Trail, count_table, page_of, short_names, slug, text_html, text_table, url_of

ATTACKS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</details><b>", "a\u202eb\x00c", "&lt;"]


@pytest.mark.parametrize("text", ATTACKS)
def test_text_is_data(study, text):
    frame = pd.DataFrame({text: [text, "x"], "b": [1, 2]})
    html = text_table(study.corpus, frame, caption=text)._repr_html_()
    assert not re.search(r"<(script|img|b)\b", html)
    assert "onerror=alert" not in re.sub(r"&quot;&gt;&lt;img src=x onerror=alert", "", html)
    assert "\u202e" not in html
    assert "\x00" not in html
    assert text_html(text) in html


@pytest.mark.parametrize(
    ("doc", "page"),
    [("000_a.txt", "articles/000_a.txt.html"), ("sub/a b.txt", r"articles/sub-a-b.txt-[0-9a-f]{8}.html"),
     ("../x", r"articles/x-[0-9a-f]{8}.html"), ("статья", r"articles/-?[0-9a-f]{8}.html|articles/.*html")],
)  # fmt: skip
def test_pages_have_plain_names(doc, page):
    assert re.fullmatch(page, page_of(doc))
    assert re.fullmatch(r"articles/[A-Za-z0-9._-]+\.html", page_of(doc))


def test_names_that_fold_together_keep_pages_of_their_own():
    assert len({page_of(doc) for doc in ("a b", "a-b", "a/b", "a?b")}) == 4


def test_short_names_tell_articles_apart():
    assert short_names(["000_x.txt", "001_x.txt"]) == {"000_x.txt": "000", "001_x.txt": "001"}
    names = short_names(["a_1.txt", "a_2.txt"])
    assert len(set(names.values())) == 2


def test_one_sentence_is_linked_straight_and_several_by_their_list(study):
    trail = Trail(study.corpus, "t")
    a, b = [(study.corpus.articles[0].doc, 0, n) for n in (0, 1)]
    assert trail.url([a], "one") == url_of(a)
    assert trail.url([a, b], "two") == "#t-two"
    assert trail.url([], "none") == ""
    html = trail.lists_html()
    assert 'id="t-two"' in html
    assert html.count(f'href="{url_of(a)}"') == 2
    assert "Kazakhstan is seeking to diversify" in html


def test_a_long_list_says_its_length(study):
    trail = Trail(study.corpus, "t")
    refs = list(study.corpus.sentences[["doc", "para", "sent"]].itertuples(index=False, name=None))
    trail.url(refs, "all")
    assert f"and {len(refs) - 60} more" in trail.lists_html()


def test_counts_are_the_lengths_of_their_lists(study):
    doc = study.corpus.articles[0].doc
    refs = pd.DataFrame([[[(doc, 0, 0)], []], [[(doc, 0, 0), (doc, 0, 1)], [(doc, 1, 0)]]], index=["r", "s"], columns=["x", "y"])
    html = count_table(study.corpus, refs, caption="Counts")._repr_html_()
    shown = [int(n) for n in re.findall(r'<td class="num">(?:<a[^>]*>)?(\d+)', html)]
    assert shown == [1, 0, 2, 1]


def test_slugs_are_never_empty():
    assert slug("A b-C") == "a-b-c"
    assert slug("!?") != slug("??") != ""


def test_of_a_long_table_the_page_shows_the_first_rows_and_its_csv_all(study):
    rows = pd.DataFrame({"name": [f"row {n}" for n in range(MOST_ROWS + 5)]})
    ref = ("000_52788952c6f66130.txt", 0, 0)
    html = text_table(study.corpus, rows, caption="Long", refs=[[ref]] * len(rows)).html
    assert html.count("<tr>") == MOST_ROWS + 1
    assert f"The first {MOST_ROWS} of {len(rows)} rows" in html
    csv = base64.b64decode(re.search(r'download="long.csv" href="data:text/csv;base64,([^"]*)"', html)[1]).decode()
    assert len(csv.splitlines()) == len(rows) + 1
