"""Alignment and acts, coded by rule: what each sentence says of each partner, and what was done with it.

Every word that decides stands in `tables/cues.csv` and `tables/acts.csv`; this module holds the grammar: which
clause a word governs, which partner it is about, whether it is negated, whose words they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kzsec.codebook import VECTORS, Codebook
from kzsec.corpus import Article, Sentence

if TYPE_CHECKING:
    from kzsec.entities import Mention

TOKEN = re.compile(r"\w+(?:-\w+)*(?:[’']t\b)?|[,;:—–]")
GAP_WORDS = 3  # what a lone `*` in a pattern may stand for, at most
LIST_CHARS = 50  # partners named this close together share a cue that stands before them
NEGATION_CHARS = 30  # how far before a cue its negation may stand
FOCUS_SENTENCES = 3  # how many sentences without a partner a pronoun may look back over
LIST_LINK = re.compile(r"\s*(?:,|and|or|, and|as well as)\s+(?:the\s+)?$")
WARMER = ("cooperation", "neutral", "risk")
QUOTE = re.compile('[“”"]')
QUOTE_CHARS = 30  # a shorter quotation is a label (`“multi-vector” policy`), not speech
ROUTE = ("from", "into", "through", "via", "across")
DURATION = re.compile(r"\b(?:through|until|since|of|before|for|(?:following|after)\b[^,]*?)\s+(?:the\s+)?$", re.IGNORECASE)
BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
OPENING = re.compile(r"^(?:(?:but|yet|and|also|moreover|however|meanwhile|on [A-Z]\w+ \d+)\b[, ]*)+", re.IGNORECASE)
APPOSITION = re.compile(r", [^,]*\b(?:chairman|minister|director|chief|head|secretary|ambassador)\b[^,]*, ")
WHAT_WORDS = 12
YEARS = re.compile(r"\d{4}/\d{4}")
HEAD_CHARS = 15
ACTS_A_SENTENCE = 2
AUXILIARY_CHARS = 12  # between a word of modality and the verb that it governs (`plans to |visit`)
OBJECT_CHARS = 80  # between a word of modality and its object (`offered 25 officers |training`)
PASSIVE_CHARS = 50  # between a noun and its passive (`exercises |will be held`)
RANK = {"denied": 0, "sought": 1, "scheduled": 2, "under_way": 3, "done": 4}
DANGLING = frozenset(
    ["a", "an", "and", "as", "at", "by", "for", "from", "his", "in", "its", "of", "on", "or", "that", "the", "their", "to", "with", "within", "which", "who", "was", "is"]
)
FINITE = re.compile(r", (?:and|as) [^,;]{0,60}?\b(?:is|are|was|were|has|have|had|will|would|remains?|may|could|can)\b")


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


class Event(NamedTuple):
    """One act between Kazakhstan and a partner, at the sentence that first reports it; `also` are the retellings."""

    para: int
    sent: int
    start: int
    end: int
    also: tuple[tuple[int, int], ...]
    vectors: tuple[str, ...]
    partners: tuple[str, ...]
    contested: tuple[str, ...]
    kind: str
    modality: str
    domain: str
    channel: str
    tone: str
    role: str
    participants: tuple[str, ...]
    date_text: str
    date_iso: str
    what: str


class Cue(NamedTuple):
    """One alternative of a table's pattern after its first word."""

    column: str
    value: str
    scope: str
    rest: tuple[str, ...]


class Hit(NamedTuple):
    """`text[start:end]` matches a cue."""

    start: int
    end: int
    column: str
    value: str
    scope: str


Starting = tuple[tuple[Cue, ...], dict[str, list[Cue]], tuple[Cue, ...]]  # alone; by next word; next word a glob


