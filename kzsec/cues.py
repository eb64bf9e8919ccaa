"""Sentences as the coder reads them: the cues of the codebook's tables in each, its clauses, its quotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .codebook import Codebook, CodebookError
from .corpus import Article, Sentence

if TYPE_CHECKING:
    from .entities import Mention

TOKEN = re.compile(r"\w+(?:-\w+)*(?:'t\b)?|[,;:—–]")
GAP_WORDS = 3  # what a lone `*` in a pattern may stand for, at most
NEGATION_CHARS = 30  # how far before a cue its negation may stand
WEIGHED = ("report", "judgement")  # voices whose cues are weighed against each other
QUOTE = re.compile('[“”"]')
QUOTE_CHARS = 30  # a shorter quotation is a label (`“multi-vector” policy`), not speech
BREAK = re.compile(
    r"[;—–]|, (?:and|as) (?=[^,;]{0,60}?\b(?:is|are|was|were|has|have|had|will|would|remains?|may|could)\b)"
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


Starting = tuple[tuple[Cue, ...], dict[str, list[Cue]], tuple[Cue, ...]]  # one word; by the second word; second a glob


class Lexicon:
    """The cue tables by first word, so that reading costs one look-up a word however many cues there are.

    A pattern is alternatives between `|`; in a word `stem*` and, after the first word, `*ending` are globs; a `*` of
    its own stands for up to three words.
    """

    def __init__(self, rows: Iterable[dict[str, str]]):
        self._exact: dict[str, list[Cue]] = {}
        self._stems: dict[str, list[Cue]] = {}
        for row in rows:
            for pattern in filter(str.strip, row["pattern"].lower().split("|")):
                first, *rest = pattern.split()
                table, key = (self._stems, first[:-1]) if first.endswith("*") else (self._exact, first)
                table.setdefault(key, []).append(Cue(row["column"], row["value"], row["scope"], tuple(rest)))
        self.starting = lru_cache(maxsize=1 << 16)(self._starting)

    def _starting(self, word: str) -> Starting | None:
        cues = [*self._exact.get(word, ())]
        cues += [cue for size in range(1, len(word) + 1) for cue in self._stems.get(word[:size], ())]
        if not cues:
            return None
        by_second: dict[str, list[Cue]] = {}
        for cue in cues:
            if cue.rest and "*" not in cue.rest[0]:
                by_second.setdefault(cue.rest[0], []).append(cue)
        globbed = tuple(cue for cue in cues if cue.rest and "*" in cue.rest[0])
        return tuple(cue for cue in cues if not cue.rest), by_second, globbed

    def hits(self, text: str, start: int, end: int) -> list[Hit]:
        """Every cue that matches in `text[start:end]`, in the order of their first words."""
        plain = text[start:end].replace("’", "'")
        lower = plain.lower()
        tokens = list(TOKEN.finditer(lower if len(lower) == len(plain) else plain))
        words = [token.group() for token in tokens]
        found = []
        for i, cues in enumerate(map(self.starting, words)):
            if cues is None or (words[i] == "may" and i and plain[tokens[i].start()] == "M"):  # the month
                continue
            alone, by_second, globbed = cues
            at, behind = tokens[i].span()
            for cue in alone:
                found.append(Hit(start + at, start + behind, cue.column, cue.value, cue.scope))
            literal = by_second.get(words[i + 1], ()) if by_second and i + 1 < len(words) else ()
            for cue in (*literal, *globbed):
                if last := _last_word(cue.rest, words, i + 1):
                    found.append(Hit(start + at, start + tokens[last - 1].end(), cue.column, cue.value, cue.scope))
        return found


def _last_word(rest: tuple[str, ...], words: list[str], at: int) -> int:
    """The index behind the words that match `rest` from `at` on, or 0."""
    if not rest:
        return at
    if rest[0] == "*":
        for skip in range(min(GAP_WORDS + 1, len(words) - at)):
            if end := _last_word(rest[1:], words, at + skip):
                return end
        return 0
    if at == len(words):
        return 0
    pattern, word = rest[0], words[at]
    if pattern[-1] == "*":
        same = word.startswith(pattern[:-1])
    else:
        same = word.endswith(pattern[1:]) if pattern[0] == "*" else word == pattern
    return _last_word(rest[1:], words, at + 1) if same else 0


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
    """`text[start:end]` and how it stands to the rest: `main`, `contrast` (but) or `concession` (although, despite)."""

    start: int
    end: int
    kind: str


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

    def negated(self, hit: Hit) -> bool:
        """Whether a negation, or for a danger a word of countering it, stands shortly before the cue.

        A comma ends a negation's reach, and so does a cue of the other sort (`no threat to relations`).
        """
        reach = range(hit.start - NEGATION_CHARS, hit.start + 1)
        danger = hit.value in ("danger", "risk")
        before = [one.end for one in self.hits.get("negation", ()) if one.end in reach and (danger or not one.value)]
        if not before or danger:
            return bool(before)
        between = [one.value for one in self.hits.get("stance", ()) if before[-1] <= one.start < hit.start]
        return "," not in self.text[before[-1] : hit.start] and set(between) <= {hit.value}


def readings(article: Article, mentions: list[Mention], words: Lexicon) -> Iterator[Reading]:
    """Each sentence of an article, in order."""
    text = article.text
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
        hits: dict[str, list[Hit]] = {}
        named = {place: mention.end for mention in own for place in range(mention.start, mention.end)}
        for hit in words.hits(text, sentence.start, end):
            if named.get(hit.start, 0) < hit.end:  # a word of a name is no cue
                hits.setdefault(hit.column, []).append(hit)
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
    """The sentence cut at conjunctions, semicolons and dashes; a concession ends at its next comma."""
    cuts = {start: "main"}
    for joint in joints:
        cuts[joint.start if joint.start - start > 1 else start] = joint.value
        if joint.value == "concession" and (comma := text.find(",", joint.end, end)) > 0:
            cuts.setdefault(comma, "main")
    for mark in BREAK.finditer(text, start, end):
        cuts.setdefault(mark.start(), "main")
    starts = sorted(cuts)
    return tuple(Clause(a, b, cuts[a]) for a, b in zip(starts, [*starts[1:], end], strict=True))
