"""Coded tables in, the pattern out: counts that keep their sentences, concentration, claims that can fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

import pandas as pd

from .annotations import Annotations, annotate, best_coding
from .codebook import KINDS, VECTORS, Codebook, read_codebook
from .corpus import SEEDS, Corpus, read_corpus
from .evidence import Html, Ref, Trail, refs_of, short_names, text_html

POLES = ("russia", "china", "nato", "middle_east")  # the neighbours stand beside them and are never counted among them
RUSSIA_LED = frozenset(["csto", "cis", "eurasian-economic-community", "single-economic-space",
                        "central-asian-cooperation-organization", "sco"])  # fmt: skip


def with_sentence_ref(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a column `ref`, the name of their sentence."""
    return rows.assign(ref=list(zip(rows["doc"], rows["para"], rows["sent"], strict=True)))


def ref_table(
    rows: pd.DataFrame, index: str, column: str, *, index_order: Sequence[str], column_order: Sequence[str]
) -> pd.DataFrame:
    """Sentences by two columns: each cell the list of refs of its rows (empty where there are none).

    A column that holds lists counts a row under each of its values.
    """
    cells: dict[tuple[str, str], list[Ref]] = {}
    for row in with_sentence_ref(rows).to_dict("records"):
        for left in _values(row[index]):
            for right in _values(row[column]):
                cells.setdefault((left, right), []).append(row["ref"])
    table = [[cells.get((left, right), []) for right in column_order] for left in index_order]
    return pd.DataFrame(table, index=list(index_order), columns=list(column_order), dtype=object)


def _values(cell: object) -> list:
    return list(cell) if isinstance(cell, (list, tuple)) else [cell]


def totalled(refs: pd.DataFrame, *, name: str = "all") -> pd.DataFrame:
    """The table of refs with a last column that unites each row."""
    return refs.assign(**{name: [sorted({ref for cell in row for ref in cell}) for row in refs.to_numpy()]})


def relabelled(refs: pd.DataFrame, rows: dict[str, str], columns: dict[str, str]) -> pd.DataFrame:
    """The table under readable names."""
    return refs.rename(index=rows, columns=columns)


def partner_counts(rows: pd.DataFrame) -> pd.Series:
    """Rows by partner, most first, ties by id; a row with several partners counts under each."""
    counts = rows["partners"].explode().value_counts()
    return counts.sort_index(kind="stable").sort_values(ascending=False, kind="stable")


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


def leave_one_out(annotations: Annotations, measure: Callable[[pd.DataFrame], dict[str, float]]) -> pd.DataFrame:
    """The measure on all codings and with each article left out in turn, a row each."""
    codings = annotations.codings
    rows = [{"left out": "none", **measure(codings)}]
    rows += [{"left out": doc, **measure(codings[codings["doc"] != doc])} for doc in sorted(codings["doc"].unique())]
    return pd.DataFrame(rows)


def pairs_in_sentence(codings: pd.DataFrame) -> pd.DataFrame:
    """How often two vectors are coded in one sentence: columns a, b, sentences, refs."""
    groups = codings.groupby(["doc", "para", "sent"], sort=True)["vector"].agg(lambda v: sorted(set(v), key=list(VECTORS).index))
    found: dict[tuple[str, str], list[Ref]] = {}
    for ref, vectors in groups.items():
        for pair in combinations(vectors, 2):
            found.setdefault(pair, []).append(ref)
    rows = [(a, b, len(refs), refs) for (a, b), refs in found.items()]
    return pd.DataFrame(rows, columns=["a", "b", "sentences", "refs"]).sort_values(["sentences", "a", "b"], ascending=[False, True, True])


