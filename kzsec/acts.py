"""Acts, told by rule: what was done, is under way, scheduled, sought or denied between Kazakhstan and a partner."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from .cues import Hit, Reading

if TYPE_CHECKING:
    from .coding import Coding, Relation
    from .entities import Mention

ACTS_A_SENTENCE = 2
AUXILIARY_CHARS = 12  # between a word of modality and the verb that it governs (`plans to |visit`)
OBJECT_CHARS = 80  # between a word of modality and its object (`offered 25 officers |training`)
PASSIVE_CHARS = 150  # between a noun and its passive (`exercises |will be held`)
RANK = {"denied": 0, "sought": 1, "scheduled": 2, "under_way": 3, "done": 4}
WORDS = ("sought", "denied")  # one sentence may tell both a deed of a kind and words about another
RESUMED = ("contact", "operation")  # told on over several sentences without another word for them
CONTACT_PARAGRAPHS = 2  # how far on a visit or meeting may be spoken of again
YEARS = re.compile(r"\d{4}/\d{4}")
HEAD_CHARS = 15  # a date this near the sentence's head dates all of it
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


def acts_of(
    reading: Reading, coded: list[Coding], rows: list[Relation], roll_up: dict[str, tuple[str, ...]]
) -> list[Act]:
    """The acts that a sentence reports, one a kind: by a verb of doing, else by a noun with a word of modality near it."""
    theatre = reading.hits.get("theatre", ())
    if theatre and "nato" not in {row.vector for row in coded}:
        place = _union(
            mention.vectors for mention in reading.mentions if mention.start < theatre[0].end < mention.end + 9
        )
        leader = theatre[0].value
        date = _date_of(theatre[0], reading)
        return [
            Act(reading, theatre[0], "operation", "under_way", "cooperative", roll_up[leader], (leader,), place, date)
        ]
    if not coded or (all(row.voice == "judgement" for row in coded) and not _dates(reading)):
        return []
    chosen: dict[tuple[str, bool, tuple[str, ...]], Act] = {}
    for hit, modality in _told(reading):
        party = _party(hit, reading, coded, rows)
        key = hit.value, modality in WORDS, tuple(row.vector for row in party)
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
    """The vectors that act: those named in the clause of the cue, or all; never one that is only a source of danger."""
    clause = reading.clause_at(hit.start).name
    willing = [row for row in coded if row.limit != "danger"]
    inside = {row.vector for row in rows if any(reading.clause_at(place).name == clause for place in row.places)}
    return [row for row in willing if row.vector in inside] or willing


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _dates(reading: Reading) -> list[Mention]:
    """The dates of a sentence that may be those of an act: no span of years, nothing behind `since` or `following`."""
    dates = [mention for mention in reading.mentions if mention.type == "DATE" and not YEARS.fullmatch(mention.id)]
    start = reading.sentence.start
    return [date for date in dates if not NOT_ITS_DATE.search(reading.text, max(start, date.start - 60), date.start)]


def _date_of(hit: Hit, reading: Reading) -> tuple[str, str]:
    """Text and ISO form of the nearest date in the clause of an act's cue, or at the sentence's head; empty if none."""
    clause, head = reading.clause_at(hit.start), reading.sentence.start + HEAD_CHARS
    dates = [date for date in _dates(reading) if clause.start <= date.start < clause.end or date.start < head]
    nearest = min(dates, key=lambda date: (abs(date.start - hit.start), date.start), default=None)
    return (nearest.text, nearest.id) if nearest else ("", "")


def tell(acts: list[Act], found: list[Act], reading: Reading, coded: list[Coding]) -> None:
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
        if vectors & set(act.vectors) and (not found or (spoken and act.kind in ("contact", "statement"))):
            date = next(((date.text, date.id) for date in _dates(reading)), ("", ""))
            acts[i] = _retold(act, reading, date)
            break


def _at_meeting(act: Act, acts: list[Act]) -> Act:
    """An act of words without a date of its own has that of the meeting of the same partners last told."""
    if not act.date[1] and (act.modality == "sought" or act.kind == "statement"):
        for meeting in reversed(acts):
            near = act.reading.sentence.para - meeting.reading.sentence.para <= 1
            if (
                (meeting.kind, meeting.modality) == ("contact", "done")
                and near
                and set(meeting.vectors) & set(act.vectors)
            ):
                return act._replace(date=meeting.date)
    return act


def _same_act(earlier: Act, later: Act) -> bool:
    """Whether the later telling is of the earlier act: of its kind, modality and partners, near it, with no other date."""
    paragraphs = later.reading.sentence.para - earlier.reading.sentence.para
    same_date = not (earlier.date[1] and later.date[1]) or later.date[1].startswith(earlier.date[1])
    if (earlier.kind, earlier.modality) != (later.kind, later.modality) or not same_date:
        return False
    if paragraphs == 0:
        if later.kind not in RESUMED and not later.reading.has("presence", "anaphor", *later.reading.sentence[2:]):
            return False  # another delivery, another treaty, unless `the deliveries`, `the treaty`
        return later.kind == "operation" or bool(set(later.vectors) & set(earlier.vectors))
    return (
        later.kind == "contact"
        and paragraphs <= CONTACT_PARAGRAPHS
        and bool(set(later.partners) & set(earlier.partners))
    )


def _retold(act: Act, reading: Reading, date: tuple[str, str]) -> Act:
    """The act with one more retelling, whose date it takes if that is more exact than its own."""
    span = reading.sentence.start, reading.sentence.end
    first = act.reading.sentence.start, act.reading.sentence.end
    also = act.also if span in (first, *act.also) else (*act.also, span)
    closer = date[1].startswith(act.date[1]) and (act.date[1] or act.modality == "done")
    return act._replace(also=also, date=date if closer else act.date)


def event_of(act: Act, groupings: frozenset[str]) -> Event:
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
    """At most twelve words of the act's clause around its cue, without brackets."""
    clause = act.reading.clause_at(act.hit.start)
    head, tail = act.reading.text[clause.name : act.hit.start], act.reading.text[act.hit.start : clause.end]
    before, after = (BRACKETS.sub("", part).strip(" ,;—–“”\n").split() for part in (head, tail))
    room = WHAT_WORDS - min(len(after), WORDS_AFTER)
    return " ".join([*before[-room:], *after][:WHAT_WORDS]).strip(" ,;:.“”")
