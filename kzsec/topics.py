"""Paragraphs in, topics out: what the articles are about, with names kept or masked.

Topics are non-negative matrix factors of tf-idf weights (Lee and Seung 1999), by scikit-learn. On a
corpus of a few dozen paragraphs they are a reading aid: a topic that other starts do not find again
is not named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .claims import refused
from .codebook import VECTORS
from .evidence import Html, Ref, refs_of, text_table
from .patterns import Study

TOP_WORDS = 10
NAMED_FROM = 0.6
# words of reporting and of the calendar that say nothing of the subject
REPORTING = frozenset(
    """said says according told reported explained believes affirmed declared added noted year years year month day today
    new january february march april may june july august september october november december president minister prime
    ministry foreign spring summer autumn winter late early including recent recently""".split()
)


@dataclass(frozen=True)
class TopicModel:
    """`paragraphs`: doc, para, topic (the largest), share; `topics`: topic, words, paragraphs, articles, stability."""

    masked: bool
    paragraphs: pd.DataFrame
    topics: pd.DataFrame

    def names(self) -> dict[int, str]:
        """Each topic's first three words, or that it is unstable and therefore unnamed."""
        return {
            row.topic: ", ".join(row.words[:3]) if row.stability >= NAMED_FROM else f"topic {row.topic + 1} (unstable)"
            for row in self.topics.itertuples(index=False)
        }


def paragraph_texts(study: Study, *, masked: bool) -> pd.DataFrame:
    """Each paragraph's text; with `masked`, without the names that the coding marks in it."""
    rows = []
    mentions = study.coding.mentions
    spans = {doc: list(zip(part["start"], part["end"], strict=True)) for doc, part in mentions.groupby("doc")}
    for article in study.corpus.articles:
        text = article.text
        if masked:
            for start, end in sorted(spans.get(article.doc, []), reverse=True):
                text = text[:start] + " " * (end - start) + text[end:]
        rows += [(article.doc, para, text[start:end]) for para, (start, end) in enumerate(article.paragraphs)]
    return pd.DataFrame(rows, columns=["doc", "para", "text"])


def fit_topics(study: Study, *, k: int = 6, masked: bool = True, starts: int = 20, seed: int = 2007) -> TopicModel | None:
    """Topics of the paragraphs; None where there are fewer than three paragraphs a topic or too few words.

    Stability is the mean, over `starts` random starts, of the Jaccard index of a topic's top words with
    those of its best match in the other solution (Greene, O'Callaghan and Cunningham 2014).
    """
    texts = paragraph_texts(study, masked=masked)
    if len(texts) < 3 * k:
        return None
    weights, words = _weights(texts["text"])
    if len(words) < 3 * TOP_WORDS:
        return None
    shares, factors = _factors(weights, k, init="nndsvda", seed=seed)
    tops = [_top(row, words) for row in factors]
    stability = _stability(weights, words, tops, k, starts, seed)
    main = shares.argmax(axis=1)
    total = shares.sum(axis=1)
    share = np.divide(shares.max(axis=1), total, out=np.zeros_like(total), where=total > 0)
    paragraphs = texts[["doc", "para"]].assign(topic=main, share=share.round(6))[total > 0]
    topics = pd.DataFrame(
        [(t, tops[t], int((paragraphs["topic"] == t).sum()), paragraphs.loc[paragraphs["topic"] == t, "doc"].nunique(), stability[t])
         for t in range(k)], columns=["topic", "words", "paragraphs", "articles", "stability"],
    )  # fmt: skip
    return TopicModel(masked, paragraphs, topics)


