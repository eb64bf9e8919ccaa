"""Alignment, coded by rule: whom each sentence relates Kazakhstan to, in what stance, how sure, in whose words.

Every word that decides stands in `tables/cues.csv` and `tables/acts.csv`; this module holds the grammar: which clause
a cue governs, which partner it is about, whether it is negated, who speaks. It learns nothing from any article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .acts import Act, Event, acts_of, event_of, tell
from .codebook import VECTORS, Codebook
from .corpus import Article
from .cues import Hit, Reading, lexicon, readings

if TYPE_CHECKING:
    from .entities import Mention

__all__ = ["Coding", "Event", "code_article"]

FOCUS_SENTENCES = 3  # how many sentences without a partner a phrase for one may look back over
LIST_LINK = re.compile(r"\s*(?:,|and|or|, and|as well as)\s+(?:the\s+)?$")
LIST_CHARS = 50  # partners named this close together, with no preposition between, share a cue
PREPOSITION = re.compile(r"\b(?:to|by|with|for|from|in|on|that|while)\b")
SIDED = ("before", "after", "inside")
SITE = ("in", "at", "near")
ROUTE = ("from", "into", "through", "via", "across")
SUBJECT_CHARS = 9  # a pronoun this near the sentence's head is its subject
SPEAKER_CHARS = 80  # how far behind `according to` its speaker may stand
DIGIT = re.compile(r"\d")
HOME = ("kazakhstan",)
WARMER = ("cooperation", "neutral", "risk")
LIMITERS = frozenset(["russia", "china"])  # the poles whose unease about a third partner limits Kazakhstan


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
    """One vector in one sentence: its partners, and where they are named or meant."""

    vector: str
    partners: tuple[str, ...]
    places: tuple[int, ...]


@lru_cache(maxsize=8)
def _roll_up(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Vectors by partner id."""
    return {row["id"]: tuple(name for name in row["vectors"].split(";") if name) for row in codebook["partners"]}


@lru_cache(maxsize=8)
def _groupings(codebook: Codebook) -> frozenset[str]:
    """Ids of the partners through which an act is institutional."""
    return frozenset(row["id"] for row in codebook["partners"] if row["kind"] == "grouping")


def code_article(article: Article, mentions: list[Mention], codebook: Codebook) -> tuple[list[Coding], list[Event]]:
    """Every sentence's codings and every act of an article, in text order."""
    own = {mention.partner[0]: mention.vectors for mention in mentions if len(mention.partner) == 1 and mention.vectors}
    roll_up = _roll_up(codebook) | own  # a member of NATO or the EU is one as of the article's year
    focus = Focus()
    codings: list[Coding] = []
    acts: list[Act] = []
    spoken: Counter[str] = Counter()  # sentences by partner in the paragraph read
    for reading in readings(article, mentions, lexicon(codebook)):
        if reading.sentence.sent == 0 and spoken:
            most = max(spoken.values())
            focus = focus._replace(partners=tuple((name, roll_up[name]) for name in spoken if spoken[name] == most))
            spoken.clear()
        rows = _relations(reading, focus, roll_up)
        scene = _scene(reading, rows) if rows else None
        coded = [_coding(row, scene, focus) for row in rows]
        if coded or "theatre" in reading.hits:
            tell(acts, acts_of(reading, coded, rows, roll_up), reading, coded)
        codings += coded
        spoken.update(sorted({name for row in coded for name in row.partners if row.stance != "friction"}))
        focus = _next_focus(focus, reading, coded, roll_up)
    return codings, sorted(event_of(act, _groupings(codebook)) for act in acts)


# Presence


class Focus(NamedTuple):
    """Whom a pronoun would mean: the partners of the last sentence that had any."""

    partners: tuple[tuple[str, tuple[str, ...]], ...] = ()
    age: int = 0
    speaker: tuple[str, ...] = ()  # the partner of the person last named, where that is no Kazakh
    limits: tuple[tuple[str, str], ...] = ()  # by vector: the limit of the friction that the last sentence spoke of

    def goes_on(self, reading: Reading) -> bool:
        """Whether a sentence on Kazakhstan comes right behind one of its paragraph that spoke of one vector alone."""
        home = any(mention.partner == HOME for mention in reading.mentions)
        return home and self.behind(reading) and len({vector for _, own in self.partners for vector in own}) == 1

    def behind(self, reading: Reading) -> bool:
        """Whether a sentence comes right behind the one spoken of, in its paragraph."""
        return self.age == 0 and reading.sentence.sent > 0


