"""A study in, headline claims out: each computes its numbers, leads to its sentences, and can fail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from itertools import combinations
from typing import Any

import pandas as pd

from .annotations import Annotations, annotate, with_progress
from .codebook import MODALITIES, VECTORS
from .corpus import SEEDS, Corpus
from .evidence import Html, Ref, Trail, text_html
from .patterns import POLES, RECODINGS, Study, closing_judgements, without_article

RUSSIA_LED = set("csto cis eurasian-economic-community single-economic-space central-asian-cooperation-organization sco".split())
CONDITION = re.compile(r"\b(?:stands? or falls?|depends?(?: also)? (?:up)?on|hinges? on|provided that|on condition|only if|unless)\b", re.I)
NAMED = 4  # articles or acts that a sentence names one by one; more are counted


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
    if broken and corpus.root.resolve() == SEEDS.resolve():
        raise ClaimError(f"no longer holds on the seed articles: {', '.join(broken)}")


def _claim_html(corpus: Corpus, claim: Claim, says: str, trail: Trail) -> str:
    """The claim's words, already HTML, behind what is wrong with it and before the link to its sentences."""
    mute = f"Not estimable from {_number(corpus.articles, 'article')}: "
    verdict = "" if claim.holds else mute if claim.holds is None else "Does not hold here: "
    mark = f'<span class="verdict">{verdict}</span>' if verdict else ""
    return f"{mark}{says} [{trail.link(claim.refs, claim.name, _number(set(claim.refs), 'sentence'))}]"


def claims_html(corpus: Corpus, claims: Iterable[Claim], *, name: str = "claims") -> Html:
    """The claims as a list, each with a link to its sentences, its finding set off from the numbers behind the colon.

    On the seed articles a claim that does not hold raises `ClaimError` with its name; on any other
    corpus it is shown as not holding, with its numbers.
    """
    claims = list(claims)
    _stop_if_broken(corpus, claims)
    trail, items = Trail(corpus, name), []
    for claim in claims:
        lead, colon, rest = claim.says.partition(": ")
        says = f"<strong>{text_html(lead)}:</strong> {text_html(rest)}" if colon else text_html(lead)
        kind = "claim" if claim.holds else "claim broken"
        items.append(f'<li class="{kind}">{_claim_html(corpus, claim, says, trail)}</li>')
    return Html(f'<ul class="claims">{"".join(items)}</ul>{trail.lists_html()}', "\n".join(c.says for c in claims))


def answer(study: Study, *findings: tuple[str, Iterable[Ref]]) -> Html:
    """A page's answer: sentences with their numbers, each with the sentences of the articles that it stands on."""
    return claims_html(study.corpus, [Claim(says, says, True, tuple(refs)) for says, refs in findings], name="answer")


def refused(corpus: Corpus, what: str, why: str) -> Html:
    """The words that stand in place of a figure which the corpus cannot carry."""
    text = f"{what}: not estimable from {_number(corpus.articles, 'article')}; {why}."
    return Html(f'<p class="refused">{text_html(text)}</p>', text)


# --- the headlines ---------------------------------------------------------------------------------

Found = tuple[Any, ...]  # what a headline says, whether it holds, and the lists of rows that it stands on
HEADLINES: list[Callable[[Study], Claim]] = []
OVERVIEW: dict[str, list[Callable[[Study], Claim]]] = {}  # the headlines under the question that they answer
CONDITIONS: dict[str, str] = {}  # a headline's condition, as the first line of its function states it
OVERTURNED: dict[str, str] = {}  # what a further article would have to report


def _headline(name: str, *, overturned: str, answers: str = "") -> Callable:
    """Makes a headline of the function, which gives its words, whether it holds, and its rows."""

    def made(function: Callable[[Study], Found]) -> Callable[[Study], Claim]:
        @wraps(function)
        def headline(study: Study) -> Claim:
            says, holds, *rows = function(study)
            return Claim(name, says, holds, tuple(sorted({row.ref for part in rows for row in part})))

        HEADLINES.append(headline)
        CONDITIONS[name], OVERTURNED[name] = function.__doc__.splitlines()[0], overturned
        if answers:
            OVERVIEW.setdefault(answers, []).append(headline)
        return headline

    return made


def _split(rows: Iterable[Any], holds: Callable[[Any], bool]) -> tuple[list[Any], list[Any]]:
    """The rows of which it holds, and the others."""
    sides: tuple[list[Any], list[Any]] = ([], [])
    for row in rows:
        sides[not holds(row)].append(row)
    return sides


