"""Sentences as the coder reads them: the cues of the codebook's tables in each, its clauses, its quotations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from .codebook import Codebook, CodebookError
from .corpus import Article, Sentence

if TYPE_CHECKING:
    from .entities import Mention

TOKEN = re.compile(r"(\w+(?:-\w+)*(?:'t\b)?|[,;:—–])")
GAP_WORDS = 3  # what a lone `*` in a pattern may stand for, at most
MEMORY = 1 << 16  # words and pairs of words remembered at most
NEGATION_CHARS = 30  # how far before a cue its negation may stand
QUOTE = re.compile('[“”"]')
QUOTE_CHARS = 30  # a shorter quotation is a label (`“multi-vector” policy`), not speech
BREAK = re.compile(
    r"[,;—–](?:(?<!,)|(?P<relative> (?:\w+ )?(?:who|which|whose|whom|where)\b)|"
    r" (?:and|as) (?=[^,;]{0,60}?\b(?:is|are|was|were|has|have|had|will|would|remains?|may|could)\b))"
)


class Cue(NamedTuple):
    """One alternative of a table's pattern: how many of its words have matched, and the others."""

    matched: int
    rest: tuple[str, ...]
    column: str
    value: str
    scope: str


class Hit(NamedTuple):
    """`text[start:end]` matches a cue."""

    start: int
    end: int
    column: str
    value: str
    scope: str


class Lexicon(dict[str | tuple[str, str], list[Cue]]):
    """The cues that may begin with a word, and with a pair of words: made when first met, so that reading stays fast.

    A pattern is alternatives between `|`; in a word `stem*` and, after the first word, `*ending` are globs; a `*` of
    its own stands for up to three words.
    """

    def __init__(self, rows: Iterable[dict[str, str]]):
        super().__init__()
        self._cues: dict[str, list[Cue]] = defaultdict(list)
        for row in rows:
            for pattern in filter(str.strip, row["pattern"].lower().split("|")):
                first, *rest = pattern.split()
                self._cues[first].append(Cue(1, tuple(rest), row["column"], row["value"], row["scope"]))

    def __missing__(self, key: str | tuple[str, str]) -> list[Cue]:
        if len(self) > MEMORY:
            self.clear()
        if isinstance(key, tuple):
            self[key] = cues = []
            for cue in self[key[0]]:
                if not cue.rest or cue.rest[0] == "*":
                    cues.append(cue)
                elif _same(cue.rest[0], key[1]):
                    cues.append(Cue(2, cue.rest[1:], *cue[2:]))
        else:
            stems = [key, *(f"{key[:size]}*" for size in range(1, len(key) + 1))]
            cues = [cue for stem in stems if stem in self._cues for cue in self._cues[stem]]
            self[key] = sorted(cues, key=lambda cue: cue.rest != ())
        return self[key]

    def hits(self, words: Words, names: Sequence[Mention] = ()) -> dict[str, list[Hit]]:
        """Every cue that matches in the words of a plain text and is no part of a name, by column, in text order."""
        texts, starts, ends = [*words.texts, ""], words.starts, words.ends
        spans = [(name.start, name.end) for name in names]
        found: dict[str, list[Hit]] = defaultdict(list)
        for i, cues in enumerate(map(self.__getitem__, pairwise(texts))):
            if cues:
                start = starts[i]
                named = next((b for a, b in spans if a <= start < b), 0)
                for matched, rest, column, value, scope in cues:
                    last = _behind(rest, texts, i + matched) if rest else i + matched
                    if last and ends[last - 1] > named:
                        found[column].append(Hit(start, ends[last - 1], column, value, scope))
        return found


class Words(NamedTuple):
    """The words of a text, and the marks that part clauses, with where each starts and ends."""

    texts: list[str]
    starts: list[int]
    ends: list[int]


def words_of(text: str, start: int = 0, end: int | None = None) -> Words:
    """The words and marks of `text[start:end]`."""
    pieces = TOKEN.split(text[start:end])  # what stands between words, then a word, in turn
    places = list(accumulate(map(len, pieces), initial=start))
    return Words(pieces[1::2], places[1:-1:2], places[2:-1:2])


def plain(text: str) -> str:
    """The text as cues are written, place by place: lower case, straight apostrophes."""
    lower = text.replace("’", "'").lower()
    return lower if len(lower) == len(text) else "".join(char.lower()[0] for char in text.replace("’", "'"))


