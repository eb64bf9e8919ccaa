"""Acts, told by rule: what was done, is under way, scheduled, sought or denied between Kazakhstan and a partner."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from .codebook import HOME
from .cues import Hit, Reading

if TYPE_CHECKING:
    from .coding import Coding, Relation
    from .entities import Mention

ACTS_A_SENTENCE = 2
AUXILIARY_CHARS = 12  # between a word of modality and the verb that it governs (`plans to |visit`)
OBJECT_CHARS = 80  # between a word of modality and its object (`offered 25 officers |training`)
RANK = ("denied", "sought", "scheduled", "under_way", "done")
WORDS = ("sought", "denied")  # one sentence may tell both a deed of a kind and words about another
RESUMED = ("contact", "operation")  # told on over several sentences without another word for them
CONTACT_PARAGRAPHS = 2  # how far on a visit or meeting may be spoken of again
NOT_ITS_DATE = re.compile(
    r"\b(?:through|until|since|of|before|for|(?:following|after)\b[^,]*?)\s+(?:the\s+)?$", re.IGNORECASE
)
WHAT_WORDS = 12
WORDS_AFTER = 6  # of them, kept for the cue and what follows it
BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")


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


class Proposal(NamedTuple):
    """An act that the rules see: its cue, whose value is its kind, and the vectors that act."""

    hit: Hit
    modality: str
    vectors: tuple[str, ...]


def tell(events: list[Event], reading: Reading, coded: list[Coding], found: list[Event]) -> None:
    """Add the acts found in a sentence to those before it, and join the sentence to one that it retells."""
    para = reading.sentence.para
    for act in found:
        meeting = next((i for i in _recent(events, para, 0) if _said_at(events[i], act)), None)
        earlier = next((i for i in _recent(events, para, CONTACT_PARAGRAPHS) if _same_act(events[i], act, reading)), None)
        if meeting is not None:
            events[meeting] = _retold(events[meeting], reading, "", "")
        elif earlier is None:
            events.append(_at_meeting(act, events))
        else:
            whole = events[earlier]
            vectors, partners = _union((whole.vectors, act.vectors)), _union((whole.partners, act.partners))
            whole = _retold(whole, reading, act.date_text, act.date_iso)
            events[earlier] = whole._replace(vectors=vectors, partners=partners)
    vectors = {row.vector for row in coded if row.stance != "friction"}
    spoken = any(row.voice == "official" for row in coded)
    for i in _recent(events, para, 0):
        act = events[i]
        retells = not found or (spoken and act.kind in ("contact", "statement"))
        if retells and act.start != reading.sentence.start and vectors & set(act.vectors):
            date = next(((date.text, date.id) for date in _dates(reading)), ("", ""))
            events[i] = _retold(act, reading, *date)
            break


def finished(events: list[Event], groupings: frozenset[str]) -> list[Event]:
    """The events in text order, with what depends on all their partners; through a grouping an act is institutional."""
    return sorted(
        event._replace(
            contested=tuple(name for name in event.contested if name not in event.vectors),
            channel="institutional" if groupings.intersection(event.partners) else event.channel,
            participants=_union((event.participants, event.partners, HOME)),
        )
        for event in events
    )


# One sentence


def at_theatre(reading: Reading, coded: list[Coding], roll_up: dict[str, tuple[str, ...]]) -> list[Event]:
    """The act of troops under a leader's coalition, contested with the state where they stand, if a sentence tells it."""
    theatre = reading.hits["theatre"][:1]
    if not theatre or any(row.vector == "nato" for row in coded):
        return []
    leader = theatre[0].value
    at = [mention.vectors for mention in reading.mentions if mention.start < theatre[0].end < mention.end + 9]
    act = act_of(reading, theatre[0], "operation", "under_way", [])
    return [act._replace(vectors=roll_up.get(leader, ()), partners=(leader,), contested=_union(at))]


def proposals(reading: Reading, coded: list[Coding], rows: list[Relation]) -> list[Proposal]:
    """The acts that a sentence reports by the rules, one a kind, modality of words or of deeds, and party."""
    chosen: dict[tuple[str, bool, tuple[str, ...]], Proposal] = {}
    for hit, modality in _told(reading):
        vectors = _party(hit, reading, coded, rows)
        key = hit.value, modality in WORDS, vectors
        if vectors and key not in chosen and len(chosen) < ACTS_A_SENTENCE:
            chosen[key] = Proposal(hit, modality, vectors)
    return list(chosen.values())


def _told(reading: Reading) -> Iterator[tuple[Hit, str]]:
    """Each cue of an act with its modality: verbs of doing, then nouns that are the object of a word of modality."""
    hits, modalities = reading.hits["kind"], reading.hits["modality"]
    for hit in hits:
        if hit.scope:
            close = [one.value for one in modalities if 0 <= hit.start - one.end <= AUXILIARY_CHARS]
            yield hit, close[-1] if close else hit.scope
    nouns: dict[Hit, str] = {}
    for one in sorted(modalities, key=lambda one: RANK.index(one.value)):
        clause = reading.clause_at(one.start)
        objects = [hit for hit in hits if not hit.scope and clause.start <= hit.start < clause.end]
        after = [hit for hit in objects if one.end <= hit.start < one.end + OBJECT_CHARS]
        for hit in after[:1] or [hit for hit in objects if hit.end <= one.end][-1:]:
            nouns.setdefault(hit, one.value)
    yield from nouns.items()


