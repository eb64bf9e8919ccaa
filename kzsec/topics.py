"""Paragraphs in, topics out: what the articles are about, with names kept or masked.

Topics are non-negative matrix factors of tf-idf weights (Lee and Seung 1999), by scikit-learn. On a
corpus of a few dozen paragraphs they are a reading aid: a topic that other starts do not find again
is not named.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from .claims import refused
from .codebook import VECTORS
from .evidence import Html, Ref, count_table, refs_of, text_table
from .patterns import Study, keyword_in_context, ref_table, with_sentence_ref

TOP_WORDS = 10
NAMED_FROM = 0.6
SEED = 2007
MOST_PARAGRAPHS = 3000  # read for topics; of a larger corpus each nth
# words of reporting and of the calendar that say nothing of the subject
REPORTING = frozenset(
    """said says according told reported explained believes affirmed declared added noted year years year month day today
    new january february march april may june july august september october november december president minister prime
    ministry foreign spring summer autumn winter late early including recent recently""".split()
)


@dataclass(frozen=True)
class TopicModel:
    """`paragraphs`: doc, para, topic (the largest), share.

    `topics`: topic, words, paragraphs, articles, most in one article, stability.
    """

    paragraphs: pd.DataFrame
    topics: pd.DataFrame
    sample: str = ""  # what was read of a corpus too large to read whole

    def names(self) -> dict[int, str]:
        """Each topic's first three words, or that it is unstable and therefore unnamed."""
        return {
            row.topic: f"topic {row.topic + 1} (unstable)" if row.stability < NAMED_FROM else ", ".join(row.words[:3])
            for row in self.topics.itertuples(index=False)
        }


def _texts(study: Study, *, masked: bool) -> dict[str, str]:
    """Each article's text, as long as it was; with `masked`, the names that the coding marks in it are blank."""
    texts = {article.doc: list(article.text) for article in study.corpus.articles}
    if masked:
        for doc, start, end in study.coding.mentions[["doc", "start", "end"]].itertuples(index=False, name=None):
            texts[doc][start:end] = " " * (end - start)
    return {doc: "".join(characters) for doc, characters in texts.items()}


def paragraph_texts(study: Study, *, masked: bool) -> pd.DataFrame:
    """Each paragraph's text (doc, para, text); with `masked`, without the names that the coding marks in it."""
    texts = _texts(study, masked=masked)
    rows = [(a.doc, para, texts[a.doc][start:end]) for a in study.corpus.articles for para, (start, end) in enumerate(a.paragraphs)]
    return pd.DataFrame(rows, columns=["doc", "para", "text"])


