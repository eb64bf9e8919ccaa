"""An article as a row of pieces: each capitalised word or table name with its class, and the signature they make.

| letter | piece | letter | piece |
| --- | --- | --- | --- |
| `G` `C` `L` | state, other place with a government, other place | `T` | title |
| `D` `O` `P` `E` `M` | people, body, person, event, source of a table | `H` `V` `K` | head of a body, event, treaty |
| `u` `g` | unknown word, given name | `A` `B` `b` | word behind or before a place's name, direction |
| `w` `s` | common word, the same where a sentence begins | `q` `d` `i` | capitals, word with digits, initial |
| `Y` `X` `N` | date, function word, already named | `.` | anything that parts names |

Between two pieces stands nothing for a space, `o` for `of`, `f` for `for` and `on`, `a` for `and`, `z` for `'s`, `p` for
a particle within a person's name, or the comma or hyphen that is there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from kzsec.corpus import JANUARY_ISSUES, Article
from kzsec.dates import find_dates
from kzsec.lexicon import Entry, Lexicon, first_word, slug

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĪİŁŃŇŌŐŒŘŚŞŠŤŪŮŰŹŻŽȘȚ"
_TOKEN = (
    rf"[\[{_UP}](?:(?<!\[)|(?=[{_UP}]))(?:\.(?:[A-Z]\.)+|\.(?=[ -][{_UP}])|\w*(?:[-&](?=[{_UP}\d])\w+|'(?!s\b)\w+"
    r"|-{syllable}(?:-\w+)?\b)*\]?)|(?<=[ (\n\"-]){lower}\b"
)
_STRAIGHT = [*zip("’‘ʻʼ`“”\xa0–", "'''''\"\" -", strict=True)]
_GAPS = {" ": "", "\n": "", "\r\n": "", "  ": "", ", ": ",", "-": "-", "'s ": "z", "' ": "z", " & ": "a"} | {
    f" {word}{the} ": letter
    for word, letter in {"of": "o", "for": "f", "on": "f", "and": "a"}.items()
    for the in ("", " the")
}
_ARTICLE = r"(?:(?<!\w){article}-)?$"
_TYPES = {"GPE": "C", "LOC": "L", "ORG": "O", "PERSON": "P", "NORP": "D", "EVENT": "E", "MEDIA": "M"}
_START = attrgetter("start")
_AT = re.compile(r"\b(?:[Ii]n|near|at|outside|around|inside|downtown|from|through|toward|leaving|visited|left) $")


class Found(NamedTuple):
    """A mention before overlaps are settled."""

    start: int
    end: int
    type: str
    id: str
    partner: tuple[str, ...]
    rule: str


class Piece:
    """One piece; `before` is the letter of what stands between it and the piece before, empty for a space."""

    __slots__ = ("before", "end", "entry", "kind", "start", "word")

    def __init__(self, start: int, end: int, word: str, kind: str, entry: Entry | None, before: str) -> None:
        self.start, self.end, self.word, self.kind, self.entry, self.before = start, end, word, kind, entry, before

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
        self.pieces: list[Piece] = []
        self.found: list[Found] = []
        self.named: dict[int, Found] = {}  # what was found last, by its end
        self._read([*self._cited(), *self._dated()])
        self._settle()

    def add(self, start: int, end: int, type: str, id: str, partner: tuple[str, ...], rule: str) -> None:
        self.named[end] = Found(start, end, type, id, partner, rule)
        self.found.append(self.named[end])

    # -- what is read

    def _cited(self) -> Iterator[tuple[int, int, str]]:
        """The citations, their sources and dates found; a citation holds no other name."""
        for cite in self.article.citations:
            if cite.source:
                names = self.lexicon.names.get(first_word(cite.source), ())
                id = next((e.id for e in names if e.name == cite.source and e.type == "MEDIA"), slug(cite.source))
                self.add(cite.source_start, cite.source_start + len(cite.source), "MEDIA", id, (), "citation")
            if cite.date_text:
                self.add(cite.date_start, cite.date_start + len(cite.date_text), "DATE", cite.date_iso, (), "citation")
            yield cite.start, cite.end, "."

    def _dated(self) -> Iterator[tuple[int, int, str]]:
        """The dates outside of citations."""
        cited = [(cite.start, cite.end) for cite in self.article.citations]
        january = bool(self.article.issue and self.article.issue <= JANUARY_ISSUES)
        for start, end, iso in find_dates(self.text, self.begin, self.finish, year=self.article.year, january=january):
            n = bisect_right(cited, (start, self.finish)) - 1
            if n < 0 or start >= cited[n][1]:
                self.add(start, end, "DATE", iso, (), "date")
                yield start, end, "Y"

    def _read(self, fixed: list[tuple[int, int, str]]) -> None:
        """Every capitalised word or table name as a piece, around those that are fixed."""
        text, done, names = self.text, self.begin, self.lexicon.names
        fixed = [*sorted(fixed), (len(text), 0, "")]
        k = 0
        for token in self.lexicon.pattern(_TOKEN).finditer(text, self.begin, self.finish):
            start, end = token.span()
            while fixed[k][0] <= start:
                self._add(*fixed[k], None)
                done = max(done, fixed[k][1])
                k += 1
            if start < done or text[start - 1 : start].isalnum() or end - start > 50:
                continue
            word = token[0]
            first = word if word.isalnum() else first_word(word)
            entry = self.match(start, first)
            if entry is None and len(first) > 3 and word.isupper():
                entry = self.match(start, first.capitalize(), loud=True)
            if entry is not None and entry.type[0] != "#" and not self._meant(entry, start):
                entry = next((e for e in names[first] if e.type[0] == "#" and e.name == word), None)
            named = entry is not None and entry.type[0] != "#"
            done = self._named(start, entry) if named else self._plain(start, end, word, entry)
        for span in fixed[k:-1]:
            self._add(*span, None)

    def match(self, start: int, first: str, *, loud: bool = False) -> Entry | None:
        """The longest table name or word of grammar at `start`, by its first word; `loud`: a name, in capitals."""
        text = self.text
        for entry in self.lexicon.names.get(first, ()):
            name = entry.name.upper() if loud else entry.name
            if text.startswith(name, start) and not (loud and entry.type[0] == "#"):
                behind = start + len(name)
                if not text[behind : behind + 1].isalnum() and (not entry.needs or entry.needs in text):
                    return entry
        return None

    def initial(self, start: int) -> bool:
        """Whether a sentence or a quotation begins here, so that a capital tells nothing."""
        return start in self.starts or (self.text[start - 1] in '"-' and self.text[start - 2 : start - 1] in " .-(\n")

    def _meant(self, entry: Entry, start: int) -> bool:
        """Whether an ambiguous table name is meant here: `the West`, `in Nice`, not `West of`, `Nice`."""
        name, behind = entry.name, self.text[start + len(entry.name) : start + len(entry.name) + 14]
        if entry.use == "weak":
            return bool(_AT.search(self.text, max(0, start - 10), start))
        if entry.type == "GPE" and behind[:1] == " " and first_word(behind) in self.words["food"]:
            return False
        if entry.type in ("GPE", "NORP") or " " in name or name.isupper() or name.lower() not in self.words["common"]:
            return True
        if entry.type == "LOC":
            return self.text[start - 4 : start].lower() == "the "
        return not self.initial(start) or first_word(behind) in self.words["role"]

    def _plain(self, start: int, end: int, word: str, entry: Entry | None) -> int:
        """A piece for a word that is no name of a table: its class by grammar, shape and the list of common words."""
        if entry is not None:
            kind, end = entry.type[1], start + len(entry.name)
        elif "[" in word or "]" in word:
            kind, start = "u", start + (word[0] == "[" and word[-1] != "]")
        else:
            kind = "i" if word[1:2] == "." else self._class(word, start)
        if kind in "ug" and self.text[start - 1] == "-":
            start -= len(self.lexicon.pattern(_ARTICLE).search(self.text, max(0, start - 5), start)[0])
        self._add(start, end, kind, None)
        return end

    def _class(self, word: str, start: int) -> str:
        common, lower = self.words["common"], word.lower()
        if any(map(str.isdigit, word)):
            return "d"
        if word.isupper() and len(word) > 1:
            loud = sum(map(str.islower, self.text[max(0, start - 30) : start + 30])) < 12
            return "X" if loud or word in self.words["acronym_stop"] else "q"
        if lower in self.words["particle"] or (word in self.words["given"] and lower not in common):
            return "g"
        parts = lower.split("-")
        if len(parts) > 1 and word[len(parts[0]) + 1].islower():
            return "u"
        known = all(part in common or part.removesuffix("s") in common for part in parts)
        return "u" if not known else "s" if self.initial(start) else "w"

    def _named(self, start: int, entry: Entry) -> int:
        """A piece for a table name; for a hyphenated pair of peoples one, for a chain of capitals one each."""
        text, chain, end = self.text, [(start, entry)], start + len(entry.name)
        while text[end : end + 1] == "-" and text[end + 1 : end + 2].isupper():
            follow = self.match(end + 1, first_word(text[end + 1 : end + 31]))
            if follow is None or follow.type[0] == "#":
                break
            chain.append((end + 1, follow))
            end += 1 + len(follow.name)
        if len(chain) > 1 and all(one.type == "NORP" or one.use == "state" for _, one in chain):
            partner = tuple(dict.fromkeys(p for _, one in chain for p in one.partner if p != "kazakhstan"))
            id = "-".join(one.id for _, one in chain)
            self._add(start, end, "D", Entry(text[start:end], "NORP", id, partner, "", "pair", "pairs"))
            return end
        for at, one in chain:
            head = one.type == "ORG" and (one.name in self.words["head"] or one.name in self.words["head_state"])
            self._add(at, at + len(one.name), "G" if one.use == "state" else "H" if head else _TYPES[one.type], one)
        return end

    def _add(self, start: int, end: int, kind: str, entry: Entry | None) -> None:
        pieces, before = self.pieces, "."
        if pieces and start not in self.starts and start - pieces[-1].end < 11:
            gap = self.text[pieces[-1].end : start]
            before = _GAPS.get(gap, "p" if gap[1:-1] in self.words["particle"] else ".")
        pieces.append(Piece(start, end, self.text[start:end], kind, entry, before))

    def _settle(self) -> None:
        """Classes that the neighbour decides: `Chad Smith`, `Michael Jordan`, `Sheikh Sultan bin …`, `Fan Weiguo`."""
        given, surnames = self.words["given"], self.words["first_surname"]
        named = False  # whether `one` goes on a person's name
        for one, two in pairwise(self.pieces):
            named = one.kind in "gi" or (named and one.kind == "u" and one.before in ("", "p"))
            if two.before not in ("", "p"):
                continue
            forename = one.word in given and one.kind in "TCGDLABHKwsu" and _is_surname(two, one)
            if forename or (one.word in surnames and one.kind in "ABbHwsu" and two.kind in "ug" and not two.before):
                one.kind, one.entry = "g", None
            elif named and " " not in two.word and two.kind in "CG" and (two.before or two.entry.use != "capital"):
                two.kind, two.entry = "u", None
            elif two.kind == "T" and one.kind == "g" and " " not in two.word and not two.before:
                two.kind = "u"
            elif not two.before and _town(one) and two.kind == "u":
                one.kind, one.entry = "u", None
            elif one.word == "General" and two.kind in "wH":
                one.kind = "w"

    # -- the signature

    def runs(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, list[Piece], str]]:
        """Every run of pieces that `pattern` finds in the signature: its letters, its pieces, the letter before it."""
        signature = "".join([piece.before + piece.kind for piece in self.pieces])
        at = [one for piece in self.pieces for one in ((None, piece) if piece.before else (piece,))]
        for match in pattern.finditer(signature):
            first, last = match.span()
            yield match[0], [piece for piece in at[first:last] if piece], signature[max(0, first - 1) : first]

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


def _town(piece: Piece) -> bool:
    """Whether a piece is a town of the tables that may as well be a surname."""
    return piece.kind == "C" and piece.entry is not None and piece.entry.use in ("city", "weak")


def _is_surname(piece: Piece, given: Piece) -> bool:
    """Whether a piece makes the word before it, which may be a given name, one."""
    common = piece.kind == "w" and given.kind in "Kws"
    return piece.before == "p" or (given.kind != "T" and (piece.kind in "ugi" or _town(piece) or common))
