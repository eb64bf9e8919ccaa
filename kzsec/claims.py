"""A study in, headline claims out: each computes its numbers, leads to its sentences, and can fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, compress

import pandas as pd

from .annotations import Annotations, annotate
from .codebook import MODALITIES, VECTORS
from .corpus import SEEDS, Corpus
from .evidence import Html, Ref, Trail, refs_of, text_html
from .patterns import POLES, RECODINGS, Study, without_article

RUSSIA_LED = frozenset(
    ["csto", "cis", "eurasian-economic-community", "single-economic-space", "central-asian-cooperation-organization", "sco"]
)


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


def _stop_if_broken(corpus: Corpus, claims: Iterable[Claim]) -> None:
    broken = [claim.name for claim in claims if claim.holds is False]
    if broken and is_seed_corpus(corpus):
        raise ClaimError(f"no longer holds on the seed articles: {', '.join(broken)}")


def _claim_html(corpus: Corpus, claim: Claim, trail: Trail, note: str = "") -> str:
    count = len(set(claim.refs))
    link = trail.link(claim.refs, claim.name, f"{count} sentence{'s' * (count != 1)}")
    verdict = {True: "", False: "Does not hold here: ", None: f"Not estimable from {_articles(corpus)}: "}[claim.holds]
    mark = f'<span class="verdict">{verdict}</span>' if verdict else ""
    about = f' <small class="rests">{text_html(note)}</small>' if note else ""
    return f"{mark}{text_html(claim.says) if note else _with_lead(claim.says)} [{link}]{about}"


def claims_html(corpus: Corpus, claims: Iterable[Claim], *, name: str = "claims") -> Html:
    """The claims as a list, each with a link to its sentences.

    On the seed articles a claim that does not hold raises `ClaimError` with its name; on any other
    corpus it is shown as not holding, with its numbers.
    """
    claims = list(claims)
    _stop_if_broken(corpus, claims)
    trail = Trail(corpus, name)
    items = [f'<li class="{"claim" if c.holds else "claim broken"}">{_claim_html(corpus, c, trail)}</li>' for c in claims]
    return Html(f'<ul class="claims">{"".join(items)}</ul>{trail.lists_html()}', "\n".join(c.says for c in claims))


def _with_lead(says: str) -> str:
    """The sentence as HTML, its finding before the colon set off from the numbers behind it."""
    lead, colon, rest = says.partition(": ")
    return f"<strong>{text_html(lead)}:</strong> {text_html(rest)}" if colon else text_html(says)


def answer(study: Study, *findings: tuple[str, Iterable[Ref]]) -> Html:
    """A page's answer: sentences with their numbers, each with the sentences of the articles that it stands on."""
    return claims_html(study.corpus, [Claim(says, says, True, tuple(refs)) for says, refs in findings], name="answer")


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


def _having(rows: pd.DataFrame, column: str, values: Iterable[str]) -> pd.DataFrame:
    wanted = set(values)
    return rows[rows[column].map(lambda cell: bool(wanted & set(cell))).astype(bool)]


def _of(part: pd.DataFrame, whole: pd.DataFrame) -> str:
    return f"{len(part)} of {len(whole)}"


def _others(part: pd.DataFrame, whole: pd.DataFrame) -> str:
    """The acts of `whole` that are not in `part`, in their own words where they are few, so that what a count leaves out is said."""
    rest = whole.loc[whole.index.difference(part.index), "what"].tolist()
    return f"; the other{'s' * (len(rest) > 1)}: {'; '.join(rest)}" if 0 < len(rest) <= NAMED else ""


def _modalities(acts: pd.DataFrame) -> str:
    counts = acts["modality"].value_counts()
    return ", ".join(f"{counts[m]} {m.replace('_', ' ')}" for m in MODALITIES if counts.get(m))