def _number(things: Iterable[object], noun: str) -> str:
    n = len(things)
    return f"{n} {noun}{'s' * (n != 1)}"


def _of(part: list, whole: list) -> str:
    return f"{len(part)} of {len(whole)}"


def _others(rest: list[Any]) -> str:
    """The acts that a count leaves out, in their own words where they are few."""
    told = f"; the other{'s' * (len(rest) > 1)}: {'; '.join(act.what for act in rest)}"
    return told if 0 < len(rest) <= NAMED else ""


def _modalities(acts: list[Any]) -> str:
    counts = Counter(act.modality for act in acts)
    return ", ".join(f"{counts[m]} {m.replace('_', ' ')}" for m in MODALITIES if counts[m])


@_headline("several partners, unequal", answers="Is it multi-vector?", overturned="articles in which the four poles "
           "carry cooperation alike; collect stories on China and the Gulf")  # fmt: skip
def claim_several(study: Study) -> Found:
    """At least three of the four poles carry cooperation, and the largest has over half more than the smallest."""
    cooperation = [c for c in study.codings if c.stance == "cooperation" and c.vector in POLES]
    counts = Counter(c.vector for c in cooperation)
    shown = ", ".join(f"{VECTORS[v]} {counts[v]}" for v in sorted(POLES, key=lambda v: -counts[v]))
    says = (
        f"Several partners, but not in equal measure: the {len(cooperation)} codings of cooperation with the four poles "
        f"are {shown}."
    )
    return says, len(counts) >= 3 and max(counts.values()) > 1.5 * min(counts.values()) if counts else None, cooperation


@_headline("operations: Russia and the CSTO", answers="Who does what?", overturned="a joint exercise, deployment or "
           "standing duty with a Western or Chinese partner; collect stories on Steppe Eagle and the like")  # fmt: skip
def claim_operations(study: Study) -> Found:
    """At least two thirds of the operations and commitments are with Russia or a grouping that it belongs to."""
    acts = [a for a in study.acts if a.kind in ("operation", "commitment")]
    led, rest = _split(acts, lambda a: "russia" in a.vectors)
    says = (
        f"Operations and standing commitments run through Russia, the CSTO and the SCO: {_of(led, acts)} such acts "
        f"({_modalities(led)}){_others(rest)}."
    )
    return says, len(led) >= 2 / 3 * len(acts) if acts else None, led


@_headline("support: United States and Turkey", answers="Who does what?", overturned="arms, training or money that "
           "Russia, China or NATO itself gives; collect stories on arms deliveries")  # fmt: skip
def claim_support(study: Study) -> Found:
    """Over half of the support that is done or under way is with the United States or Turkey, and none with NATO itself."""
    support = [a for a in study.acts if a.kind == "support"]
    acts = [a for a in support if a.modality in ("done", "under_way")]
    states, rest = _split(acts, lambda a: "united-states" in a.partners or "turkey" in a.partners)
    nato = [a for a in acts if "nato" in a.partners]
    wanted = [a for a in support if a.modality in ("sought", "scheduled") and "nato" in a.partners]
    says = (
        f"Support that is given and not only offered comes from the United States and Turkey: {_of(states, acts)} such acts "
        f"({_modalities(states)}){_others(rest)}. From NATO itself {len(nato)}, with {len(wanted)} offered or asked for."
    )
    return says, not nato and len(states) > len(acts) / 2 if acts else None, states


@_headline("China in words", answers="Who does what?", overturned="one bilateral exercise, delivery or security "
           "agreement with China; collect stories on Chinese military aid")  # fmt: skip
def claim_china(study: Study) -> Found:
    """A statement on China there is, and no agreement, support, operation or commitment with it outside a grouping with Russia."""
    acts = [a for a in study.acts if "china" in a.partners]
    said = [a for a in acts if a.kind == "statement"]
    alone = [a for a in acts if a.kind not in ("statement", "contact") and not RUSSIA_LED & set(a.partners)]
    says = (
        f"China is declared, hardly enacted: {_of(said, acts)} acts that name it are statements, and outside the SCO "
        f"{len(alone)} agreements, acts of support, operations or commitments with it are reported."
    )
    return says, bool(said) and not alone if acts else None, acts


@_headline("Russia by story", answers="Who limits whom?", overturned="a Western or Caspian story in which Russia is "
           "mostly partner; collect stories on NATO visits and Caspian exercises")  # fmt: skip
