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

from kzsec.corpus import Article
from kzsec.dates import find_dates
from kzsec.lexicon import Entry, Lexicon, first_word, slug

_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĪİŁŃŇŌŐŒŘŚŞŠŤŪŮŰŹŻŽȘȚ"
_TOKEN = re.compile(
    rf"[\[{_UP}](?:(?<!\[)|(?=[{_UP}]))(?:\.(?:[A-Z]\.)+|\.(?=[ -][{_UP}])|\w*(?:[-&](?=[{_UP}\d])\w+|'(?!s\b)\w+"
    r"|-(?:e|i|o|un|hun|ho|hee|hye|moon|hwan|bak|hyun|jong|il|min|woo|ki|suk|seok|chul|jae|tae|sung|soo|sam|jung"
    r"|ut|ul|al|el|ur)(?:-\w+)?\b)*\]?)"
)
_STRAIGHT = (
    ("’", "'"),
    ("‘", "'"),
    ("ʻ", "'"),
    ("ʼ", "'"),
    ("`", "'"),
    ("“", '"'),
    ("”", '"'),
    ("\xa0", " "),
    ("–", "-"),
)
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
_ABBREVIATED = frozenset("Gen Col Lt Maj Sen Rep Gov Dr Mr Mrs Ms Prof Adm Capt Brig St Sgt".split(" "))
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
        text = article.text
        for old, new in _STRAIGHT:
            text = text.replace(old, new)
        self.article, self.lexicon, self.text = article, lexicon, text
        self.sentence_starts = [sentence.start for sentence in article.sentences]
        self.starts = frozenset(self.sentence_starts)
        self.begin, self.finish = self.sentence_starts[0], article.sentences[-1].end
        self.home = "Kazakh" in text or "KAZAKH" in text
        self.pieces: list[Piece] = []
        self.found: list[Found] = []
        self._counts: Counter[str] = Counter()
        self._needed: dict[str, bool] = {}
        self._fixed: list[tuple[int, int, str, Entry | None]] = []
        self._cite()
        self._date()
        self._read()
        self._sign()

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
        january = bool(self.article.issue and self.article.issue <= 25)
        for start, end, iso in find_dates(self.text, self.begin, self.finish, year=self.article.year, january=january):
            n = bisect_right(cited, (start, self.finish)) - 1
            if n < 0 or start >= cited[n][1]:
                self._fixed.append((start, end, "Y", None))
                self.found.append(Found(start, end, "DATE", iso, (), "date"))

    def _read(self) -> None:
        for match in self.lexicon.lower.finditer(self.text, self.begin, self.finish):
            entry = self.match(match.start(), first_word(match[0]))
            if entry and not self.text[match.start() - 1].isalnum():
                self._fixed.append((match.start(), match.end(), _TYPES[entry.type], entry))
        fixed, k, done = sorted(self._fixed, key=lambda span: span[:2]), 0, self.begin
        text = self.text
        for token in _TOKEN.finditer(text, self.begin, self.finish):
            start, end = token.span()
            while k < len(fixed) and fixed[k][0] <= start:
                self._add(*fixed[k])
                done = max(done, fixed[k][1])
                k += 1
            if start < done or text[start - 1 : start].isalnum() or end - start > 50:
                continue
            word = token[0]
            entry = self.match(start, word if word.isalnum() else first_word(word))
            if entry is None and word.isupper() and len(word) > 3:
                entry = self._shouted(start, word)
            if entry is not None and entry.type[0] != "#" and not self._meant(entry, start):
                entry = next(
                    (e for e in self.lexicon.names[first_word(word)] if e.type[0] == "#" and e.name == word), None
                )
            if entry is None or entry.type[0] == "#":
                done = self._plain(start, end, word, entry)
            else:
                done = self._named(start, entry)
        for span in fixed[k:]:
            self._add(*span)

    def match(self, start: int, first: str) -> Entry | None:
        """The longest table name or word of grammar that stands at `start`, where `first` is its first word."""
        text = self.text
        for entry in self.lexicon.names.get(first, ()):
            end = start + len(entry.name)
            if text.startswith(entry.name, start) and not text[end : end + 1].isalnum():
                if entry.needs and not (
                    text[end : end + 1] == "-" if entry.needs == "-" else self._present(entry.needs)
                ):
                    continue
                return entry
        return None

    def _shouted(self, start: int, word: str) -> Entry | None:
        """The table name that stands at `start` in capitals, as in a dateline or an article in capitals."""
        first = first_word(word).capitalize()
        for entry in self.lexicon.names.get(first, ()) if len(first) > 3 else ():
            end = start + len(entry.name)
            if (
                entry.type[0] != "#"
                and self.text[start:end] == entry.name.upper()
                and not self.text[end : end + 1].isalnum()
            ):
                return entry
        return None

    def _present(self, needs: str) -> bool:
        """Whether the article names the partner `needs`, or, for a name in capitals, whether citations alone use it."""
        if needs not in self._needed:
            row = self.lexicon.partners.get(needs)
            names = (
                [] if row is None else [row["name"], *row["aliases"].split(";")[:2], *row["demonyms"].split(";")[:1]]
            )
            self._needed[needs] = any(name in self.text for name in names if name)
        return self._needed[needs]

    def initial(self, start: int) -> bool:
        """Whether a sentence or a quotation begins here, so that a capital tells nothing."""
        return start in self.starts or (self.text[start - 1] in '"-' and self.text[start - 2 : start - 1] in " .-(\n")

    def _meant(self, entry: Entry, start: int) -> bool:
        """Whether an ambiguous table name is meant here: `the West`, `in Nice`, not `West of`, `Nice`."""
        if entry.use == "demonym":
            return True
        if entry.use == "weak":
            return bool(_LOCATIVE.search(self.text, max(0, start - 10), start))
        name = entry.name
        if entry.type == "GPE" and self.food(start + len(name)):
            return False
        if " " in name or name.isupper() or name.lower() not in self.lexicon.words["common"]:
            return True
        if entry.type == "LOC":
            return self.text[start - 4 : start].lower() == "the "
        return entry.type in ("GPE", "NORP") or not self.initial(start)

    def _plain(self, start: int, end: int, word: str, entry: Entry | None) -> int:
        """A piece for a word that is no name of a table: its class by grammar, shape and the list of common words."""
        if entry is not None and entry.type[0] == "#":
            kind, end = entry.type[1], start + len(entry.name)
            if (
                entry.name in _ABBREVIATED
                and self.text[end : end + 1] != "."
                and entry.name not in ("St", "Dr", "Mr", "Mrs", "Ms")
            ):
                kind = "u"
        elif word[0] == "[" or word[-1] == "]":
            kind = "u"
            if word[0] == "[" and word[-1] != "]":
                start += 1
        else:
            kind = "i" if word[1:2] == "." else self._class(word, start)
        if kind in "ug" and self.text[start - 1] == "-":
            article = re.search(r"(?<!\w)(?:al|el|ul|an|ar|as|at|ad|ash)-$", self.text[max(0, start - 5) : start])
            start -= len(article[0]) if article else 0
        self._add(start, end, kind, None)
        return end

    def _class(self, word: str, start: int) -> str:
        words, lower = self.lexicon.words, word.lower()
        if any(c.isdigit() for c in word):
            return "d"
        if word.isupper() and len(word) > 1:
            return "X" if word in words["acronym_stop"] or self._loud(start) else "q"
        if word in words["given"] or lower in _PARTICLES or word == "Al":
            return "g"
        parts = word.split("-")
        if len(parts) > 1 and parts[1][0].islower():
            return "u"
        common = words["common"]
        if all(part.lower() in common or _plural_in(part.lower(), common) for part in parts):
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
        end = start + len(entry.name)
        if self.text[end : end + 1] != "-":
            self._add(start, end, self._kind(entry), entry)
            return end
        chain, ends = [entry], [start + len(entry.name)]
        while self.text[ends[-1] : ends[-1] + 1] == "-" and self.text[ends[-1] + 1 : ends[-1] + 2].isupper():
            at = ends[-1] + 1
            follow = self.match(at, first_word(self.text[at : at + 30]))
            if follow is None or follow.type[0] == "#":
                break
            chain.append(follow)
            ends.append(at + len(follow.name))
        if len(chain) > 1 and all(e.type == "NORP" or e.use == "state" for e in chain):
            partner = tuple(dict.fromkeys(p for e in chain for p in e.partner if p != "kazakhstan"))
            name = self.text[start : ends[-1]]
            self._add(
                start, ends[-1], "D", Entry(name, "NORP", "-".join(e.id for e in chain), partner, "", "pair", "pairs")
            )
        else:
            for one, end in zip(chain, ends, strict=True):
                self._add(end - len(one.name), end, self._kind(one), one)
        return ends[-1]

    def _kind(self, entry: Entry) -> str:
        if entry.use == "state":
            return "G"
        return "H" if entry.type == "ORG" and entry.name in self.lexicon.words["heads"] else _TYPES[entry.type]

    def _add(self, start: int, end: int, kind: str, entry: Entry | None) -> None:
        pieces, before = self.pieces, "."
        if pieces and start not in self.starts:
            last = pieces[-1]
            gap = self.text[last.end : start] if start - last.end < 11 else "."
            before = _GAPS.get(gap, ".")
            if gap == ". " and last.word in _ABBREVIATED:
                before = ""
        pieces.append(Piece(start, end, self.text[start:end], kind, entry, before))

    # -- the signature

    def _sign(self) -> None:
        self._settle()
        self.at: list[int] = []
        self.letters: list[str] = []
        for number, piece in enumerate(self.pieces):
            if piece.before:
                self.letters.append(piece.before)
                self.at.append(-1)
            piece.letter = len(self.letters)
            self.letters.append(piece.kind)
            self.at.append(number)
        self.piece_starts = [piece.start for piece in self.pieces]

    def _settle(self) -> None:
        """Classes that the neighbour decides: `Chad Smith`, `Michael Jordan`, `Sheikh Sultan bin …`, `Fan Weiguo`."""
        words = self.lexicon.words
        given, first_surname = words["given"], words["first_surname"]
        named = False
        for one, two in pairwise(self.pieces):
            close = two.before == ""
            named = one.kind in "gi" or (named and one.kind == "u" and one.before == "")
            if close and (two.kind in "ugi" or _town(two)) and one.kind in "CGDLABHKwsuT" and " " not in one.word:
                if (one.word in given and (one.kind != "T" or two.kind == "i")) or (
                    one.word in first_surname and one.kind in "ABbHwsu" and two.kind in "ug"
                ):
                    one.kind, one.entry = "g", None
            elif (
                close
                and named
                and two.kind in "CG"
                and " " not in two.word
                and two.entry.use not in ("pair", "capital")
            ):
                two.kind, two.entry = "u", None
            elif close and one.kind == "K" and one.word in given and two.kind == "w":
                one.kind = "g"
            elif two.before == "p" and one.kind in "TwsCGD" and one.word in given:
                one.kind, one.entry = "g", None
            elif close and one.kind == "T" and one.word == "General" and two.kind in "wH":
                one.kind = "w"

    def signature(self) -> str:
        return "".join(self.letters)

    def inside(self, first: int, last: int) -> list[Piece]:
        """The pieces at signature positions `first` to `last`."""
        return [self.pieces[n] for n in self.at[first:last] if n >= 0]

    def claim(self, start: int, end: int) -> list[Piece]:
        """The pieces within a span of text, from now on named."""
        n = bisect_left(self.piece_starts, start)
        claimed = []
        while n < len(self.pieces) and self.pieces[n].start < end:
            self.letters[self.pieces[n].letter] = "N"
            claimed.append(self.pieces[n])
            n += 1
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