class Lexicon:
    """The cue tables by first word, so that reading costs one look-up a word however many cues there are."""

    def __init__(self, rows: Iterable[dict[str, str]]):
        self._exact: dict[str, list[Cue]] = {}
        self._stems: dict[str, list[Cue]] = {}
        for row in rows:
            for pattern in row["pattern"].lower().split("|"):
                first, *rest = pattern.split()
                table, key = (self._stems, first[:-1]) if first.endswith("*") else (self._exact, first)
                table.setdefault(key, []).append(Cue(row["column"], row["value"], row["scope"], tuple(rest)))
        self.starting = lru_cache(maxsize=1 << 16)(self._starting)

    def _starting(self, word: str) -> Starting:
        stems = [cue for size in range(2, len(word) + 1) for cue in self._stems.get(word[:size], ())]
        cues = [*self._exact.get(word, ()), *stems]
        by_next: dict[str, list[Cue]] = {}
        for cue in cues:
            if cue.rest and "*" not in cue.rest[0]:
                by_next.setdefault(cue.rest[0], []).append(cue)
        alone = tuple(cue for cue in cues if not cue.rest)
        return alone, by_next, tuple(cue for cue in cues if cue.rest and "*" in cue.rest[0])

    def hits(self, text: str, start: int, end: int) -> list[Hit]:
        """Every cue that matches in `text[start:end]`, in text order."""
        tokens = list(TOKEN.finditer(text, start, end))
        words = [token.group().lower().replace("’", "'") for token in tokens]
        found = []
        for i, word in enumerate(words):
            alone, by_next, globbed = self.starting(word)
            if not (alone or by_next or globbed):
                continue
            at = tokens[i].start()
            found += [Hit(at, tokens[i].end(), cue.column, cue.value, cue.scope) for cue in alone]
            literal = by_next.get(words[i + 1], ()) if by_next and i + 1 < len(words) else ()
            for cue in (*literal, *globbed):
                if last := _last_word(cue.rest, words, i + 1):
                    found.append(Hit(at, tokens[last - 1].end(), cue.column, cue.value, cue.scope))
        return found


def _last_word(rest: tuple[str, ...], words: list[str], at: int) -> int:
    """The index behind the words that match `rest` from `at` on, or 0."""
    if not rest:
        return at
    if rest[0] == "*":
        return next((end for skip in range(GAP_WORDS + 1) if (end := _last_word(rest[1:], words, at + skip))), 0)
    if at < len(words) and (words[at] == rest[0] or _globbed(rest[0], words[at])):
        return _last_word(rest[1:], words, at + 1)
    return 0


def _globbed(pattern: str, word: str) -> bool:
    """Whether `stem*` or `*ending` matches."""
    if pattern.endswith("*"):
        return word.startswith(pattern[:-1])
    return pattern.startswith("*") and word.endswith(pattern[1:])


@lru_cache(maxsize=8)
def _lexicon(codebook: Codebook) -> Lexicon:
    return Lexicon((*codebook["cues"], *codebook["acts"]))