# --- claims ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A headline: what it says with its numbers, the sentences it stands on, and whether its condition holds.

    `holds` is None where the corpus has too little to tell.
    """

    name: str
    says: str
    holds: bool | None
    refs: tuple[Ref, ...] = ()


class ClaimError(AssertionError):
    """A headline claim that the seed articles no longer carry."""


def claims_html(corpus: Corpus, claims: Iterable[Claim], *, name: str = "claims") -> Html:
    """The claims as a list, each with a link to its sentences.

    On the seed articles a claim that does not hold raises `ClaimError` with its name; on any other
    corpus it is shown as not holding, with its numbers.
    """
    claims = list(claims)
    broken = [claim.name for claim in claims if claim.holds is False]
    if broken and is_seed_corpus(corpus):
        raise ClaimError(f"no longer holds on the seed articles: {', '.join(broken)}")
    trail = Trail(corpus, name)
    items = []
    for claim in claims:
        link = trail.link(claim.refs, claim.name, f"{len(set(claim.refs))} sentence{'s' * (len(set(claim.refs)) != 1)}")
        verdict = {True: "", False: "Does not hold here: ", None: f"Not estimable from {_articles(corpus)}: "}[claim.holds]
        mark = f'<span class="verdict">{verdict}</span>' if verdict else ""
        kind = "claim" if claim.holds else "claim broken"
        items.append(f'<li class="{kind}">{mark}{text_html(claim.says)} [{link}]</li>')
    return Html(f'<ul class="claims">{"".join(items)}</ul>{trail.lists_html()}', "\n".join(c.says for c in claims))


def is_seed_corpus(corpus: Corpus) -> bool:
    """Whether the corpus is the repository's own seeds, where every headline must hold."""
    return corpus.root.resolve() == SEEDS.resolve()


def _articles(corpus: Corpus) -> str:
    n = len(corpus.articles)
    return f"{n} article{'s' * (n != 1)}"


def refused(corpus: Corpus, what: str, why: str) -> Html:
    """The words that stand in place of a figure which the corpus cannot carry."""
    text = f"{what}: not estimable from {_articles(corpus)}; {why}."
    return Html(f'<p class="refused">{text_html(text)}</p>', text)


@dataclass(frozen=True)
class Study:
    """A corpus, the coding that its numbers stand on, and the codebook that names its partners."""

    corpus: Corpus
    coding: Annotations
    codebook: Codebook

    def acts(self, *, kinds: Sequence[str] = KINDS, modalities: Sequence[str] | None = None) -> pd.DataFrame:
        """The acts of these kinds and modalities (all modalities unless told)."""
        events = self.coding.events
        chosen = events["kind"].isin(list(kinds))
        if modalities is not None:
            chosen &= events["modality"].isin(list(modalities))
        return events[chosen]

    def names(self) -> dict[str, str]:
        """A short name for each article."""
        return short_names(article.doc for article in self.corpus.articles)

    def recoded(self, coding: Annotations) -> Study:
        """The same corpus under another coding."""
        return replace(self, coding=coding)

    @property
    def coder(self) -> str:
        """The coding as a caption names it."""
        return "the reference coding" if self.coding.coder == "reference" else "the machine’s rules, uncorrected"

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
    """The articles of a folder (None: the seeds) under their reference coding where they have one, else the machine's."""
    articles, tables = read_corpus(corpus), read_codebook(codebook)
    return Study(articles, best_coding(articles, codebook=tables), tables)


def _having(rows: pd.DataFrame, column: str, values: Iterable[str]) -> pd.DataFrame:
    wanted = set(values)
    return rows[[bool(wanted & set(cell)) for cell in rows[column]]]


def _of(part: pd.DataFrame, whole: pd.DataFrame) -> str:
    return f"{len(part)} of {len(whole)}"


def claim_several(study: Study) -> Claim:
    """Several poles, unequal: at least three of the four carry cooperation, and the largest has over half more than the smallest."""
    rows = study.coding.codings
    cooperation = rows[(rows["stance"] == "cooperation") & rows["vector"].isin(POLES)]
    counts = cooperation["vector"].value_counts().reindex(list(POLES), fill_value=0)
    shown = ", ".join(f"{VECTORS[v]} {counts[v]}" for v in counts.sort_values(ascending=False, kind="stable").index)
    holds = None if cooperation.empty else bool((counts > 0).sum() >= 3 and counts.max() > 1.5 * counts[counts > 0].min())
    return Claim(
        "several partners, not in equal measure",
        f"Several partners, not in equal measure: of {len(cooperation)} codings of cooperation with the four poles, {shown}.",
        holds, tuple(refs_of(cooperation)),
    )  # fmt: skip


def stories(codings: pd.DataFrame) -> dict[str, str]:
    """The vector that each article has most codings of; ties go to the codebook's order."""
    counts = codings.groupby(["doc", "vector"]).size()
    return {doc: max(VECTORS, key=lambda v: counts.get((doc, v), 0)) for doc in sorted(codings["doc"].unique())}


