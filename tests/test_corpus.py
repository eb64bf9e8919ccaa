"""The corpus stage: against the reference on the seeds, in/out tables, and properties on any text."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzsec.corpus import SEEDS, CorpusError, parse_text, publication_year, read_corpus, split_sentences
from kzsec.intake import decode

EDM = "Publication: Eurasia Daily Monitor Volume: 7 Issue: 92"
FIRST = (
    "Kazakhstan and its neighbors have agreed on a joint exercise that will take place in the autumn, according to "
    "officials in Astana, who said that the plans had been discussed for more than a year with all of the partners "
    "involved (Interfax-Kazakhstan, May 11). The exercise is to last five days."
)
SECOND = "Observers doubt the plan. It may yet fail (Kazinform, May 12)."


@pytest.fixture(scope="module")
def seeds():
    return read_corpus()


def gold(name):
    return [json.loads(line) for line in (SEEDS / "gold" / name).read_text(encoding="utf-8").splitlines()]


def test_seed_sentences_are_those_of_the_reference(seeds):
    expected = [(g["doc"], g["para"], g["sent"], g["start"], g["end"]) for g in gold("sentences.jsonl")]
    found = list(seeds.sentences[["doc", "para", "sent", "start", "end"]].itertuples(index=False, name=None))
    assert found == expected
    assert len(seeds.paragraphs) == 36


def test_seed_citations_are_those_of_the_reference(seeds):
    found = [dict(zip(seeds.citations.columns, row, strict=True)) for row in seeds.citations.itertuples(index=False)]
    assert found == gold("citations.jsonl")


def test_seed_documents(seeds):
    documents = seeds.documents
    assert list(documents["year"]) == [2006, 2004, 2005, 2006, 2007]
    assert list(documents["issued_after"]) == ["2006-11-09", "2004-12-15", "2005-12-08", "2006-06-29", "2007-04-26"]
    assert set(documents["issued_basis"]) == {"citation"}
    assert list(documents["title"]) == ["", "KAZAKHSTAN SEEKS DIVERSE SECURITY PARTNERS", "", "", ""]
    assert set(documents["status"]) == {"accepted"}


BOTH = [FIRST, SECOND]
BODY = f"{FIRST}\n\n{SECOND}"
# name: (text, title, year, paragraphs)
HEADERS = {
    "header first": (f"{EDM}\n\n{BODY}", "", 2010, BOTH),
    "title in capitals above": (f"ASTANA PLANS EXERCISE\n\n{EDM}\n\n{BODY}", "ASTANA PLANS EXERCISE", 2010, BOTH),
    "title in small letters above": (f"Astana Plans It\n{EDM}\n\n{BODY}", "Astana Plans It", 2010, BOTH),
    "empty byline, single newlines": (f"{EDM}\nBy:\n{FIRST}\n{SECOND}", "", 2010, BOTH),
    "byline with a name": (f"{EDM}\n\nBy: Aigul Seitova\n\n{BODY}", "", 2010, BOTH),
    "placeholder first": (f"Placeholder canvas\n\n{EDM}\n\n{BODY}", "", 2010, BOTH),
    "placeholder and title": (f"Placeholder canvas\nAstana Plans\n{EDM}\nBy:\n{FIRST}\n{SECOND}", "Astana Plans", 2010, BOTH),
    "caption": (f"{EDM}\n\nKazakh soldiers on parade (Source: Reuters)\n\n{BODY}", "", 2010, BOTH),
    "caption with another date": (f"{EDM}\n\nThe ministers in Almaty, March 3, 2008\n\n{BODY}", "", 2010, BOTH),
    "caption that ends in a full stop": (f"{EDM}\n\nThe ministers meeting in Almaty in 2008.\n\n{BODY}", "", 2010, BOTH),
    "caption, single newlines": (f"{EDM}\nBy:\nThe ministers in Almaty\n{FIRST}\n{SECOND}", "", 2010, BOTH),
    "carriage returns": (f"{EDM}\n\n{BODY}\n".replace("\n", "\r\n"), "", 2010, BOTH),
    "another newsletter of the nineties": (f"Publication: Monitor Volume: 2 Issue: 167\n\n{BODY}", "", None, BOTH),
    "no header": (BODY, "", None, BOTH),
    "no header, a title": (f"Astana Plans an Exercise\n\n{BODY}", "Astana Plans an Exercise", None, BOTH),
    "short first paragraph": (f"{EDM}\n\nThey signed it (Avesta, May 9).\n\n{SECOND}", "", 2010, ["They signed it (Avesta, May 9).", SECOND]),
    "cut mid-word": (f"{EDM}\n\n{FIRST}\n\nThe plan was disc", "", 2010, [FIRST, "The plan was disc"]),
    "only a header": (f"THE TITLE\n\n{EDM}", "THE TITLE", 2010, []),
}


@pytest.mark.parametrize("case", HEADERS)
def test_header_and_body(case):
    text, title, year, paragraphs = HEADERS[case]
    article = parse_text("a.txt", text)
    assert (article.title, article.year) == (title, year)
    assert [text[a:b] for a, b in article.paragraphs] == paragraphs


def test_volume_tells_the_year_of_one_newsletter_only():
    assert publication_year("Eurasia Daily Monitor", 1) == 2004
    assert publication_year("Monitor", 2) is None
    assert publication_year("Eurasia Daily Monitor", None) is None


CITED = {
    "one": ("It met (Interfax, May 11).", [("Interfax", "2010-05-11")]),
    "two sources, one date": ("It met (Interfax, Kazinform, May 11).", [("Interfax", "2010-05-11"), ("Kazinform", "2010-05-11")]),
    "two with dates": ("It met (Interfax, May 11; RIA Novosti, May 12).", [("Interfax", "2010-05-11"), ("RIA Novosti", "2010-05-12")]),
    "bureau": ("It met (Interfax [Bishkek], May 11).", [("Interfax [Bishkek]", "2010-05-11")]),
    "web": ("It met (www.gazeta.kz, May 11).", [("www.gazeta.kz", "2010-05-11")]),
    "another year": ("It met (Kommersant, October 23, 2009).", [("Kommersant", "2009-10-23")]),
    "behind the full stop": ("It met. (Interfax, May 11)", [("Interfax", "2010-05-11")]),
    "range": ("It met (Interfax, May 11-12).", [("Interfax", "2010-05-11/2010-05-12")]),
    "bare date": ("It met on the day (May 11) in Astana.", []),
    "acronym": ("The bloc (CSTO) met.", []),
    "a remark with a date": ("The bloc (which met on May 11) agreed.", []),
    "month alone": ("It met (Jane's Defence Weekly, May 2010).", [("Jane's Defence Weekly", "2010-05")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CITED)
def test_citations(case):
    sentence, expected = CITED[case]
    article = parse_text("a.txt", f"{EDM}\n\n{FIRST[:60]}. {sentence} The end came.")
    assert [(c.source, c.date_iso) for c in article.citations] == expected
    for c in article.citations:
        assert article.text[c.source_start : c.source_start + len(c.source)] == c.source
        assert article.text[c.start] == "("


def test_a_citation_behind_the_full_stop_closes_its_sentence():
    text = "The ministers met. (Interfax, May 11) They agreed."
    assert [text[a:b] for a, b in split_sentences(text, 0, len(text))] == ["The ministers met. (Interfax, May 11)", "They agreed."]


def test_a_january_article_cites_december_of_the_year_before():
    article = parse_text("a.txt", f"Publication: Eurasia Daily Monitor Volume: 7 Issue: 4\n\n{FIRST[:60]} (Interfax, December 29).")
    assert [c.date_iso for c in article.citations] == ["2009-12-29"]
    assert article.issued_after == ""


def test_without_a_year_a_citation_has_no_day():
    article = parse_text("a.txt", "The ministers met (Interfax, May 11).")
    assert [(c.date_text, c.date_iso) for c in article.citations] == [("May 11", "")]
    assert article.issued_after == ""


def test_glued_sentences_are_parted_and_addresses_are_not():
    text = "They hold the border.Then they left for www.Gazeta.Kz again."
    assert [text[a:b] for a, b in split_sentences(text, 0, len(text))] == ["They hold the border.", "Then they left for www.Gazeta.Kz again."]


def test_every_file_ends_in_one_state(folder):
    root = folder(
        {"a.txt": FIRST, "b.txt": FIRST, "c.txt": "", "d.txt": b"\x00\x01\x02", "sub/e": SECOND, "f.txt": f"T\n\n{EDM}",
         "README.md": "no", ".hidden": "no", "gold/x.jsonl": "{}", "corpus.csv": "doc\n", "pic.png": b"\x89PNG"},
    )  # fmt: skip
    corpus = read_corpus(root)
    assert dict(zip(corpus.documents["doc"], corpus.documents["status"], strict=True)) == {
        "a.txt": "accepted", "b.txt": "duplicate", "c.txt": "quarantined", "d.txt": "quarantined",
        "f.txt": "quarantined", "sub/e": "accepted",
    }  # fmt: skip
    assert corpus.documents.set_index("doc").loc["b.txt", "duplicate_of"] == "a.txt"
    assert list(corpus.rejects["doc"]) == ["c.txt", "d.txt", "f.txt"]
    assert (corpus.rejects["detail"] != "").all()
    assert {doc for doc, _ in corpus.skipped} == {"README.md", ".hidden", "gold/", "corpus.csv", "pic.png"}


def test_corpus_csv_overrides_what_is_inferred(folder):
    root = folder({"a.txt": SECOND, "corpus.csv": "doc,title,issued\na.txt,My title,2012-05-20\n"})
    row = read_corpus(root).documents.iloc[0]
    assert (row["title"], row["year"], row["issued_after"], row["issued_basis"]) == ("My title", 2012, "2012-05-20", "corpus.csv")


@pytest.mark.parametrize(
    ("table", "says"),
    [("title\nx\n", "no column doc")]
    + [(f"doc,issued\na.txt,{day}\n", f"line 2: issued is '{day}'") for day in ("May", "0000", "2007-13", "2007-02-30", "9999")],
)
def test_a_bad_corpus_csv_is_one_clear_line(folder, table, says):
    with pytest.raises(CorpusError, match=says):
        read_corpus(folder({"a.txt": SECOND, "corpus.csv": table}))


def test_no_folder_and_empty_folder_are_errors(tmp_path):
    with pytest.raises(CorpusError, match="no article here"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="no such file or folder"):
        read_corpus(tmp_path / "nothing")


def test_order_of_files_is_irrelevant(folder):
    texts = {name: f"{EDM}\n\n{FIRST} {name}" for name in ("b.txt", "a.txt", "c/d.txt")}
    turns = (texts, dict(reversed(texts.items())))
    written = [folder({f"{n}/{name}": text for name, text in turn.items()}) / str(n) for n, turn in enumerate(turns)]
    one, other = map(read_corpus, written)
    for name in ("documents", "paragraphs", "sentences", "citations"):
        assert getattr(one, name).equals(getattr(other, name))
    assert one.sha256 == other.sha256


PIECES = st.sampled_from(
    ["Kazakhstan met Russia. ", "\n", "\n\n", "\r\n", "(Interfax, May 5)", "“We agreed,” he said. ", "Publication: Eurasia Daily Monitor Volume: 3 Issue: 5\n",
     "By:\n", "U.S. ", "No. 5 ", ".", "é", "\u2028", "\u00a0", "(", ")", "Sept. 3", "x", " ", "border.Then "]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=200))
def test_units_lie_in_order_inside_one_another(text):
    article = parse_text("a.txt", text)
    assert article.text == text
    spans = list(article.paragraphs)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    for s in article.sentences:
        a, b = spans[s.para]
        assert a <= s.start < s.end <= b
        assert text[s.start : s.end].strip() == text[s.start : s.end]
    for c in article.citations:
        assert any(s.start <= c.start < c.end <= s.end for s in article.sentences)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_every_word_of_a_paragraph_is_in_a_sentence(text):
    article = parse_text("a.txt", text)
    for para, (a, b) in enumerate(article.paragraphs):
        inside = "".join(text[s.start : s.end] for s in article.sentences if s.para == para)
        assert "".join(inside.split()) == "".join(text[a:b].split())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100))
def test_decoding_utf8_gives_the_text_back(text):
    text = text.replace("\0", "")
    data = text.encode("utf-8", "ignore")
    if not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        assert decode(data)[0] == data.decode()


def test_initials_before_an_office_are_no_sentence():
    text = "Advice came from the West. The U.S. Ambassador expressed condolences. It was short."
    assert [text[a:b] for a, b in split_sentences(text, 0, len(text))] == [
        "Advice came from the West.", "The U.S. Ambassador expressed condolences.", "It was short."
    ]  # fmt: skip
