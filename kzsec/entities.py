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

from kzsec.bodies import NamedThings
from kzsec.codebook import Codebook
from kzsec.corpus import Article
from kzsec.lexicon import Entry, Lexicon, codebook_without, fold, lexicon_of, partner_of, slug, vectors_in, vectors_of
from kzsec.pieces import Found, Piece

__all__ = [
    "EngineError", "Mention", "Pipeline", "codebook_without", "find_mentions", "load_engine", "partner_of", "vectors_of",
]  # fmt: skip

_PERSON = re.compile(r"[ugiP](?:p?[ugiPw]){0,6}|(?<=T)(?!w{0,4}T)[wugiP](?:p?[wugiP]){0,6}")
_MODEL = re.compile(r"-(?:type|class)\b")
_APPOSED = re.compile(r", (?:the|a|an) ")
_IN = re.compile(r"\b(?:[Ii]n|[Nn]ear|[Aa]t|(?:city|town|villages?|port) of|outside) $")
_THE = re.compile(r"\b[Tt]he $")
_DEMONYM = re.compile(r"[a-z](?:ians?|ese|stanis?)$")
_CLAUSE = re.compile(r"[^,.;()]{2,110}")
_NEXT = re.compile(r",? ([a-z]+)\b")
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
    mentions = rules.resolve()
    if pipeline:
        rules.add_names(pipeline, mentions)
        mentions = rules.resolve()
    return mentions