def claim_by_story(study: Study) -> Found:
    """Where the story is a Western or neighbouring tie, at least half of Russia's codings are friction, twice the share elsewhere."""
    stories, labels = study.stories(), study.labels()
    russia = [c for c in study.codings if c.vector == "russia"]
    there, elsewhere = _split(russia, lambda c: stories[c.doc] in ("nato", "region"))
    limits, other = ([c for c in part if c.stance == "friction"] for part in (there, elsewhere))
    constraint = [c for c in limits if c.limit == "constraint"]
    holds = None
    if len(there) >= 5 and len(elsewhere) >= 5:
        holds = len(limits) / len(there) >= max(0.5, 2 * len(other) / len(elsewhere))
    docs = [labels[doc] for doc, story in stories.items() if story in ("nato", "region")]
    named = (" and ".join(docs) or "none") if len(docs) <= NAMED else f"{len(docs)} of {len(stories)}"
    says = (
        "Russia is a partner where the story is Russian or Central Asian, and friction where it is a Western or Caspian "
        f"tie: in such articles, {named}, {_of(limits, there)} codings of Russia are friction, {len(constraint)} of them constraints on "
        f"a tie with someone else; elsewhere {_of(other, elsewhere)}."
    )
    return says, holds, limits, other


@_headline("limits: Russia and China", answers="Who limits whom?", overturned="a Western partner that makes its help "
           "depend on distance from another; collect stories on conditions of aid")  # fmt: skip
def claim_limits(study: Study) -> Found:
    """Over four fifths of the codings of constraint are Russia's or China's."""
    constraint = [c for c in study.codings if c.limit == "constraint"]
    theirs = [c for c in constraint if c.vector in ("russia", "china")]
    sentences = {c.ref for c in constraint}
    west = sentences & {c.ref for c in study.codings if c.vector == "nato"}
    says = (
        f"What limits a tie with someone else is Russia or China: theirs are {_of(theirs, constraint)} codings of constraint, "
        f"in {len(sentences)} sentences, {len(west)} of which speak of the West too."
    )
    return says, len(theirs) > 0.8 * len(constraint) if constraint else None, constraint


@_headline("Middle East: talks", answers="How deep are the openings?", overturned="one security agreement, delivery or "
           "exercise with an Arab state, Israel or Iran that is done; collect follow-ups to the visits of 2006")  # fmt: skip
def claim_tentative(study: Study) -> Found:
    """Of the acts with the Middle East that are done, less than half go beyond contact, and none of these is on security."""
    acts = [a for a in study.acts if a.modality in ("done", "under_way") and "middle_east" in a.vectors]
    talks, agreed = _split(acts, lambda a: a.kind in ("contact", "statement"))
    domains = Counter(a.domain for a in agreed)
    says = (
        f"With the Middle East it is talks: {_of(talks, acts)} acts done are meetings, and what goes beyond them is "
        f"trade ({domains['economic']}), not security ({domains['security']}); "
        f"all in {_number({a.doc for a in acts}, 'article')}."
    )
    return says, not domains["security"] and len(agreed) < len(acts) / 2 if acts else None, acts


@_headline("treaty without depth", answers="How deep are the openings?", overturned="a joint operation with a "
           "neighbour under its treaty; collect stories on the Caspian and on Uzbekistan")  # fmt: skip
def claim_treaty(study: Study) -> Found:
    """A neighbour with an agreement done has no operation done, and over a quarter of its codings are hedged or doubt the tie."""
    done = [a for a in study.acts if a.modality == "done"]
    agreed = [a for a in done if a.kind == "agreement" and "region" in a.vectors]
    partners = sorted({p for a in agreed for p in a.partners if "region" in study.partner_vectors(p)})
    operations = [a for a in done if a.kind == "operation" and not set(partners).isdisjoint(a.partners)]
    about = [c for c in study.codings if c.vector == "region" and not set(partners).isdisjoint(c.partners)]
    hedged = [c for c in about if c.hedged or c.limit == "doubt"]
    names = ", ".join(map(study.partner_name, partners)) or "a neighbour"
    says = (
        f"With {names} a treaty is not depth: {_number(agreed, 'agreement')} done, {len(operations)} operations; "
        f"{_of(hedged, about)} codings of that tie are hedged or doubt it."
    )
    return says, not operations and len(hedged) > len(about) / 4 if agreed else None, agreed, hedged