def claim_by_story(study: Study) -> Claim:
    """Russia is friction where the story is another tie: its friction share there is at least twice that elsewhere."""
    rows = study.coding.codings
    story = stories(rows)
    russia = rows[rows["vector"] == "russia"]
    western = russia["doc"].map(lambda doc: story[doc] in ("nato", "region"))
    there, elsewhere = russia[western], russia[~western]
    limits, other = there[there["stance"] == "friction"], elsewhere[elsewhere["stance"] == "friction"]
    holds = None
    if len(there) >= 5 and len(elsewhere) >= 5:
        holds = bool(len(limits) / len(there) >= 0.5 and len(limits) / len(there) >= 2 * len(other) / len(elsewhere))
    names = study.names()
    docs = ", ".join(names[doc] for doc in story if story[doc] in ("nato", "region")) or "no article"
    return Claim(
        "Russia is partner or limit by story",
        f"Russia is partner or limit by the story told: where an article is mostly about a Western or neighbouring tie ({docs}), "
        f"{_of(limits, there)} codings of Russia are friction; elsewhere {_of(other, elsewhere)}.",
        holds, tuple(refs_of(pd.concat([limits, other]))),
    )  # fmt: skip


def claim_operations(study: Study) -> Claim:
    """Operations and commitments run through Russia and its groupings: at least two thirds of such acts."""
    acts = study.acts(kinds=("operation", "commitment"))
    led = _having(acts, "vectors", ["russia"])
    return Claim(
        "operations and commitments run through Russia and the CSTO",
        f"Operations and standing commitments run through Russia and the groupings it leads: {_of(led, acts)} such acts "
        f"(done, under way, scheduled or sought).",
        None if acts.empty else bool(len(led) >= 2 / 3 * len(acts)), tuple(refs_of(led)),
    )  # fmt: skip


def claim_support(study: Study) -> Claim:
    """Support that is done or under way comes from single states of the West: over half, and none from NATO itself."""
    acts = study.acts(kinds=("support",), modalities=("done", "under_way"))
    states = _having(acts, "partners", ["united-states", "turkey"])
    nato = _having(acts, "partners", ["nato"])
    return Claim(
        "the West supplies, and it is the United States and Turkey",
        f"Equipment, training and money that is given and not only offered comes from the United States and Turkey: "
        f"{_of(states, acts)} such acts; from NATO itself {len(nato)}.",
        None if acts.empty else bool(len(states) > len(acts) / 2 and nato.empty), tuple(refs_of(states)),
    )  # fmt: skip


def claim_china(study: Study) -> Claim:
    """China is declared, hardly enacted: a statement of its own, and no joint act of substance outside the groupings."""
    acts = _having(study.acts(), "partners", ["china"])
    said = acts[acts["kind"] == "statement"]
    enacted = acts[acts["kind"].isin(["agreement", "support", "operation", "commitment"])]
    alone = enacted[[not RUSSIA_LED & set(partners) for partners in enacted["partners"]]]
    return Claim(
        "China is declared, hardly enacted",
        f"China is a cornerstone in words: {len(said)} of {len(acts)} acts that name it are statements, and outside the SCO "
        f"{len(alone)} agreements, supplies, operations or commitments with it are reported.",
        None if acts.empty else bool(len(said) >= 1 and alone.empty), tuple(refs_of(acts)),
    )  # fmt: skip


def claim_limits(study: Study) -> Claim:
    """Russia and China are the ones that limit others' ties: all codings of constraint are theirs."""
    rows = study.coding.codings
    constraint = rows[rows["limit"] == "constraint"]
    theirs = constraint[constraint["vector"].isin(["russia", "china"])]
    return Claim(
        "who limits are Russia and China",
        f"What limits a tie with someone else is Russia or China: {_of(theirs, constraint)} codings of constraint.",
        None if constraint.empty else bool(len(theirs) > 0.8 * len(constraint)), tuple(refs_of(constraint)),
    )  # fmt: skip


def claim_tentative(study: Study) -> Claim:
    """The Middle Eastern opening is talk: of the acts done, no security act goes beyond contact."""
    acts = _having(study.acts(modalities=("done", "under_way")), "vectors", ["middle_east"])
    agreed = acts[~acts["kind"].isin(["contact", "statement"])]
    security = agreed[agreed["domain"] == "security"]
    trade = agreed[agreed["domain"] == "economic"]
    docs = acts["doc"].nunique()
    return Claim(
        "the Middle East is talks",
        f"With the Middle East {len(acts) - len(agreed)} of {len(acts)} acts done are meetings; what was agreed beyond them is "
        f"trade ({len(trade)}), not security ({len(security)}). All stand in {docs} article{'s' * (docs != 1)}.",
        None if acts.empty else bool(security.empty and len(agreed) < len(acts) / 2), tuple(refs_of(acts)),
    )  # fmt: skip


