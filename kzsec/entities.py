"""Who and what an article names: each mention with its type, entity id, vectors, and the rule that found it.

The article is read as pieces (`kzsec.pieces`), whose one-letter classes make a signature. Names of several words are
patterns over it, in the order of how much they know: `D?w*H` is a body, `V`-words make events, `T` stands before a
person. What a rule has named is named. What a name is that no table has, and what a capital stands for, the words
around it tell (`tables/contexts.csv`). People are linked last: a short form to the long one, each to his office.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise, takewhile
from typing import Any, Protocol

from kzsec.codebook import Codebook
from kzsec.corpus import Article
from kzsec.lexicon import Lexicon, fold, lexicon_of, slug, vectors_in
from kzsec.pieces import TYPES, Mention, Piece, Pieces

# Names as runs of pieces. Every repetition is bounded, so that a text of nothing but capitals is read in linear time too.
_BODY = re.compile(
    r"[DGO]?(?:[wK]a(?=[wu])|w{1,3}z(?=[wu]{0,4}H))?[wugqCLDGOKBb]{0,8}?H{1,3}"  # Kazakh | Trade and | …
    r"(?:[of][wugqDGCLTHOPKAB]{1,8}(?:a(?![wuDG]{0,4}[HTO])[wu]{1,4}){0,3}){0,3}"  # of Defense and Aerospace Industry
    r"|DO"
)
_EVENT = re.compile(r"V(?:o?[wugEDGq]){1,8}|[wuDGLCq]{1,6}V|E|d|[wugq]{1,6}(?=\.)")
_PLACE = re.compile(r"b?[ugCLG][ugCLGw]{0,4}A|DA|[Bb][ou]?[ugCLG]{1,4}|[ugC]")
_PERSON = re.compile(r"[ugiP](?:p?[ugiPw]){0,6}|(?<=T)(?!w{0,4}T)[wugiP](?:p?[wugiP]){0,6}")
_MARKED = re.compile(
    r'"([A-Z][^"\n()]{1,58}?)[,.]?"|d (?<=named |alled |ubbed )([A-Z][\w-]*(?: [A-Z][\w-]*)*)'
    r"|(Years? of (?:the )?[A-Z]\w+(?: [A-Z]\w+)?(?: in (?:the )?[A-Z]\w+)?)"
)
_UNIT = re.compile(r"military unit (?:No\. ?)?\d+")
_ORDINAL = re.compile(r"(?:(?<![\w-])(?:\d+(?:st|nd|rd|th)|(?i:first|second|third|fourth|fifth|sixth)) )?$")
_WITH_YEAR = re.compile(r"(?:(?:-[A-Z]\w+)?(?:[- ](?:19|20)\d\d\b(?!-)|-[012]\d\b)|-[A-Z]\w+(?=[\" ,.]))?")
_DATED = re.compile(r"[A-Z][\w-]{3,}(?: (?:19|20)\d\d|-(?:(?:19|20)\d\d|[01]\d))$")
_REGION = re.compile(r" (?:region|oblast|province|district|krai|county)\b")
_MINISTRY = re.compile(r"(?:(.+) Ministry|Ministry (?:of|for) (?:the )?(.+?))")


class EngineError(ValueError):
    """An engine that is not there; the message names the cure."""


class Pipeline(Protocol):
    """A loaded spaCy pipeline, or anything that finds names as one does."""

    def pipe(self, texts: Iterable[str]) -> Iterable[Any]: ...


def load_engine(name: str) -> Pipeline | None:
    """The pipeline of the engine `spacy:NAME`, without the parts that find no names; None for `rules`."""
    kind, _, pipeline = name.partition(":")
    if name == "rules":
        return None
    if kind != "spacy" or not pipeline:
        raise EngineError(f"{name}: no such engine; use rules, or spacy:NAME with a pipeline that is installed")
    try:
        import spacy
    except ImportError:
        raise EngineError(f"{name}: spaCy is not installed; pip install spacy, then the pipeline") from None
    try:
        return spacy.load(pipeline, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
    except OSError:
        raise EngineError(f"{name}: no such pipeline installed; python -m spacy download {pipeline}") from None


def find_mentions(article: Article, codebook: Codebook, *, pipeline: Pipeline | None = None) -> list[Mention]:
    """Every mention in the body of `article`, sorted, non-overlapping, each inside one sentence.

    Names that the `pipeline` finds where the rules have none are added (rule `spacy`) and linked as all else is.
    """
    return _Rules(article, lexicon_of(codebook)).mentions(pipeline) if article.sentences else []


class _Rules(Pieces):
    """The rules, each of which claims pieces of one article for mentions."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        super().__init__(article, lexicon)
        self.places: dict[str, str] = {}
        self.known: dict[str, tuple[str, tuple[str, ...]]] = {}  # id and partner by every form of a full name

    def mentions(self, pipeline: Pipeline | None) -> list[Mention]:
        """All rules in their order, then what the pipeline adds."""
        for rule in (self._marked, self._bodies, self._events, self._places, self._persons, self._know, self._rest):
            rule()
        if pipeline:
            self._add_names(pipeline)
        self._link()
        return self._resolved()

    def context(self, of: str, start: int, end: int, letters: str = "") -> tuple[str, str, re.Match[str] | None]:
        """Rule, type and match of the first row of `contexts` that fits what stands around a span; empty for none."""
        left = self.text[max(self.sentence_start(start), start - 70) : start]
        left = left.lower() if left.isupper() else left[:1].lower() + left[1:]
        around = f" {left}<{self.text[start:end]}|{letters}>{self.text[end : end + 110]}".replace("\n", " ")
        for rule, type, pattern in self.lexicon.contexts.get(of, ()):
            if match := self.lexicon.pattern(pattern).search(around):
                return rule, type, match
        return "", "", None

    # -- events

    def _marked(self) -> None:
        """Names that quotation marks, a code name, a formal year or a unit's number mark."""
        for match in _MARKED.finditer(self.text, self.begin, self.finish):
            span = match.span(match.lastindex)
            if self.text.count(" ", *span) < 6 and (rule := self.context("event", *span)[0]):
                self._event(*span, rule)
        for match in _UNIT.finditer(self.text, self.begin, self.finish):
            self.claim(*match.span())
            owner = self._last(match.start())
            self.add(*match.span(), "ORG", self._of_state(slug(match[0].replace("No.", "")), owner), owner, "unit")

    def _events(self) -> None:
        for letters, pieces, _ in self.runs(_EVENT):
            start, end = pieces[0].start, pieces[-1].end
            headed = "V" in letters and len(letters) > 1
            if letters == "E" or headed or _DATED.search(self.text[start : _WITH_YEAR.match(self.text, end).end()]):
                self._event(start, end, "table:actors" if letters == "E" else "event")

    def _event(self, start: int, end: int, rule: str) -> None:
        claimed, end = self.claim(start, end), _WITH_YEAR.match(self.text, end).end()
        name, lead = self.text[start:end], self.text[max(0, start - 30) : start].lower()
        known = next((piece.entry for piece in claimed if piece.entry and piece.entry.type == "EVENT"), None)
        if known:
            year, partner = slug(name.partition(known.name)[2]), known.partner
            id = f"{known.id}-{year}".strip("-") if year.isdigit() or not year else slug(name)
        else:
            id = ("operation-" if "operation" in lead else "") + slug(name)
            own = dict.fromkeys(p for piece in claimed for p in piece.partner if p != "kazakhstan")
            partner = self.lexicon.by_id.get(id) or tuple(own) or self._last(start)
        self.add(start, end, "EVENT", id, partner, rule)

    # -- bodies and places

    def _bodies(self) -> None:
        for letters, pieces, _ in self.runs(_BODY):
            start, end, last = pieces[0].start, pieces[-1].end, pieces[-1]
            if letters in ("H", "DO") and (" " not in last.word or (letters == "H" and last.entry)):
                continue
            start -= len(_ORDINAL.search(self.text, max(self.begin, start - 9), start)[0])
            short = self.match(end + 2) if self.text[end : end + 2] == " (" else None
            known = short and short.type == "ORG"
            id, partner = (short.id, short.partner) if known else self._body(letters, pieces, self.text[start:end], end)
            media = letters[-1] == "H" and last.word in self.words["head_media"]
            self.claim(start, end)
            self.add(start, end, "MEDIA" if media else "ORG", id, () if media else partner, "body")

    def _body(self, letters: str, pieces: list[Piece], name: str, end: int) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a body, by the state that its name gives or, for an organ of state, its context."""
        state = next((p for p in (pieces[0], pieces[-1]) if p.kind in "DG" and self._iso(p.partner)), None)
        outer = next((p.entry for p in pieces if p.kind == "O"), None)
        if outer and letters == "DO" and self._iso(outer.partner) in ("", state and self._iso(state.partner)):
            return outer.id, outer.partner
        if outer and not state:
            return slug(name), outer.partner
        organ = letters == "DO" or any(p.word in self.words["head_state"] for p in pieces)
        whose = state or next((p for p in pieces if organ and p.kind in "CL" and p.partner), None)
        partner = whose.partner if whose else self._last(pieces[0].start) if organ else ()
        if state is pieces[0]:
            name = name.replace(state.word, "", 1).removeprefix("'s").strip()
        return self._of_state(self._base(name, end), partner if organ or state else ()), partner

    def _base(self, name: str, end: int) -> str:
        """What a body is called in any state: `Defense Ministry` and `Ministry of Defence` are `ministry-of-defense`."""
        if "Embassy" in (name[:7], name[-7:]):
            seat = self.match(end + 4)
            there = seat and seat.partner and self.text.startswith(" in ", end)
            return f"embassy-in-{seat.partner[0] if there else 'kazakhstan'}"
        if match := _MINISTRY.fullmatch(name):
            of, same = (match[1] or match[2]).lower(), dict(pair.split("=") for pair in self.words["portfolio"])
            return "ministry-of-" + same.get(of, slug(of))
        return slug(name)

    def _iso(self, partner: tuple[str, ...]) -> str:
        row = self.lexicon.partners.get(partner[0]) if partner else None
        return row["iso"].lower() if row else ""

    def _of_state(self, base: str, partner: tuple[str, ...]) -> str:
        """The id of a body of a state: `kz-` and its own name."""
        return f"{self._iso(partner)}-{base}".strip("-")

    def _last(self, start: int) -> tuple[str, ...]:
        """The partner of the last name before `start` in its sentence, of a person for `his`, else the home."""
        his = self.text[max(0, start - 4) : start] in ("his ", "her ")
        types = ("PERSON",) if his else ("GPE", "NORP", "PERSON")
        n, floor = self.number(start), self.sentence_start(start)
        near = (p for p in reversed(self.pieces[max(0, n - 12) : n]) if p.start >= floor and p.partner)
        return next((piece.partner for piece in near if piece.entry.type in types), self.home)

    def _places(self) -> None:
        for letters, pieces, _ in self.runs(_PLACE):
            start, end = pieces[0].start, pieces[-1].end
            region = _REGION.match(self.text, end) if letters[-1] in "ugC" else None
            if len(letters) == 1 and not region:
                continue
            end = region.end() if region else end
            gpe = region or letters[0] == "b" or pieces[-1].word in self.words["place_gpe"]
            partner = next((p.partner for p in pieces if p.entry), ()) if gpe else ()
            self.claim(start, end)
            id = slug(re.sub("[Oo]blast$", "region", self.text[start:end]))
            self.add(start, end, "GPE" if gpe else "LOC", id, partner, "place")

    # -- people and single pieces

    def _persons(self) -> None:
        for letters, pieces, before in self.runs(_PERSON):
            start, end = pieces[0].start, pieces[-1].end
            if before == "T":
                rule, type = "title", "PERSON"
            elif len(pieces) > 1 or letters == "P":
                rule, type, _ = self.context("name", start, end, letters)
            else:
                continue
            if type:
                self.add(start, end, type, slug(self.text[start:end]), (), rule)
                self.claim(start, end)

    def _know(self) -> None:
        """Every ending of a full name, the longest names first, so that a later short form goes with the first long one."""
        names = [self.text[row.start : row.end].split() for row in sorted(self.found) if row.type == "PERSON"]
        for words in sorted((words for words in names if len(words) > 1), key=len, reverse=True):
            known = self._person(" ".join(words))
            for n in range(len(words)):
                self.known.setdefault(fold(" ".join(words[n:])), known)
            if words[0] in self.words["first_surname"]:
                self.known[fold(words[0])] = known

    def _rest(self) -> None:
        """Single pieces: names of the tables, acronyms, short forms, and the words that nothing else explains."""
        meant: dict[str, Mention | None] = {}  # what an acronym in parentheses stands behind; a treaty's is not coded
        for last, piece in pairwise([*self.pieces[:1], *self.pieces]):
            kind, word, start, end, entry = piece.kind, piece.word, piece.start, piece.end, piece.entry
            if kind in "qu" and self.text[start - 2 : start] == " (" and not word[1:].islower():
                long = self.named.get(start - 2)
                if (long and long.type != "PERSON") or (last.kind == "K" and last.end == start - 2):
                    meant[word] = long
            if kind in "qu" and word in meant:
                if long := meant[word]:
                    self.add(start, end, long.type, long.id, long.partner, "acronym")
            elif kind in "DGCLOHM" and entry:
                id, rule = self._meaning(piece, last)
                self.add(start, end, entry.type, id, entry.partner, rule)
            elif kind in "ugw" and fold(word) in self.known:
                self.add(start, end, "PERSON", "", (), "surname")
            elif kind == "q" and len(word) > 2:
                self.add(start, end, "ORG", slug(word), (), "capitals")
            elif kind in "ug":
                near = word in self.places or (piece.before == "a" and last.word in self.places)
                rule, type = ("locative", "GPE") if near else self.context("name", start, end, kind)[:2]
                if type:
                    self.add(start, end, type, self.places.get(word, slug(word)), (), rule)
            if self.named.get(end) and self.named[end].type == "GPE":
                self.places.setdefault(word, self.named[end].id)

    def _meaning(self, piece: Piece, last: Piece) -> tuple[str, str]:
        """Id and rule of a table name: of the state for a capital that stands for its government."""
        entry = piece.entry
        if entry.use == "capital" and entry.partner:
            chained = piece.before in ("a", "-", ",") and last.entry and last.entry.use == "capital"
            rule = self.found[-1].rule if chained else self.context("capital", piece.start, piece.end)[0]
            if rule == "capital":
                return entry.partner[0], rule
        return entry.id, f"table:{entry.table}"

    def _add_names(self, pipeline: Pipeline) -> None:
        """Add the names that a pipeline finds outside of those found and of citations, less lone common words."""
        taken = bytearray(len(self.text))
        for one in (*self.found, *self.article.citations):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
        sentences = self.article.sentences
        for sentence, read in zip(sentences, pipeline.pipe(self.text[s.start : s.end] for s in sentences), strict=True):
            for name in read.ents:
                start, end = sentence.start + name.start_char, sentence.start + name.end_char
                start += 4 if self.text[start : start + 4].lower() == "the " else 0
                text, type = self.text[start:end], {"FAC": "LOC"}.get(name.label_, name.label_)
                if type in TYPES and text and not any(taken[start:end]) and text.lower() not in self.words["common"]:
                    self.add(start, end, type, slug(text), (), "spacy")

    # -- people to ids and offices

    def _link(self) -> None:
        """Give every person the id of his fullest name, his office, and the partner that any of his offices tells."""
        self.found.sort()
        self._starts = [row.start for row in self.found]
        held: dict[str, tuple[str, ...]] = {}
        for n, row in enumerate(self.found):
            if row.type == "PERSON":
                id, partner = self._person(self.text[row.start : row.end])
                office, party = self._office(row.start, row.end)
                held[id] = held.get(id) or partner or party
                self.found[n] = row._replace(id=id, office=office)
        for n, row in enumerate(self.found):
            if row.type == "PERSON":
                vectors = vectors_in(held[row.id], self.lexicon, self.article.year)
                self.found[n] = row._replace(partner=held[row.id], vectors=vectors)

    def _person(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a person: of the article's full name, else of the table's, else a slug of the name."""
        entry = self.lexicon.people.get(fold(name))
        return self.known.get(fold(name)) or ((entry.id, entry.partner) if entry else (slug(name), ()))

    def _office(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """The office written beside a person and the state or body that it is held in."""
        clause = re.split(r"[,;] (?=\S)", self.text[max(self.sentence_start(start), start - 110) : start])[-1]
        words = clause.split(" ")
        noun = max((n for n, word in enumerate(words[:-1]) if self._is_office(word)), default=-1)
        rule, _, match = self.context("name", start, end)
        apposed = match[1] if rule == "apposition" else ""
        party = self._party(end, end + len(match[0])) if apposed else ()
        if noun >= 0 and words[noun + 1] in ("", "of", "for", "to", "in", "on"):
            lead = takewhile(lambda word: self._qualifies(word, words[noun]), reversed(words[max(0, noun - 5) : noun]))
            office = " ".join(words[noun - len(list(lead)) :])
            begin = start - len(office)
            party = self._party(begin - 5, start) or self._party(begin - 15, begin) or party
            return office.strip(' ,"').removeprefix("and "), party or self.home
        return (apposed, party or self.home) if apposed else ("", ())

    def _is_office(self, word: str) -> bool:
        word = word.removesuffix("'s").strip('",')
        return word.lower() in self.words["role"] or word in self.words["title"]

    def _qualifies(self, word: str, noun: str) -> bool:
        """Whether a word before the noun of an office belongs to it: `Deputy Prime` Minister, in the same case."""
        plain = word in self.words["title"] or word.lower() in self.words["common"]
        party = any(e.partner and e.name == word for e in self.lexicon.names.get(word, ()))
        like = word == "and" or word.islower() == noun.islower()
        return plain and like and not party and word not in self.words["no_office"]

    def _party(self, start: int, end: int) -> tuple[str, ...]:
        """Whom the first mention belongs to that overlaps a span and belongs to anybody."""
        n = max(0, bisect_right(self._starts, start) - 1)
        for row in self.found[n : bisect_left(self._starts, end)]:
            if row.end > start and row.partner and row.type in ("GPE", "NORP", "ORG", "LOC"):
                return row.partner
        return ()

    def _resolved(self) -> list[Mention]:
        """Of mentions that overlap the first and longest stays."""
        out: list[Mention] = []
        for row in sorted(self.found, key=lambda row: (row.start, -row.end, row.type)):
            if not out or row.start >= out[-1].end:
                out.append(row)
        return out
