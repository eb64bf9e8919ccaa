"""Alignment, coded by rule: whom each sentence relates Kazakhstan to, in what stance, how sure, in whose words.

The cues stand in `tables/cues.csv` and `tables/acts.csv`; this module holds the grammar: which clause a cue governs,
which partner it is about, whether it is negated, who speaks. What the rules so propose, `weights` confirm or overrule.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import takewhile
from statistics import multimode
from typing import TYPE_CHECKING, NamedTuple

from .acts import Event, at_theatre, finished, proposals, tell
from .codebook import HOME, VECTORS, Codebook
from .corpus import Article
from .cues import Hit, Reading, lexicon, readings
from .weights import Row, rows_of, weights

if TYPE_CHECKING:
    from .entities import Mention

__all__ = ["Coding", "Event", "code_article"]

LIST_CHARS = 50  # partners named this close together share a cue
PLACED = {word: "theatre" for word in ("in", "at", "near")} | {
    word: "route" for word in ("from", "into", "through", "via", "across")
}
SUBJECT_CHARS = 9  # a pronoun this near the sentence's head is its subject
SPEAKER_CHARS = 80  # how far behind `according to` its speaker may stand
LIMITERS = ("russia", "china")  # the poles whose unease is about a third partner where no cue says otherwise


class Coding(NamedTuple):
    """What one sentence says of Kazakhstan's relation to one vector; `basis` names the cues that decided."""

    para: int
    sent: int
    start: int
    end: int
    vector: str
    partners: tuple[str, ...]
    stance: str
    limit: str
    hedged: bool
    voice: str
    basis: str


class Relation(NamedTuple):
    """One vector in one sentence: its partners, and where they are named or meant, in order."""

    vector: str
    partners: tuple[str, ...]
    places: tuple[int, ...]


class Focus(NamedTuple):
    """What the sentences before one leave to it."""

    partners: tuple[str, ...] = ()  # whom a pronoun would mean: those of the last sentence that had any
    speaker: tuple[str, ...] = ()  # the partner of the person last named, where that is no Kazakh
    last: tuple[Coding, ...] = ()  # of the sentence right before it in its paragraph


@lru_cache(maxsize=8)
def _partners(codebook: Codebook) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Vectors by partner id, and the ids of the groupings, through which an act is institutional."""
    rows = codebook["partners"]
    roll_up = {row["id"]: tuple(name for name in row["vectors"].split(";") if name) for row in rows}
    return roll_up, frozenset(row["id"] for row in rows if row["kind"] == "grouping")


def code_article(
    article: Article, mentions: list[Mention], codebook: Codebook, *, seen: list[Row] | None = None
) -> tuple[list[Coding], list[Event]]:
    """Every sentence's codings and every act of an article, in text order; `seen` takes what the weights were shown."""
    roll_up, groupings = _partners(codebook)
    own = {mention.partner[0]: mention.vectors for mention in mentions if len(mention.partner) == 1 and mention.vectors}
    roll_up = roll_up | own  # a member of NATO or the EU is one as of the article's year
    focus = Focus()
    proposed: list[Coding] = []
    told: list[tuple[Reading, list[Row], list[Event]]] = []
    for reading in readings(article, mentions, lexicon(codebook)):
        if reading.sentence.sent == 0:
            focus = focus._replace(partners=_most_spoken(proposed), last=())
        relations = _relations(reading, focus, roll_up)
        cued = _codings(reading, relations, focus) if relations else []
        coded = [coding for coding, _ in cued]
        rows = rows_of(reading, cued, proposals(reading, coded, relations)) if cued else []
        told.append((reading, rows, at_theatre(reading, coded, roll_up)))
        proposed += coded
        focus = _next_focus(focus, reading, coded)
    if seen is not None:
        seen += [row for _, rows, _ in told for row in rows]
    codings: list[Coding] = []
    events: list[Event] = []
    decided = weights(codebook).decide([(reading, rows) for reading, rows, _ in told])
    for (reading, _, theatre), (coded, acts) in zip(told, decided, strict=True):
        tell(events, reading, coded, theatre or acts)
        codings += coded
    return codings, finished(events, groupings)


def _most_spoken(codings: list[Coding]) -> tuple[str, ...]:
    """The partners in the most sentences of the last paragraph that had any."""
    rows = takewhile(lambda row: row.para == codings[-1].para, reversed(codings))
    return tuple(multimode(name for _, name in sorted({(row.sent, name) for row in rows for name in row.partners})))