def claim_several(study: Study) -> Claim:
    """At least three of the four poles carry cooperation, and the largest has over half more than the smallest."""
    rows = study.coding.codings
    cooperation = rows[(rows["stance"] == "cooperation") & rows["vector"].isin(POLES)]
    counts = cooperation["vector"].value_counts().reindex(list(POLES), fill_value=0)
    shown = ", ".join(f"{VECTORS[v]} {counts[v]}" for v in counts.sort_values(ascending=False, kind="stable").index)
    holds = bool((counts > 0).sum() >= 3 and counts.max() > 1.5 * counts[counts > 0].min()) if len(cooperation) else None
    return Claim(
        "several partners, unequal",
        f"Several partners, but not in equal measure: the {len(cooperation)} codings of cooperation with the four poles are {shown}.",
        holds, tuple(refs_of(cooperation)),
    )  # fmt: skip


NAMED = 4  # articles or acts that a sentence names one by one; more are counted


def stories(codings: pd.DataFrame) -> dict[str, str]:
    """The vector that each article has most codings of; ties go to the codebook's order."""
    counts = codings.groupby(["doc", "vector"]).size()
    return {doc: max(VECTORS, key=lambda v: counts.get((doc, v), 0)) for doc in sorted(codings["doc"].unique())}


def claim_by_story(study: Study) -> Claim:
    """Where the story is a Western or neighbouring tie, at least half of Russia's codings are friction, twice the share elsewhere."""
    rows = study.coding.codings
    story = stories(rows)
    russia = rows[rows["vector"] == "russia"]
    western = russia["doc"].map(lambda doc: story[doc] in ("nato", "region")).astype(bool)
    there, elsewhere = russia[western], russia[~western]
    limits, other = there[there["stance"] == "friction"], elsewhere[elsewhere["stance"] == "friction"]
    constraint = russia[russia["limit"] == "constraint"]
    holds = None
    if len(there) >= 5 and len(elsewhere) >= 5:
        holds = bool(len(limits) / len(there) >= 0.5 and len(limits) / len(there) >= 2 * len(other) / len(elsewhere))
    labels = study.labels()
    docs = [labels[doc] for doc in story if story[doc] in ("nato", "region")]
    named = (" and ".join(docs) or "none") if len(docs) <= NAMED else f"{len(docs)} of {len(story)}"
    return Claim(
        "Russia by story",
        f"Russia is a partner where the story is Russian or Central Asian, and friction where it is a Western or Caspian tie: in such "
        f"articles, {named}, {_of(limits, there)} codings of Russia are friction, elsewhere {_of(other, elsewhere)}; "
        f"{len(constraint)} of these are constraints on a tie with someone else.",
        holds, tuple(refs_of(pd.concat([limits, other]))),
    )  # fmt: skip


def claim_operations(study: Study) -> Claim:
    """At least two thirds of the operations and commitments are with Russia or a grouping that it belongs to."""
    acts = study.acts(kinds=("operation", "commitment"))
    led = _having(acts, "vectors", ["russia"])
    return Claim(
        "operations: Russia and the CSTO",
        f"Operations and standing commitments run through Russia, the CSTO and the SCO: {_of(led, acts)} such acts "
        f"({_modalities(led)}){_others(led, acts)}.",
        None if acts.empty else bool(len(led) >= 2 / 3 * len(acts)), tuple(refs_of(led)),
    )  # fmt: skip


def claim_support(study: Study) -> Claim:
    """Over half of the support that is done or under way is with the United States or Turkey, and none with NATO itself."""
    acts = study.acts(kinds=("support",), modalities=("done", "under_way"))
    states = _having(acts, "partners", ["united-states", "turkey"])
    nato = _having(acts, "partners", ["nato"])
    wanted = _having(study.acts(kinds=("support",), modalities=("sought", "scheduled")), "partners", ["nato"])
    return Claim(
        "support: United States and Turkey",
        f"Support that is given and not only offered comes from the United States and Turkey: {_of(states, acts)} such acts "
        f"({_modalities(states)}){_others(states, acts)}. From NATO itself {len(nato)}, with {len(wanted)} offered or asked for.",
        None if acts.empty else bool(len(states) > len(acts) / 2 and nato.empty), tuple(refs_of(states)),
    )  # fmt: skip