@lru_cache(maxsize=8)
def _roll_up(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Vectors by partner id."""
    return {row["id"]: tuple(name for name in row["vectors"].split(";") if name) for row in codebook["partners"]}


@lru_cache(maxsize=8)
def _groupings(codebook: Codebook) -> frozenset[str]:
    """Ids of the partners through which an act is institutional."""
    return frozenset(row["id"] for row in codebook["partners"] if row["kind"] == "grouping")


class Clause(NamedTuple):
    """`text[start:end]` and how it stands to the rest: `main`, `contrast` (but) or `concession` (although, despite)."""

    start: int
    end: int
    kind: str


class Relation(NamedTuple):
    """One vector in one sentence: its partners, where they are named or meant, and whether by a name."""

    vector: str
    partners: tuple[str, ...]
    places: tuple[int, ...]
    named: bool


class Reading(NamedTuple):
    """One sentence with what the coder sees in it."""

    sentence: Sentence
    text: str
    mentions: tuple[Mention, ...]
    hits: dict[str, list[Hit]]
    clauses: tuple[Clause, ...]
    quoted: bool  # begins inside a quotation, or has one of some length
    cited: bool

    def clause_at(self, place: int) -> Clause:
        return next(clause for clause in reversed(self.clauses) if clause.start <= place)

    def has(self, column: str, value: str, start: int, end: int) -> bool:
        """Whether a cue of this column and value starts in `text[start:end]`."""
        return any(hit.value == value and start <= hit.start < end for hit in self.hits.get(column, ()))

    def negated(self, hit: Hit) -> bool:
        """Whether a negation, or for a danger a word of countering it, stands shortly before the cue."""
        reach = range(hit.start - NEGATION_CHARS, hit.start + 1)
        danger = hit.value in ("danger", "risk")
        before = [one.end for one in self.hits.get("negation", ()) if one.end in reach and (danger or not one.value)]
        return bool(before) and (danger or "," not in self.text[before[-1] : hit.start])


def _readings(article: Article, mentions: list[Mention], lexicon: Lexicon) -> Iterator[Reading]:
    by_sentence: dict[tuple[int, int], list[Mention]] = {}
    citations: dict[tuple[int, int], int] = {}
    for citation in article.citations:
        citations.setdefault((citation.para, citation.sent), citation.start)
    for mention in mentions:
        key = mention.para, mention.sent
        if mention.start < citations.get(key, mention.end):
            by_sentence.setdefault(key, []).append(mention)
    open_para = -1  # the paragraph in which a quotation is open
    for sentence in article.sentences:
        key = sentence.para, sentence.sent
        end = citations.get(key, sentence.end)
        hits: dict[str, list[Hit]] = {}
        own = by_sentence.get(key, ())
        for hit in lexicon.hits(article.text, sentence.start, end):
            if not any(mention.start <= hit.start and hit.end <= mention.end for mention in own):
                hits.setdefault(hit.column, []).append(hit)
        inside = open_para == sentence.para
        length, still_open = _quotation(article.text, sentence.start, end, inside)
        open_para = sentence.para if still_open else -1
        yield Reading(
            sentence,
            article.text,
            tuple(by_sentence.get(key, ())),
            hits,
            _clauses(article.text, sentence.start, end, hits.get("clause", [])),
            inside or length > QUOTE_CHARS and (article.text[sentence.start] in "“\"" or _says(hits)),
            key in citations,
        )


def _says(hits: dict[str, list[Hit]]) -> bool:
    return any(hit.value == "official" for hit in hits.get("voice", ()))


def _quotation(text: str, start: int, end: int, inside: bool) -> tuple[int, bool]:
    """Characters of the longest quotation in `text[start:end]`, and whether one is open at its end."""
    longest, since = 0, start
    for mark in QUOTE.finditer(text, start, end):
        opening = mark.group() == "“" or (mark.group() == '"' and not inside)
        if inside and not opening:
            longest = max(longest, mark.start() - since)
        inside, since = opening, mark.end()
    return max(longest, end - since if inside else 0), inside


def _clauses(text: str, start: int, end: int, joints: list[Hit]) -> tuple[Clause, ...]:
    """The sentence cut at conjunctions, semicolons, dashes, and commas that end a concession."""
    cuts = {start: "main"}
    for joint in joints:
        cuts[joint.start if joint.start - start > 1 else start] = joint.value
        if joint.value == "concession" and (comma := text.find(",", joint.end, end)) > 0:
            cuts.setdefault(comma, "main")
    for mark in re.finditer("[;—–]", text[start:end]):
        cuts.setdefault(start + mark.start(), "main")
    for mark in FINITE.finditer(text, start, end):
        cuts.setdefault(mark.start(), "main")
    starts = sorted(cuts)
    return tuple(Clause(a, b, cuts[a]) for a, b in zip(starts, [*starts[1:], end], strict=True))


# Presence


class Focus(NamedTuple):
    """Whom a pronoun would mean: the partners of the last sentence that had any."""

    partners: tuple[tuple[str, tuple[str, ...]], ...] = ()
    age: int = 0
    stance: str = ""
    limit: str = ""
    speaker: tuple[str, ...] = ()  # the partner of the person last named, where that is no Kazakh


def _relations(reading: Reading, focus: Focus, roll_up: dict[str, tuple[str, ...]]) -> list[Relation]:
    """The vectors present in a sentence, in the codebook's order: by name, else by a phrase for the focus."""
    places: dict[str, list[int]] = {}
    for mention in _partner_mentions(reading):
        for partner in mention.partner:
            places.setdefault(partner, []).append(mention.start)
    for hit in reading.hits.get("means", ()):
        places.setdefault(hit.value, []).append(hit.start)
    named = bool(places)
    if not named:
        for partner, at in _meant(reading, focus):
            places.setdefault(partner, []).append(at)
    rows = []
    for vector in VECTORS:
        own = {name: at for name, at in places.items() if vector in roll_up.get(name, ())}
        if own:
            rows.append(Relation(vector, tuple(own), tuple(sorted(sum(own.values(), []))), named))
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
    return kept


def _is_place(reading: Reading, mention: Mention) -> bool:
    if any(hit.value == "place" and hit.start <= mention.start < hit.end for hit in reading.hits.get("presence", ())):
        return True
    if mention.type not in ("GPE", "LOC") or mention.text.lower().replace(" ", "-") not in mention.partner:
        return False  # a capital with its country's id stands for the government
    clause = reading.clause_at(mention.start)
    words = reading.text[max(clause.start, mention.start - 12) : mention.start].lower().removesuffix("the ").split()
    if words and words[-1] in ("in", "at", "near"):
        return reading.has("presence", "theatre", clause.start, mention.start)
    return bool(words) and words[-1] in ROUTE and reading.has("presence", "route", clause.start, mention.start)


def _meant(reading: Reading, focus: Focus) -> list[tuple[str, int]]:
    """The partners that a sentence without a partner's name means, each with the place of the phrase that does."""
    phrases = {hit.value: hit.start for hit in reversed(reading.hits.get("presence", ()))}
    start = reading.sentence.start
    if focus.speaker and not any(mention.type == "PERSON" for mention in reading.mentions):
        if reading.quoted or phrases.get("speaker", start + 9) - start < 9:
            return [(name, start) for name in focus.speaker]
    if focus.age > FOCUS_SENTENCES:
        return []
    if "neighbor" in phrases:
        return [(name, phrases["neighbor"]) for name, vectors in focus.partners if "region" in vectors]
    return [(name, phrases["anaphor"]) for name, _ in focus.partners] if "anaphor" in phrases else []


# Stance


class Verdict(NamedTuple):
    """A stance, its limit where it is friction, and the cues that decided."""

    stance: str
    limit: str
    cues: tuple[Hit, ...]


def _governs(hit: Hit, relation: Relation, reading: Reading, places: list[int], *, nearest: bool = False) -> bool:
    """Whether a cue is about the relation: in its clause, on the side that its scope names, or in a clause of nobody's.

    With `nearest`, and for a cue with a side, only the partners next to it count, and those listed with them.
    """
    if hit.scope == "inside":
        return any(hit.start <= place < hit.end for place in relation.places)
    clause = reading.clause_at(hit.start)
    within = [place for place in places if clause.start <= place < clause.end]
    if not within:
        return hit.scope not in ("before", "after")
    before = [place for place in reversed(within) if place <= hit.start and hit.scope != "after"]
    after = [place for place in within if place > hit.start and hit.scope != "before"]
    if nearest or hit.scope in ("before", "after"):
        close = before if not after or (before and hit.start - before[0] < after[0] - hit.end) else after
        within = _listed(close)
    return any(place in within for place in relation.places)


def _listed(places: list[int]) -> list[int]:
    """The first place and those that follow it closely enough to be one list."""
    gap = next((i for i in range(1, len(places)) if abs(places[i] - places[i - 1]) > LIST_CHARS), len(places))
    return places[:gap]


def _stance(relation: Relation, reading: Reading, rows: list[Relation], focus: Focus) -> Verdict:
    """Friction where a cue of friction governs the relation, else neutral, else cooperation."""
    places = sorted(place for row in rows for place in row.places)
    hits = [
        hit
        for hit in reading.hits.get("stance", ())
        if _governs(hit, relation, reading, places, nearest=hit.value != "cooperation")
    ]
    main = [hit for hit in hits if reading.clause_at(hit.start).kind != "concession"]
    if main and any(reading.clause_at(place).kind != "concession" for place in relation.places):
        hits = main
    third = _third_party(relation, reading, rows)
    warm = [hit for hit in hits if hit.value == "cooperation" and not (third and hit.start > third)]
    cold = [hit for hit in hits if hit.value not in WARMER and not reading.negated(hit)]
    if not warm:
        cold += [hit for hit in hits if hit.value == "risk" and not reading.negated(hit)]
    flat = [hit for hit in hits if hit.value == "neutral"] or [hit for hit in warm if reading.negated(hit)]
    if cold:
        return Verdict("friction", _limit(cold, relation, rows, focus), tuple(cold))
    if flat:
        return Verdict("neutral", "", tuple(flat))
    if warm:
        return Verdict("cooperation", "", tuple(warm))
    if relation.named:
        return Verdict("neutral", "", ())
    return Verdict(focus.stance, focus.limit, ())


def _third_party(relation: Relation, reading: Reading, rows: list[Relation]) -> int:
    """Where another partner's friction begins whose object this one is (`Moscow is wary of ties with Washington`), or 0."""
    others = [place for row in rows if row.vector != relation.vector for place in row.places]
    for hit in reading.hits.get("stance", ()):
        if hit.scope == "before" and hit.value not in ("cooperation", "neutral"):
            clause = reading.clause_at(hit.start)
            if any(clause.start <= place < hit.start for place in others) and min(relation.places) > hit.start:
                return hit.start
    return 0


def _limit(cold: list[Hit], relation: Relation, rows: list[Relation], focus: Focus) -> str:
    """The first limit that a cue names; plain friction is a constraint where another vector is at stake, else a dispute."""
    named = ["danger" if hit.value == "risk" else hit.value for hit in cold if hit.value != "friction"]
    if named:
        return named[0]
    vectors = {row.vector for row in rows} | {name for _, names in focus.partners for name in names}
    return "constraint" if relation.vector in ("russia", "china") and vectors - {"russia", "china"} else "dispute"


# Hedges and voice


def _hedges(relation: Relation, reading: Reading, rows: list[Relation]) -> list[Hit]:
    places = sorted(place for row in rows for place in row.places)
    return [hit for hit in reading.hits.get("hedged", ()) if _governs(hit, relation, reading, places)]


def _voice(relation: Relation, reading: Reading, rows: list[Relation]) -> tuple[str, list[Hit]]:
    """Official in speech, judgement where its cues outweigh those of a report, and the cues."""
    hits = reading.hits.get("voice", [])
    said = [hit for hit in hits if hit.value == "official" and _speaker(hit, reading)]
    if reading.quoted or said:
        return "official", said[:1]
    if any(hit.value == "outsider" for hit in hits):
        return "judgement", [hit for hit in hits if hit.value == "outsider"]
    places = sorted(place for row in rows for place in row.places)
    judged = [hit for hit in hits if hit.value == "judgement" and _governs(hit, relation, reading, places)]
    told = [hit for hit in hits if hit.value == "report"]
    framed = all(reading.clause_at(place).kind == "concession" for place in relation.places)
    for_report = sum(int(hit.scope) for hit in told) + 2 * reading.cited
    for_report += any(mention.type == "DATE" for mention in reading.mentions)
    return ("judgement" if 1 + framed + sum(int(hit.scope) for hit in judged) > for_report else "report"), judged


def _speaker(hit: Hit, reading: Reading) -> bool:
    """Whether an official or a body stands before the verb of saying in its clause, or right behind it."""
    clause = reading.clause_at(hit.start)
    start, end = (hit.end, hit.end + 80) if hit.scope == "after" else (clause.start, hit.start)
    if any(mention.type in ("PERSON", "ORG") and start <= mention.start < end for mention in reading.mentions):
        return True
    return reading.has("voice", "speaker", start, end)


def code_article(article: Article, mentions: list[Mention], codebook: Codebook) -> tuple[list[Coding], list[Event]]:
    """Every sentence's codings and every act of an article, in text order."""
    own = {mention.partner[0]: mention.vectors for mention in mentions if len(mention.partner) == 1 and mention.vectors}
    roll_up = _roll_up(codebook) | own  # a member of NATO or the EU is one as of the article's year
    focus = Focus()
    codings: list[Coding] = []
    acts: list[Act] = []
    for reading in _readings(article, mentions, _lexicon(codebook)):
        rows = _relations(reading, focus, roll_up)
        coded = [_coding(row, reading, rows, focus) for row in rows]
        found = _acts(reading, coded, rows, roll_up)
        _tell(acts, found, reading, coded)
        codings += coded
        focus = _next_focus(focus, reading, coded, roll_up)
    return codings, sorted(_event(act, _groupings(codebook)) for act in acts)


def _coding(relation: Relation, reading: Reading, rows: list[Relation], focus: Focus) -> Coding:
    verdict = _stance(relation, reading, rows, focus)
    hedges = _hedges(relation, reading, rows)
    voice, voiced = _voice(relation, reading, rows)
    groups = (f"stance:{verdict.stance}", verdict.cues), ("hedged", hedges), (f"voice:{voice}", voiced)
    basis = "; ".join(_quote(label, hits, reading.text) for label, hits in groups if hits)
    return Coding(*reading.sentence, relation.vector, relation.partners, *verdict[:2], bool(hedges), voice, basis)


def _quote(label: str, hits: Iterable[Hit], text: str) -> str:
    return f"{label} " + ", ".join(f'"{text[hit.start : hit.end]}"' for hit in tuple(hits)[:3])


def _next_focus(focus: Focus, reading: Reading, coded: list[Coding], roll_up: dict[str, tuple[str, ...]]) -> Focus:
    """The partners just coded (those in friction only where all are), else the old focus, one sentence older."""
    people = [mention for mention in reading.mentions if mention.type == "PERSON"]
    if people:
        focus = focus._replace(speaker=people[0].partner if people[0].vectors else ())
    if not coded:
        return focus._replace(age=focus.age + 1)
    chosen = [row for row in coded if row.stance != "friction"] or coded
    partners = dict.fromkeys(name for row in chosen for name in row.partners)
    pairs = tuple((name, roll_up[name]) for name in partners)
    return Focus(pairs, 0, chosen[0].stance, chosen[0].limit, focus.speaker)


# Acts


class Act(NamedTuple):
    """An act as its first sentence tells it, before retellings join it."""

    reading: Reading
    hit: Hit
    kind: str
    modality: str
    tone: str
    vectors: tuple[str, ...]
    partners: tuple[str, ...]
    contested: tuple[str, ...]
    date: tuple[str, str]
    also: tuple[tuple[int, int], ...] = ()


def _acts(reading: Reading, coded: list[Coding], rows: list[Relation], roll_up: dict[str, tuple[str, ...]]) -> list[Act]:
    """The acts that a sentence reports, one a kind: by a verb of doing, else by a noun with a word of modality near it."""
    theatre = reading.hits.get("theatre", ())
    if theatre and "nato" not in {row.vector for row in coded}:
        place = _union(mention.vectors for mention in reading.mentions if mention.start < theatre[0].end < mention.end + 9)
        leader = theatre[0].value
        date = _date_of(theatre[0], reading)
        return [Act(reading, theatre[0], "operation", "under_way", "cooperative", roll_up[leader], (leader,), place, date)]
    if not coded or all(row.voice == "judgement" for row in coded):
        return []
    chosen: dict[tuple[str, str, tuple[str, ...]], Act] = {}
    for hit, modality in _told(reading):
        party = _party(hit, reading, coded, rows)
        key = hit.value, modality, tuple(row.vector for row in party)
        if key not in chosen and party:
            cold = modality == "denied" or all(row.stance == "friction" for row in party)
            vectors, partners = tuple(row.vector for row in party), _union(row.partners for row in party)
            tone, date = "contentious" if cold else "cooperative", _date_of(hit, reading)
            chosen[key] = Act(reading, hit, hit.value, modality, tone, vectors, partners, (), date)
    return list(chosen.values())[:ACTS_A_SENTENCE]


def _told(reading: Reading) -> Iterator[tuple[Hit, str]]:
    """Each cue of an act with its modality: verbs of doing, then nouns that are the object of a word of modality."""
    hits, modalities = reading.hits.get("kind", ()), reading.hits.get("modality", ())
    governing = set()
    for hit in hits:
        if hit.scope:
            close = [one for one in modalities if 0 <= hit.start - one.end <= AUXILIARY_CHARS and one.value != "done"]
            governing.update(close)
            yield hit, close[-1].value if close else hit.scope
    nouns: dict[Hit, str] = {}
    for one in sorted(set(modalities) - governing, key=lambda one: (RANK[one.value], one)):
        clause = reading.clause_at(one.start)
        objects = [hit for hit in hits if not hit.scope and clause.start <= hit.start < clause.end]
        after = [hit for hit in objects if one.end <= hit.start < one.end + OBJECT_CHARS]
        before = [hit for hit in objects if one.start - PASSIVE_CHARS < hit.end <= one.end]
        for hit in after[:1] or before[-1:]:
            nouns.setdefault(hit, one.value)
    yield from nouns.items()


def _party(hit: Hit, reading: Reading, coded: list[Coding], rows: list[Relation]) -> list[Coding]:
    """The vectors that act: those named in the clause of the cue, or all; never one that only limits or threatens."""
    clause = reading.clause_at(hit.start)
    willing = [row for row in coded if row.stance != "friction" or row.limit == "dispute"]
    inside = {row.vector for row in rows if any(clause.start <= place < clause.end for place in row.places)}
    return [row for row in willing if row.vector in inside] or willing


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _dates(reading: Reading) -> list[Mention]:
    """The dates of a sentence that may be those of an act: no span of years, nothing behind `since` or `following`."""
    dates = [mention for mention in reading.mentions if mention.type == "DATE" and not YEARS.fullmatch(mention.id)]
    start = reading.sentence.start
    return [date for date in dates if not DURATION.search(reading.text, max(start, date.start - 60), date.start)]


def _date_of(hit: Hit, reading: Reading) -> tuple[str, str]:
    """Text and ISO form of the nearest date in the clause of an act's cue, or at the sentence's head; empty if none."""
    clause, head = reading.clause_at(hit.start), reading.sentence.start + HEAD_CHARS
    dates = [date for date in _dates(reading) if clause.start <= date.start < clause.end or date.start < head]
    nearest = min(dates, key=lambda date: (abs(date.start - hit.start), date.start), default=None)
    return (nearest.text, nearest.id) if nearest else ("", "")


def _tell(acts: list[Act], found: list[Act], reading: Reading, coded: list[Coding]) -> None:
    """Add the acts found in a sentence, or join the sentence to an act before it that it retells."""
    for act in found:
        earlier = next((i for i in range(len(acts) - 1, -1, -1) if _same_act(acts[i], act)), None)
        if earlier is None:
            acts.append(_at_meeting(act, acts))
        else:
            whole = acts[earlier]
            vectors, partners = _union((whole.vectors, act.vectors)), _union((whole.partners, act.partners))
            acts[earlier] = _retold(whole, reading, act.date)._replace(vectors=vectors, partners=partners)
    vectors = {row.vector for row in coded if row.stance != "friction"}
    spoken = any(row.voice == "official" for row in coded)
    for i in range(len(acts) - 1, -1, -1):
        act = acts[i]
        if act.reading.sentence.para != reading.sentence.para or act.reading.sentence == reading.sentence:
            continue
        if vectors & set(act.vectors) and (not found or spoken and act.kind in ("contact", "statement")):
            date = next(((date.text, date.id) for date in _dates(reading)), ("", ""))
            acts[i] = _retold(act, reading, date)
            break


def _at_meeting(act: Act, acts: list[Act]) -> Act:
    """An act of words without a date of its own has that of the meeting of the same partners last told."""
    if not act.date[1] and (act.modality == "sought" or act.kind == "statement"):
        for meeting in reversed(acts):
            near = act.reading.sentence.para - meeting.reading.sentence.para <= 1
            if (meeting.kind, meeting.modality) == ("contact", "done") and near and set(meeting.vectors) & set(act.vectors):
                return act._replace(date=meeting.date)
    return act


def _same_act(earlier: Act, later: Act) -> bool:
    """Whether the later telling is of the earlier act: of its kind, modality and partners, near it, with no other date."""
    paragraphs = later.reading.sentence.para - earlier.reading.sentence.para
    same_date = not (earlier.date[1] and later.date[1]) or later.date[1].startswith(earlier.date[1])
    if (earlier.kind, earlier.modality) != (later.kind, later.modality) or not same_date:
        return False
    if paragraphs == 0:
        return later.kind == "operation" or bool(set(later.vectors) & set(earlier.vectors))
    return later.kind == "contact" and paragraphs <= 2 and bool(set(later.partners) & set(earlier.partners))


def _retold(act: Act, reading: Reading, date: tuple[str, str]) -> Act:
    """The act with one more retelling, whose date it takes if that is more exact than its own."""
    span = reading.sentence.start, reading.sentence.end
    first = act.reading.sentence.start, act.reading.sentence.end
    also = act.also if span in (first, *act.also) else (*act.also, span)
    closer = date[1].startswith(act.date[1]) and (act.date[1] or act.modality == "done")
    return act._replace(also=also, date=date if closer else act.date)


def _event(act: Act, groupings: frozenset[str]) -> Event:
    reading = act.reading
    institutional = bool(groupings.intersection(act.partners)) or bool(reading.hits.get("channel"))
    return Event(
        *reading.sentence,
        also=act.also,
        vectors=act.vectors,
        partners=act.partners,
        contested=tuple(name for name in act.contested if name not in act.vectors),
        kind=act.kind,
        modality=act.modality,
        domain=_domain(act),
        channel="institutional" if institutional else "bilateral",
        tone=act.tone,
        role=_role(act),
        participants=_participants(act),
        date_text=act.date[0],
        date_iso=act.date[1],
        what=_what(act),
    )


def _domain(act: Act) -> str:
    """The domain that most cues of the sentence name; security where they tie, or by the kind where there is none."""
    counts = Counter(hit.value for hit in act.reading.hits.get("domain", ()))
    if not counts:
        return "political" if act.kind in ("contact", "statement") else "security"
    return max(("security", "economic", "political"), key=lambda name: counts[name])


def _role(act: Act) -> str:
    """Host or guest of a contact by its place, giver or receiver of support by who stands before the verb, else peer."""
    named = [hit.value for hit in act.reading.hits.get("role", ())]
    if act.kind == "contact":
        return next((name for name in named if name in ("host", "guest")), "")
    if act.kind == "support":
        if "receiver" in named:
            return "receiver"
        before = [mention for mention in act.reading.mentions if mention.start < act.hit.start and mention.partner]
        return "" if not before else "receiver" if before[-1].vectors else "giver"
    return "peer" if act.kind in ("agreement", "operation") else ""


def _participants(act: Act) -> tuple[str, ...]:
    """People, bodies and states of the act's sentence, its partners, and Kazakhstan, each once."""
    named = [m.id for m in act.reading.mentions if m.type in ("PERSON", "ORG", "EVENT") and m.partner]
    return tuple(dict.fromkeys([*named, *act.partners, "kazakhstan"]))


def _what(act: Act) -> str:
    """The act's clause without openings, appositions and brackets, cut at a phrase's end within twelve words."""
    clause = act.reading.clause_at(act.hit.start)
    text = BRACKETS.sub("", act.reading.text[clause.start : clause.end])
    text = APPOSITION.sub(" ", OPENING.sub("", text.strip(" ,;—–“”\n")))
    words = text.split()
    kept = words[:WHAT_WORDS]
    while len(kept) > 3 and len(words) > len(kept) and kept[-1].lower().strip(",") in DANGLING:
        kept.pop()
    return " ".join(kept).strip(" ,;:.“”")
