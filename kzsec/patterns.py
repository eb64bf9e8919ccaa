"""Coded tables in, counts that keep their sentences out: by partner, stance, act; concentration; recodings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations, groupby
from typing import Any

import numpy as np
import pandas as pd

from .annotations import Annotations, best_coding
from .codebook import VECTORS, Codebook, read_codebook
from .corpus import Corpus, read_corpus
from .corrections import corrected, corrections_note
from .evidence import Ref, refs_of, short_names

POLES = ("russia", "china", "nato", "middle_east")  # the neighbours stand beside them and are never counted among them


@dataclass(frozen=True)
class Study:
    """A corpus, the coding that its numbers stand on, and the codebook that names its partners."""

    corpus: Corpus
    coding: Annotations
    codebook: Codebook

    @cached_property
    def codings(self) -> list[Any]:
        """The codings in order, each a named tuple with the `ref` of its sentence."""
        return list(with_sentence_ref(self.coding.codings).itertuples(index=False))

    @cached_property
    def acts(self) -> list[Any]:
        """The acts in order, each a named tuple with the `ref` of its sentence."""
        return list(with_sentence_ref(self.coding.events).itertuples(index=False))

    def names(self) -> dict[str, str]:
        """A short name for each article."""
        return short_names(article.doc for article in self.corpus.articles)

    def stories(self) -> dict[str, str]:
        """The vector that each coded article has most codings of; ties go to the codebook's order."""
        counts = Counter((c.doc, c.vector) for c in self.codings)
        return {doc: max(VECTORS, key=lambda v: counts[doc, v]) for doc in sorted({doc for doc, _ in counts})}

    def labels(self) -> dict[str, str]:
        """A name that says what each article is: its short name, its year, and the vector that most of its codings have."""
        names, stories, labels = self.names(), self.stories(), {}
        for a in self.corpus.articles:
            about = [str(a.year or ""), f"mostly {VECTORS[stories[a.doc]]}" if a.doc in stories else ""]
            labels[a.doc] = f"{names[a.doc]} ({', '.join(filter(None, about))})" if any(about) else names[a.doc]
        return labels

    def recoded(self, coding: Annotations) -> Study:
        """The same corpus under another coding."""
        return replace(self, coding=coding)

    @property
    def coder(self) -> str:
        """The coding as a caption names it."""
        coder, note = self.coding.coder, corrections_note(self.coding)
        if coder.startswith("reference"):
            return f"the {coder.replace('reference', 'reference coding', 1)}{', ' * bool(note)}{note}"
        return f"the machine’s {coder}, {note or 'uncorrected'}"

    def partner_name(self, partner: str) -> str:
        """The partner's name in the codebook, short enough for a figure; its id made readable where it has none."""
        name = _partners(self.codebook).get(partner, {}).get("name", "")
        if len(name) > 26 and len(partner) <= 5:
            return partner.upper()
        return name or partner.replace("-", " ").title()

    def partner_vectors(self, partner: str) -> tuple[str, ...]:
        """The vectors that the partner rolls up to by the codebook; none for a state without a vector."""
        return tuple(v for v in _partners(self.codebook).get(partner, {}).get("vectors", "").split(";") if v)


@lru_cache(maxsize=8)
def _partners(codebook: Codebook) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in codebook["partners"]}


def open_study(corpus: str | None = None, *, codebook: str | None = None) -> Study:
    """The articles of a folder (None: the seeds) under their reference coding where they have one, else the machine's.

    Codings named in a `corrections.csv` beside the articles are corrected.
    """
    return study_of(read_corpus(corpus), read_codebook(codebook))


def study_of(articles: Corpus, codebook: Codebook) -> Study:
    """The study of articles that are already read; see `open_study`."""
    return Study(articles, corrected(articles, best_coding(articles, codebook=codebook)), codebook)


def coding_label(row: Any) -> str:
    """A coding in words: vector, stance or limit, voice, and whether hedged."""
    return f"{VECTORS.get(row.vector, row.vector)}: {row.limit or row.stance}, {row.voice}{', hedged' * row.hedged}"