@threadpool_limits.wrap(limits=1)  # so few paragraphs wait for other cores longer than they gain by them
def fit_topics(
    study: Study, *, k: int = 6, masked: bool = True, method: str = "nmf", seeds: Sequence[str] = (), starts: int = 100
) -> TopicModel | None:
    """Topics of the paragraphs; None where there are fewer than three paragraphs a topic or too few words.

    `method` is `nmf` or `lda` (Blei, Ng and Jordan 2003, the contrast). `seeds` are lines of seed words, one a
    topic: the factorisation starts from them, and further topics, up to `k`, from the rest. Stability is the mean,
    over `starts` random starts (fewer where there are many paragraphs), of the Jaccard index of a topic's top words
    with those of its best match in the other solution (Greene, O'Callaghan and Cunningham 2014).
    """
    texts = paragraph_texts(study, masked=masked)
    step = -(-len(texts) // MOST_PARAGRAPHS)
    chosen = texts[::step].reset_index(drop=True) if step > 1 else texts
    sample = f", in {len(chosen)} of {len(texts)} paragraphs, evenly spread" if step > 1 else ""
    texts = chosen
    k = max(k, len(seeds))
    if len(texts) < 3 * k:
        return None
    weights, words = _weights(texts["text"], counts=method == "lda")
    if len(words) < 3 * TOP_WORDS:
        return None
    shares, factors = _fit(method, weights, k, seed=SEED, start=_seeded(weights, words, seeds, k) if seeds else "nndsvda")
    tops, found = [_top(row, words) for row in factors], []
    for n in range(1, min(starts, max(3, 4000 // len(texts))) + 1):  # on a larger corpus a start takes longer and tells more
        others = [set(_top(row, words)) for row in _fit(method, weights, k, seed=SEED + n, start="random")[1]]
        found.append([max(len(other.intersection(top)) / len(other.union(top)) for other in others) for top in tops])
    stability = np.mean(found, axis=0) if found else np.full(k, np.nan)
    main, total = shares.argmax(axis=1), shares.sum(axis=1)
    share = np.divide(shares.max(axis=1), total, out=np.zeros_like(total), where=total > 0)
    paragraphs = texts[["doc", "para"]].assign(topic=main, share=share.round(6))[total > 0]
    rows = []
    for topic, top in enumerate(tops):
        docs = paragraphs.loc[paragraphs["topic"] == topic, "doc"].value_counts()
        rows.append((topic, top, int(docs.sum()), len(docs), int(docs.max()) if len(docs) else 0, round(float(stability[topic]), 2)))
    columns = ["topic", "words", "paragraphs", "articles", "most in one article", "stability"]
    return TopicModel(paragraphs, pd.DataFrame(rows, columns=columns), sample)


def _weights(texts: pd.Series, *, counts: bool) -> tuple[Any, list[str]]:
    """tf-idf weights (or counts) of words in at least two paragraphs, and the words."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    options = {"stop_words": sorted(_stop_words()), "token_pattern": r"[^\W\d_]{3,}", "min_df": 2 if len(texts) < 500 else 5, "max_df": 0.5}
    vectorizer = CountVectorizer(**options) if counts else TfidfVectorizer(**options, sublinear_tf=True)
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no word in two paragraphs
        return None, []
    small = not counts and np.prod(weights.shape) < 1_000_000  # to transpose it at every step costs more than its zeros
    return weights.toarray() if small else weights, list(vectorizer.get_feature_names_out())


def _fit(method: str, weights: Any, k: int, *, seed: int, start: str | tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Shares and factors; `start` is `nndsvda` (singular vectors), `random`, or a pair of matrices to begin from.

    Latent Dirichlet allocation has no other start than a random one.
    """
    from sklearn.decomposition import NMF, LatentDirichletAllocation
    from sklearn.exceptions import ConvergenceWarning

    custom = {"W": start[0], "H": start[1]} if isinstance(start, tuple) and method == "nmf" else {}
    if method == "lda":
        model = LatentDirichletAllocation(k, random_state=seed, max_iter=30)
    else:
        closer = {} if start == "random" else {"max_iter": 600, "tol": 1e-5}
        model = NMF(k, init="custom" if custom else start, random_state=seed, **closer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        shares = model.fit_transform(weights, **custom)
    # BLAS kernels differ in the last bits; what is shown must not
    return shares.round(6), model.components_.round(6)


def _seeded(weights, words: list[str], seeds: Sequence[str], k: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices to begin from in which each line of seed words has a topic of its own."""
    factors = np.full((k, len(words)), 0.01)
    for topic, line in enumerate(seeds):
        factors[topic, [words.index(word) for word in line.split() if word in words]] = 1.0
    factors[len(seeds) :] += np.random.default_rng(0).random((k - len(seeds), len(words))) * 0.1
    return np.asarray(weights @ factors.T) + 0.01, factors


def seed_hits(study: Study) -> pd.DataFrame:
    """Each seed word of the codebook's table `topic_seeds` with its sentences: topic, word, sentences, refs."""
    rows = []
    for line in study.codebook["topic_seeds"]:
        for word in line["words"].split():
            refs = keyword_in_context(study, word)["ref"].tolist()
            rows.append((line["topic"], word, len(set(refs)), refs))
    return pd.DataFrame(rows, columns=["topic", "word", "sentences", "refs"])


def shared_information(study: Study, models: dict[str, TopicModel | None]) -> pd.DataFrame:
    """Normalised mutual information of paragraphs' topics with their commonest coded vector and with their article.

    0: knowing one tells nothing of the other; 1: it tells all. A row a model, with the paragraphs that have a vector.
    """
    from sklearn.metrics import normalized_mutual_info_score

    codings = study.coding.codings.groupby(["doc", "para"])["vector"]
    ordered = codings.agg(lambda v: v.value_counts().sort_index().idxmax())
    rows = []
    for name, model in models.items():
        both = model.paragraphs.merge(ordered.reset_index(), on=["doc", "para"]) if model else pd.DataFrame()
        if len(both):
            scores = [round(float(normalized_mutual_info_score(both["topic"], both[c])), 2) for c in ("vector", "doc")]
            rows.append((name, *scores, len(both)))
    return pd.DataFrame(rows, columns=["topics", "with the coded vector", "with the article", "paragraphs"])


def collocations(study: Study, vector: str, *, most: int = 6) -> pd.DataFrame:
    """Pairs of words that stand together more often than chance in a vector's sentences: pair, sentences, refs.

    Ranked by Dunning's likelihood ratio (NLTK) among pairs in at least two sentences; names are masked.
    """
    from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder

    texts = _masked_sentences(study, vector)
    finder = BigramCollocationFinder.from_documents([re.findall(r"[a-z]{3,}", text) for text in texts.values()])
    finder.apply_word_filter(lambda word: word in _stop_words())
    scored = finder.score_ngrams(BigramAssocMeasures.likelihood_ratio)
    rows = []
    for (one, two), _ in sorted(scored, key=lambda hit: (-round(hit[1], 6), hit[0])):
        refs = [ref for ref, text in texts.items() if re.search(rf"\b{one}\W+{two}\b", text)]
        rows += [(f"{one} {two}", len(refs), len(texts), refs)] if len(refs) > 1 else []
        if len(rows) == most:
            break
    return pd.DataFrame(rows, columns=["pair", "sentences", "of", "refs"])


def _masked_sentences(study: Study, vector: str = "") -> dict[Ref, str]:
    """The coded sentences (of one vector) in small letters, their names blanked."""
    wanted = {c.ref for c in study.codings if vector in ("", c.vector)}
    texts = _texts(study, masked=True)
    sentences = with_sentence_ref(study.corpus.sentences).itertuples(index=False)
    return {s.ref: texts[s.doc][s.start : s.end].lower() for s in sentences if s.ref in wanted}


def _top(row: np.ndarray, words: list[str]) -> list[str]:
    return [words[at] for at in np.lexsort((np.arange(len(words)), -row))[:TOP_WORDS]]


def topics_table(study: Study, model: TopicModel | None, *, caption: str) -> Html:
    """Each topic's first words, its paragraphs and articles, and how surely other starts find it again."""
    if model is None:
        return refused(study.corpus, caption, "there are too few paragraphs or words for topics")
    rows = model.topics.assign(topic=list(model.names().values()), words=[", ".join(w) for w in model.topics["words"]])
    sentences = study.corpus.sentences.merge(model.paragraphs, on=["doc", "para"])
    refs = [refs_of(sentences[sentences["topic"] == topic]) for topic in model.topics["topic"]]
    shown = rows.rename(columns={"words": "first words", "stability": "stability (mean Jaccard)"})
    return text_table(study.corpus, shown, caption=caption + model.sample, refs=refs)


def topics_by_year(study: Study, model: TopicModel | None) -> Html:
    """Paragraphs of each topic by year; refused for fewer than 20 articles with a year or a single year."""
    years = {article.doc: article.year for article in study.corpus.articles if article.year}
    if model is None or len(years) < 20 or len(set(years.values())) < 2:
        return refused(study.corpus, "Topics over time", "it takes 20 articles of two years or more")
    rows = study.corpus.sentences.merge(model.paragraphs, on=["doc", "para"])
    rows = rows.assign(year=rows["doc"].map(years), topic=rows["topic"].map(model.names())).dropna(subset="year").astype({"year": int})
    refs = ref_table(rows, "topic", "year", index_order=list(model.names().values()), column_order=sorted(set(years.values())))
    counts = refs.map(lambda cell: len({ref[:2] for ref in cell}))
    return count_table(study.corpus, refs, caption=f"Paragraphs by topic and year{model.sample}", counts=counts)


def business(study: Study, model: TopicModel) -> pd.DataFrame:
    """What each vector's paragraphs are about: vector, topics (the commonest, ties joined), paragraphs (of each), of, spread, refs.

    `spread` is the number of topics that its paragraphs have; a vector with fewer than four paragraphs is left out.
    """
    coded = study.coding.paragraph_vectors.merge(model.paragraphs, on=["doc", "para"])
    names, rows = model.names(), []
    for vector in VECTORS:
        part = coded[coded["vector"] == vector]
        if len(part) >= 4:
            counts = part["topic"].value_counts().sort_index()
            lead = [topic for topic, count in counts.items() if count == counts.max()]
            chosen = part.loc[part["topic"].isin(lead), ["doc", "para", "vector"]]
            refs = refs_of(study.coding.codings.merge(chosen, on=["doc", "para", "vector"]))
            titles = " and ".join(f"“{names[topic]}”" for topic in lead)
            rows.append((vector, titles + " equally" * (len(lead) > 1), int(counts.max()), len(part), len(counts), refs))
    return pd.DataFrame(rows, columns=["vector", "topics", "paragraphs", "of", "spread", "refs"])


def keywords(study: Study, column: str, value: str, *, most: int = 8) -> pd.DataFrame:
    """Words in a larger share of the sentences coded `value` in `column` than of the others: word, with, of, elsewhere, of others, refs.

    Ranked by the difference of shares, among words in at least three of the sentences; names are masked.
    """
    own = {c.ref for c in study.codings if getattr(c, column) == value}
    inside: dict[str, list[Ref]] = {}
    outside: Counter[str] = Counter()
    texts = _masked_sentences(study)
    for ref, text in texts.items():
        for word in set(re.findall(r"[a-z]{4,}", text)) - _stop_words():
            if ref in own:
                inside.setdefault(word, []).append(ref)
            else:
                outside[word] += 1
    rest = len(texts) - len(own)
    rows = [(word, len(refs), len(own), outside[word], rest, refs) for word, refs in inside.items() if len(refs) >= 3]
    rows.sort(key=lambda row: (-round(row[1] / max(len(own), 1) - row[3] / max(rest, 1), 6), row[0]))
    return pd.DataFrame(rows[:most], columns=["word", "with", "of", "elsewhere", "of others", "refs"])


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS | REPORTING