def _weights(texts: pd.Series):
    """tf-idf weights of words in at least two paragraphs, and the words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        stop_words=sorted(_stop_words()), token_pattern=r"[^\W\d_]{3,}", min_df=2 if len(texts) < 500 else 5,
        max_df=0.5, sublinear_tf=True,
    )  # fmt: skip
    try:
        return vectorizer.fit_transform(texts), list(vectorizer.get_feature_names_out())
    except ValueError:  # no word in two paragraphs
        return None, []


def _factors(weights, k: int, *, init: str, seed: int):
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(k, init=init, random_state=seed, max_iter=600, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit_transform(weights)
    # BLAS kernels differ in the last bits; what is shown must not
    return shares.round(8), model.components_.round(8)


def _top(row: np.ndarray, words: list[str]) -> list[str]:
    return [words[at] for at in np.lexsort((np.arange(len(words)), -row))[:TOP_WORDS]]


def _stability(weights, words: list[str], tops: list[list[str]], k: int, starts: int, seed: int) -> list[float]:
    found = np.zeros((starts, k))
    for start in range(starts):
        _, factors = _factors(weights, k, init="random", seed=seed + 1 + start)
        others = [set(_top(row, words)) for row in factors]
        found[start] = [max(len(set(top) & other) / len(set(top) | other) for other in others) for top in tops]
    return [round(float(value), 2) for value in found.mean(axis=0)]


def topics_table(study: Study, model: TopicModel | None, *, caption: str) -> Html:
    """Each topic's first words, its paragraphs and articles, and how surely other starts find it again."""
    if model is None:
        return refused(study.corpus, caption, "there are too few paragraphs or words for topics")
    rows = model.topics.assign(topic=list(model.names().values()), words=[", ".join(w) for w in model.topics["words"]])
    refs = [topic_refs(study, model, topic) for topic in model.topics["topic"]]
    shown = rows.rename(columns={"words": "first words", "stability": "stability (mean Jaccard)"})
    return text_table(study.corpus, shown, caption=caption, refs=refs)


def topic_refs(study: Study, model: TopicModel, topic: int) -> list[Ref]:
    """The sentences of the paragraphs that are mainly of the topic."""
    chosen = model.paragraphs.loc[model.paragraphs["topic"] == topic, ["doc", "para"]]
    return refs_of(study.corpus.sentences.merge(chosen, on=["doc", "para"]))


def business(study: Study, model: TopicModel, *, least: int = 4) -> pd.DataFrame:
    """The commonest topic of each vector's paragraphs: vector, topic, paragraphs, of, refs; none for fewer than `least`."""
    coded = study.coding.paragraph_vectors.merge(model.paragraphs, on=["doc", "para"])
    rows = []
    for vector, part in coded.groupby("vector", sort=True):
        counts = part["topic"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        if len(part) >= least:
            chosen = part.loc[part["topic"] == counts.index[0], ["doc", "para", "vector"]]
            refs = refs_of(study.coding.codings.merge(chosen, on=["doc", "para", "vector"]))
            rows.append((vector, model.names()[counts.index[0]], len(chosen), len(part), refs))
    table = pd.DataFrame(rows, columns=["vector", "topic", "paragraphs", "of", "refs"])
    return table.sort_values("vector", key=lambda v: v.map(list(VECTORS).index), ignore_index=True)


def keywords(study: Study, vector: str, *, most: int = 8) -> pd.DataFrame:
    """Words that stand in a larger share of one vector's sentences than of other coded ones: word, share in each, refs.

    Ranked by the difference of shares, for words in at least three of the vector's sentences; names are masked.
    """
    coded = study.coding.codings.groupby(["doc", "para", "sent"])["vector"].agg(set)
    spans = study.coding.mentions.groupby(["doc", "para", "sent"])[["start", "end"]].apply(lambda m: m.to_numpy().tolist())
    inside: dict[str, list[Ref]] = {}
    outside: dict[str, int] = {}
    own = sum(vector in vectors for vectors in coded)
    for row in study.corpus.sentences.itertuples(index=False):
        ref = (row.doc, row.para, row.sent)
        if ref not in coded.index:
            continue
        text = row.text
        for start, end in spans.get(ref, []):
            text = text[: start - row.start] + " " * (end - start) + text[end - row.start :]
        for word in sorted(set(re.findall(r"[a-z]{4,}", text.lower())) - _stop_words()):
            if vector in coded[ref]:
                inside.setdefault(word, []).append(ref)
            else:
                outside[word] = outside.get(word, 0) + 1
    rest = len(coded) - own
    rows = [(word, len(refs), own, outside.get(word, 0), rest, refs) for word, refs in inside.items() if len(refs) >= 3]
    table = pd.DataFrame(rows, columns=["word", "with", "of", "elsewhere", "of others", "refs"])
    gap = table["with"] / max(own, 1) - table["elsewhere"] / max(rest, 1)
    return table.assign(gap=gap.round(6)).sort_values(["gap", "word"], ascending=[False, True]).head(most).drop(columns="gap")


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS | REPORTING