def with_sentence_ref(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a column `ref`, the name of their sentence."""
    return rows.assign(ref=list(zip(rows["doc"], rows["para"], rows["sent"], strict=True)))


def ref_table(
    rows: pd.DataFrame, index: str, column: str, *, index_order: Sequence[str], column_order: Sequence[str]
) -> pd.DataFrame:
    """Sentences by two columns: each cell the list of refs of its rows (empty where there are none).

    A column that holds lists counts a row under each of its values.
    """
    rows = with_sentence_ref(rows).explode(index).explode(column)
    cells = rows.groupby([index, column])["ref"].agg(list).to_dict()
    table = [[cells.get((left, right), []) for right in column_order] for left in index_order]
    return pd.DataFrame(table, index=list(index_order), columns=list(column_order), dtype=object)


def totalled(refs: pd.DataFrame, *, name: str = "all") -> pd.DataFrame:
    """The table of refs with a last column that unites each row."""
    return refs.assign(**{name: [sorted({ref for cell in row for ref in cell}) for row in refs.to_numpy()]})


def refs_by(rows: pd.DataFrame, column: str, *, most: int = 15) -> pd.Series:
    """Sentences by value of a column, the `most` frequent values, most first, ties by value."""
    refs = with_sentence_ref(rows).groupby(column)["ref"].agg(lambda found: sorted(set(found)))
    return refs.iloc[refs.map(len).argsort(kind="stable")[::-1]].head(most) if len(refs) else refs


def closing_judgements(study: Study) -> pd.DataFrame:
    """What the author concludes: each sentence of judgement in an article's last paragraph; doc, vectors, text, ref."""
    last = {article.doc: len(article.paragraphs) - 1 for article in study.corpus.articles}
    rows = []
    for ref, found in groupby((c for c in study.codings if c.voice == "judgement"), key=lambda c: c.ref):
        same = list(found)
        if ref[1] == last[ref[0]]:
            text = study.corpus.raw(ref[0])[same[0].start : same[0].end]
            rows.append((ref[0], [c.vector for c in same], text, ref))
    return pd.DataFrame(rows, columns=["doc", "vectors", "text", "ref"])


def named_together(study: Study) -> pd.DataFrame:
    """Sentences that name two partners: columns partner, with, sentences, refs, most first; Kazakhstan itself is none."""
    mentions, known = study.coding.mentions, sorted(_partners(study.codebook).keys() - {"kazakhstan"})
    return _pairs(mentions[mentions["id"].isin(known) & (mentions["type"] != "MEDIA")], "id", known)


def word_pattern(word: str) -> re.Pattern[str]:
    """Finds a word or phrase in any case, over line ends; a star stands for the rest of a word."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)".replace(r"\*", r"\w*").replace(r"\ ", r"\s+"), re.IGNORECASE)


def keyword_in_context(study: Study, word: str, *, width: int = 60) -> pd.DataFrame:
    """Each place of a word or phrase (see `word_pattern`): article, left, keyword, right, ref; `width` characters either side."""
    rows, names, pattern = [], study.names(), word_pattern(word)
    for s in study.corpus.sentences.itertuples(index=False):
        for hit in pattern.finditer(s.text):
            left, right = s.text[max(0, hit.start() - width) : hit.start()], s.text[hit.end() : hit.end() + width]
            rows.append((names[s.doc], left, hit.group(), right, (s.doc, s.para, s.sent)))
    return pd.DataFrame(rows, columns=["article", "left", "keyword", "right", "ref"])


def network(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who is named with whom: nodes (id, name, type, vectors, sentences) and edges (source, target, sentences, refs).

    An edge is a sentence that names both; news sources, dates and peoples' joint names have no node.
    """
    mentions = study.coding.mentions[study.coding.mentions["type"].isin(["PERSON", "ORG", "GPE", "NORP", "LOC", "EVENT"])]
    edges = _pairs(mentions, "id", sorted(mentions["id"].unique())).rename(columns={"partner": "source", "with": "target"})
    names, counts = entity_names(study), mentions.drop_duplicates(["id", "doc", "para", "sent"])["id"].value_counts()
    first = mentions.drop_duplicates("id").sort_values("id").itertuples(index=False)
    nodes = [(m.id, names[m.id], m.type, ";".join(m.vectors), int(counts[m.id])) for m in first]
    return pd.DataFrame(nodes, columns=["id", "name", "type", "vectors", "sentences"]), edges


MENTION = "doc para sent start end text type id".split()


def leave_one_out_mentions(study: Study) -> pd.DataFrame:
    """The machine's mentions of each article, found by tables without the names that occur in that article alone."""
    from .entities import find_mentions
    from .lexicon import codebook_without

    articles, rows = study.corpus.articles, []
    for article in articles:
        tables = codebook_without(study.codebook, article, [other for other in articles if other is not article])
        rows += [(article.doc, *m[:7]) for m in find_mentions(article, tables)]
    return pd.DataFrame(rows, columns=MENTION)


def spacy_mentions(study: Study) -> dict[str, pd.DataFrame]:
    """The entities of each English spaCy pipeline that is installed, types as in the codebook; empty where there is none."""
    try:
        import spacy
    except ImportError:
        return {}
    runs = {}
    for name in sorted(n for n in spacy.util.get_installed_models() if n.startswith("en_")):
        pipeline, rows = spacy.load(name), []
        for s in study.corpus.sentences.itertuples(index=False):
            found = pipeline(s.text).ents
            rows += [(s.doc, s.para, s.sent, s.start + e.start_char, s.start + e.end_char, e.text, e.label_, "") for e in found]
        runs[f"spaCy {name}"] = pd.DataFrame(rows, columns=MENTION)
    return runs


def mention_scores(study: Study, runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """F1 by type of each run's mentions against the reference (exact span and type), and the share of right ids."""
    from .agreement import compare_spans

    gold = study.coding.mentions
    table = pd.DataFrame({name: compare_spans(found, gold).scores["f1"] for name, found in runs.items()})
    key = ["doc", "start", "end", "type"]
    both = {name: found.merge(gold, on=key, suffixes=("", "_gold")) for name, found in runs.items()}
    table.loc["ids right, of those found"] = {name: (rows["id"] == rows["id_gold"]).mean() for name, rows in both.items()}
    counts = gold["type"].value_counts().reindex(table.index).astype("Int64")
    return table.assign(reference=counts).reset_index(names="type")


def mention_errors(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """Each mention that the machine misses, adds, or types or identifies otherwise: text, machine, reference, sentence, ref."""
    machine, reference = (rows.assign(label=rows["type"] + " " + rows["id"]) for rows in (found, study.coding.mentions))
    wrong = _differences(study, machine, reference, ["doc", "para", "sent", "start", "end", "text"], "label")
    return wrong[["text", "machine", "reference", "sentence", "ref"]]


def coding_errors(study: Study, machine: Annotations) -> pd.DataFrame:
    """Each sentence and vector that machine and reference code otherwise in presence or stance: vector, both, basis, sentence, ref."""
    wrong = _differences(study, machine.codings, study.coding.codings, ["doc", "para", "sent", "vector"], "stance")
    basis = wrong.merge(machine.codings, on=["doc", "para", "sent", "vector"], how="left")["basis"].fillna("")
    wrong = wrong.assign(basis=basis).replace({"machine": {"": "not coded"}, "reference": {"": "not coded"}})
    return wrong[["vector", "machine", "reference", "basis", "sentence", "ref"]]


def _differences(study: Study, machine: pd.DataFrame, reference: pd.DataFrame, key: list[str], label: str) -> pd.DataFrame:
    """The keys, in order, under which machine and reference differ in `label`, empty where one has no such row."""
    sides = [rows[[*key, label]].rename(columns={label: side}) for rows, side in ((machine, "machine"), (reference, "reference"))]
    both = sides[0].merge(sides[1], on=key, how="outer").fillna({"machine": "", "reference": ""})
    sentences = study.corpus.sentences[["doc", "para", "sent", "text"]].rename(columns={"text": "sentence"})
    return with_sentence_ref(both[both["machine"] != both["reference"]].merge(sentences, on=["doc", "para", "sent"]))


def entity_names(study: Study) -> dict[str, str]:
    """A name to show for each entity id: the partner's own, else the longest that the texts use."""
    mentions = study.coding.mentions
    longest = mentions.assign(length=mentions["text"].str.len()).sort_values(["length", "text"]).groupby("id")["text"].last()
    return {id: study.partner_name(id) if id in _partners(study.codebook) else text for id, text in longest.items()}


RANK = re.compile(r"\b(?:General|Colonel|Admiral|Lieutenant|Major|Captain)$")  # a rank is no office


def offices(study: Study) -> dict[tuple[str, str], str]:
    """(doc, person id) of Kazakhstan's officials to name and the office that the article gives, as the machine reads it."""
    from .entities import find_mentions

    found = {}
    for article in study.corpus.articles:
        people: dict[str, list[Any]] = {}
        for m in find_mentions(article, study.codebook):
            if m.type == "PERSON" and "kazakhstan" in m.partner:
                people.setdefault(m.id, []).append(m)
        for who, mentions in people.items():
            name = max((m.text for m in mentions), key=len)
            office = next(filter(None, (m.office for m in mentions)), "")
            held = "" if RANK.search(office) else _short_office(office)
            found[article.doc, who] = f"{name.split()[-1]}, {held}" if held else name
    return found


def _short_office(office: str) -> str:
    """The office without the country, its own words in small letters: `Kazakh Defense Minister` is `defense minister`."""
    bare = re.sub(r"^(?:of |between |the )*(?:Kazakhstan[’']s|Kazakhstani|Kazakh)\s+", "", office, flags=re.IGNORECASE)
    title, of, rest = re.sub(r"^(?:of|between|and|the) ", "", bare).partition(" of ")
    return re.sub(r"^[^ ]+(?: [^ ]+)* (?=in )|^.*$", lambda found: found.group().lower(), title) + of + rest.strip()


# --- concentration ---------------------------------------------------------------------------------


def concentration(codings: pd.DataFrame, poles: Sequence[str] = POLES) -> dict[str, float]:
    """Herfindahl-Hirschman index of coded rows over the poles, and the effective number 1/HHI.

    HHI is the sum of squared shares: 1/len(poles) for equal shares, 1 where one pole has all. Both are
    nan without a row. It says how attention is spread, not that anyone hedges.
    """
    counts = codings["vector"].value_counts().reindex(list(poles), fill_value=0)
    total = int(counts.sum())
    hhi = float(((counts / total) ** 2).sum()) if total else math.nan
    return {"rows": total, "poles": int((counts > 0).sum()), "HHI": hhi, "effective number": 1 / hhi if total else math.nan}


def leave_one_out(study: Study, measure: Callable[[pd.DataFrame], dict[str, float]]) -> pd.DataFrame:
    """The measure on all codings of the poles and, of up to 20 articles, with each left out: left out, its values, refs."""
    codings = study.coding.codings[study.coding.codings["vector"].isin(POLES)]
    names = study.names() if len(study.corpus.articles) <= 20 else {}
    parts = {"none": codings} | {name: codings[codings["doc"] != doc] for doc, name in names.items()}
    return pd.DataFrame([{"left out": name, **measure(part), "refs": refs_of(part)} for name, part in parts.items()])


def sampled_shares(study: Study, *, rng: np.random.Generator) -> pd.DataFrame:
    """The share of sentences that speak of each vector, with its 95% interval over articles: vector, year, share, low, high, articles.

    Only for a corpus that its owner declares a random sample. A row for all years and one for each year with articles;
    the interval is nan under 20 articles.
    """
    from .shares import bootstrap_share

    sentences, rows = with_sentence_ref(study.corpus.sentences), []
    years = sentences["doc"].map({article.doc: article.year for article in study.corpus.articles})
    for vector, label in VECTORS.items():
        about = sentences["ref"].isin({c.ref for c in study.codings if c.vector == vector}).to_numpy(dtype=float)
        for year in ["all", *sorted({int(y) for y in years.dropna() if y})]:
            inside = (years == year).to_numpy(dtype=bool) | (year == "all")
            docs = sentences.loc[inside, "doc"]
            found = bootstrap_share(about[inside], docs, rng=rng)
            rows.append((label, str(year), found.value, found.low, found.high, docs.nunique()))
    return pd.DataFrame(rows, columns=["partner", "year", "share of sentences", "low", "high", "articles"])


def constraints(codings: pd.DataFrame) -> pd.DataFrame:
    """Who limits whose tie: refs by the vector coded as constraint and the other vectors of its sentence.

    A vector that is itself a constraint there is not its object; `none named` where no other stands in the sentence.
    """
    rows = with_sentence_ref(codings)
    limits = rows["limit"] == "constraint"
    others = rows[~limits].groupby("ref")["vector"].agg(list)
    objects = rows[limits].assign(object=[others.get(ref, ["none named"]) for ref in rows.loc[limits, "ref"]])
    table = ref_table(objects, "vector", "object", index_order=list(VECTORS), column_order=[*VECTORS, "none named"])
    return table.rename(index=VECTORS, columns=VECTORS).rename_axis(index="limits")


def pairs_in_sentence(codings: pd.DataFrame) -> pd.DataFrame:
    """Sentences in which two vectors are coded: columns partner, with, sentences, refs, most first."""
    return _pairs(codings, "vector", list(VECTORS))


def _pairs(rows: pd.DataFrame, column: str, order: list[str]) -> pd.DataFrame:
    found: dict[tuple[str, str], list[Ref]] = {}
    rank = {value: at for at, value in enumerate(order)}
    for ref, values in rows.groupby(["doc", "para", "sent"])[column]:
        for pair in combinations(sorted(set(values), key=rank.__getitem__), 2):
            found.setdefault(pair, []).append(ref)
    table = pd.DataFrame([(*pair, len(refs), refs) for pair, refs in found.items()], columns=["partner", "with", "sentences", "refs"])
    return table.sort_values(["sentences", "partner", "with"], ascending=[False, True, True], ignore_index=True)


# --- does it survive other choices -----------------------------------------------------------------


def _changed(coding: Annotations, name: str, **tables: pd.DataFrame) -> Annotations:
    return Annotations(f"{coding.coder}, {name}", {**coding.tables, **tables})


def _without_partner(coding: Annotations, partner: str) -> dict[str, pd.DataFrame]:
    """The codings and acts but those with this partner alone."""
    tables = {name: coding.tables[name] for name in ("codings", "events")}
    return {name: t[t["partners"].map(lambda cell: cell != [partner]).astype(bool)] for name, t in tables.items()}


def without_sco(coding: Annotations) -> Annotations:
    """The Shanghai Cooperation Organization counts for neither Russia nor China."""
    return _changed(coding, "SCO left out", **_without_partner(coding, "sco"))


def contested_moved(coding: Annotations) -> Annotations:
    """Each contested act counts for the vector that another reasonable coder could give it."""
    events, moved = coding.events, coding.events["contested"].map(len) > 0
    there = {column: events[column].where(~moved, events["contested"]) for column in ("vectors", "partners")}
    return _changed(coding, "contested acts moved", events=events.assign(**there))


def turkey_apart(coding: Annotations) -> Annotations:
    """Turkey is no part of the West: it leaves the partners of `nato`, and a row that had no other partner is dropped."""
    tables = _without_partner(coding, "turkey")
    for name, table in tables.items():
        left = [[p for p in cell if p != "turkey"] for cell in table["partners"]]
        tables[name] = table.assign(partners=pd.Series(left, index=table.index, dtype=object))
    return _changed(coding, "Turkey apart", **tables)


def without_neutral(coding: Annotations) -> Annotations:
    """Neutral codings are dropped."""
    return _changed(coding, "neutral dropped", codings=coding.codings[coding.codings["stance"] != "neutral"])


def without_officials(coding: Annotations) -> Annotations:
    """What officials said is dropped, and so are acts that are statements."""
    codings, events = coding.codings, coding.events
    codings, events = codings[codings["voice"] != "official"], events[events["kind"] != "statement"]
    return _changed(coding, "officials’ words dropped", codings=codings, events=events)


RECODINGS = {
    "SCO left out": without_sco,
    "contested acts moved": contested_moved,
    "Turkey apart": turkey_apart,
    "neutral codings dropped": without_neutral,
    "officials’ words dropped": without_officials,
}


def without_article(coding: Annotations, doc: str) -> Annotations:
    """The coding of all articles but one."""
    return _changed(coding, f"without {doc}", **{name: t[t["doc"] != doc] for name, t in coding.tables.items()})
