"""Bodies, events and places: what the form of a name or the words around it tell, whoever the name belongs to."""

from __future__ import annotations

import re

from kzsec.corpus import Article
from kzsec.lexicon import Entry, Lexicon, first_word, slug
from kzsec.pieces import Found, Piece, Pieces

# Every repetition is bounded, so that a text of nothing but capitals is read in linear time too.
_BODY = re.compile(
    r"(?:[DGO](?!z))?(?:[wsK]a(?=[wsu])|[ws]{1,3}z(?=[wu]{0,4}H))?[swugqCLDGOKBb]{0,8}?H{1,3}b?"  # Kazakh | Trade and | …
    r"(?:o[wusgqDGCLTHOPK]{1,8}(?:a(?![wuDG]{0,4}[HTO])[wu]{1,4}){0,3}"  # of Defense and Aerospace Industry
    r"|f[wuqKALB]{1,8}(?:a(?![wu]{0,4}H)[wu]{1,4}){0,3}){0,3}"  # on Combating Economic Crime, for Strategic Studies
    r"|D?O(?:oG(?!z))?"
)
_EVENT = re.compile(r"V(?:o?[wugEDGq]){1,8}|[wuDGLCqs]{0,5}[wuDGLCq]V|E")
_DATED_EVENT = re.compile(r"[wugq]{0,5}(?:[wugq]Y|d)")
_PLACE = re.compile(r"b?[ugCLG][ugCLGw]{0,4}A|DA|[Bb][ou]?[ugCLG]{1,4}|[ugC]")
_QUOTED = re.compile(r'"([A-Z][^"\n()]{1,58}?)[,.]?"')
_REGION = re.compile(r" (?:region|oblast|province|district|krai|county)\b")
_CUE = (
    r"(?:exercises?|operations?|maneuvers|manoeuvres|drills?|war games?|initiative|program(?:me)?s?|project|games|training"
    r"|campaign|mission)"
)
_NAMED = r"(?:code-?named|dubbed|named|called|known as|entitled|titled)"
_CUE_LEFT = re.compile(rf"(?:\b{_CUE},? (?:(?:was|were|is|are|of) )?|\b{_NAMED} )(?:{_NAMED} )?(?:the )?$")
_CUE_NAMED = re.compile(rf"\b{_CUE},? (?:(?:was|were|is|are|which is) )?{_NAMED} $")
_CUE_RIGHT = re.compile(rf" (?:(?:[a-z-]+|20\d\d) ){{0,3}}{_CUE}\b")
_CODENAMED = re.compile(r"d (?<=named |alled |ubbed )([A-Z][\w-]*(?: [A-Z][\w-]*)*)")
_YEAR_OF = re.compile(r"Years? of (?:the )?[A-Z]\w+(?: [A-Z]\w+)?(?: in (?:the )?[A-Z]\w+)?")
_UNIT = re.compile(r"military unit (?:No\. ?)?\d+")
_ORDINAL = re.compile(r"(?<![\w-])(?:\d+(?:st|nd|rd|th)|[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth) $")
_WITH_YEAR = re.compile(r"(?:-[A-Z]\w+)?(?:[- ](?:19|20)\d\d\b(?!-)|-[012]\d\b)|-[A-Z]\w+(?=[\" ,.])")
_YEAR = re.compile(r"(?:[- ](?:(?:19|20)\d\d|\d\d))?")
_DATED = re.compile(r"[A-Z][\w-]{3,}(?: (?:19|20)\d\d|-(?:(?:19|20)\d\d|[01]\d))$")
_ACRONYM = re.compile(r" \((?:or )?([A-Z][A-Za-z]*[A-Z][A-Za-z-]*)\)")
_MINISTRY = re.compile(r"(?:(.+) Ministry|Ministry (?:of|for) (?:the )?(.+?))")