def _next_focus(focus: Focus, reading: Reading, coded: list[Coding]) -> Focus:
    """The partners just coded (those in friction only where all are), else the old ones."""
    people = [mention for mention in reading.mentions if mention.type == "PERSON"]
    speaker = focus.speaker if not people else people[0].partner if people[0].vectors else ()
    chosen = [row for row in coded if row.stance != "friction"] or coded
    partners = tuple(dict.fromkeys(name for row in chosen for name in row.partners))
    return Focus(partners or focus.partners, speaker, tuple(coded))


# Presence


def _relations(reading: Reading, focus: Focus, roll_up: dict[str, tuple[str, ...]]) -> list[Relation]:
    """The vectors present in a sentence, in the codebook's order: by name, else by a phrase for the focus."""
    named = [(name, mention.start) for mention in _partner_mentions(reading) for name in mention.partner]
    named += [(hit.value, hit.start) for hit in reading.hits["means"]]
    named = named or _meant(reading, focus, roll_up)
    rows = []
    for vector in VECTORS if named else ():
        own = [(name, place) for name, place in named if vector in roll_up.get(name, ())]
        if own:
            partners = tuple(dict.fromkeys(name for name, _ in own))
            rows.append(Relation(vector, partners, tuple(sorted(place for _, place in own))))
    return rows


def _partner_mentions(reading: Reading) -> list[Mention]:
    """The mentions of a partner that are more than a place, a route, an area or a theatre.

    A city is where something takes place; it speaks for its state only where nobody else does.
    """
    kept = [mention for mention in reading.mentions if mention.vectors and not _is_place(reading, mention)]
    return [mention for mention in kept if mention.type != "GPE" or mention.id in mention.partner] or kept


def _is_place(reading: Reading, mention: Mention) -> bool:
    start = mention.start
    if any(hit.value == "place" and hit.start <= start < hit.end for hit in reading.hits["presence"]):
        return True
    words = reading.text[max(0, start - 12) : start].lower().removesuffix("the ").split()
    if mention.type not in ("GPE", "LOC") or not words or words[-1] not in PLACED:
        return False
    return reading.has("presence", PLACED[words[-1]], reading.clause_at(start).start, start)


def _meant(reading: Reading, focus: Focus, roll_up: dict[str, tuple[str, ...]]) -> list[tuple[str, int]]:
    """The partners that a sentence without a partner's name means, each with the place of the phrase that does.

    These are the speaker's where a person last named goes on speaking; else those of the focus, for a phrase that no
    other state stands before, or for a sentence on Kazakhstan right behind one that spoke of one vector alone.
    """
    phrases = {hit.value: hit for hit in reversed(reading.hits["presence"])}
    start = reading.sentence.start
    spoken = reading.quoted or ("speaker" in phrases and phrases["speaker"].start < start + SUBJECT_CHARS)
    if spoken and focus.speaker and not any(mention.type == "PERSON" for mention in reading.mentions):
        return [(name, start) for name in focus.speaker]
    phrase = phrases.get("anaphor")
    if not phrase:
        home = any(mention.partner == HOME for mention in reading.mentions)
        if not (focus.last and home and len({vector for name in focus.partners for vector in roll_up[name]}) == 1):
            return []
    others = [mention.start for mention in reading.mentions if mention.partner and mention.partner != HOME]
    if any(other < (phrase.end if phrase else reading.sentence.end) for other in others):
        return []  # `her Ukrainian counterpart` is nobody spoken of before
    return [(name, phrase.start if phrase else start) for name in focus.partners]


# Stance and voice


def _codings(reading: Reading, rows: list[Relation], focus: Focus) -> list[tuple[Coding, dict[str, list[Hit]]]]:
    """One coding for each vector of a sentence, with the cues that decide each of its columns."""
    places = sorted((place, row.vector, reading.clause_at(place).name) for row in rows for place in row.places)
    cues: dict[tuple[str, str], list[Hit]] = defaultdict(list)
    for hit in (*reading.hits["stance"], *reading.hits["hedged"]):
        alone = len(rows) == 1 and hit.scope != "inside"
        for vector in (rows[0].vector,) if alone else _about(hit, reading, places):
            cues[hit.column, vector].append(hit)
    said = [hit for hit in reading.hits["voice"] if hit.value == "official" and _has_speaker(hit, reading)]
    speaks = "official" if reading.quoted or said else "report"
    coded = []
    for row in rows:
        hedges = cues["hedged", row.vector]
        stance, limit, decisive = _stance(row, cues["stance", row.vector], reading, focus, speaks == "official", bool(hedges))
        cued = {"stance": decisive, "hedged": hedges, "voice": said}
        coded.append((Coding(*reading.sentence, row.vector, row.partners, stance, limit, bool(hedges), speaks, ""), cued))
    return coded