def claim_hedges(study: Study) -> Claim:
    """Hedges travel with overtures: the neighbours', Western and Middle Eastern codings are hedged more often than Russia's and China's."""
    rows = study.coding.codings
    overture = rows[rows["vector"].isin(["nato", "middle_east", "region"])]
    standing = rows[rows["vector"].isin(["russia", "china"])]
    hedged, other = overture[overture["hedged"]], standing[standing["hedged"]]
    holds = None
    if len(overture) >= 10 and len(standing) >= 10:
        holds = bool(len(hedged) / len(overture) > len(other) / len(standing))
    return Claim(
        "hedges travel with overtures",
        f"Hedges travel with the overtures: {_of(hedged, overture)} codings of the West, the Middle East and the neighbours "
        f"are hedged, {_of(other, standing)} of Russia and China.",
        holds, tuple(refs_of(hedged)),
    )  # fmt: skip


HEADLINES = (
    claim_several, claim_by_story, claim_operations, claim_support, claim_china, claim_limits, claim_tentative, claim_hedges,
)  # fmt: skip


# --- does it survive other choices -----------------------------------------------------------------


def _changed(coding: Annotations, name: str, **tables: pd.DataFrame) -> Annotations:
    return Annotations(f"{coding.coder}, {name}", {**coding.tables, **tables})


def without_sco(coding: Annotations) -> Annotations:
    """The Shanghai Cooperation Organization counts for neither Russia nor China."""
    codings = coding.codings[[set(p) != {"sco"} for p in coding.codings["partners"]]]
    events = coding.events[[set(p) != {"sco"} for p in coding.events["partners"]]]
    return _changed(coding, "SCO left out", codings=codings, events=events)


def contested_moved(coding: Annotations) -> Annotations:
    """Each contested act counts for the vector that another reasonable coder could give it."""
    events = coding.events.copy()
    moved = events["contested"].map(len) > 0
    events.loc[moved, "vectors"] = events.loc[moved, "contested"]
    events.loc[moved, "partners"] = pd.Series([list(c) for c in events.loc[moved, "contested"]], index=events.index[moved], dtype=object)
    return _changed(coding, "contested acts moved", events=events)


def without_neutral(coding: Annotations) -> Annotations:
    """Neutral codings are dropped."""
    return _changed(coding, "neutral dropped", codings=coding.codings[coding.codings["stance"] != "neutral"])


def without_officials(coding: Annotations) -> Annotations:
    """What officials said is dropped, and so are acts that are statements."""
    return _changed(
        coding, "officials’ words dropped", codings=coding.codings[coding.codings["voice"] != "official"],
        events=coding.events[coding.events["kind"] != "statement"],
    )  # fmt: skip


RECODINGS = {
    "SCO left out": without_sco,
    "contested acts moved": contested_moved,
    "neutral codings dropped": without_neutral,
    "officials’ words dropped": without_officials,
}


def without_article(coding: Annotations, doc: str) -> Annotations:
    """The coding of all articles but one."""
    return _changed(coding, f"without {doc}", **{name: t[t["doc"] != doc] for name, t in coding.tables.items()})


def variants(study: Study) -> dict[str, Study]:
    """The study as coded, under each named recoding, under the machine's coding, and without each article in turn."""
    made = {"as coded": study} | {name: study.recoded(recode(study.coding)) for name, recode in RECODINGS.items()}
    if study.coding.coder == "reference":
        made["the machine’s coding"] = study.recoded(annotate(study.corpus, codebook=study.codebook))
    names = study.names()
    if 1 < len(names) <= 20:
        made |= {f"without {name}": study.recoded(without_article(study.coding, doc)) for doc, name in names.items()}
    return made


def survival(study: Study) -> pd.DataFrame:
    """Each headline under each variant: columns claim, variant, holds (True, False or None), says, refs."""
    rows = []
    for variant, changed in variants(study).items():
        for headline in HEADLINES:
            claim = headline(changed)
            rows.append((claim.name, variant, claim.holds, claim.says, list(claim.refs)))
    return pd.DataFrame(rows, columns=["claim", "variant", "holds", "says", "refs"]).astype({"holds": object})