def claim_china(study: Study) -> Claim:
    """A statement on China there is, and no agreement, support, operation or commitment with it outside a grouping with Russia."""
    acts = _having(study.acts(), "partners", ["china"])
    said = acts[acts["kind"] == "statement"]
    enacted = acts[acts["kind"].isin(["agreement", "support", "operation", "commitment"])]
    alone = enacted[enacted["partners"].map(lambda partners: not RUSSIA_LED & set(partners)).astype(bool)]
    return Claim(
        "China in words",
        f"China is declared, hardly enacted: {_of(said, acts)} acts that name it are statements, and outside the SCO "
        f"{len(alone)} agreements, acts of support, operations or commitments with it are reported.",
        None if acts.empty else bool(len(said) >= 1 and alone.empty), tuple(refs_of(acts)),
    )  # fmt: skip


def claim_limits(study: Study) -> Claim:
    """Over four fifths of the codings of constraint are Russia's or China's."""
    rows = study.coding.codings
    constraint = rows[rows["limit"] == "constraint"]
    theirs = constraint[constraint["vector"].isin(["russia", "china"])]
    west = len(set(refs_of(constraint)) & set(refs_of(rows[rows["vector"] == "nato"])))
    return Claim(
        "limits: Russia and China",
        f"What limits a tie with someone else is Russia or China: theirs are {_of(theirs, constraint)} codings of constraint, "
        f"in {len(refs_of(constraint))} sentences, {west} of which speak of the West too.",
        None if constraint.empty else bool(len(theirs) > 0.8 * len(constraint)), tuple(refs_of(constraint)),
    )  # fmt: skip


def claim_tentative(study: Study) -> Claim:
    """Of the acts with the Middle East that are done, less than half go beyond contact, and none of these is on security."""
    acts = _having(study.acts(modalities=("done", "under_way")), "vectors", ["middle_east"])
    agreed = acts[~acts["kind"].isin(["contact", "statement"])]
    security = agreed[agreed["domain"] == "security"]
    trade = agreed[agreed["domain"] == "economic"]
    docs = acts["doc"].nunique()
    return Claim(
        "Middle East: talks",
        f"With the Middle East it is talks: {len(acts) - len(agreed)} of {len(acts)} acts done are meetings, and what goes beyond "
        f"them is trade ({len(trade)}), not security ({len(security)}); all in {docs} article{'s' * (docs != 1)}.",
        None if acts.empty else bool(security.empty and len(agreed) < len(acts) / 2), tuple(refs_of(acts)),
    )  # fmt: skip


def claim_hedges(study: Study) -> Claim:
    """The West's, the Middle East's and the neighbours' codings are hedged more often than Russia's and China's."""
    rows = study.coding.codings
    overture = rows[rows["vector"].isin(["nato", "middle_east", "region"])]
    standing = rows[rows["vector"].isin(["russia", "china"])]
    hedged, other = overture[overture["hedged"]], standing[standing["hedged"]]
    holds = None
    if len(overture) >= 10 and len(standing) >= 10:
        holds = bool(len(hedged) / len(overture) > len(other) / len(standing))
    return Claim(
        "hedged overtures",
        f"The overtures are hedged more often than the standing ties: {_of(hedged, overture)} codings of the West, the Middle East "
        f"and the neighbours, {_of(other, standing)} of Russia and China.",
        holds, tuple(refs_of(hedged)),
    )  # fmt: skip


def claim_treaty(study: Study) -> Claim:
    """A neighbour with an agreement done has no operation done, and over a quarter of its codings are hedged or doubt the tie."""
    events, rows = study.coding.events, study.coding.codings
    agreed = _having(events[(events["kind"] == "agreement") & (events["modality"] == "done")], "vectors", ["region"])
    partners = sorted({p for cell in agreed["partners"] for p in cell if "region" in study.partner_vectors(p)})
    operations = _having(study.acts(kinds=("operation",), modalities=("done",)), "partners", partners)
    about = _having(rows[rows["vector"] == "region"], "partners", partners)
    hedged = about[about["hedged"] | about["limit"].eq("doubt")]
    names = ", ".join(map(study.partner_name, partners)) or "a neighbour"
    return Claim(
        "treaty without depth",
        f"With {names} a treaty is not depth: {len(agreed)} agreement{'s' * (len(agreed) != 1)} done, {len(operations)} "
        f"operations; {_of(hedged, about)} codings of that tie are hedged or doubt it.",
        None if agreed.empty else bool(operations.empty and len(hedged) > len(about) / 4), tuple(refs_of(pd.concat([agreed, hedged]))),
    )  # fmt: skip


