"""Topics: masked, repeatable, and refused where the corpus is too small."""

import pandas as pd

import kzsec
from kzsec import topics


def test_masking_leaves_no_name(study):
    texts = topics.paragraph_texts(study, masked=True)["text"]
    assert not texts.str.contains("Kazakh|Russia|NATO|Nazarbayev|Astana").any()
    assert texts.str.contains("cooperation").any()


def test_topics_are_the_same_twice_and_add_up(study):
    one, two = topics.fit_topics(study, starts=3), topics.fit_topics(study, starts=3)
    pd.testing.assert_frame_equal(one.topics, two.topics)
    pd.testing.assert_frame_equal(one.paragraphs, two.paragraphs)
    assert one.topics["paragraphs"].sum() == len(one.paragraphs) == 36
    assert one.paragraphs["share"].between(1 / 6, 1).all()


def test_an_unstable_topic_is_not_named(study):
    model = topics.fit_topics(study, starts=3)
    shaky = topics.TopicModel(model.paragraphs, model.topics.assign(stability=0.59))
    assert all("unstable" in name for name in shaky.names().values())


def test_too_small_a_corpus_has_no_topics(folder):
    root = folder({"a.txt": "Kazakhstan met Russia.\n\nThey agreed.", "b.txt": "Nothing."})
    own = kzsec.open_study(str(root))
    assert topics.fit_topics(own) is None
    assert "not estimable from 2 articles" in topics.topics_table(own, None, caption="Topics")._repr_html_()


def test_keywords_count_sentences(study):
    words = topics.keywords(study, "vector", "russia")
    for row in words.itertuples():
        assert row.of == 45
        assert 3 <= row._2 == len(row.refs) <= row.of


def test_seed_words_lead_their_topics_and_a_missing_one_shows_no_hit(study):
    hits = topics.seed_hits(study)
    lines = [line["words"] for line in study.codebook["topic_seeds"]]
    assert list(hits["word"]) == " ".join(lines).split()
    assert (hits["sentences"] == hits["refs"].map(lambda refs: len(set(refs)))).all()
    model = topics.fit_topics(study, seeds=lines, starts=0)
    for line, words in zip(lines, model.topics["words"], strict=False):
        assert set(line.split()) & set(words)
    assert topics.fit_topics(study, seeds=["nowhere words unknown"], starts=0) is not None


def test_collocations_are_found_in_their_sentences(study):
    pairs = topics.collocations(study, "russia")
    texts = study.corpus.sentences.set_index(["doc", "para", "sent"])["text"]
    for row in pairs.itertuples():
        assert row.sentences == len(row.refs) >= 2
        assert all(row.pair.split()[0] in texts[ref].lower() for ref in row.refs)


def test_information_is_nothing_for_one_topic_and_all_for_the_article(study):
    model = topics.fit_topics(study, starts=0)
    docs = {doc: at for at, doc in enumerate(sorted(model.paragraphs["doc"].unique()))}
    one = topics.TopicModel(model.paragraphs.assign(topic=0), model.topics)
    article = topics.TopicModel(model.paragraphs.assign(topic=model.paragraphs["doc"].map(docs)), model.topics)
    table = topics.shared_information(study, {"one": one, "article": article, "none": None}).set_index("topics")
    assert table.loc["one", "with the article"] == 0
    assert table.loc["article", "with the article"] == 1
    assert "none" not in table.index


def test_of_a_large_corpus_a_part_is_read_and_said(study, monkeypatch):
    monkeypatch.setattr(topics, "MOST_PARAGRAPHS", 20)
    model = topics.fit_topics(study, k=2, starts=1)
    assert len(model.paragraphs) == 18
    assert "in 18 of 36 paragraphs, evenly spread" in topics.topics_table(study, model, caption="Topics").html
