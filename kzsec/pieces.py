"""An article as a row of pieces: each capitalised word or table name with its class, and the signature they make.

| letter | piece | letter | piece |
| --- | --- | --- | --- |
| `G` `C` `L` | state, other place with a government, other place | `T` | title |
| `D` `O` `P` `E` `M` | people, body, person, event, source of a table | `H` `V` `K` | head of a body, event, treaty |
| `u` `g` | unknown word, given name | `A` `B` `b` | word behind or before a place's name, direction |
| `w` `s` | common word, the same where a sentence begins | `q` `d` `i` | capitals, word with digits, initial |
| `Y` `X` `N` | date, function word, already named | `.` | anything that parts names |
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from kzsec.corpus import JANUARY_ISSUES, Article
from kzsec.dates import find_dates
from kzsec.lexicon import Entry, Lexicon, first_word, slug

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĪİŁŃŇŌŐŒŘŚŞŠŤŪŮŰŹŻŽȘȚ"
_TOKEN = re.compile(
    rf"[\[{_UP}](?:(?<!\[)|(?=[{_UP}]))(?:\.(?:[A-Z]\.)+|\.(?=[ -][{_UP}])|\w*(?:[-&](?=[{_UP}\d])\w+|'(?!s\b)\w+"
    r"|-(?:e|i|o|un|hun|ho|hee|hye|moon|hwan|bak|hyun|jong|il|min|woo|ki|suk|seok|chul|jae|tae|sung|soo|sam|jung"
    r"|ut|ul|al|el|ur)(?:-\w+)?\b)*\]?)"
)
_STRAIGHT = [*zip("’‘ʻʼ`“”\xa0–", "'''''\"\" -", strict=True)]
_PARTICLES = (
    "de", "van", "van der", "van den", "von", "bin", "ibn", "der", "du", "da", "di", "de la", "del", "oglu", "ben", "la",
    "dos", "e", "ould", "arap",
)  # fmt: skip
_GAPS = (
    {" ": "", "\n": "", "\r\n": "", "  ": "", " of ": "o", " of the ": "o", " for ": "f", " on ": "f", " for the ": "f"}
    | {" and ": "a", " and the ": "a", " & ": "a", ", ": ",", "-": "-", "'s ": "z", "' ": "z", " bin al-": "p"}
    | {f" {particle} ": "p" for particle in _PARTICLES}
    | {f" {article}-": "p" for article in ("al", "el", "ul", "ad", "ar", "as", "ash", "an", "at")}
)
_SHORT_TITLES = frozenset("Gen Col Lt Maj Sen Rep Gov Prof Adm Capt Brig Sgt".split(" "))  # with a full stop
_ARTICLE = re.compile(r"(?:(?<!\w)(?:al|el|ul|an|ar|as|at|ad|ash)-)?$")
_TYPES = {"GPE": "C", "LOC": "L", "ORG": "O", "PERSON": "P", "NORP": "D", "EVENT": "E", "MEDIA": "M"}
_LOCATIVE = re.compile(r"\b(?:[Ii]n|near|at|outside|around|inside|downtown|from|through|toward|leaving|visited|left) $")


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

    __slots__ = ("before", "end", "entry", "kind", "letter", "start", "word")

    def __init__(self, start: int, end: int, word: str, kind: str, entry: Entry | None, before: str) -> None:
        self.start, self.end, self.word, self.kind, self.entry, self.before = start, end, word, kind, entry, before
        self.letter = 0


class Pieces:
    """The pieces of one article, its signature, and what has been found so far."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        self.article, self.lexicon, self.text = article, lexicon, article.text
        for old, new in _STRAIGHT:  # many times as fast as str.translate
            self.text = self.text.replace(old, new)
        self.sentence_starts = [sentence.start for sentence in article.sentences]
        self.starts = frozenset(self.sentence_starts)
        self.begin, self.finish = self.sentence_starts[0], article.sentences[-1].end
        self.home = "Kazakh" in self.text or "KAZAKH" in self.text
        self.pieces: list[Piece] = []
        self.found: list[Found] = []
        self._counts: Counter[str] = Counter()
        self._needed: dict[str, bool] = {}
        self._fixed: list[tuple[int, int, str, Entry | None]] = []
        for read in (self._cite, self._date, self._fix_lower, self._read, self._settle, self._sign):
            read()

    # -- what is read

    def _cite(self) -> None:
        """Sources and dates of citations; a citation holds no other name."""
        for cite in self.article.citations:
            if cite.source:
                names = self.lexicon.names.get(first_word(cite.source), ())
                id = next((e.id for e in names if e.name == cite.source and e.type == "MEDIA"), slug(cite.source))
                end = cite.source_start + len(cite.source)
                self.found.append(Found(cite.source_start, end, "MEDIA", id, (), "citation"))
            if cite.date_text:
                end = cite.date_start + len(cite.date_text)
                self.found.append(Found(cite.date_start, end, "DATE", cite.date_iso, (), "citation"))
            self._fixed.append((cite.start, cite.end, ".", None))
        self.found = sorted(set(self.found))

    def _date(self) -> None:
        cited = [(cite.start, cite.end) for cite in self.article.citations]
        january = bool(self.article.issue and self.article.issue <= JANUARY_ISSUES)
        for start, end, iso in find_dates(self.text, self.begin, self.finish, year=self.article.year, january=january):
            n = bisect_right(cited, (start, self.finish)) - 1
            if n < 0 or start >= cited[n][1]:
                self._fixed.append((start, end, "Y", None))
                self.found.append(Found(start, end, "DATE", iso, (), "date"))

    def _fix_lower(self) -> None:
        """Table names that begin with a small letter, as `al-Qaeda`."""
        for match in self.lexicon.lower.finditer(self.text, self.begin, self.finish):
            entry = self.match(match.start(), first_word(match[0]))
            if entry and not self.text[match.start() - 1].isalnum():
                self._fixed.append((match.start(), match.end(), _TYPES[entry.type], entry))

    def _read(self) -> None:
        """Every capitalised word or table name as a piece, around those that are fixed."""
        text, done = self.text, self.begin
        fixed = [*sorted(self._fixed, key=lambda span: span[:2]), (len(text), 0, "", None)]
        k = 0
        for token in _TOKEN.finditer(text, self.begin, self.finish):
            start, end = token.span()
            while fixed[k][0] <= start:
                self._add(*fixed[k])
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
                entry = next((e for e in self.lexicon.names[first] if e.type[0] == "#" and e.name == word), None)
            named = entry is not None and entry.type[0] != "#"
            done = self._named(start, entry) if named else self._plain(start, end, word, entry)
        for span in fixed[k:-1]:
            self._add(*span)

    def match(self, start: int, first: str, *, loud: bool = False) -> Entry | None:
        """The longest table name or word of grammar at `start`, by its first word; `loud`: a name, in capitals."""
        text = self.text
        for entry in self.lexicon.names.get(first, ()):
            name = entry.name.upper() if loud else entry.name
            if text.startswith(name, start) and not (loud and entry.type[0] == "#"):
                behind = text[start + len(name) : start + len(name) + 1]
                if not behind.isalnum() and (not entry.needs or self._present(entry.needs, behind)):
                    return entry
        return None

    def _present(self, needs: str, behind: str) -> bool:
        """Whether the article names the partner `needs`; where `needs` is a hyphen, whether one is behind the name."""
        if needs == "-":
            return behind == "-"
        if needs not in self._needed:
            row = self.lexicon.partners.get(needs, {"name": "", "aliases": "", "demonyms": ""})
            names = [row["name"], *row["aliases"].split(";")[:2], row["demonyms"].split(";")[0]]
            self._needed[needs] = any(name in self.text for name in names if name)
        return self._needed[needs]

    def initial(self, start: int) -> bool:
        """Whether a sentence or a quotation begins here, so that a capital tells nothing."""
        return start in self.starts or (self.text[start - 1] in '"-' and self.text[start - 2 : start - 1] in " .-(\n")

    def _meant(self, entry: Entry, start: int) -> bool:
        """Whether an ambiguous table name is meant here: `the West`, `in Nice`, not `West of`, `Nice`."""
        name = entry.name
        if entry.use == "weak":
            return bool(_LOCATIVE.search(self.text, max(0, start - 10), start))
        if entry.type == "GPE" and self.food(start + len(name)):
            return False
        if entry.type in ("GPE", "NORP") or " " in name or name.isupper() or name.lower() not in self.lexicon.words["common"]:
            return True
        if entry.type == "LOC":
            return self.text[start - 4 : start].lower() == "the "
        follow = first_word(self.text[start + len(name) : start + len(name) + 14])
        return not self.initial(start) or follow in self.lexicon.words["role"]

    def _plain(self, start: int, end: int, word: str, entry: Entry | None) -> int:
        """A piece for a word that is no name of a table: its class by grammar, shape and the list of common words."""
        if entry is not None:
            end = start + len(entry.name)
            kind = "u" if entry.name in _SHORT_TITLES and self.text[end : end + 1] != "." else entry.type[1]
        elif "[" in word or "]" in word:
            kind, start = "u", start + (word[0] == "[" and word[-1] != "]")
        else:
            kind = "i" if word[1:2] == "." else self._class(word, start)
        if kind in "ug" and self.text[start - 1] == "-":
            start -= len(_ARTICLE.search(self.text, max(0, start - 5), start)[0])
        self._add(start, end, kind, None)
        return end

    def _class(self, word: str, start: int) -> str:
        words, lower = self.lexicon.words, word.lower()
        if any(map(str.isdigit, word)):
            return "d"
        if word.isupper() and len(word) > 1:
            return "X" if word in words["acronym_stop"] or self._loud(start) else "q"
        if (word in words["given"] and lower not in words["common"]) or lower in _PARTICLES or word == "Al":
            return "g"
        parts = lower.split("-")
        if len(parts) > 1 and word[len(parts[0]) + 1].islower():
            return "u"
        if all(part in words["common"] or _plural_in(part, words["common"]) for part in parts):
            return "s" if self.initial(start) else "w"
        return "X" if lower.endswith(("ly", "ing")) and self.initial(start) else "u"

    def _loud(self, start: int) -> bool:
        """Whether the text around is in capitals, so that they make no acronym."""
        return sum(map(str.islower, self.text[max(0, start - 30) : start + 30])) < 12

    def food(self, end: int) -> bool:
        """Whether a dish follows: `Turkey breast`, `Brussels sprouts`, `Worcestershire sauce`."""
        return self.text[end : end + 1] == " " and first_word(self.text[end : end + 14]) in self.lexicon.words["food"]

    def often(self, word: str) -> bool:
        """Whether the article has a word more than once."""
        if not self._counts:
            self._counts = Counter(piece.word for piece in self.pieces)
        return self._counts[word] > 1

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
        else:
            for at, one in chain:
                head = one.type == "ORG" and one.name in self.lexicon.words["heads"]
                kind = "G" if one.use == "state" else "H" if head else _TYPES[one.type]
                self._add(at, at + len(one.name), kind, one)
        return end

    def _add(self, start: int, end: int, kind: str, entry: Entry | None) -> None:
        pieces, before = self.pieces, "."
        if pieces and start not in self.starts and start - pieces[-1].end < 11:
            gap = self.text[pieces[-1].end : start]
            before = "" if gap == ". " and pieces[-1].word in _SHORT_TITLES else _GAPS.get(gap, ".")
        pieces.append(Piece(start, end, self.text[start:end], kind, entry, before))

    # -- the signature

    def _settle(self) -> None:
        """Classes that the neighbour decides: `Chad Smith`, `Michael Jordan`, `Sheikh Sultan bin …`, `Fan Weiguo`."""
        given, first_surname = self.lexicon.words["given"], self.lexicon.words["first_surname"]
        named = False
        for one, two in pairwise(self.pieces):
            close, forename, single = two.before == "", one.word in given, " " not in one.word
            named = one.kind in "gi" or (named and one.kind == "u" and one.before in ("", "p"))
            leads = single and one.word in first_surname and one.kind in "ABbHwsu" and two.kind in "ug"
            leads |= single and forename and one.kind in "CGDLABHKwsu" and (two.kind in "ugi" or _town(two))
            leads |= forename and one.kind == "T" and two.kind == "i"
            carried = named and " " not in two.word and (close or two.before == "p")
            if close and (leads or (forename and one.kind in "Kws" and two.kind == "w")):
                one.kind, one.entry = "g", None
            elif carried and two.kind in "CG" and two.entry.use not in ("pair", *["capital"] * close):
                two.kind, two.entry = "u", None
            elif carried and close and two.kind == "T" and one.kind == "g":
                two.kind = "u"
            elif close and _town(one) and two.kind == "u":
                one.kind, one.entry = "u", None
            elif forename and two.before == "p" and one.kind in "TwsCGD":
                one.kind, one.entry = "g", None
            elif close and one.word == "General" and two.kind in "wH":
                one.kind = "w"

    def _sign(self) -> None:
        self.at: list[int] = []  # the number of the piece at each position of the signature, -1 for a gap
        self.letters: list[str] = []
        for number, piece in enumerate(self.pieces):
            if piece.before:
                self.letters.append(piece.before)
                self.at.append(-1)
            piece.letter = len(self.letters)
            self.letters.append(piece.kind)
            self.at.append(number)
        self.piece_starts = [piece.start for piece in self.pieces]

    def signature(self) -> str:
        return "".join(self.letters)

    def inside(self, first: int, last: int) -> list[Piece]:
        """The pieces at signature positions `first` to `last`."""
        return [self.pieces[n] for n in self.at[first:last] if n >= 0]

    def claim(self, start: int, end: int) -> list[Piece]:
        """The pieces within a span of text, from now on named."""
        claimed = self.pieces[bisect_left(self.piece_starts, start) : bisect_left(self.piece_starts, end)]
        for piece in claimed:
            self.letters[piece.letter] = "N"
        return claimed

    def before(self, start: int, *, reach: int) -> list[Piece]:
        """Up to `reach` pieces of the same sentence that stand before `start`, the nearest first."""
        floor, n = self.sentence_start(start), bisect_left(self.piece_starts, start)
        return [piece for piece in reversed(self.pieces[max(0, n - reach) : n]) if piece.start >= floor]

    def sentence_start(self, at: int) -> int:
        return self.sentence_starts[bisect_right(self.sentence_starts, at) - 1]


def _town(piece: Piece) -> bool:
    """Whether a piece is a town of the tables that may as well be a surname."""
    return piece.kind == "C" and piece.entry is not None and piece.entry.use in ("city", "weak")


def _plural_in(word: str, common: frozenset[str]) -> bool:
    """Whether a word that the list lacks is an inflection or a derivation of one that it has."""
    if word.endswith("s"):
        return word[:-1] in common or (word.endswith("es") and word[:-2] in common)
    return word.endswith(("al", "ed")) and (word[:-2] in common or word[:-1] in common)