def _relations(reading: Reading, focus: Focus, roll_up: dict[str, tuple[str, ...]]) -> list[Relation]:
    """The vectors present in a sentence, in the codebook's order: by name, else by a phrase for the focus."""
    places: dict[str, list[int]] = {}
    for mention in _partner_mentions(reading):
        for partner in mention.partner:
            places.setdefault(partner, []).append(mention.start)
    for hit in reading.hits.get("means", ()):
        places.setdefault(hit.value, []).append(hit.start)
    if not places:
        for partner, at in _meant(reading, focus):
            places.setdefault(partner, []).append(at)
    present = {vector for name in places for vector in roll_up.get(name, ())}
    rows = []
    for vector in [name for name in VECTORS if name in present]:
        own = {name: at for name, at in places.items() if vector in roll_up.get(name, ())}
        rows.append(Relation(vector, tuple(own), tuple(sorted(at for some in own.values() for at in some))))
    return rows


def _partner_mentions(reading: Reading) -> list[Mention]:
    """The mentions of a partner that are more than a place, a route, an area or a theatre."""
    kept: list[Mention] = []
    last_dropped = -1
    for mention in reading.mentions:
        if not mention.vectors:
            continue
        previous = last_dropped if last_dropped > (kept[-1].end if kept else -1) else -1
        listed = previous > 0 and LIST_LINK.fullmatch(reading.text, previous, mention.start)
        if listed or _is_place(reading, mention):
            last_dropped = mention.end
        else:
            kept.append(mention)
    # A city is where something takes place; it speaks for its state only where nobody else does.
    states = [mention for mention in kept if mention.type != "GPE" or mention.id in mention.partner]
    return states or kept


def _is_place(reading: Reading, mention: Mention) -> bool:
    if any(hit.value == "place" and hit.start <= mention.start < hit.end for hit in reading.hits.get("presence", ())):
        return True
    if mention.type not in ("GPE", "LOC"):
        return False
    clause = reading.clause_at(mention.start)
    words = reading.text[max(clause.start, mention.start - 12) : mention.start].lower().removesuffix("the ").split()
    before = words[-1] if words else ""
    if mention.text.lower().replace(" ", "-") != mention.id:
        return False  # a capital that stands for the government
    if before in SITE:
        return reading.has("presence", "theatre", clause.start, mention.start)
    return before in ROUTE and reading.has("presence", "route", clause.start, mention.start)


def _meant(reading: Reading, focus: Focus) -> list[tuple[str, int]]:
    """The partners that a sentence without a partner's name means, each with the place of the phrase that does."""
    hits = reading.hits.get("presence", ())
    phrases = {hit.value: hit.start for hit in reversed(hits)}
    start = reading.sentence.start
    spoken = reading.quoted or phrases.get("speaker", start + SUBJECT_CHARS) < start + SUBJECT_CHARS
    if spoken and focus.speaker and not any(mention.type == "PERSON" for mention in reading.mentions):
        return [(name, start) for name in focus.speaker]
    if focus.age > FOCUS_SENTENCES:
        return []
    if "neighbor" in phrases:
        return [(name, phrases["neighbor"]) for name, vectors in focus.partners if "region" in vectors]
    ends = [hit.end for hit in hits if hit.value == "anaphor"]
    others = [mention.start for mention in reading.mentions if mention.partner and mention.partner != HOME]
    if not ends and not others and focus.goes_on(reading):
        return [(name, start) for name, _ in focus.partners]
    if not ends or any(start < ends[0] for start in others):
        return []  # `her Ukrainian counterpart` is nobody spoken of before
    return [(name, phrases["anaphor"]) for name, _ in focus.partners]


# Stance