class _Rules(NamedThings):
    """The rules, each of which claims pieces of one article for mentions."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        super().__init__(article, lexicon)
        self.people: dict[tuple[int, int], str] = {}  # rule by span
        self.offices: dict[int, str] = {}
        self.places: dict[str, str] = {}
        self.known: dict[str, tuple[str, tuple[str, ...]]] = {}  # id and partner by every form of a full name
        for rule in (self._persons, self._know_people, self._rest, self._link_people):
            rule()

    # -- people

    def _persons(self) -> None:
        letters = self.signature()
        for match in _PERSON.finditer(letters):
            first, last = match.span()
            pieces = self.inside(first, last)
            start, end = pieces[0].start, pieces[-1].end
            rule = "title" if first and letters[first - 1] == "T" else self._person_rule(pieces, start, end)
            if rule in ("locative", "the", "outlet"):
                kind = {"locative": "GPE", "the": "ORG", "outlet": "MEDIA"}[rule]
                self.add(start, end, kind, slug(self.text[start:end]), (), rule)
            elif rule:
                self.people[start, end] = rule
            if rule:
                self.claim(start, end)

    def _person_rule(self, pieces: list[Piece], start: int, end: int) -> str:
        """The evidence that a run of names is a person, or what else it is; empty where it has none of its own."""
        kinds, many, text = [piece.kind for piece in pieces], len(pieces) > 1, self.text
        if "P" in kinds:
            return "table:people"
        if many and self._leads_to("outlet", end, 1):
            return "outlet"
        if self._apposed(end) and not self._town_behind(end):
            return "apposition"
        if many and (kinds[0] in "gi" or "i" in kinds):
            return "given"
        if len(pieces[-1].word) > 4 and kinds[-1] != "w" and pieces[-1].word.endswith(self.lexicon.surname_endings):
            return "shape"
        the, follow = _THE.search(text, max(0, start - 5), start), _NEXT.match(text, end)
        if follow and not the and self.is_word("say", follow[1]) and (many or kinds == ["u"]):
            return "verb"
        if not many or "w" in kinds:
            return ""
        if _IN.search(text, max(0, start - 12), start):
            return "locative"
        return "the" if the or len(kinds) > 4 else "name"

    def _apposed(self, end: int) -> re.Match[str] | None:
        """The clause `chairman of …`, `Kazakhstan's foreign minister`, `the Russian …` behind a comma, or None."""
        clause = _CLAUSE.match(self.text, end + 2) if self.text[end : end + 2] == ", " else None
        for n, word in enumerate(clause[0].split(" ")[:9] if clause else ()):
            if self.is_word("role", word):
                return clause
            plain = word.lower().removesuffix("'s")
            if self.is_word("no_apposition", plain) or (n == 0 and self.is_word("say", plain)):
                break
        return None

    def _know_people(self) -> None:
        """Every ending of a full name, the longest names first, so that a later short form goes with the first long one."""
        names = [(self._name(*span), span) for span in self.people]
        for name, _ in sorted(names, key=lambda item: (-item[0].count(" "), item[1])):
            words = name.split(" ")
            if len(words) == 1 or fold(name) in self.known:
                continue
            entry = self.lexicon.people.get(fold(name)) or self.lexicon.people.get(fold(f"{words[0]} {words[-1]}"))
            known = (entry.id, entry.partner) if entry else (slug(name), ())
            for n in range(len(words)):
                self.known.setdefault(fold(" ".join(words[n:])), known)
            if self.is_word("first_surname", words[0]):
                self.known[fold(words[0])] = known

    def _name(self, start: int, end: int) -> str:
        return self.text[start:end].replace("[", "").replace("]", "").replace("\n", " ")

    # -- what is left: single pieces

    def _rest(self) -> None:
        for number, piece in enumerate(self.pieces):
            kind, entry, span = self.letters[piece.letter], piece.entry, (piece.start, piece.end)
            if kind in "NXYVABbK.id" or (kind == "T" and piece.word not in self.acronyms):
                continue
            if piece.word in self.acronyms:
                if self.acronyms[piece.word][0]:
                    self.add(*span, *self.acronyms[piece.word], "acronym")
            elif entry is not None and entry.type == "PERSON":
                self.people[span] = "table:people"
            elif entry is not None:
                self._table(number, piece, entry)
            elif kind in "ugws" and fold(piece.word) in self.known:
                self.people[span] = "surname"
            elif kind == "q" and (len(piece.word) > 2 or self.often(piece.word)):
                self.add(*span, "ORG", slug(piece.word), (), "capitals")
            elif kind in "ug":
                self._unknown(number, piece)

    def _table(self, number: int, piece: Piece, entry: Entry) -> None:
        id, partner, rule = entry.id, entry.partner, f"table:{entry.table}"
        if entry.use == "capital" and partner and self._governs(number, piece):
            id, rule = partner[0], "capital"
        elif entry.type == "ORG" and piece.before == "z" and " " in entry.name and self.pieces[number - 1].kind == "G":
            id, partner = self.restated(entry, self.pieces[number - 1].entry.partner)
        if entry.type == "GPE":
            self.places[piece.word] = id
        self.add(piece.start, piece.end, entry.type, id, partner, rule)

    def _governs(self, number: int, piece: Piece) -> bool:
        """Whether a capital stands for its government: not where something is, happens or goes to."""
        text, start, end = self.text, piece.start, piece.end
        last = self.pieces[number - 1] if number else None
        if last and piece.before in ("a", "-", ",") and last.entry and last.entry.use == "capital":
            return self.found[-1].rule == "capital"
        if text.startswith((", which", ", whose"), end):
            return True
        left = text[max(self.sentence_start(start), start - 70) : start].lower().removesuffix("the ").split()
        lead = [word.strip(",\"'") for word in left[-6:] if not word.endswith("ly")]
        to = lead.pop() if lead else ""
        if to == "in" and lead and self.is_word("official", lead[-1]):
            return True
        behind = text[end : end + 24].removeprefix("'s").split(" ")[1:2]
        moved = to in ("to", "from", "of", "for", "through", "via") and any(self.is_word("visit", w) for w in lead[-4:])
        there = self.is_word("place_before_city", to) or self.is_word("visit", to)
        return not (moved or there or any(self.is_word("city_after", word.strip(",.;")) for word in behind))

    def _unknown(self, number: int, piece: Piece) -> None:
        """A single word that nothing else explains: by its neighbours, then by its shape, else taken for a person."""
        start, end, word, text = piece.start, piece.end, piece.word, self.text
        hardware = self._leads_to("hardware", end, 3) or _MODEL.match(text, end)
        if len(word) < 3 or hardware or self.food(end) or (self.initial(start) and not self.often(word)):
            return
        before = text[max(0, start - 24) : start]
        if self._leads_to("outlet", end, 1):
            self.add(start, end, "MEDIA", slug(word), (), "kind")
        elif self.is_word("body", before.rstrip(", ").split(" ")[-1]):
            self.add(start, end, "ORG", slug(word), (), "kind")
        elif self._placed(number, piece, before):
            self.places.setdefault(word, slug(word))
            self.add(start, end, "GPE", self.places[word], (), "locative")
        elif _DEMONYM.search(word) or self._before_title(number):
            self.add(start, end, "NORP", slug(word), (), "demonym")
        elif _THE.search(before):
            self.add(start, end, "ORG", slug(word), (), "the")
        else:
            self.people[start, end] = "alone"

    def _leads_to(self, kind: str, end: int, reach: int) -> bool:
        """Whether one of the next `reach` words is of a `kind`, with nothing but small words before it."""
        for word in self.text[end : end + 60].removeprefix("'s").split()[:reach] if self.text[end : end + 1] in (" ", "'") else ():
            if self.is_word(kind, word.rstrip(".,;").removesuffix("s")):
                return True
            if not word.islower() or word[-1] in ",.;":
                return False
        return False

    def _town_behind(self, end: int) -> bool:
        """Whether what follows is a thing that towns have, or tells that this is one: `, a port on …`."""
        apposed = _APPOSED.match(self.text, end)
        return self._leads_to("town", apposed.end() - 1, 5) if apposed else self._leads_to("site", end, 2)

    def _before_title(self, number: int) -> bool:
        follow = self.pieces[number + 1] if number + 1 < len(self.pieces) else None
        return follow is not None and follow.before == "" and follow.kind == "T"

    def _placed(self, number: int, piece: Piece, before: str) -> bool:
        """Whether an unknown word is a place: known as one, behind a preposition, with a place, or told to be one."""
        if piece.word in self.places or _IN.search(before) or self._town_behind(piece.end):
            return True
        to = before.split(" ")[-2:-1] if not before.endswith("according to ") else []
        joined = piece.before == "a" and self.pieces[number - 1].word in self.places
        return joined or (bool(to) and self.is_word("toward", to[0].lower()) and not _DEMONYM.search(piece.word))

    # -- people to ids and offices

    def _link_people(self) -> None:
        self.found.sort()
        self._found_starts = [row.start for row in self.found]
        linked, held = [], {}
        for (start, end), rule in sorted(self.people.items()):
            id, partner = self.person_id(self._name(start, end))
            self.offices[start], party = self._office(start, end)
            if not partner and party:
                held.setdefault(id, party)
            linked.append(Found(start, end, "PERSON", id, partner, rule))
        self.found += [row._replace(partner=row.partner or held.get(row.id, ())) for row in linked]

    def person_id(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a person: of the article's full name, else of the table's, else a slug of the name."""
        key = fold(name)
        if key in self.known:
            return self.known[key]
        entry = self.lexicon.people.get(key) or (None if " " in name else self.lexicon.surnames.get(key))
        return (entry.id, entry.partner) if entry else (slug(name), ())

    def _office(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """The office written beside a person and the state or body that it is held in."""
        home = ("kazakhstan",) if self.home else ()
        floor = max(self.sentence_start(start), start - 110)
        words = list(re.finditer(r"\S+", self.text[floor:start])) if self.text[start - 1 : start] == " " else []
        for n in range(len(words) - 1, max(-1, len(words) - 10), -1):
            behind = words[n + 1][0] if n + 1 < len(words) else ""
            if self._is_office(words[n][0]):
                if behind in ("", "of", "for", "to", "in", "on"):
                    begin = floor + words[self._office_begin(floor, words, n)].start()
                    party = self._party(begin - 5, begin) or (
                        self._party(floor + words[n].end(), start) if behind not in ("", "to") else ()
                    )
                    office = self.text[begin:start].strip(' ,"').removeprefix("and ")
                    return office, party or self._party(begin - 15, begin) or self._apposed_party(end) or home
                break
            if behind and words[n][0].endswith((",", ";")):
                break
        if clause := self._apposed(end):
            return _LEAD.sub("", clause[0]), self._apposed_party(end) or home
        return "", ()

    def _apposed_party(self, end: int) -> tuple[str, ...]:
        """Whom the apposition behind a name speaks of, as `chief of U.S. Central Command` behind `General Abel,`."""
        clause = self._apposed(end)
        return self._party(clause.start(), clause.end()) if clause else ()

    def _is_office(self, word: str) -> bool:
        word = word.removesuffix("'s").strip('",')
        return self.is_word("role", word.lower()) or self.is_word("title", word)

    def _office_begin(self, floor: int, words: list[re.Match[str]], n: int) -> int:
        """Which word begins the office whose noun is word `n`: behind whoever holds it, and all in one case."""
        first, lower = n, words[n][0].islower()
        while first > max(0, n - 5):
            word, begin = words[first - 1][0], floor + words[first - 1].start()
            if word[-1] in ',;."' or self.is_word("no_office", word) or (word.islower() != lower and word != "and"):
                break
            if self._party(begin, begin + len(word)) or not (self.is_word("title", word) or self.is_word("common", word.lower())):
                break
            first -= 1
        return first

    def _party(self, start: int, end: int) -> tuple[str, ...]:
        """Whom the first mention belongs to that overlaps a span and belongs to anybody."""
        n = max(0, bisect_right(self._found_starts, start) - 1)
        for row in self.found[n : bisect_left(self._found_starts, end)]:
            if row.end > start and row.partner and row.type in ("GPE", "NORP", "ORG", "LOC"):
                return row.partner
        return ()

    # -- mentions

    def add_names(self, pipeline: Pipeline, mentions: list[Mention]) -> None:
        """Add the names that a pipeline finds outside of `mentions` and citations, less lone common words."""
        taken = sorted([(m.start, m.end) for m in mentions] + [(c.start, c.end) for c in self.article.citations])
        sentences = self.article.sentences
        for sentence, read in zip(sentences, pipeline.pipe(self.text[s.start : s.end] for s in sentences), strict=True):
            for name in read.ents:
                start, end = sentence.start + name.start_char, sentence.start + name.end_char
                start += 4 if self.text[start : start + 4].lower() == "the " else 0
                kind, text, n = _SPACY.get(name.label_), self.text[start:end], bisect_left(taken, (end, end))
                free = start < end and all(b <= start for _, b in taken[max(0, n - 3) : n])
                if kind and free and not self.is_word("common", text.lower()):
                    self.add(start, end, kind, *(self.person_id(text) if kind == "PERSON" else (slug(text), ())), "spacy")

    def resolve(self) -> list[Mention]:
        """Of mentions that overlap the first and longest stays, a name before a date; all lie in one sentence."""
        sentences, raw, year = self.article.sentences, self.article.text, self.article.year
        out: list[Mention] = []
        held: dict[tuple[str, ...], tuple[str, ...]] = {}
        for start, end, type, id, partner, rule in sorted(self.found, key=lambda row: (row.start, -row.end, row.type)):
            para, sent, _, stop = sentences[bisect_right(self.sentence_starts, start) - 1]
            while out and start < out[-1].end and out[-1].type == "DATE" and type != "DATE":
                out.pop()
            if end > stop or (out and start < out[-1].end):
                continue
            if partner not in held:
                held[partner] = vectors_in(partner, self.lexicon, year)
            vectors = () if type in ("MEDIA", "DATE") else held[partner]
            office = self.offices.get(start, "") if type == "PERSON" else ""
            out.append(Mention(para, sent, start, end, raw[start:end], type, id, vectors, rule, partner, office))
        return out