def _party(hit: Hit, reading: Reading, coded: list[Coding], rows: list[Relation]) -> tuple[str, ...]:
    """The vectors that act: those named in the clause of the cue, or all; never one that is only a source of danger."""
    willing = [row.vector for row in coded if row.limit != "danger"]
    if len(willing) < 2:
        return tuple(willing)
    clause = reading.clause_at(hit.start).name
    inside = {row.vector for row in rows if any(reading.clause_at(place).name == clause for place in row.places)}
    return tuple([vector for vector in willing if vector in inside] or willing)


def act_of(reading: Reading, hit: Hit, kind: str, modality: str, party: list[Coding]) -> Event:
    """The act at a cue between Kazakhstan and the partners of some codings."""
    cold = bool(party) and (modality == "denied" or all(coding.stance == "friction" for coding in party))
    clause = reading.clause_at(hit.start)
    dates = [date for date in _dates(reading) if clause.start <= date.start < clause.end]
    date = min(dates, key=lambda date: (abs(date.start - hit.start), date.start), default=None)
    return Event(
        *reading.sentence,
        also=(),
        vectors=tuple(coding.vector for coding in party),
        partners=_union(coding.partners for coding in party),
        contested=(),
        kind=kind,
        modality=modality,
        domain=_domain(kind, reading),
        channel="institutional" if reading.hits["channel"] else "bilateral",
        tone="contentious" if cold else "cooperative",
        role=_role(kind, hit, reading),
        participants=tuple(m.id for m in reading.mentions if m.type in ("PERSON", "ORG", "EVENT") and m.partner),
        date_text=date.text if date else "",
        date_iso=date.id if date else "",
        what=_what(hit, reading),
    )


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _dates(reading: Reading) -> list[Mention]:
    """The dates of a sentence that may be those of an act: nothing behind `since` or `following`."""
    dates = [mention for mention in reading.mentions if mention.type == "DATE"]
    start = reading.sentence.start
    return [date for date in dates if not NOT_ITS_DATE.search(reading.text, max(start, date.start - 60), date.start)]


def _domain(kind: str, reading: Reading) -> str:
    """The domain that most cues of the sentence name; security where they tie, or by the kind where there is none."""
    counts = Counter(hit.value for hit in reading.hits["domain"])
    if not counts:
        return "political" if kind in ("contact", "statement") else "security"
    return max(("security", "economic", "political"), key=lambda name: counts[name])


def _role(kind: str, hit: Hit, reading: Reading) -> str:
    """Host or guest of a contact by its place, giver or receiver of support by who stands before the verb, else peer."""
    named = [hit.value for hit in reading.hits["role"]]
    if kind == "contact":
        return next((name for name in named if name in ("host", "guest")), "")
    if kind == "support":
        if "receiver" in named:
            return "receiver"
        before = [mention for mention in reading.mentions if mention.start < hit.start and mention.partner]
        return "" if not before else "receiver" if before[-1].vectors else "giver"
    return "peer" if kind in ("agreement", "operation") else ""


def _what(hit: Hit, reading: Reading) -> str:
    """At most twelve words of the act's clause around its cue, without brackets."""
    clause = reading.clause_at(hit.start)
    head, tail = reading.text[clause.name : hit.start], reading.text[hit.start : clause.end]
    before, after = (BRACKETS.sub("", part).strip(" ,;—–“”\n").split() for part in (head, tail))
    room = WHAT_WORDS - min(len(after), WORDS_AFTER)
    return " ".join([*before[-room:], *after][:WHAT_WORDS]).strip(" ,;:.“”")


# Retellings


def _recent(events: list[Event], para: int, paragraphs: int) -> Iterator[int]:
    """Indices of the events first told at most so many paragraphs before, the last first."""
    return takewhile(lambda i: para - events[i].para <= paragraphs, reversed(range(len(events))))


def _at_meeting(act: Event, events: list[Event]) -> Event:
    """An act of words without a date of its own has that of the meeting of the same partners last told."""
    if not act.date_iso and (act.modality == "sought" or act.kind == "statement"):
        for meeting in map(events.__getitem__, _recent(events, act.para, 1)):
            if (meeting.kind, meeting.modality) == ("contact", "done") and set(meeting.vectors) & set(act.vectors):
                return act._replace(date_text=meeting.date_text, date_iso=meeting.date_iso)
    return act


def _said_at(meeting: Event, act: Event) -> bool:
    """Whether an act is a statement made at a meeting told before it in the paragraph, and so no act of its own."""
    words = (meeting.kind, meeting.modality, act.kind, act.date_iso) == ("contact", "done", "statement", "")
    return words and bool(set(meeting.vectors) & set(act.vectors))


def _same_act(earlier: Event, later: Event, reading: Reading) -> bool:
    """Whether the later telling is of the earlier act: of its kind, modality and partners, near it, with no other date."""
    if (earlier.kind, earlier.modality) != (later.kind, later.modality):
        return False
    if earlier.date_iso and later.date_iso and not later.date_iso.startswith(earlier.date_iso):
        return False
    if later.para > earlier.para:
        return later.kind == "contact" and bool(set(later.partners) & set(earlier.partners))
    if later.kind not in RESUMED and not reading.has("presence", "anaphor", later.start, later.end):
        return False  # another delivery, another treaty, unless `the deliveries`, `the treaty`
    return later.kind == "operation" or bool(set(later.vectors) & set(earlier.vectors))


def _retold(act: Event, reading: Reading, date_text: str, date_iso: str) -> Event:
    """The act with one more retelling, whose date it takes if that is more exact than its own."""
    span = reading.sentence.start, reading.sentence.end
    also = act.also if span in ((act.start, act.end), *act.also) else (*act.also, span)
    if date_iso.startswith(act.date_iso) and (act.date_iso or act.modality == "done"):
        act = act._replace(date_text=date_text, date_iso=date_iso)
    return act._replace(also=also)