class Scene(NamedTuple):
    """A sentence with the vectors in it and where they are named or meant; what speaks for an official and for a report."""

    reading: Reading
    rows: list[Relation]
    places: list[tuple[int, str, int]]  # with the clause
    said: list[Hit]
    outsiders: list[Hit]
    for_report: int

    def cues(self, column: str, vector: str, value: str = "") -> list[Hit]:
        """The cues about a vector, of one value if given."""
        hits = [hit for hit in self.reading.hits.get(column, ()) if not value or hit.value == value]
        if len(self.rows) == 1 and len(self.reading.clauses) == 1 and not any(hit.scope in SIDED for hit in hits):
            return hits
        return [hit for hit in hits if vector in _about(hit, self)]


def _scene(reading: Reading, rows: list[Relation]) -> Scene:
    places = sorted((place, row.vector, reading.clause_at(place).name) for row in rows for place in row.places)
    voice = reading.hits.get("voice", ())
    said = [hit for hit in voice if hit.value == "official" and _speaker(hit, reading)]
    outsiders = [hit for hit in voice if hit.value == "outsider"]
    for_report = sum(int(hit.scope) for hit in voice if hit.value == "report") + 2 * reading.cited
    for_report += any(mention.type == "DATE" for mention in reading.mentions) or bool(DIGIT.search(reading.text, *reading.sentence[2:]))
    return Scene(reading, rows, places, said, outsiders, for_report)


def _about(hit: Hit, scene: Scene) -> Iterable[str]:
    """The vectors that a cue is about: those of its clause, on the side that its scope names, or all in a clause of nobody's.

    Of a cue of stance only the partners next to it on each side count, and those listed with them; for one of
    friction, or with a side, on the nearer side only.
    """
    reading, within = scene.reading, scene.places
    if hit.scope == "inside":
        return {vector for place, vector, _ in within if hit.start <= place < hit.end}
    sided = hit.scope in SIDED
    if len(reading.clauses) > 1:
        clause = reading.clause_at(hit.start)
        within = [one for one in within if one[2] == clause.name]
        if clause.kind == "relative":
            within = [one for one in scene.places if one[0] < clause.start][-1:] + within
        if not within:
            return () if sided else [row.vector for row in scene.rows]
    if hit.column != "stance" or (len(scene.rows) == 1 and not sided):
        return [one[1] for one in within]
    before = [one for one in reversed(within) if one[0] <= hit.start and hit.scope != "after"]
    after = [one for one in within if one[0] > hit.start and hit.scope != "before"]
    if hit.value != "cooperation" and before and after:
        before, after = (before, []) if hit.start - before[0][0] < after[0][0] - hit.end else ([], after)
    return [one[1] for one in (*_listed(before, reading.text), *_listed(after, reading.text))]


def _listed(places: list[tuple[int, str, int]], text: str) -> list[tuple[int, str, int]]:
    """The first place and those that are one list with it: near, with no preposition between."""
    for i in range(1, len(places)):
        start, end = sorted((places[i - 1][0], places[i][0]))
        if end - start > LIST_CHARS or PREPOSITION.search(text, start, end):
            return places[:i]
    return places


def _stance(relation: Relation, scene: Scene, focus: Focus, voice: str, hedged: bool) -> tuple[str, str, list[Hit]]:
    """Stance, limit and the cues that decide: friction before neutral before cooperation; without any, friction goes on
    or stands with a negation, and the rest goes by who speaks."""
    reading = scene.reading
    hits = scene.cues("stance", relation.vector)
    third = _third_party(relation, scene)
    negated = {hit: reading.negated(hit) for hit in hits}
    warm = [hit for hit in hits if hit.value == "cooperation" and not (third and hit.start > third)]
    cold = [hit for hit in hits if hit.value not in WARMER and not negated[hit]]
    if not warm:
        cold += [hit for hit in hits if hit.value == "risk" and not negated[hit]]
    flat = [hit for hit in hits if hit.value == "neutral"]
    denied = [hit for hit in warm if negated[hit]]
    if cold:
        return "friction", _limit(cold, relation, scene.rows, focus), cold
    if denied and not flat and hedged:
        return "friction", "doubt", denied  # `may not join`
    if flat or denied:
        return "neutral", "", flat or denied
    denies = any(hit.value != "danger" for hit in reading.hits.get("negation", ()))
    if warm:
        return "cooperation", "", warm
    last = dict(focus.limits).get(relation.vector, "") if focus.behind(reading) else ""
    if last or denies:
        return "friction", last or "doubt", []
    home = voice == "report" or (voice == "official" and any(mention.partner == HOME for mention in reading.mentions))
    return ("cooperation" if home else "neutral"), "", []


