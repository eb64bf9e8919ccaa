"""Paragraphs in, topics out: what the articles are about, with names kept or masked.

Topics are non-negative matrix factors of tf-idf weights (Lee and Seung 1999), by scikit-learn. On a
corpus of a few dozen paragraphs they are a reading aid: a topic that other starts do not find again
is not named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .patterns import Study

TOP_WORDS = 10
NAMED_FROM = 0.6
# words of reporting and of the calendar that say nothing of the subject
REPORTING = frozenset(
    "said says according told reported explained believes affirmed declared added noted year years month day today new "
    "january february march april may june july august september october november december mr president minister "
    "prime ministry foreign spring summer autumn winter late early including recent recently".split()
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
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    stop = sorted(ENGLISH_STOP_WORDS | REPORTING)
    vectorizer = TfidfVectorizer(stop_words=stop, token_pattern=r"[^\W\d_]{3,}", min_df=2 if len(texts) < 500 else 5, max_df=0.5, sublinear_tf=True)
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
