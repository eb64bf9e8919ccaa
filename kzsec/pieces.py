"""An article as a row of pieces: each capitalised word or table name with its class, and the signature they make.

| letter | piece | letter | piece |
| --- | --- | --- | --- |
| `G` `C` `L` | state, other place with a government, other place | `T` | title |
| `D` `O` `P` `E` `M` | people, body, person, event, source of a table | `H` `V` `K` | head of a body, event, treaty |
| `u` `g` | unknown word, given name | `A` `B` `b` | word behind or before a place's name, direction |
| `w` `X` | common word, function word | `q` `d` `i` | capitals, word with digits, initial |
| `N` | already named | | |

Between two pieces stands nothing for a space, `o` for `of`, `f` for `for` and `on`, `a` for `and`, `z` for `'s`, `p` for
a particle within a person's name, the comma or hyphen that is there, or `.` for anything else.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from kzsec.corpus import JANUARY_ISSUES, Article
from kzsec.dates import find_dates
from kzsec.lexicon import Entry, Lexicon, first_word, slug, vectors_in

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĪİŁŃŇŌŐŒŘŚŞŠŤŪŮŰŹŻŽȘȚ"
_TOKEN = (
    rf"[\[{_UP}](?:(?<!\[)|(?=[{_UP}]))(?:\.(?:[A-Z]\.)+|\.(?=[ -][{_UP}])|\w*(?:[-&](?=[{_UP}\d])\w+|'(?!s\b)\w+"
    r"|-{syllable}(?:-\w+)?\b)*\]?)"
)
_LOWER = r"|(?<=[ (\n\"-]){lower}\b"
_STRAIGHT = [*zip("’‘ʻʼ`“”\xa0–", "'''''\"\" -", strict=True)]
_GAPS = {" ": "", "\n": "", "\r\n": "", "  ": "", ", ": ",", "-": "-", "'s ": "z", "' ": "z", " & ": "a"} | {
    f" {word}{the} ": letter
    for word, letter in {"of": "o", "for": "f", "on": "f", "and": "a"}.items()
    for the in ("", " the")
}
_ARTICLE = r"(?:(?<!\w){article}-)?$"
TYPES = {"GPE": "C", "LOC": "L", "ORG": "O", "PERSON": "P", "NORP": "D", "EVENT": "E", "MEDIA": "M"}
_START = attrgetter("start")
_AT = re.compile(r"\b(?:[Ii]n|near|at|outside|around|inside|downtown|from|through|toward|leaving|visited|left) $")


class Mention(NamedTuple):
    """`text[start:end]` names `id`; `partner` holds whom it belongs to, `office` the title written with a person."""

    para: int
    sent: int
    start: int
    end: int
    text: str
    type: str
    id: str
    vectors: tuple[str, ...]
    rule: str
    partner: tuple[str, ...] = ()
    office: str = ""


@dataclass(slots=True)
class Piece:
    """One piece; `before` is the letter of what stands between it and the piece before, empty for a space."""

    start: int
    end: int
    word: str
    kind: str
    entry: Entry | None
    before: str

    @property
    def partner(self) -> tuple[str, ...]:
        return self.entry.partner if self.entry else ()


class Pieces:
    """The pieces of one article, its signature, and what has been found so far."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        self.article, self.lexicon, self.words, self.text = article, lexicon, lexicon.words, article.text
        for old, new in _STRAIGHT:  # many times as fast as str.translate
            self.text = self.text.replace(old, new)
        self.sentence_starts = [sentence.start for sentence in article.sentences]
        self.starts = frozenset(self.sentence_starts)
        self.begin, self.finish = self.sentence_starts[0], article.sentences[-1].end
        self.home = ("kazakhstan",) if "Kazakh" in self.text or "KAZAKH" in self.text else ()
        self.found: list[Mention] = []
        self.named: dict[int, Mention] = {}  # what was found last, by its end
        self.pieces: list[Piece] = []
        self._read(self._blanked())
        self._settle()
        self.at = [one for piece in self.pieces for one in ((None, piece) if piece.before else (piece,))]  # as signed

    def add(self, start: int, end: int, type: str, id: str, partner: tuple[str, ...], rule: str) -> None:
        """Note a mention, unless it goes beyond its sentence."""
        para, sent, _, stop = self.article.sentences[bisect_right(self.sentence_starts, start) - 1]
        vectors = () if type in ("MEDIA", "DATE") else vectors_in(partner, self.lexicon, self.article.year)
        if end <= stop:
            raw = self.article.text[start:end]
            self.named[end] = Mention(para, sent, start, end, raw, type, id, vectors, rule, partner)
            self.found.append(self.named[end])

    # -- what is read

    def _blanked(self) -> str:
        """The text without its citations and dates, which hold no other name; those and the sources are found."""
        for cite in self.article.citations:
            if cite.source:
                names = self.lexicon.names.get(first_word(cite.source), ())
                id = next((e.id for e in names if e.name == cite.source and e.type == "MEDIA"), slug(cite.source))
                self.add(cite.source_start, cite.source_start + len(cite.source), "MEDIA", id, (), "citation")
            if cite.date_text:
                self.add(cite.date_start, cite.date_start + len(cite.date_text), "DATE", cite.date_iso, (), "citation")
        text = _blank(self.text, {(cite.start, cite.end) for cite in self.article.citations})
        january = bool(self.article.issue and self.article.issue <= JANUARY_ISSUES)
        dates = find_dates(text, self.begin, self.finish, year=self.article.year, january=january)
        for start, end, iso in dates:
            self.add(start, end, "DATE", iso, (), "date")
        return _blank(text, {(start, end) for start, end, _ in dates})

    def _read(self, text: str) -> None:
        """Every capitalised word or table name as a piece; the longest table name at a place goes before all else."""
        lower = any(name in text for name in self.words["lower"])  # the plain pattern is many times as fast
        done, tokens = self.begin, self.lexicon.pattern(_TOKEN + _LOWER if lower else _TOKEN)
        while token := tokens.search(text, done, self.finish):
            start, done = token.span()
            if text[start - 1 : start].isalnum() or done - start > 50:
                continue
            word = token[0]
            first = word if word.isalnum() else first_word(word)
            loud = word.isupper() and len(first) > 3
            entry = self.match(start, first) or (self.match(start, first.capitalize(), loud=True) if loud else None)
            if entry:
                done = start + len(entry.name)
            if entry and entry.type[0] != "#":
                self._named(start, done, entry)
            else:
                self._plain(start, done, word, entry)

    def match(self, start: int, first: str = "", *, loud: bool = False) -> Entry | None:
        """The longest table name or word of grammar at `start` that is meant, by its first word; `loud`: in capitals."""
        text = self.text
        for entry in self.lexicon.names.get(first or first_word(text[start : start + 40]), ()):
            if text.startswith(entry.name.upper() if loud else entry.name, start):
                end = start + len(entry.name)
                if not text[end : end + 1].isalnum() and (entry.type[0] == "#" or self._meant(entry, start, end)):
                    return entry
        return None

    def _meant(self, entry: Entry, start: int, end: int) -> bool:
        """Whether an ambiguous table name is meant here: `the West`, `in Nice`, not `West of`, `Nice`, `Turkey breast`."""
        if entry.use == "weak":
            return bool(_AT.search(self.text, max(0, start - 10), start))
        if entry.type == "LOC" and entry.name.lower() in self.words["common"]:
            return self.text[start - 4 : start].lower() == "the "
        food = (
            entry.type == "GPE" and self.text[end + 1 : end + 14].partition(" ")[0].rstrip(",.") in self.words["food"]
        )
        return not food and entry.needs in self.text

    def _named(self, start: int, end: int, entry: Entry) -> None:
        """A piece for a table name; a hyphenated pair of peoples is one."""
        head = entry.type == "ORG" and (entry.name in self.words["head"] or entry.name in self.words["head_state"])
        kind = "G" if entry.use == "state" else "H" if head else TYPES[entry.type]
        self._add(start, end, kind, entry)
        if len(self.pieces) > 1 and self.pieces[-1].before == "-" and kind in "DG" and self.pieces[-2].kind in "DG":
            two, one = self.pieces.pop(), self.pieces.pop()
            partner = tuple(dict.fromkeys(p for p in one.partner + two.partner if p != "kazakhstan"))
            pair = Entry("", "NORP", f"{one.entry.id}-{entry.id}", partner, "", "pair", "pairs")
            self._add(one.start, end, "D", pair)

    def _plain(self, start: int, end: int, word: str, entry: Entry | None) -> None:
        """A piece for a word that is no name of a table: its class by grammar, shape and the list of common words."""
        common, lower = self.words["common"], word.lower()
        if entry:
            kind = entry.type[1]
        elif "[" in word or "]" in word:
            kind, start = "u", start + (word[0] == "[" and word[-1] != "]")
        elif word[1:2] == ".":
            kind = "i"
        elif any(map(str.isdigit, word)):
            kind = "d"
        elif word.isupper() and len(word) > 1:
            loud = sum(map(str.islower, self.text[max(0, start - 30) : start + 30])) < 12
            kind = "X" if loud or word in self.words["acronym_stop"] else "q"
        elif lower in self.words["particle"] or (word in self.words["given"] and lower not in common):
            kind = "g"
        else:
            known = word == word.title() and all(p in common or p.removesuffix("s") in common for p in lower.split("-"))
            kind = "w" if known else "u"
        if kind in "ug" and self.text[start - 1] == "-":
            start -= len(self.lexicon.pattern(_ARTICLE).search(self.text, max(0, start - 5), start)[0])
        self._add(start, end, kind, None)

    def _add(self, start: int, end: int, kind: str, entry: Entry | None) -> None:
        pieces, before = self.pieces, "."
        if pieces and start - pieces[-1].end < 11 and start not in self.starts:
            gap = self.text[pieces[-1].end : start]
            particles = self.words["article" if gap[-1:] == "-" else "particle"]
            before = _GAPS.get(gap, "p" if gap[1:-1] in particles else ".")
        pieces.append(Piece(start, end, self.text[start:end], kind, entry, before))

    def _settle(self) -> None:
        """Classes that the neighbour decides: `Chad Smith`, `Michael Jordan`, `Sheikh Sultan bin …`, `Fan Weiguo`."""
        given, surnames = self.words["given"], self.words["first_surname"]
        named = False  # whether `one` goes on a person's name
        for one, two in pairwise(self.pieces):
            named = one.kind in "gi" or (named and one.kind == "u" and one.before in ("", "p"))
            if two.before not in ("", "p"):
                continue
            common = two.kind == "w" and one.kind in "Kw"
            surname = two.before == "p" or (one.kind != "T" and (two.kind in "ugi" or common))
            forename = surname and one.word in given and one.kind in "TCGDLABHKwu"
            if forename or (one.word in surnames and one.kind in "ABbHwu" and two.kind in "ug" and not two.before):
                one.kind, one.entry = "g", None
            elif named and " " not in two.word and two.kind in "CG":
                two.kind, two.entry = "u", None
            elif two.kind == "T" and one.kind == "g" and " " not in two.word and not two.before:
                two.kind = "u"
            elif one.kind == "C" and one.entry.use in ("city", "weak") and two.kind == "u" and not two.before:
                one.kind, one.entry = "u", None
            elif one.word == "General" and two.kind in "wH":
                one.kind = "w"

    # -- the signature

    def runs(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, list[Piece], str]]:
        """Every run of pieces that `pattern` finds in the signature: its letters, its pieces, the letter before it."""
        signature = "".join([piece.before + piece.kind for piece in self.pieces])
        for match in pattern.finditer(signature):
            first, last = match.span()
            yield match[0], [piece for piece in self.at[first:last] if piece], signature[max(0, first - 1) : first]

    def claim(self, start: int, end: int) -> list[Piece]:
        """The pieces within a span of text, from now on named."""
        claimed = self.pieces[self.number(start) : self.number(end)]
        for piece in claimed:
            piece.kind = "N"
        return claimed

    def number(self, at: int) -> int:
        """How many pieces stand before a place in the text."""
        return bisect_left(self.pieces, at, key=_START)

    def sentence_start(self, at: int) -> int:
        return self.sentence_starts[bisect_right(self.sentence_starts, at) - 1]


def _blank(text: str, spans: set[tuple[int, int]]) -> str:
    """The text with some spans unreadable, and all else in its place."""
    parts, done = [], 0
    for start, end in sorted(spans):
        parts += [text[done:start], "\0" * (end - max(start, done))]
        done = max(end, done)
    return "".join([*parts, text[done:]])
