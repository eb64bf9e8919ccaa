"""Sentences as the coder reads them: the cues of the codebook's tables in each, its clauses, its quotations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from .codebook import Codebook, CodebookError
from .corpus import Article, Sentence

if TYPE_CHECKING:
    from .entities import Mention

TOKEN = re.compile(r"(\w+(?:-\w+)*(?:'t\b)?|[,;:—–])")
GAP_WORDS = 3  # what a lone `*` in a pattern may stand for, at most
MEMORY = 1 << 16  # words remembered at most
NEGATION_CHARS = 30  # how far before a cue its negation may stand
WEIGHED = ("report", "judgement")  # voices whose cues are weighed against each other
QUOTE = re.compile('[“”"]')
QUOTE_CHARS = 30  # a shorter quotation is a label (`“multi-vector” policy`), not speech
MAY = re.compile(r"\bMay\b")
BREAK = re.compile(
    r"[,;—–](?:(?<!,)|(?P<relative> (?:\w+ )?(?:who|which|whose|whom|where)\b)|"
    r" (?:and|as) (?=[^,;]{0,60}?\b(?:is|are|was|were|has|have|had|will|would|remains?|may|could)\b))"
)


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


class Behind(dict[str, tuple[Cue, ...]]):
    """By the second word: those of some cues of more than one word that may go on with it."""

    def __init__(self, cues: list[Cue]):
        super().__init__()
        self._cues = cues

    def __missing__(self, word: str) -> tuple[Cue, ...]:
        if len(self) > MEMORY:
            self.clear()
        self[word] = tuple(cue for cue in self._cues if cue.rest[0] == "*" or _same(cue.rest[0], word))
        return self[word]


class Lexicon(dict[str, tuple[list[Cue], Behind] | None]):
    """The cue tables by first word, so that reading costs one look-up a word however many cues there are.

    A pattern is alternatives between `|`; in a word `stem*` and, after the first word, `*ending` are globs; a `*` of
    its own stands for up to three words. A word's entry is made when it is first met.
    """

    def __init__(self, rows: Iterable[dict[str, str]]):
        super().__init__()
        self._cues: dict[str, list[Cue]] = {}
        for row in rows:
            for pattern in filter(str.strip, row["pattern"].lower().split("|")):
                first, *rest = pattern.rstrip("* ").split() if pattern.endswith(" *") else pattern.split()
                self._cues.setdefault(first, []).append(Cue(row["column"], row["value"], row["scope"], tuple(rest)))

    def __missing__(self, word: str) -> tuple[list[Cue], Behind] | None:
        if len(self) > MEMORY:
            self.clear()
        keys = [word, *(f"{word[:size]}*" for size in range(1, len(word) + 1))]
        cues = [cue for key in keys for cue in self._cues.get(key, ())]
        longer = [cue for cue in cues if cue.rest]
        self[word] = ([cue for cue in cues if not cue.rest], Behind(longer)) if cues else None
        return self[word]

    def hits(self, text: str, start: int, end: int, names: Sequence[Mention] = ()) -> dict[str, list[Hit]]:
        """Every cue that matches in `text[start:end]` and is no part of a name, by column, in text order; see `plain`."""
        pieces = TOKEN.split(text[start:end])  # what stands between words, then a word, in turn
        places = list(accumulate(map(len, pieces), initial=start))
        words = [*pieces[1::2], ""]
        found: dict[str, list[Hit]] = defaultdict(list)
        spans = [(name.start, name.end) for name in reversed(names)]
        for i, entry in enumerate([self[word] for word in words]):
            if entry is None:
                continue
            alone, behind = entry
            longer = behind[words[i + 1]]
            if not alone and not longer:
                continue
            at, stop = places[2 * i + 1], places[2 * i + 2]
            while spans and spans[-1][1] <= at:
                spans.pop()
            named = spans[-1][1] if spans and spans[-1][0] <= at else 0  # a word of a name is no cue
            if stop > named:
                for column, value, scope, _ in alone:
                    found[column].append(Hit(at, stop, column, value, scope))
            for cue in longer:
                if (last := _last_word(cue.rest, words, i + 1)) and (stop := places[2 * last]) > named:
                    found[cue.column].append(Hit(at, stop, *cue[:3]))
        return found


def plain(text: str) -> str:
    """The text as cues are written, place by place: lower case, straight apostrophes; the month May is no `may`."""
    text = MAY.sub("Mai", text.replace("’", "'"))
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(low if len(low := char.lower()) == 1 else char for char in text)
    )


def _last_word(rest: tuple[str, ...], words: list[str], at: int) -> int:
    """The index behind the words that match `rest` from `at` on, or 0; the last of `words` is empty."""
    if not rest:
        return at
    if rest[0] == "*":
        for skip in range(at, min(at + GAP_WORDS + 1, len(words) - 1)):
            if _same(rest[1], words[skip]) and (end := _last_word(rest[2:], words, skip + 1)):
                return end
        return 0
    return _last_word(rest[1:], words, at + 1) if _same(rest[0], words[at]) else 0


def _same(pattern: str, word: str) -> bool:
    if pattern[-1] == "*":
        return word.startswith(pattern[:-1])
    return word.endswith(pattern[1:]) if pattern[0] == "*" else word == pattern


@lru_cache(maxsize=8)
def lexicon(codebook: Codebook) -> Lexicon:
    """The codebook's cues of alignment and of acts in one lexicon.

    Raises `CodebookError` for a pattern that begins with a gap, and for a weight of voice that is no number.
    """
    for table in ("cues", "acts"):
        for number, row in enumerate(codebook[table], start=2):
            if any(pattern.lstrip().startswith("*") for pattern in row["pattern"].split("|")):
                raise CodebookError(
                    f"{table}.csv, row {number}: a pattern begins with `*`; begin it with a word or stem"
                )
            if row["column"] == "voice" and row["value"] in WEIGHED and not row["scope"].isdigit():
                raise CodebookError(f"{table}.csv, row {number}: scope `{row['scope']}`; give the weight, 1 or 2")
    return Lexicon((*codebook["cues"], *codebook["acts"]))


class Clause(NamedTuple):
    """`text[start:end]`, how it stands to the rest (`main`, `contrast`, `concession`, `relative`), and which one it goes on."""

    start: int
    end: int
    kind: str
    name: int


class Reading(NamedTuple):
    """One sentence with what the coder sees in it; cues and mentions of its closing citation are left out."""

    sentence: Sentence
    text: str
    mentions: tuple[Mention, ...]
    hits: dict[str, list[Hit]]
    clauses: tuple[Clause, ...]
    quoted: bool
    cited: bool

    def clause_at(self, place: int) -> Clause:
        """The clause in which a place of the sentence lies."""
        for clause in reversed(self.clauses):
            if clause.start <= place:
                return clause
        return self.clauses[0]

    def has(self, column: str, value: str, start: int, end: int) -> bool:
        """Whether a cue of this column and value starts in `text[start:end]`."""
        return any(hit.value == value and start <= hit.start < end for hit in self.hits.get(column, ()))

    def negated(self, hit: Hit) -> Hit | None:
        """The negation, or for a danger the word of countering it, that stands shortly before the cue.

        A comma ends a negation's reach, and so does a cue of the other sort (`no threat to relations`).
        """
        if "negation" not in self.hits:
            return None
        danger = hit.value in ("danger", "risk")
        before = [
            one
            for one in self.hits["negation"]
            if hit.start - NEGATION_CHARS <= one.end <= hit.start and (danger or one.value != "danger")
        ]
        if not before or danger:
            return before[-1] if before else None
        last = before[-1]
        between = {one.value for one in self.hits.get("stance", ()) if last.end <= one.start < hit.start}
        return last if "," not in self.text[last.end : hit.start] and between <= {hit.value} else None


def readings(article: Article, mentions: list[Mention], words: Lexicon) -> Iterator[Reading]:
    """Each sentence of an article, in order."""
    text, lower = article.text, plain(article.text)
    ends: dict[tuple[int, int], int] = {}
    for citation in article.citations:
        ends.setdefault((citation.para, citation.sent), citation.start)
    by_sentence: dict[tuple[int, int], list[Mention]] = {}
    for mention in mentions:
        if mention.start < ends.get((mention.para, mention.sent), mention.end):
            by_sentence.setdefault((mention.para, mention.sent), []).append(mention)
    open_para = -1  # the paragraph in which a quotation is open
    for sentence in article.sentences:
        key = sentence.para, sentence.sent
        end, own = ends.get(key, sentence.end), by_sentence.get(key, [])
        hits = words.hits(lower, sentence.start, end, own)
        inside = open_para == sentence.para
        longest, still_open = _quotation(text, sentence.start, end, inside)
        open_para = sentence.para if still_open else -1
        said = text[sentence.start] in '“"' or any(hit.value == "official" for hit in hits.get("voice", ()))
        quoted = inside or still_open or (longest > QUOTE_CHARS and said)
        clauses = _clauses(text, sentence.start, end, hits.get("clause", []))
        yield Reading(sentence, text, tuple(own), hits, clauses, quoted, key in ends)


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
    """The sentence cut at conjunctions, relative pronouns, semicolons and dashes.

    A concession or a relative clause ends at its next comma; behind a relative one the clause before it goes on.
    """
    cuts = {start: "main"}
    for joint in joints:
        cuts[joint.start if joint.start - start > 1 else start] = joint.value
        if joint.value == "concession" and (comma := text.find(",", joint.end, end)) > 0:
            cuts.setdefault(comma, "main")
    for mark in BREAK.finditer(text, start, end):
        cuts.setdefault(mark.start(), mark.lastgroup or "main")
        if mark.lastgroup and (comma := text.find(",", mark.end(), end)) > 0:
            cuts.setdefault(comma, "resumed")
    clauses: list[Clause] = []
    if len(cuts) == 1:
        return (Clause(start, end, cuts[start], start),)
    starts = sorted(cuts)
    for a, b in zip(starts, [*starts[1:], end], strict=True):
        kind, name = cuts[a], a
        if kind == "resumed":
            kind, name = next(((c.kind, c.name) for c in reversed(clauses) if c.kind != "relative"), ("main", a))
        clauses.append(Clause(a, b, kind, name))
    return tuple(clauses)
