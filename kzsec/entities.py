"""Who and what an article names: each mention with its type, entity id, vectors, and the rule that found it.

The article is read as pieces (`kzsec.pieces`), whose one-letter classes make a signature. The rules are patterns over
it, in the order of how much they know: `D?w*H` is a body, `V`-words make events, `T` stands before a person. What a
rule has named is named; what no rule names is settled by its neighbours, and people are linked last.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from kzsec.codebook import Codebook
from kzsec.corpus import Article
from kzsec.lexicon import (
    Entry, Lexicon, codebook_without, first_word, fold, lexicon_of, partner_of, slug, vectors_in, vectors_of,
)  # fmt: skip
from kzsec.pieces import Found, Piece, Pieces

__all__ = ["Mention", "codebook_without", "find_mentions", "partner_of", "vectors_of"]

_BODY = re.compile(
    r"(?:[DGO](?!z))?(?:[wsK]a(?=[wsu]))?[swugqCLDGOK]*?H+"  # Kazakh | Trade and | Foreign Policy | Committee
    r"(?:o[wusgqDGCLTHOPK]+(?:a(?![wuDG]*[HTO])[wu]+)*|f[wuqK]+(?:a(?![wu]*H)[wu]+)*)*"  # of … and … | on, for …
    r"|D?O(?:oG(?!z))?"
)
_EVENT = re.compile(r"V(?:o?[wugEDGq])+|[wuDGLCqs]*[wuDGLCq]V|E")
_DATED_EVENT = re.compile(r"[wugq]*(?:[wugq]Y|d)")
_PLACE = re.compile(r"[ugCLG][ugCLGw]*A|DA|B[ou]?[ugCL]+")
_PERSON = re.compile(r"[ugiP](?:p?[ugiPw])*|(?<=T)(?!w*T)[wugiP](?:p?[wugiP])*")
_QUOTED = re.compile(r'"([A-Z][^"\n()]{1,58}?)[,.]?"')
_CUE = (
    r"(?:exercises?|operations?|maneuvers|manoeuvres|drills?|war games?|initiative|program(?:me)?s?|project|games|training"
    r"|campaign|mission)"
)
_NAMED = r"(?:code-?named|dubbed|named|called|known as|entitled|titled)"
_CUE_LEFT = re.compile(rf"(?:\b{_CUE},? (?:(?:was|were|is|are|of) )?|\b{_NAMED} )(?:{_NAMED} )?(?:the )?$")
_CUE_NOUN = re.compile(rf"\b{_CUE},? (?:(?:was|were|is|are|which is) )?$")
_CUE_RIGHT = re.compile(rf" (?:(?:[a-z-]+|20\d\d) ){{0,3}}{_CUE}\b")
_CODENAMED = re.compile(r"(?:code-?)?(?:named|called|dubbed) ([A-Z][\w-]*(?: [A-Z][\w-]*)*)")
_YEAR_OF = re.compile(r"Years? of (?:the )?[A-Z]\w+(?: [A-Z]\w+)?(?: in (?:the )?[A-Z]\w+)?")
_UNIT = re.compile(
    r"military unit (?:No\. ?)?\d+|(?:\d+(?:st|nd|rd|th)|[Ff]irst|[Ss]econd|[Tt]hird) [A-Z][\w-]+(?: [A-Z][\w-]+)* "
    r"(?:Division|Brigade|Regiment|Battalion|Army|Squadron|Fleet|Corps)\b"
)
_WITH_YEAR = re.compile(r"(?:-[A-Z]\w+)?(?:[- ](?:19|20)\d\d\b(?!-)|-[012]\d\b)|-[A-Z]\w+(?=[\" ,.])")
_YEAR = re.compile(r"[- ](?:(?:19|20)\d\d|\d\d)$")
_DATED = re.compile(r"[A-Z][\w-]{3,}(?: (?:19|20)\d\d|-(?:(?:19|20)\d\d|[01]\d))$")
_ACRONYM = re.compile(r" \((?:or )?([A-Z][A-Za-z]*[A-Z][A-Za-z-]*)\)")
_WORD = re.compile(r"[A-Za-z]\w*")
_REGION = re.compile(r" (?:region|oblast|province|district|krai|county)\b")
_HARDWARE = re.compile(
    r"-(?:type|class)\b|(?:'s)?(?: [a-z-]+){0,2} (?:vessel|ship|boat|frigate|tanker|ferry|aircraft|fighter|helicopter|missile"
    r"|tank|rifle|truck|satellite|rocket|jeep|vehicle)s?\b"
)
_ROUTE = re.compile(r" (?:(?:oil|gas) )?(?:pipeline|railway|railroad|rail line|highway|road|route|corridor|border|axis)\b")
_MINISTRY = re.compile(r"(?:(.+) Ministry|Ministry (?:of|for) (?:the )?(.+?))")
_OF_STATE = re.compile(r" of (?:the )?(?:Republic of )?[A-Z][\w. ]+$")
_IN = re.compile(r"\b(?:[Ii]n|[Nn]ear|[Aa]t|city of|town of|village of|villages of|port of|outside) $")
_THE = re.compile(r"\b[Tt]he $")
_DEMONYM = re.compile(r"[a-z](?:ians?|ese|stanis?)$")
_CLAUSE = re.compile(r"[^,.;()]{2,110}")
_NEXT = re.compile(r",? ([a-z]+)\b")
_SURNAME = re.compile(
    r"(?:ov|ev|ova|eva|sky|skiy|skii|ski|skaya|enko|chuk|shvili|adze|ian|yan|zade|oglu|uly|bek|uulu|kyzy|vich|vych|sson|sen"
    r"|berg|stein|escu|opoulos|akis|elli|etti|moto|mura|dottir|zhan|jan|din|ullah)$"
)


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


def find_mentions(article: Article, codebook: Codebook) -> list[Mention]:
    """Every mention in the body of `article`, sorted, non-overlapping, each inside one sentence."""
    return _Rules(article, lexicon_of(codebook)).mentions() if article.sentences else []


class _Rules(Pieces):
    """The rules, each of which claims pieces of one article for mentions."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        super().__init__(article, lexicon)
        self.people: list[tuple[int, int, str]] = []
        self.offices: dict[int, str] = {}
        self.acronyms: dict[str, tuple[str, str, tuple[str, ...]]] = {}  # type, id, partner; no type: not coded
        self.behind: dict[int, str] = {}  # an acronym by where the name before it ends
        self.places: dict[str, str] = {}
        self.full: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.short: dict[str, tuple[str, tuple[str, ...]]] = {}

    def mentions(self) -> list[Mention]:
        for rule in (self._define, self._quoted, self._bodies, self._events, self._places, self._persons):
            rule()
        self._know_people()
        self._rest()
        self._link_people()
        return self._resolve()

    def _add_found(self, start: int, end: int, type: str, id: str, partner: tuple[str, ...], rule: str) -> None:
        self.found.append(Found(start, end, type, id, partner, rule))

    def _is(self, kind: str, word: str) -> bool:
        return word in self.lexicon.words[kind]

    # -- bodies

    def _define(self) -> None:
        """`Long Name (ACR)`: the long name is one mention, and the acronym means it in the whole article."""
        for match in _ACRONYM.finditer(self.text, self.begin, self.finish):
            acronym, end = match[1], match.start()
            start = self._long_form(acronym, end)
            if start is None:
                self.behind[end] = acronym
                continue
            long, short = self.match(start, first_word(self.text[start:end])), self.match(match.start(1), acronym)
            pieces = self.claim(start, end)
            if long and long.type[0] != "#" and start + len(long.name) == end:
                meant = (long.type, long.id, long.partner)
            elif short and short.type in ("ORG", "EVENT"):
                meant = (short.type, short.id, short.partner)
            elif pieces and pieces[-1].kind == "K":
                meant = ("", "", ())
            else:
                meant = ("EVENT" if pieces and pieces[-1].kind == "V" else "ORG", *self._body(pieces, start, end))
            self.acronyms[acronym] = meant
            if meant[0]:
                self._add_found(start, end, *meant, "defined")

    def _long_form(self, acronym: str, end: int) -> int | None:
        """Where the words begin whose initials are `acronym`, read backwards from `end`."""
        letters, start = [c for c in acronym if c.isupper()], end
        for word in reversed(list(_WORD.finditer(self.text, max(self.sentence_start(end - 1), end - 120), end))):
            initial = word[0][0]
            if initial.upper() == letters[-1] and (initial.isupper() or len(letters) > 1):
                letters.pop()
                start = word.start()
                if not letters:
                    return start if initial.isupper() else None
            elif initial.isupper() or len(word[0]) > 4:
                return None
        return None

    def _bodies(self) -> None:
        for match in _BODY.finditer(self.signature()):
            pieces = self.inside(*match.span())
            while len(pieces) > 1 and pieces[0].kind == "s" and pieces[1].kind in "DGO":
                pieces = pieces[1:]
            start, end = pieces[0].start, pieces[-1].end
            known = next((p.entry for p in pieces if p.kind in "OH" and p.entry), None)
            if len(pieces) == 1 and (pieces[0].kind == "O" or known or " " not in pieces[0].word):
                continue
            if not any(p.kind == "H" for p in pieces):
                if " " not in known.name:
                    continue
                id, partner = self._restated(known, next(p.entry for p in pieces if p.kind in "DG").partner)
            else:
                id, partner = self._body(pieces, start, end)
            self.claim(start, end)
            self._add_body(start, end, pieces[-1], id, partner)

    def _add_body(self, start: int, end: int, last: Piece, id: str, partner: tuple[str, ...]) -> None:
        kind = "MEDIA" if last.kind == "H" and self._is("head_media", last.word) else "ORG"
        if acronym := self.behind.get(end):
            short = self.match(end + 2, acronym)
            if short and short.type == "ORG":
                id, partner = short.id, short.partner
            self.acronyms[acronym] = (kind, id, partner)
        self._add_found(start, end, kind, id, () if kind == "MEDIA" else partner, "body")

    def _body(self, pieces: list[Piece], start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a body, by the state that its name gives or, for an organ of state, its context."""
        name = self.text[start:end]
        state = next((p.entry for p in (*pieces[:1], *pieces[-1:]) if p.entry and p.kind in "DG"), None)
        outer = next((p.entry for p in pieces if p.kind == "O" and p.entry), None)
        if outer and not state:
            return slug(name), outer.partner
        organ = "Ministry" in name or any(p.kind == "H" and self._is("head_state", p.word) for p in pieces)
        place = next((p.entry for p in pieces if p.kind in "CL" and p.entry and p.entry.partner), None)
        partner = state.partner if state else place.partner if place and organ else self._owner(start) if organ else ()
        if state and pieces[0].entry is state and len(pieces) > 1:
            name = self.text[pieces[1].start : end]
        elif state:
            name = _OF_STATE.sub("", name)
        base = self._embassy(end) if name.endswith("Embassy") or name.startswith("Embassy") else self._portfolio(name)
        iso = self._iso(partner) if organ or state else ""
        return f"{iso}-{base}" if iso else base, partner

    def _embassy(self, end: int) -> str:
        where = self.match(end + 4, first_word(self.text[end + 4 : end + 40])) if self.text[end : end + 4] == " in " else None
        return f"embassy-in-{where.partner[0] if where and where.partner else 'kazakhstan'}"

    def _portfolio(self, name: str) -> str:
        """`Defense Ministry` and `Ministry of Defence` are one `ministry-of-defense`."""
        if match := _MINISTRY.fullmatch(name):
            of = (match[1] or match[2]).lower()
            return "ministry-of-" + self.lexicon.portfolio.get(of, slug(of))
        return slug(name)

    def _iso(self, partner: tuple[str, ...]) -> str:
        row = self.lexicon.partners.get(partner[0]) if partner else None
        return row["iso"].lower() if row else ""

    def _owner(self, start: int) -> tuple[str, ...]:
        """The state of a body that names none: its possessor, else the state named last, else the home."""
        own = self.text[max(0, start - 4) : start] in ("his ", "her ")
        for piece in self.before(start, reach=12):
            if piece.entry and piece.entry.partner and piece.kind in ("P" if own else "GDPC"):
                return piece.entry.partner
        return ("kazakhstan",) if self.home else ()

    def _restated(self, entry: Entry, partner: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """A body of the same name in another state: `Uzbek National Security Council` is not that of the table."""
        own, other = self._iso(entry.partner), self._iso(partner)
        if not own or not other or own == other or not entry.id.startswith(own + "-"):
            return entry.id, entry.partner
        return f"{other}-{entry.id[3:]}", partner

    # -- events and places

    def _quoted(self) -> None:
        """Names that quotation marks, a code name, a formal year or a unit's number mark."""
        text = self.text
        for match in _QUOTED.finditer(text, self.begin, self.finish):
            cued = _CUE_LEFT.search(text, max(self.begin, match.start() - 40), match.start())
            if match[1].count(" ") < 6 and (cued or _CUE_RIGHT.match(text, match.end()) or _DATED.search(match[1])):
                self._event(match.start(1), match.end(1), "quoted")
        for match in _CODENAMED.finditer(text, self.begin, self.finish):
            if _CUE_NOUN.search(text, max(self.begin, match.start() - 40), match.start()):
                self._event(match.start(1), match.end(1), "codenamed")
        for match in _YEAR_OF.finditer(text, self.begin, self.finish) if "Year" in text else ():
            states = [p.entry.partner for p in self.claim(*match.span()) if p.entry]
            partner = tuple(dict.fromkeys(p for own in states for p in own if p != "kazakhstan"))
            self._add_found(*match.span(), "EVENT", slug(match[0]), partner, "year-of")
        for match in _UNIT.finditer(text, self.begin, self.finish):
            self.claim(*match.span())
            owner = self._owner(match.start())
            base = slug(match[0].replace("No.", ""))
            self._add_found(*match.span(), "ORG", f"{self._iso(owner)}-{base}".strip("-"), owner, "unit")

    def _events(self) -> None:
        for match in _EVENT.finditer(self.signature()):
            pieces = self.inside(*match.span())
            if len(pieces) > 1 or pieces[0].kind == "E":
                self._event(pieces[0].start, pieces[-1].end, "table:actors" if pieces[0].kind == "E" else "event")
        for match in _DATED_EVENT.finditer(self.signature()):
            pieces = self.inside(*match.span())
            if _DATED.search(self.text[pieces[0].start : pieces[-1].end]):
                self._event(pieces[0].start, pieces[-1].end, "dated")

    def _event(self, start: int, end: int, rule: str) -> None:
        if longer := _WITH_YEAR.match(self.text, end):
            end = longer.end()
        pieces = self.claim(start, end)
        name = self.text[start:end]
        known = next((p.entry for p in pieces if p.kind == "E" and p.entry), None)
        if known:
            year = _YEAR.search(name)
            whole = name[: year.start()] if year else name
            id = known.id + f"-{slug(year[0])}" if year and whole == known.name else known.id
            self._add_found(start, end, "EVENT", id if whole == known.name else slug(name), known.partner, rule)
            return
        lead = self.text[max(0, start - 30) : start].lower()
        id = ("operation-" if "operation" in lead and "exercise" not in lead else "") + slug(name)
        self._add_found(start, end, "EVENT", id, self._holders(start), rule)

    def _holders(self, start: int) -> tuple[str, ...]:
        """Who holds an unknown exercise: the partner named last before it in its sentence."""
        for piece in self.before(start, reach=4):
            if piece.entry and piece.entry.partner and piece.kind in "GDOC":
                return piece.entry.partner
        return ("kazakhstan",) if self.home else ()

    def _places(self) -> None:
        for match in _PLACE.finditer(self.signature()):
            pieces = self.inside(*match.span())
            start, end = pieces[0].start, pieces[-1].end
            gpe = self._is("place_gpe", pieces[-1].word)
            partner = next((p.entry.partner for p in pieces if p.entry), ()) if gpe else ()
            self.claim(start, end)
            name = re.sub(" Oblast$", " Region", self.text[start:end])
            self._add_found(start, end, "GPE" if gpe else "LOC", slug(name), partner, "place")

    # -- people

    def _persons(self) -> None:
        letters = self.signature()
        for match in _PERSON.finditer(letters):
            first, last = match.span()
            pieces = self.inside(first, last)
            start, end = pieces[0].start, pieces[-1].end
            titled = first > 0 and letters[first - 1] == "T"
            rule = "title" if titled else self._person_rule(pieces, start, end)
            if rule in ("locative", "the"):
                kind = "GPE" if rule == "locative" else "ORG"
                self._add_found(start, end, kind, slug(self.text[start:end]), (), rule)
            elif rule:
                self.people.append((start, end, rule))
            if rule:
                self.claim(start, end)

    def _person_rule(self, pieces: list[Piece], start: int, end: int) -> str:
        """The evidence that a run of names is a person; empty where it has none of its own."""
        kinds, many = [piece.kind for piece in pieces], len(pieces) > 1
        if "P" in kinds:
            return "table:people"
        if _HARDWARE.match(self.text, end):
            return ""
        if self._apposed(end):
            return "apposition"
        if many and (kinds[0] in "gi" or "i" in kinds):
            return "given"
        if len(pieces[-1].word) > 4 and kinds[-1] != "w" and _SURNAME.search(pieces[-1].word):
            return "shape"
        the = _THE.search(self.text, max(0, start - 5), start)
        follow = _NEXT.match(self.text, end)
        if follow and not the and self._is("say", follow[1]) and not self.initial(start):
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
                if self._is("role", plain) and plain == word:
                    return clause
                if self._is("no_apposition", plain) or (n == 0 and self._is("say", plain)):
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
            if self._is("first_surname", words[0]):
                self.short[fold(words[0])] = known

    def _name(self, start: int, end: int) -> str:
        return self.text[start:end].replace("[", "").replace("]", "").replace("\n", " ")

    # -- what is left: single pieces

    def _rest(self) -> None:
        for number, piece in enumerate(self.pieces):
            kind, entry = self.letters[piece.letter], piece.entry
            if kind in "NXYVABK.id" or (kind == "T" and piece.word not in self.acronyms):
                continue
            if piece.word in self.acronyms:
                if self.acronyms[piece.word][0]:
                    self._add_found(piece.start, piece.end, *self.acronyms[piece.word], "acronym")
            elif entry is not None and entry.type == "PERSON":
                self.people.append((piece.start, piece.end, "table:people"))
            elif entry is not None:
                self._table(number, piece, entry)
            elif kind in "ugws" and fold(piece.word) in self.short:
                self.people.append((piece.start, piece.end, "surname"))
            elif kind == "q" and (len(piece.word) > 2 or self.text.count(piece.word) > 1):
                self._add_found(piece.start, piece.end, "ORG", slug(piece.word), (), "capitals")
            elif kind in "ug":
                self._unknown(number, piece)

    def _table(self, number: int, piece: Piece, entry: Entry) -> None:
        start, end, id, partner, rule = piece.start, piece.end, entry.id, entry.partner, f"table:{entry.table}"
        region = _REGION.match(self.text, end) if entry.use in ("city", "weak", "capital") else None
        if region:
            end = region.end()
            id = slug(self.text[start:end].replace("oblast", "region"))
        elif entry.use == "capital" and partner and self._governs(number, piece):
            id, rule = partner[0], "capital"
        elif entry.type == "ORG" and piece.before == "z" and " " in entry.name and self.pieces[number - 1].kind == "G":
            id, partner = self._restated(entry, self.pieces[number - 1].entry.partner)
        if entry.type == "GPE":
            self.places[piece.word] = id
        self._add_found(start, end, entry.type, id, partner, rule)

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
        if to == "in" and any(self._is("official", word) for word in lead[-1:]):
            return True
        if to in ("", "in") and left[-1:] == [""] and to or self._is("place_before_city", to) or self._is("visit", to.strip(",")):
            return False
        if len(after) > 1 and any(self._is("city_after", word.strip(",.;")) for word in after[1:2]):
            return False
        return not (to in ("to", "from", "of", "for", "through", "via") and any(self._is("visit", w) for w in lead[-4:]))

    def _unknown(self, number: int, piece: Piece) -> None:
        """A single word that nothing else explains: by its neighbours, then by its shape, else taken for a person."""
        start, end, word, text = piece.start, piece.end, piece.word, self.text
        if len(word) < 3 or _HARDWARE.match(text, end) or (self.initial(start) and text.count(word) < 2):
            return
        if "-" in word and _ROUTE.match(text, end):
            for part in re.finditer(r"[^-]+", word):
                self._add_found(start + part.start(), start + part.end(), "GPE", slug(part[0]), (), "route")
        elif region := _REGION.match(text, end):
            name = text[start : region.end()].replace("oblast", "region")
            self._add_found(start, region.end(), "GPE", slug(name), (), "region")
        elif self._placed(number, piece):
            self.places.setdefault(word, slug(word))
            self._add_found(start, end, "GPE", self.places[word], (), "locative")
        elif _DEMONYM.search(word):
            self._add_found(start, end, "NORP", slug(word), (), "demonym")
        elif _THE.search(text, max(0, start - 5), start):
            self._add_found(start, end, "ORG", slug(word), (), "the")
        else:
            self.people.append((start, end, "alone"))

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
            id, partner = self._person_id(self._name(start, end))
            self.offices[start], party = self._office(start, end)
            if not partner and party:
                held.setdefault(id, party)
            linked.append(Found(start, end, "PERSON", id, partner, rule))
        self.found += [row._replace(partner=row.partner or held.get(row.id, ())) for row in linked]

    def _person_id(self, name: str) -> tuple[str, tuple[str, ...]]:
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
            if self._is("role", word.lower()) or self._is("title", word):
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
            if holder or word[-1] in ',;."' or self._is("no_office", word) or (word.islower() != lower and word != "and"):
                break
            first -= 1
        begin = floor + words[first].start()
        party = self._party_at(begin - 5, begin)
        if not party and n + 1 < len(words) and words[n + 1][0] != "to":
            party = self._first_party(floor + words[n].end(), start)
        return self.text[begin:start].strip(' ,"'), party or (("kazakhstan",) if self.home else ())

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

    def _resolve(self) -> list[Mention]:
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
            out.append(Mention(sentence.para, sentence.sent, start, end, raw[start:end], type, id, vectors, rule, partner, office))
        return out


_LEAD = re.compile(r"^(?:(?:the|a|an|his|her|its|their|then|former) )+")