def _third_party(relation: Relation, scene: Scene) -> int:
    """Where another partner's friction begins whose object this one is (`Moscow is wary of ties with Washington`), or 0."""
    if len(scene.rows) > 1:
        for hit in scene.reading.hits.get("stance", ()):
            if hit.scope == "before" and hit.start < min(relation.places):
                about = _about(hit, scene)
                if about and relation.vector not in about:
                    return hit.start
    return 0


def _limit(cold: list[Hit], relation: Relation, rows: list[Relation], focus: Focus) -> str:
    """The first limit that a cue names; plain friction is a constraint where another vector is at stake, else a dispute."""
    named = ["danger" if hit.value == "risk" else hit.value for hit in cold if hit.value != "friction"]
    if named:
        return named[0]
    vectors = {row.vector for row in rows} | {name for _, names in focus.partners for name in names}
    return "constraint" if relation.vector in LIMITERS and vectors - LIMITERS else "dispute"


# Voice


def _voice(relation: Relation, scene: Scene) -> tuple[str, list[Hit]]:
    """Official in speech, judgement where its cues outweigh those of a report, and the cues."""
    reading = scene.reading
    if reading.quoted or scene.said:
        return "official", scene.said[:1]
    if scene.outsiders:
        return "judgement", scene.outsiders
    judged = scene.cues("voice", relation.vector, "judgement")
    framed = all(reading.clause_at(place).kind == "concession" for place in relation.places)
    for_judgement = 1 + framed + sum(int(hit.scope) for hit in judged)
    return ("judgement" if for_judgement > scene.for_report else "report"), judged


def _speaker(hit: Hit, reading: Reading) -> bool:
    """Whether an official or a body stands before the verb of saying in its clause, or right behind it."""
    start, end = reading.clause_at(hit.start).name, hit.start
    if hit.scope == "after":
        start, end = hit.end, hit.end + SPEAKER_CHARS
    if any(mention.type in ("PERSON", "ORG") and start <= mention.start < end for mention in reading.mentions):
        return True
    return reading.has("voice", "speaker", start, end)


def _coding(relation: Relation, scene: Scene, focus: Focus) -> Coding:
    reading = scene.reading
    hedges = scene.cues("hedged", relation.vector)
    voice, voiced = _voice(relation, scene)
    stance, limit, decisive = _stance(relation, scene, focus, voice, bool(hedges))
    basis = "; ".join(
        f"{label} " + ", ".join(f'"{reading.text[hit.start : hit.end]}"' for hit in hits[:3])
        for label, hits in ((f"stance:{stance}", decisive), ("hedged", hedges), (f"voice:{voice}", voiced))
        if hits
    )
    return Coding(*reading.sentence, relation.vector, relation.partners, stance, limit, bool(hedges), voice, basis)


def _next_focus(focus: Focus, reading: Reading, coded: list[Coding], roll_up: dict[str, tuple[str, ...]]) -> Focus:
    """The partners just coded (those in friction only where all are), else the old focus, one sentence older."""
    people = [mention for mention in reading.mentions if mention.type == "PERSON"]
    if people:
        focus = focus._replace(speaker=people[0].partner if people[0].vectors else ())
    if not coded:
        return focus._replace(age=focus.age + 1)
    chosen = [row for row in coded if row.stance != "friction"] or coded
    partners = dict.fromkeys(name for row in chosen for name in row.partners)
    limits = tuple((row.vector, row.limit) for row in coded if row.limit)
    return Focus(tuple((name, roll_up[name]) for name in partners), 0, focus.speaker, limits)