def _about(hit: Hit, reading: Reading, places: list[tuple[int, str, int]]) -> set[str]:
    """The vectors that a cue is about: those of its clause, or all in a clause of nobody's.

    Of a cue of stance only the partners next to it on each side count, and those listed with them; for one of
    friction on the nearer side only, for unease on the side of whoever is uneasy, `before`. `places` are those of the partners, each with its vector and clause.
    """
    if hit.scope == "inside":
        return {vector for place, vector, _ in places if hit.start <= place < hit.end}
    clause = reading.clause_at(hit.start)
    within = [one for one in places if one[2] == clause.name]
    if clause.kind == "relative":
        within = [one for one in places if one[0] < clause.start][-1:] + within
    if hit.column == "stance" and within:
        before = [one for one in reversed(within) if one[0] <= hit.start]
        after = [one for one in within if one[0] > hit.start]
        if hit.value != "cooperation" and before and after:
            nearer = hit.scope == "before" or hit.start - before[0][0] < after[0][0] - hit.end
            before, after = (before, []) if nearer else ([], after)
        within = [*_listed(before), *_listed(after)]
    return {vector for _, vector, _ in within or places}


def _listed(places: list[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    """The first place and those that are one list with it, each near the last."""
    for i in range(1, len(places)):
        if abs(places[i][0] - places[i - 1][0]) > LIST_CHARS:
            return places[:i]
    return places


def _stance(
    row: Relation, hits: list[Hit], reading: Reading, focus: Focus, official: bool, hedged: bool
) -> tuple[str, str, list[Hit]]:
    """Stance, limit and the cues that decide: friction before neutral before cooperation; without any, friction goes on
    or stands with a negation, and what is dated, cited, or said of Kazakhstan by an official is cooperation."""
    # What stands behind another's unease is its object (`Moscow is wary of ties with Washington`).
    uneasy = (hit.start for hit in reading.hits["stance"] if hit.scope == "before" and hit not in hits)
    third = next((place for place in uneasy if place < row.places[0]), reading.sentence.end)
    warm = [hit for hit in hits if hit.value == "cooperation" and hit.start < third]
    denied = [hit for hit in warm if reading.negated(hit)]
    flat = [hit for hit in hits if hit.value == "neutral"]
    mild = ("cooperation", "neutral", "risk") if warm else ("cooperation", "neutral")  # a risk met together is none
    cold = [hit for hit in hits if hit.value not in mild and not reading.negated(hit)]
    if cold:
        plain = "constraint" if row.vector in LIMITERS else "dispute"
        named = next((hit.value for hit in cold if hit.value != "friction"), plain)
        return "friction", "danger" if named == "risk" else named, cold
    if denied and hedged and not flat:
        return "friction", "doubt", denied  # `may not join`
    if flat or denied:
        return "neutral", "", flat or denied
    if warm:
        return "cooperation", "", warm
    goes_on = next((one.limit for one in focus.last if one.vector == row.vector), "")
    if goes_on or any(hit.value != "danger" for hit in reading.hits["negation"]):
        return "friction", goes_on or "doubt", []
    told = any(mention.partner == HOME if official else mention.type == "DATE" for mention in reading.mentions)
    return ("cooperation" if told or (reading.cited and not official) else "neutral"), "", []


def _has_speaker(hit: Hit, reading: Reading) -> bool:
    """Whether an official or a body stands before the verb of saying in its clause, or right behind it."""
    start, end = reading.clause_at(hit.start).name, hit.start
    if hit.scope == "after":
        start, end = hit.end, hit.end + SPEAKER_CHARS
    if any(mention.type in ("PERSON", "ORG") and start <= mention.start < end for mention in reading.mentions):
        return True
    return reading.has("voice", "speaker", start, end)