def claim_doctrine(study: Study) -> Claim:
    """Over half of the statements on Russia and China are made, over half of those on the West only sought."""
    said = study.acts(kinds=("statement",))
    east, west = _having(said, "vectors", ["russia", "china"]), _having(said, "vectors", ["nato"])
    made, sought = east[east["modality"] == "done"], west[west["modality"] == "sought"]
    return Claim(
        "ranked declarations",
        f"Declarations rank partners: {_of(made, east)} statements on Russia, China and their groupings declare a priority; "
        f"{_of(sought, west)} on the United States and NATO state a need or a wish.",
        None if east.empty or west.empty else bool(len(made) > len(east) / 2 and len(sought) > len(west) / 2),
        tuple(refs_of(pd.concat([made, sought]))),
    )  # fmt: skip


CONDITION = re.compile(r"\b(?:stands? or falls?|depends?(?: also)? (?:up)?on|hinges? on|provided that|on condition|only if|unless)\b", re.I)


def claim_condition(study: Study) -> Claim:
    """In a last paragraph the author's judgement makes a Western tie depend on something, in so many words."""
    rows = study.coding.codings
    last = {article.doc: len(article.paragraphs) - 1 for article in study.corpus.articles}
    closing = rows[(rows["voice"] == "judgement") & (rows["para"] == rows["doc"].map(last))]
    west = closing[closing["vector"] == "nato"]
    texts = [study.corpus.raw(row.doc)[row.start : row.end] for row in west.itertuples()]
    found = [bool(CONDITION.search(text)) for text in texts]
    names, west = study.names(), west[pd.Series(found, index=west.index, dtype=bool)]
    quotes = "; ".join(f"“{text}” ({names[doc]})" for text, doc in zip(compress(texts, found), west["doc"].head(2), strict=False))
    return Claim(
        "the stated condition",
        f"What the Western tie depends on, in the authors’ words: {quotes or 'no last paragraph says it'}",
        bool(len(west)) if len(closing) else None, tuple(refs_of(west)),
    )  # fmt: skip


HEADLINES = (
    claim_several, claim_operations, claim_support, claim_china, claim_by_story, claim_limits, claim_tentative, claim_treaty,
    claim_hedges, claim_doctrine, claim_condition,
)  # fmt: skip
# the answer in five lines, each of one or more headlines
OVERVIEW = {
    "Is it multi-vector?": (claim_several,),
    "Who does what?": (claim_operations, claim_support, claim_china),
    "Who limits whom?": (claim_by_story, claim_limits),
    "How deep are the openings?": (claim_tentative, claim_treaty),
    "On what does it depend?": (claim_condition,),
}


def overview(study: Study) -> Html:
    """The answer: a line a question, each headline with its sentences and with what it rests on."""
    found = survival(study, singly=True)
    rests = {claim: _rests_on(part) for claim, part in found.groupby("claim")}
    trail, items = Trail(study.corpus, "overview"), []
    _stop_if_broken(study.corpus, [headline(study) for group in OVERVIEW.values() for headline in group])
    for question, group in OVERVIEW.items():
        says = [_claim_html(study.corpus, headline(study), trail, rests[headline(study).name]) for headline in group]
        points = f"<ul>{''.join(f'<li>{point}</li>' for point in says)}</ul>" if len(says) > 1 else says[0]
        items.append(f"<li><strong>{text_html(question)}</strong> {points}</li>")
    return Html(f'<ul class="claims">{"".join(items)}</ul>{trail.lists_html()}')


def _rests_on(part: pd.DataFrame) -> str:
    """In how many of the single choices a headline holds, and the first that break it."""
    held = int(part["holds"].eq(True).sum())
    if held == len(part):
        return f"holds under all {len(part)} choices tried"
    failing = [next(iter(c), "as coded") for c in part.loc[~part["holds"].eq(True), "choices"]]
    return f"holds under {held} of {len(part)} choices tried, not {', '.join(failing[:3])}{' …' if len(failing) > 3 else ''}"


# --- does it survive other choices -----------------------------------------------------------------