def _behind(rest: Sequence[str], words: list[str], at: int) -> int:
    """The index behind the words that match `rest` from `at` on, or 0; the last of `words` is empty."""
    for i, part in enumerate(rest):
        if part == "*":
            skips = range(at, min(at + GAP_WORDS + 1, len(words)))
            return next(filter(None, (_behind(rest[i + 1 :], words, skip) for skip in skips)), 0)
        if not _same(part, words[at]):
            return 0
        at += 1
    return at


def _same(pattern: str, word: str) -> bool:
    if pattern[-1] == "*":
        return word.startswith(pattern[:-1])
    return word.endswith(pattern[1:]) if pattern[0] == "*" else word == pattern


@lru_cache(maxsize=8)
def lexicon(codebook: Codebook) -> Lexicon:
    """The codebook's cues of alignment and of acts in one lexicon.

    Raises `CodebookError` for a pattern that begins with a gap, for a weight of voice that is no number, and
    for a scope of stance that is none.
    """
    for table in ("cues", "acts"):
        for number, row in enumerate(codebook[table], start=2):
            fault = ""
            if any(pattern.lstrip().startswith("*") for pattern in row["pattern"].split("|")):
                fault = "a pattern begins with `*`; begin it with a word or stem"
            if row["column"] == "stance" and row["scope"] not in ("", "before", "inside"):
                fault = f"scope `{row['scope']}`; give before or inside, or leave it empty"
            if fault:
                raise CodebookError(f"{table}.csv, row {number}: {fault}")
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
    words: Words
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
        return any(hit.value == value and start <= hit.start < end for hit in self.hits[column])

    def negated(self, hit: Hit) -> bool:
        """Whether a negation, or for a danger the word of countering it, stands shortly before a cue of stance.

        A comma ends a negation's reach, and so does a cue of the other sort (`no threat to relations`).
        """
        before = [one for one in self.hits["negation"] if hit.start - NEGATION_CHARS <= one.end <= hit.start]
        if not before or hit.value in ("danger", "risk"):
            return bool(before)
        end = max((one.end for one in before if one.value != "danger"), default=hit.start)
        between = [one for one in self.hits["stance"] if end <= one.start < hit.start and one.value != hit.value]
        return end < hit.start and not between and "," not in self.text[end : hit.start]


def readings(article: Article, mentions: list[Mention], cues: Lexicon) -> Iterator[Reading]:
    """Each sentence of an article, in order."""
    text, lower = article.text, plain(article.text)
    ends = {citation[:2]: citation.start for citation in reversed(article.citations)}
    by_sentence: dict[tuple[int, ...], list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.start < ends.get(mention[:2], mention.end):
            by_sentence[mention[:2]].append(mention)
    open_para = -1  # the paragraph in which a quotation is open
    for sentence in article.sentences:
        key, start = sentence[:2], sentence.start
        end, own = ends.get(key, sentence.end), by_sentence[key]
        words = words_of(lower, start, end)
        hits = cues.hits(words, own)
        inside = open_para == sentence.para
        longest, still_open = _quotation(text, start, end, inside)
        open_para = sentence.para if still_open else -1
        said = text[start] in '“"' or any(hit.value == "official" for hit in hits["voice"])
        quoted = inside or still_open or (longest > QUOTE_CHARS and said)
        yield Reading(sentence, text, tuple(own), words, hits, _clauses(text, start, end, hits["clause"]), quoted, key in ends)


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
        cuts[joint.start] = joint.value
        if joint.value == "concession" and (comma := text.find(",", joint.end, end)) > 0:
            cuts.setdefault(comma, "main")
    for mark in BREAK.finditer(text, start, end):
        cuts.setdefault(mark.start(), mark.lastgroup or "main")
        if mark.lastgroup and (comma := text.find(",", mark.end(), end)) > 0:
            cuts.setdefault(comma, "resumed")
    clauses: list[Clause] = []
    starts = sorted(cuts)
    for a, b in zip(starts, [*starts[1:], end], strict=True):
        kind, name = cuts[a], a
        if kind == "resumed":
            kind, name = next(((c.kind, c.name) for c in reversed(clauses) if c.kind != "relative"), ("main", a))
        clauses.append(Clause(a, b, kind, name))
    return tuple(clauses)