@_headline("hedged overtures", overturned="overtures reported without reserve, or ties with Russia and China in doubt; "
           "collect other authors")  # fmt: skip
def claim_hedges(study: Study) -> Found:
    """The West's, the Middle East's and the neighbours' codings are hedged more often than Russia's and China's."""
    standing, overture = _split(study.codings, lambda c: c.vector in ("russia", "china"))
    hedged, other = ([c for c in part if c.hedged] for part in (overture, standing))
    enough = len(overture) >= 10 and len(standing) >= 10
    says = (
        f"The overtures are hedged more often than the standing ties: {_of(hedged, overture)} codings of the West, the Middle East "
        f"and the neighbours, {_of(other, standing)} of Russia and China."
    )
    return says, len(hedged) / len(overture) > len(other) / len(standing) if enough else None, hedged


@_headline("ranked declarations", overturned="a declared priority for the West, or a mere wish towards the CSTO; "
           "collect doctrines and addresses in full")  # fmt: skip
def claim_doctrine(study: Study) -> Found:
    """Over half of the statements on Russia and China are made, over half of those on the West only sought."""
    said = [a for a in study.acts if a.kind == "statement"]
    east = [a for a in said if "russia" in a.vectors or "china" in a.vectors]
    west = [a for a in said if "nato" in a.vectors]
    made, sought = [a for a in east if a.modality == "done"], [a for a in west if a.modality == "sought"]
    says = (
        f"Declarations rank partners: {_of(made, east)} statements on Russia, China and their groupings declare a priority; "
        f"{_of(sought, west)} on the United States and NATO state a need or a wish."
    )
    return says, len(made) > len(east) / 2 and len(sought) > len(west) / 2 if east and west else None, made, sought


@_headline("the stated condition", answers="On what does it depend?", overturned="an author who makes no condition, or "
           "another one; collect other authors on the same overtures")  # fmt: skip
def claim_condition(study: Study) -> Found:
    """In a last paragraph the author's judgement makes a Western tie depend on something, in so many words."""
    closing, names = list(closing_judgements(study).itertuples()), study.names()
    west = [row for row in closing if "nato" in row.vectors and CONDITION.search(row.text)]
    quotes = "; ".join(f"“{row.text}” ({names[row.doc]})" for row in west[:2])
    says = f"What the Western tie depends on, in the authors’ words: {quotes or 'no last paragraph says it'}"
    return says, bool(west) if closing else None, west


def overview(study: Study) -> Html:
    """The answer: a line a question, each headline with its sentences and with what it rests on."""
    found = survival(study, singly=True)
    told = {question: [headline(study) for headline in group] for question, group in OVERVIEW.items()}
    _stop_if_broken(study.corpus, [claim for group in told.values() for claim in group])
    trail, items = Trail(study.corpus, "overview"), []
    for question, group in told.items():
        says = []
        for claim in group:
            whole = _claim_html(study.corpus, claim, text_html(claim.says), trail)
            rests = text_html(_rests_on(found[found["claim"] == claim.name]))
            says.append(f'{whole} <small class="rests">{rests}</small>')
        points = f"<ul>{''.join(f'<li>{point}</li>' for point in says)}</ul>" if len(says) > 1 else says[0]
        items.append(f"<li><strong>{text_html(question)}</strong> {points}</li>")
    return Html(f'<ul class="claims">{"".join(items)}</ul>{trail.lists_html()}')


def _rests_on(part: pd.DataFrame) -> str:
    """In how many of the single choices a headline holds, and the first that break it."""
    failing = [next(iter(c), "as coded") for c in part.loc[~part["holds"].eq(True), "choices"]]
    if not failing:
        return f"holds under each of {len(part)} choices, tried one at a time"
    held, named = len(part) - len(failing), [choice.replace("without ", "without article ") for choice in failing[:3]]
    return f"holds under {held} of {len(part)} choices, tried one at a time; not so: {'; '.join(named)}{' …' if len(failing) > 3 else ''}"


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
    tried = with_progress(variants(study, singly=singly), "choices tried", of=len(study.corpus.articles))
    for names, changed in tried:
        for claim in (headline(changed) for headline in HEADLINES):
            rows.append((claim.name, names, claim.holds, claim.says, list(claim.refs)))
    return pd.DataFrame(rows, columns=["claim", "choices", "holds", "says", "refs"]).astype({"holds": object})


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