def variants(study: Study, *, singly: bool = False) -> Iterator[tuple[frozenset[str], Study]]:
    """The study under every combination of the named recodings (`singly`: each alone), and without each article in turn."""
    choices: dict[str, Callable[[Annotations], Annotations]] = dict(RECODINGS)
    if study.coding.coder.startswith("reference"):
        machine = annotate(study.corpus, codebook=study.codebook)
        choices = {"machine’s coding": lambda _: machine, **choices}
    for size in range(2 if singly else len(choices) + 1):
        for names in combinations(choices, size):
            coding = study.coding
            for name in names:
                coding = choices[name](coding)
            yield frozenset(names), study.recoded(coding)
    articles = study.names()
    if 1 < len(articles) <= 20:
        for doc, name in articles.items():
            yield frozenset([f"without {name}"]), study.recoded(without_article(study.coding, doc))


def survival(study: Study, *, singly: bool = False) -> pd.DataFrame:
    """Each headline under each variant: columns claim, choices (none: as coded), holds (True, False, None), says, refs."""
    rows = []
    for names, changed in variants(study, singly=singly):
        for headline in HEADLINES:
            claim = headline(changed)
            rows.append((claim.name, names, claim.holds, claim.says, list(claim.refs)))
    return pd.DataFrame(rows, columns=["claim", "choices", "holds", "says", "refs"]).astype({"holds": object})


# each headline's condition, as its function states it
CONDITIONS = dict(zip(
    ("several partners, unequal", "operations: Russia and the CSTO", "support: United States and Turkey", "China in words", "Russia by story",
     "limits: Russia and China", "Middle East: talks", "treaty without depth", "hedged overtures", "ranked declarations", "the stated condition"),
    (headline.__doc__.splitlines()[0] for headline in HEADLINES), strict=True,
))  # fmt: skip


def survival_summary(found: pd.DataFrame) -> pd.DataFrame:
    """A row a claim: holds in how many of how many results (the same numbers counted once), the smallest choices that break it.

    `broken by` names the sets of choices under which it does not hold and no smaller set among them breaks it.
    """
    rows = []
    for claim, part in found.groupby("claim", sort=False):
        results = part.drop_duplicates("says")
        broken = sorted(part.loc[part["holds"].eq(False), "choices"], key=lambda c: (len(c), sorted(c)))
        least = [c for at, c in enumerate(broken) if not any(smaller < c for smaller in broken[:at])]
        mute = sorted(name for c in part.loc[part["holds"].isna(), "choices"] if len(c) == 1 for name in c)
        rows.append((claim, int(results["holds"].eq(True).sum()), len(results), " or ".join(" and ".join(sorted(c)) for c in least),
                     ", ".join(mute), CONDITIONS.get(claim, ""), OVERTURNED.get(claim, "")))  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "holds in", "of results", "broken by", "not estimable", "condition", "what would overturn it"])


# what a further article would have to report, for each headline
OVERTURNED = {
    "several partners, unequal": "articles in which the four poles carry cooperation alike; collect stories on China and the Gulf",
    "Russia by story": "a Western or Caspian story in which Russia is mostly partner; collect stories on NATO visits and Caspian exercises",
    "operations: Russia and the CSTO": "a joint exercise, deployment or standing duty with a Western or Chinese partner; collect stories on Steppe Eagle and the like",
    "support: United States and Turkey": "arms, training or money that Russia, China or NATO itself gives; collect stories on arms deliveries",
    "China in words": "one bilateral exercise, delivery or security agreement with China; collect stories on Chinese military aid",
    "limits: Russia and China": "a Western partner that makes its help depend on distance from another; collect stories on conditions of aid",
    "Middle East: talks": "one security agreement, delivery or exercise with an Arab state, Israel or Iran that is done; collect follow-ups to the visits of 2006",
    "hedged overtures": "overtures reported without reserve, or ties with Russia and China in doubt; collect other authors",
    "treaty without depth": "a joint operation with a neighbour under its treaty; collect stories on the Caspian and on Uzbekistan",
    "the stated condition": "an author who makes no condition, or another one; collect other authors on the same overtures",
    "ranked declarations": "a declared priority for the West, or a mere wish towards the CSTO; collect doctrines and addresses in full",
}