class NamedThings(Pieces):
    """The pieces of an article with its bodies, events and places claimed."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        super().__init__(article, lexicon)
        self.acronyms: dict[str, tuple[str, str, tuple[str, ...]]] = {}  # type, id, partner; no type: not coded
        for rule in (self._marked, self._bodies, self._events, self._places, self._define):
            rule()

    def add(self, start: int, end: int, type: str, id: str, partner: tuple[str, ...], rule: str) -> None:
        self.found.append(Found(start, end, type, id, partner, rule))

    def is_word(self, kind: str, word: str) -> bool:
        """Whether the table `grammar` or `words` lists a word under `kind`."""
        return word in self.lexicon.words[kind]

    # -- bodies

    def _bodies(self) -> None:
        for match in _BODY.finditer(self.signature()):
            pieces = self.inside(*match.span())
            while len(pieces) > 1 and pieces[0].kind == "s" and pieces[1].kind in "DGO":
                pieces = pieces[1:]
            start, end = pieces[0].start, pieces[-1].end
            known = next((p.entry for p in pieces if p.kind in "OH" and p.entry), None)
            headed = any(p.kind == "H" for p in pieces)
            if (len(pieces) == 1 and (known or " " not in pieces[0].word)) or not (headed or " " in known.name):
                continue
            if headed:
                id, partner = self._body(pieces, start, end)
            else:
                id, partner = self.restated(known, next(p.entry for p in pieces if p.kind in "DG").partner)
            if organ := _ORDINAL.search(self.text, max(self.begin, start - 9), start):
                start = organ.start()
                id = self._of_state(slug(self.text[start:end]), partner)
            short = _ACRONYM.match(self.text, end)
            known = self.match(short.start(1), short[1]) if short else None
            if known and known.type == "ORG":
                id, partner = known.id, known.partner
            media = pieces[-1].kind == "H" and self.is_word("head_media", pieces[-1].word)
            self.claim(start, end)
            self.add(start, end, "MEDIA" if media else "ORG", id, () if media else partner, "body")

    def _define(self) -> None:
        """`Long Name (ACR)`: the acronym means in the whole article what it stands behind; a treaty's means nothing."""
        named = {row.end: (row.type, row.id, row.partner) for row in self.found}
        for match in _ACRONYM.finditer(self.text, self.begin, self.finish):
            meant, short = named.get(match.start()), self.match(match.start(1), match[1])
            last = next(iter(self.before(match.start(), reach=1)), None)
            if last and last.end == match.start() and not meant and last.kind in "OEMK":
                meant = (last.entry.type, last.entry.id, last.entry.partner) if last.entry else ("", "", ())
            if meant and not (short and short.type in ("ORG", "EVENT")):
                self.acronyms[match[1]] = meant

    def _body(self, pieces: list[Piece], start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a body, by the state that its name gives or, for an organ of state, its context."""
        name = self.text[start:end]
        ends = [p.entry for p in (*pieces[:1], *pieces[-1:]) if p.entry and p.kind in "DG"]
        state = next((entry for entry in ends if self._iso(entry.partner)), None)
        outer = next((p.entry for p in pieces if p.kind == "O" and p.entry), None)
        if outer and not state:
            return slug(name), outer.partner
        organ = "Ministry" in name or any(p.kind == "H" and self.is_word("head_state", p.word) for p in pieces)
        place = next((p.entry for p in pieces if p.kind in "CL" and p.entry and p.entry.partner), None)
        partner = state.partner if state else place.partner if place and organ else self._last(start) if organ else ()
        if state and pieces[0].entry is state and len(pieces) > 1:
            name = self.text[pieces[1].start : end]
        base = self._embassy(end) if "Embassy" in (name[:7], name[-7:]) else self._portfolio(name)
        return self._of_state(base, partner if organ or state else ()), partner

    def _embassy(self, end: int) -> str:
        where = self.match(end + 4, first_word(self.text[end + 4 : end + 40])) if self.text.startswith(" in ", end) else None
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

    def _of_state(self, base: str, partner: tuple[str, ...]) -> str:
        """The id of a body of a state: `kz-` and its own name."""
        return f"{self._iso(partner)}-{base}".strip("-")

    def _last(self, start: int, reach: int = 12, kinds: str = "GDPC") -> tuple[str, ...]:
        """The partner of the last of `reach` pieces of some kinds before `start` in its sentence, else the home."""
        own = reach == 12 and self.text[max(0, start - 4) : start] in ("his ", "her ")
        for piece in self.before(start, reach=reach):
            if piece.entry and piece.entry.partner and piece.kind in ("P" if own else kinds):
                return piece.entry.partner
        return ("kazakhstan",) if self.home else ()

    def restated(self, entry: Entry, partner: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """A body of the same name in another state: `Uzbek National Security Council` is not that of the table."""
        own, other = self._iso(entry.partner), self._iso(partner)
        if not own or not other or own == other or not entry.id.startswith(own + "-"):
            return entry.id, entry.partner
        return f"{other}-{entry.id[3:]}", partner

    # -- events and places

    def _marked(self) -> None:
        """Names that quotation marks, a code name, a formal year or a unit's number mark."""
        text, span = self.text, (self.begin, self.finish)
        for match in _QUOTED.finditer(text, *span):
            cued = _CUE_LEFT.search(text, max(self.begin, match.start() - 40), match.start())
            if match[1].count(" ") < 6 and (cued or _CUE_RIGHT.match(text, match.end()) or _DATED.search(match[1])):
                self._event(*match.span(1), "quoted")
        for match in _CODENAMED.finditer(text, *span):
            if _CUE_NAMED.search(text, max(self.begin, match.start() - 40), match.start(1)):
                self._event(*match.span(1), "codenamed")
        for match in _YEAR_OF.finditer(text, *span) if "Year" in text else ():
            states = [p.entry.partner for p in self.claim(*match.span()) if p.entry]
            partner = tuple(dict.fromkeys(p for own in states for p in own if p != "kazakhstan"))
            self.add(*match.span(), "EVENT", slug(match[0]), partner, "year-of")
        for match in _UNIT.finditer(text, *span):
            self.claim(*match.span())
            owner = self._last(match.start())
            self.add(*match.span(), "ORG", self._of_state(slug(match[0].replace("No.", "")), owner), owner, "unit")

    def _events(self) -> None:
        for pattern in (_EVENT, _DATED_EVENT):
            for match in pattern.finditer(self.signature()):
                pieces = self.inside(*match.span())
                start, end, known = pieces[0].start, pieces[-1].end, pieces[0].kind == "E"
                if _DATED.search(self.text[start:end]) if pattern is _DATED_EVENT else known or len(pieces) > 1:
                    self._event(start, end, "table:actors" if known else "event")

    def _event(self, start: int, end: int, rule: str) -> None:
        if longer := _WITH_YEAR.match(self.text, end):
            end = longer.end()
        name = self.text[start:end]
        known = next((p.entry for p in self.claim(start, end) if p.kind == "E" and p.entry), None)
        if known:
            year = name.removeprefix(known.name)
            id = f"{known.id}-{slug(year)}".strip("-") if _YEAR.fullmatch(year) else slug(name)
            self.add(start, end, "EVENT", id, known.partner, rule)
            return
        lead = self.text[max(0, start - 30) : start].lower()
        id = ("operation-" if "operation" in lead and "exercise" not in lead else "") + slug(name)
        self.add(start, end, "EVENT", id, self.lexicon.by_id.get(id) or self._last(start, 4, "GDOC"), rule)

    def _places(self) -> None:
        for match in _PLACE.finditer(self.signature()):
            pieces = self.inside(*match.span())
            start, end = pieces[0].start, pieces[-1].end
            region = _REGION.match(self.text, end) if pieces[-1].kind in "ugC" else None
            end = region.end() if region else end
            stated = pieces[0].entry is not None and not pieces[0].entry.use  # a region of the tables needs no `region`
            if match[0] in ("u", "g", "C") and (stated or not region):
                continue
            gpe = bool(region) or pieces[0].kind == "b" or self.is_word("place_gpe", pieces[-1].word)
            partner = next((p.entry.partner for p in pieces if p.entry), ()) if gpe else ()
            self.claim(start, end)
            name = re.sub(" [Oo]blast$", " Region", self.text[start:end])
            self.add(start, end, "GPE" if gpe else "LOC", slug(name), partner, "place")
