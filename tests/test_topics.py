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
    shaky = topics.TopicModel(True, model.paragraphs, model.topics.assign(stability=0.59))
    assert all("unstable" in name for name in shaky.names().values())


def test_too_small_a_corpus_has_no_topics(folder):
    root = folder({"a.txt": "Kazakhstan met Russia.\n\nThey agreed.", "b.txt": "Nothing."})
    own = kzsec.open_study(str(root))
    assert topics.fit_topics(own) is None
    assert "not estimable from 2 articles" in topics.topics_table(own, None, caption="Topics")._repr_html_()


def test_keywords_count_sentences(study):
    words = topics.keywords(study, "russia")
    for row in words.itertuples():
        assert row.of == 45
        assert 3 <= row._2 == len(row.refs) <= row.of
