"""Who and what an article names: each mention with its type, entity id, vectors, and the rule that found it.

The article is read as pieces (`kzsec.pieces`), whose one-letter classes make a signature. The rules are patterns over
it, in the order of how much they know: `D?w*H` is a body, `V`-words make events (`kzsec.bodies`), `T` stands before a
person. What a rule has named is named; what no rule names is settled by its neighbours, and people are linked last.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from kzsec.bodies import REGION, NamedThings
from kzsec.codebook import Codebook
from kzsec.corpus import Article
from kzsec.lexicon import (
    Entry,
    Lexicon,
    codebook_without,
    fold,
    lexicon_of,
    partner_of,
    slug,
    vectors_in,
    vectors_of,
)  # fmt: skip
from kzsec.pieces import Found, Piece

__all__ = [
    "EngineError", "Mention", "Pipeline", "codebook_without", "find_mentions", "load_engine", "partner_of", "vectors_of",
]  # fmt: skip

_PERSON = re.compile(r"[ugiP](?:p?[ugiPw]){0,6}|(?<=T)(?!w{0,4}T)[wugiP](?:p?[wugiP]){0,6}")
_HARDWARE = re.compile(
    r"-(?:type|class)\b|(?:'s)?(?: [a-z-]+){0,2} (?:vessel|ship|boat|frigate|tanker|ferry|aircraft|fighter|helicopter|missile"
    r"|tank|rifle|truck|satellite|rocket|jeep|vehicle)s?\b"
)
_FIRM = re.compile(r"(?<![TNDO])[uw]{1,2}[GC](?![pgu])")
_RIVER = re.compile(r"\b(?:over|across|along|crossed|banks of) the $")
_HUMPED = re.compile(r"[A-Z][a-z]{3,}[A-Z][a-z]")
_SITE = re.compile(
    r" (?:(?:training|testing|test|firing|proving|military|naval|air|oil|gas|radar|nuclear) )?(?:ground|range|site|garrison"
    r"|airbase|base|airport|airfield|seaport|port|station|refinery|field|deposit|shipyard)\b"
)
_COMPANY = re.compile(r" (?:AG|Co|Corp|Inc|Ltd|SA|NV|Plc|PLC|SpA|GmbH)\b")
_OUTLET = re.compile(r" (?:news agency|newspaper|daily|weekly|magazine|radio|television|TV|website|news service)\b")
_BODY_BEFORE = re.compile(
    r"\b(?:party|company|firm|group|movement|organization|bank|airline|giant|consortium|faction|maker|producer|operator"
    r"|monopoly|newspaper|daily|weekly|agency|conglomerate|bloc|militia),? $"
)
_CITY_APPOSED = re.compile(
    r", (?:the|a|an)(?: [\w'-]+){0,4} (?:city|town|village|port|province|region|capital|settlement|suburb)\b"
)
_ROUTE = re.compile(
    r" (?:(?:oil|gas) )?(?:pipeline|railway|railroad|rail line|highway|road|route|corridor|border|axis)\b"
)
_IN = re.compile(r"\b(?:[Ii]n|[Nn]ear|[Aa]t|city of|town of|village of|villages of|port of|outside) $")
_THE = re.compile(r"\b[Tt]he $")
_DEMONYM = re.compile(r"[a-z](?:ians?|ese|stanis?)$")
_CLAUSE = re.compile(r"[^,.;()]{2,110}")
_NEXT = re.compile(r",? ([a-z]+)\b")
_SURNAME = re.compile(
    r"(?:ov|ev|ova|eva|sky|skiy|skii|ski|skaya|enko|chuk|shvili|adze|ian|yan|zade|oglu|uly|bek|uulu|kyzy|vich|vych|sson|sen"
    r"|berg|stein|escu|opoulos|akis|elli|etti|moto|mura|dottir|zhan|jan|din|ullah)$"
)
_LEAD = re.compile(r"^(?:(?:the|a|an|his|her|its|their|then|former) )+")


_SPACY = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "GPE", "LOC": "LOC", "FAC": "LOC", "NORP": "NORP", "EVENT": "EVENT"}


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
    if not article.sentences:
        return []
    rules = _Rules(article, lexicon_of(codebook))
    mentions = rules.mentions()
    if pipeline:
        rules.add_names(pipeline, mentions)
        mentions = rules.resolve()
    return mentions


class _Rules(NamedThings):
    """The rules, each of which claims pieces of one article for mentions."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        super().__init__(article, lexicon)
        self.people: list[tuple[int, int, str]] = []
        self.offices: dict[int, str] = {}
        self.places: dict[str, str] = {}
        self.full: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.short: dict[str, tuple[str, tuple[str, ...]]] = {}

    def mentions(self) -> list[Mention]:
        self._persons()
        self._firms()
        self._know_people()
        self._rest()
        self._link_people()
        return self.resolve()

    # -- people

    def _persons(self) -> None:
        letters = self.signature()
        for match in _PERSON.finditer(letters):
            first, last = match.span()
            pieces = self.inside(first, last)
            start, end = pieces[0].start, pieces[-1].end
            titled = first > 0 and letters[first - 1] == "T"
            rule = "title" if titled else self._person_rule(pieces, start, end)
            if rule in ("locative", "the", "outlet"):
                kind = {"locative": "GPE", "the": "ORG", "outlet": "MEDIA"}[rule]
                self.add(start, end, kind, slug(self.text[start:end]), (), rule)
            elif rule:
                self.people.append((start, end, rule))
            if rule:
                self.claim(start, end)

    def _firms(self) -> None:
        """`Air Astana`, `Garuda Indonesia`: a name that ends in a place is a firm or a club."""
        for match in _FIRM.finditer(self.signature()):
            pieces = self.inside(*match.span())
            start, end = pieces[0].start, pieces[-1].end
            self.claim(start, end)
            self.add(start, end, "ORG", slug(self.text[start:end]), (), "firm")

    def _person_rule(self, pieces: list[Piece], start: int, end: int) -> str:
        """The evidence that a run of names is a person; empty where it has none of its own."""
        kinds, many = [piece.kind for piece in pieces], len(pieces) > 1
        if "P" in kinds:
            return "table:people"
        if many and _OUTLET.match(self.text, end):
            return "outlet"
        if self._apposed(end) and not _CITY_APPOSED.match(self.text, end):
            return "apposition"
        if many and (kinds[0] in "gi" or "i" in kinds):
            return "given"
        shaped = _SURNAME.search(pieces[-1].word)
        if shaped and len(pieces[-1].word) > 4 and kinds[-1] != "w" and (many or shaped[0] != "ian"):
            return "shape"
        the = _THE.search(self.text, max(0, start - 5), start)
        follow = _NEXT.match(self.text, end)
        if follow and not the and self.is_word("say", follow[1]) and not (self.initial(start) and not many):
            return "verb"
        if not many or "w" in kinds:
            return ""
        if _IN.search(self.text, max(0, start - 12), start):
            return "locative"
        return "the" if the or len(kinds) > 4 else "name"

    def _apposed(self, end: int) -> re.Match[str] | None:
        """The clause `chairman of …`, `Kazakhstan's foreign minister`, `the Russian …` behind a comma, or None."""
        clause = _CLAUSE.match(self.text, end + 2) if self.text[end : end + 2] == ", " else None
        if clause:
            for n, word in enumerate(clause[0].split(" ")[:9]):
                plain = word.lower().removesuffix("'s")
                if self.is_word("role", plain) and plain == word:
                    return clause
                if self.is_word("no_apposition", plain) or (n == 0 and self.is_word("say", plain)):
                    return None
        return None

    def _know_people(self) -> None:
        """Every ending of a full name, so that a later short form goes with the first long one."""
        names = [(self._name(start, end), start) for start, end, _ in set(self.people)]
        for name, _ in sorted(names, key=lambda item: (-item[0].count(" "), item[1])):
            words = name.split(" ")
            if len(words) == 1 or name in self.full:
                continue
            if known := self.short.get(fold(name)):
                self.full[name] = known
                continue
            entry = self.lexicon.people.get(fold(name)) or self.lexicon.people.get(fold(f"{words[0]} {words[-1]}"))
            known = self.full[name] = (entry.id, entry.partner) if entry else (slug(name), ())
            for n in range(1, len(words)):
                self.short.setdefault(fold(" ".join(words[n:])), known)
            if self.is_word("first_surname", words[0]):
                self.short[fold(words[0])] = known

    def _name(self, start: int, end: int) -> str:
        return self.text[start:end].replace("[", "").replace("]", "").replace("\n", " ")

    # -- what is left: single pieces

    def _rest(self) -> None:
        for number, piece in enumerate(self.pieces):
            kind, entry = self.letters[piece.letter], piece.entry
            if kind in "NXYVABbK.id" or (kind == "T" and piece.word not in self.acronyms):
                continue
            if piece.word in self.acronyms:
                if self.acronyms[piece.word][0]:
                    self.add(piece.start, piece.end, *self.acronyms[piece.word], "acronym")
            elif entry is not None and entry.type == "PERSON":
                self.people.append((piece.start, piece.end, "table:people"))
            elif entry is not None:
                self._table(number, piece, entry)
            elif kind in "ugws" and fold(piece.word) in self.short:
                self.people.append((piece.start, piece.end, "surname"))
            elif kind == "q" and (len(piece.word) > 2 or self.often(piece.word)):
                self.add(piece.start, piece.end, "ORG", slug(piece.word), (), "capitals")
            elif kind in "ug":
                self._unknown(number, piece)

    def _table(self, number: int, piece: Piece, entry: Entry) -> None:
        start, end, id, partner, rule = piece.start, piece.end, entry.id, entry.partner, f"table:{entry.table}"
        region = REGION.match(self.text, end) if entry.use in ("city", "weak", "capital") else None
        if region:
            end = region.end()
            id = slug(self.text[start:end].replace("oblast", "region"))
        elif entry.use == "capital" and partner and self._governs(number, piece):
            id, rule = partner[0], "capital"
        elif entry.type == "ORG" and piece.before == "z" and " " in entry.name and self.pieces[number - 1].kind == "G":
            id, partner = self.restated(entry, self.pieces[number - 1].entry.partner)
        elif entry.type == "ORG" and (suffix := _COMPANY.match(self.text, end)):
            end = suffix.end()
        if entry.type == "GPE":
            self.places[piece.word] = id
        self.add(start, end, entry.type, id, partner, rule)

    def _governs(self, number: int, piece: Piece) -> bool:
        """Whether a capital stands for its government: not where something is, happens or goes to."""
        last = self.pieces[number - 1] if number else None
        if last and piece.before in ("a", "-", ",") and last.entry and last.entry.use == "capital":
            return self.found[-1].rule == "capital"
        text, start = self.text, piece.start
        after = text[piece.end : piece.end + 24].removeprefix("'s").split(" ")
        if text[piece.end : piece.end + 7] in (", which", ", whose"):
            return True
        left = text[max(self.sentence_start(start), start - 70) : start].split(" ")
        to = left[-2].lower() if len(left) > 1 else ""
        if to == "the":
            left, to = left[:-1], left[-3].lower() if len(left) > 2 else ""
        lead = [word.strip(",\"'").lower() for word in left[-7:-2] if not word.endswith("ly")]
        if to == "in" and any(self.is_word("official", word) for word in lead[-1:]):
            return True
        if (
            (to in ("", "in") and left[-1:] == [""] and to)
            or self.is_word("place_before_city", to)
            or self.is_word("visit", to.strip(","))
        ):
            return False
        if len(after) > 1 and any(self.is_word("city_after", word.strip(",.;")) for word in after[1:2]):
            return False
        return not (
            to in ("to", "from", "of", "for", "through", "via") and any(self.is_word("visit", w) for w in lead[-4:])
        )

    def _unknown(self, number: int, piece: Piece) -> None:
        """A single word that nothing else explains: by its neighbours, then by its shape, else taken for a person."""
        start, end, word, text = piece.start, piece.end, piece.word, self.text
        if (
            len(word) < 3
            or _HARDWARE.match(text, end)
            or self.food(end)
            or (self.initial(start) and not self.often(word))
        ):
            return
        if "-" in word and _ROUTE.match(text, end):
            for part in re.finditer(r"[^-]+", word):
                self.add(start + part.start(), start + part.end(), "GPE", slug(part[0]), (), "route")
        elif region := REGION.match(text, end):
            name = text[start : region.end()].replace("oblast", "region")
            self.add(start, region.end(), "GPE", slug(name), (), "region")
        elif _OUTLET.match(text, end) or _BODY_BEFORE.search(text, max(0, start - 24), start):
            self.add(start, end, "MEDIA" if _OUTLET.match(text, end) else "ORG", slug(word), (), "kind")
        elif _HUMPED.match(word):
            self.add(start, end, "ORG", slug(word), (), "humped")
        elif self._placed(number, piece) or _CITY_APPOSED.match(text, end) or _SITE.match(text, end):
            self.places.setdefault(word, slug(word))
            self.add(start, end, "GPE", self.places[word], (), "locative")
        elif _RIVER.search(text, max(0, start - 14), start):
            self.add(start, end, "LOC", slug(word), (), "river")
        elif _DEMONYM.search(word) or self._before_title(number):
            self.add(start, end, "NORP", slug(word), (), "demonym")
        elif _THE.search(text, max(0, start - 5), start):
            self.add(start, end, "ORG", slug(word), (), "the")
        else:
            self.people.append((start, end, "alone"))

    def _before_title(self, number: int) -> bool:
        follow = self.pieces[number + 1] if number + 1 < len(self.pieces) else None
        return follow is not None and follow.before == "" and follow.kind == "T"

    def _placed(self, number: int, piece: Piece) -> bool:
        if piece.word in self.places or _IN.search(self.text, max(0, piece.start - 12), piece.start):
            return True
        return piece.before == "a" and self.pieces[number - 1].word in self.places

    # -- people to ids and offices

    def _link_people(self) -> None:
        self.found.sort()
        self._found_starts = [row.start for row in self.found]
        linked, held = [], {}
        for start, end, rule in sorted(set(self.people)):
            id, partner = self.person_id(self._name(start, end))
            self.offices[start], party = self._office(start, end)
            if not partner and party:
                held.setdefault(id, party)
            linked.append(Found(start, end, "PERSON", id, partner, rule))
        self.found += [row._replace(partner=row.partner or held.get(row.id, ())) for row in linked]

    def person_id(self, name: str) -> tuple[str, tuple[str, ...]]:
        key = fold(name)
        known = self.full.get(name) or self.short.get(key)
        if known is None:
            entry = self.lexicon.people.get(key) or (None if " " in name else self.lexicon.surnames.get(key))
            known = (entry.id, entry.partner) if entry else (slug(name), ())
        return known

    def _office(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """The office written beside a person and the state or body that it is held in."""
        floor = max(self.sentence_start(start), start - 110)
        words = list(re.finditer(r"\S+", self.text[floor:start])) if self.text[start - 1 : start] == " " else []
        for n in range(len(words) - 1, max(-1, len(words) - 10), -1):
            word = words[n][0].removesuffix("'s").strip('",')
            if self.is_word("role", word.lower()) or self.is_word("title", word):
                if n < len(words) - 1 and words[n + 1][0] not in ("of", "for", "to", "in", "on"):
                    break
                return self._before_name(floor, words, n, start)
            if n < len(words) - 1 and words[n][0].endswith((",", ";")):
                break
        if clause := self._apposed(end):
            party = self._first_party(clause.start(), clause.end()) or (("kazakhstan",) if self.home else ())
            return _LEAD.sub("", clause[0]), party
        return "", ()

    def _before_name(self, floor: int, words: list[re.Match[str]], n: int, start: int) -> tuple[str, tuple[str, ...]]:
        """The office whose noun is word `n` of the words before a name, and its holder."""
        first, lower = n, words[n][0].islower()
        while first and first > n - 5:
            word, begin = words[first - 1][0], floor + words[first - 1].start()
            holder = self._party_at(begin, begin + len(word))
            if word[0].isupper() and not self._office_word(word):
                break
            if (
                holder
                or word[-1] in ',;."'
                or self.is_word("no_office", word)
                or (word.islower() != lower and word != "and")
            ):
                break
            first -= 1
        begin = floor + words[first].start()
        party = self._party_at(begin - 5, begin)
        if not party and n + 1 < len(words) and words[n + 1][0] != "to":
            party = self._first_party(floor + words[n].end(), start)
        party = party or self._party_at(begin - 15, begin)
        return self.text[begin:start].strip(' ,"').removeprefix("and "), party or (("kazakhstan",) if self.home else ())

    def _office_word(self, word: str) -> bool:
        return self.is_word("title", word) or word.lower() in self.lexicon.words["common"]

    def _party_at(self, start: int, end: int) -> tuple[str, ...]:
        """Whom a mention belongs to that overlaps a span."""
        n = bisect_right(self._found_starts, end - 1) - 1
        row = self.found[n] if n >= 0 else None
        return row.partner if row and row.end > start and row.type in ("GPE", "NORP", "ORG", "LOC") else ()

    def _first_party(self, start: int, end: int) -> tuple[str, ...]:
        """Whom the first mention of a span belongs to."""
        for row in self.found[bisect_left(self._found_starts, start) : bisect_left(self._found_starts, end)]:
            if row.partner and row.type in ("GPE", "NORP", "ORG", "LOC"):
                return row.partner
        return ()

    # -- mentions

    def add_names(self, pipeline: Pipeline, mentions: list[Mention]) -> None:
        """Add the names that a pipeline finds outside of `mentions` and citations."""
        taken = sorted([(m.start, m.end) for m in mentions] + [(c.start, c.end) for c in self.article.citations])
        sentences = self.article.sentences
        for sentence, read in zip(sentences, pipeline.pipe(self.text[s.start : s.end] for s in sentences), strict=True):
            for name in read.ents:
                start, end = sentence.start + name.start_char, sentence.start + name.end_char
                start += 4 if self.text[start : start + 4].lower() == "the " else 0
                n = bisect_left(taken, (end, end))
                kind, text = _SPACY.get(name.label_), self.text[start:end]
                if kind and start < end and all(b <= start for _, b in taken[max(0, n - 3) : n]):
                    id, partner = self.person_id(text) if kind == "PERSON" else (slug(text), ())
                    self.add(start, end, kind, id, partner, "spacy")

    def resolve(self) -> list[Mention]:
        """Of mentions that overlap the first and longest stays, a name before a date; all lie in one sentence."""
        sentences, raw, year = self.article.sentences, self.article.text, self.article.year
        out: list[Mention] = []
        held: dict[tuple[str, ...], tuple[str, ...]] = {}
        for start, end, type, id, partner, rule in sorted(self.found, key=lambda row: (row.start, -row.end, row.type)):
            sentence = sentences[bisect_right(self.sentence_starts, start) - 1]
            while out and start < out[-1].end and out[-1].type == "DATE" and type != "DATE":
                out.pop()
            if end > sentence.end or (out and start < out[-1].end):
                continue
            if partner not in held:
                held[partner] = vectors_in(partner, self.lexicon, year)
            vectors = () if type in ("MEDIA", "DATE") else held[partner]
            office = self.offices.get(start, "") if type == "PERSON" else ""
            out.append(
                Mention(
                    sentence.para, sentence.sent, start, end, raw[start:end], type, id, vectors, rule, partner, office
                )
            )
        return out
