"""Who and what an article names: each mention with its type, entity id, vectors, and the rule that found it.

An article is read once. Every capitalised word becomes a piece: a name that a table knows, or a word of some class
(title, head of a body, common word, unknown). The classes, one letter each, make a signature of the article, and
the rules are patterns over it: `D?w*H` is a body, `T` before a name is a title. What a rule has named stays named.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from kzsec.codebook import VECTORS, Codebook
from kzsec.corpus import Article
from kzsec.dates import find_dates


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


class Entry(NamedTuple):
    """One name of one table row; `use` is `state`, `demonym`, `capital`, `weak` or empty."""

    name: str
    type: str
    id: str
    partner: tuple[str, ...]
    needs: str
    use: str
    table: str


class Lexicon(NamedTuple):
    """All tables in the form that the scan needs; built once a codebook."""

    names: dict[str, tuple[Entry, ...]]
    given: frozenset[str]
    common: frozenset[str]
    people: dict[str, Entry]
    surnames: dict[str, Entry]
    partners: dict[str, dict[str, str]]
    by_id: dict[str, tuple[str, ...]]
    words: dict[str, frozenset[str]]
    maps: dict[str, dict[str, str]]
    patterns: dict[str, re.Pattern[str]]


class Piece:
    """One capitalised word or table name in reading order, with its one-letter class."""

    __slots__ = ("before", "end", "entry", "kind", "letter", "start", "word")

    def __init__(self, start: int, end: int, word: str, kind: str, entry: Entry | None, before: str) -> None:
        self.start, self.end, self.word, self.kind, self.entry, self.before = start, end, word, kind, entry, before


_UP = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĪİŁŃŇŌŐŒŘŚŞŠŤŪŮŰŹŻŽȘȚ"
_TOKEN = re.compile(
    rf"\[?[{_UP}](?:\.(?:[A-Z]\.)+|\.(?=[ -][{_UP}])|\w*(?:[-&](?=[{_UP}\d])\w+|'(?!s\b)\w+"
    r"|-(?:e|i|o|un|hun|ho|hee|hye|moon|hwan|bak|hyun|jong|il|sung|soo|sam|jung|ut|ul|al|el|ur)(?:-\w+)?\b)*\]?)"
)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʻ": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "\xa0": " ", "–": "-"})
_GAPS = {
    " ": "", "\n": "", "\r\n": "", "  ": "", " of ": "o", " of the ": "o", " for ": "f", " on ": "f", " for the ": "f",
    " and ": "a", " & ": "a", ", ": ",", "-": "-", "'s ": "z", "' ": "z", " de ": "p", " van ": "p", " van der ": "p",
    " van den ": "p", " von ": "p", " bin ": "p", " ibn ": "p", " der ": "p", " du ": "p", " da ": "p", " di ": "p",
    " al-": "p", " el-": "p", " ul-": "p", " de la ": "p", " del ": "p", " oglu ": "p", " ben ": "p", " la ": "p",
    " bin al-": "p", " dos ": "p", " ad-": "p", " ar-": "p", " as-": "p", " ash-": "p", " an-": "p", " at-": "p",
}  # fmt: skip
_ABBREVIATED = frozenset(("Gen", "Col", "Lt", "Maj", "Sen", "Rep", "Gov", "Dr", "Mr", "Mrs", "Ms", "Prof", "Adm", "Capt"))
_TYPES = {"GPE": "C", "LOC": "L", "ORG": "O", "PERSON": "P", "NORP": "D", "EVENT": "E", "MEDIA": "M"}
_BODY = re.compile(
    r"(?:(?:[DG]|(?<!z)[O])(?!z))?(?:[wsu]a(?=[wsu]))?[swugqCLDGO]*?H(?:H)*(?:o[wusgqDGCLTHOP]+(?:a(?![wuDG]*[HTO])[wu]+)*|f[wuq]+(?:a(?![wu]*H)[wu]+)*)*"
    r"|D?O(?:o[G](?!z))?"
)
_EVENT = re.compile(r"V(?:o?[wugEDGq])+|[wuDGLCqs]*[wuDGLCq]V|E")
_PLACE = re.compile(r"[ugCDLGw]+A|B[ou]?[ugCL]+")
_PERSON = re.compile(r"[ugiP](?:p?[ugiPwC])*|(?<=T)[wugiP](?:p?[wugiP])*|p[ugP]+")
_SURNAME = re.compile(
    r"(?:ov|ev|yev|iev|aev|ova|eva|sky|skiy|skii|ski|skaya|enko|chuk|shvili|adze|ian|yan|zade|oglu|uly|bayev|baev|bek"
    r"|bekov|uulu|kyzy|vich|vych|ić|ic|sson|sen|son|berg|stein|man|escu|opoulos|akis|ez|elli|etti|ini|moto|mura|yama"
    r"|dottir|zhanov|khanov|galiyev|zhan|jan|din|ullah)$"
)
_LOCATIVE = re.compile(r"\b(?:in|near|at|outside|around|inside|downtown|from|through|toward|leaving|visited|left) $")
_QUOTED = re.compile(r'"([A-Z][^"\n()]{1,58}?)[,.]?"')
_CUE = (
    r"(?:exercises?|operations?|maneuvers|manoeuvres|drills?|war games?|initiative|program(?:me)?s?|project|games|training"
    r"|campaign|mission)"
)
_NAMING = r"(?:code-?named|dubbed|named|called|known as|entitled|titled|under the name|under the codename)"
_CUE_LEFT = re.compile(rf"(?:\b{_CUE},? (?:(?:was|were|is|are|of) )?|{_NAMING} )(?:{_NAMING} )?(?:the )?$")
_CUE_RIGHT = re.compile(rf" (?:(?:[a-z-]+|20\d\d) ){{0,3}}{_CUE}\b")
_CODENAMED = re.compile(rf"\b{_CUE},? (?:(?:was|were|is|are) )?{_NAMING} ([A-Z][\w-]*(?: [A-Z][\w-]*)*(?:[- ]20\d\d)?)")
_YEAR_OF = re.compile(r"\bYears? of (?:the )?[A-Z]\w+(?: [A-Z]\w+)?(?: in (?:the )?[A-Z]\w+)?")
_UNIT = re.compile(r"\bmilitary unit (?:No\. ?)?\d+|\b(?:\d+(?:st|nd|rd|th)|[Ff]irst|[Ss]econd) [A-Z][\w-]+(?: [A-Z][\w-]+)* (?:Division|Brigade|Regiment|Battalion|Army|Squadron|Fleet|Corps)\b")
_WITH_YEAR = re.compile(r"[- ](?:19|20)\d\d\b(?!-)|-\d\d\b")
_ACRONYM = re.compile(r" \((?:or )?([A-Z][A-Za-z]*[A-Z][A-Za-z-]*)\)")
_REGION = re.compile(r" (?:region|oblast|province|district|krai|county)\b")
_WORD = re.compile(r"[A-Za-z]\w*")
_EMBASSY_IN = re.compile(r" in (?:the )?")
_MINISTRY = re.compile(r"(?:(.+) Ministry|Ministry (?:of|for) (?:the )?(.+?))")
_DATED = re.compile(r"\b[A-Z]\w+(?: (?:19|20)\d\d|-(?:(?:19|20)\d\d|\d\d))$")
_PARTICLE = re.compile(r"(?:\b(?:de|van|der|den|von|bin|ibn|du|da|di|la|del|oglu|ben|dos|al|el|ul|ad|ar|as|ash|an|at)[ -])+$")
_IN = re.compile(r"\b(?:in|near|at) $")
_THE = re.compile(r"\b[Tt]he $")
_CLAUSE = re.compile(r"[^,.;()]{2,90}")
_AT_CITY = re.compile(r"(?:\b(?:in|near|at|outside|around|inside|into|downtown|central|km from|kilometers from|city of|capital,?|via|ambassador to)|\d) (?:the )?$")
_CITY_OF = re.compile(r"\b(?:city|town|village|port|settlement|outside|near|of) (?:of )?$")
_DEMONYM = re.compile(r"(?:[a-z](?:ians?|ese|stanis?))$")
_TITLE_GAP = re.compile(r"(?:'s)?(?: (?:of|for|to|in|on)(?: the)? (?:[\w'&.-]+(?: (?:and|of|the))? ?){1,7}?)?,?\s")
_OFFICE_LEAD = re.compile(r"(?:(?<![\w'])(?:[Ff]irst |[Ff]ormer |[Dd]eputy |[Vv]ice |[A-Za-z-]+ and )*[A-Za-z-]+ )$")
_LEAD = re.compile(r"^(?:(?:the|a|an|his|her|its|their|then|former) )+")
_TO_PLACE = re.compile(r" (?:to|in) ")
_NAMING = ("partners", "actors", "people", "cities")
_SURNAME_FIRST = frozenset((
    "Hu", "Wen", "Li", "Jiang", "Xi", "Yang", "Zhang", "Wang", "Liu", "Chen", "Zhao", "Wu", "Zhou", "Cao", "Liang", "Deng",
    "Mao", "Zhu", "Qian", "Meng", "Dai", "Guo", "Xu", "Ma", "Sun", "Tang", "Lin", "He", "Luo", "Kim", "Lee", "Park", "Roh", "Han",
    "Ban", "Choi", "Nguyen", "Tran", "Chang", "Zeng", "Jia", "Bo", "Huang", "Fu", "Geng", "Chi", "Ahn", "Chun",
))  # fmt: skip


def _first(word: str) -> str:
    match = _CHUNK.search(word)
    return match[0] if match else word


def find_mentions(article: Article, codebook: Codebook) -> list[Mention]:
    """Every mention in the body of `article`, sorted, non-overlapping, each inside one sentence."""
    if not article.sentences:
        return []
    return _Reading(article, _lexicon(codebook)).mentions()


def partner_of(id: str, codebook: Codebook) -> tuple[str, ...]:
    """The partner ids that a table entity belongs to; empty for an id that no table has."""
    return _lexicon(codebook).by_id.get(id, ())


def vectors_of(id: str, codebook: Codebook, *, year: int | None = None) -> tuple[str, ...]:
    """The vectors of a table entity in `year` (membership of NATO and the EU is dated), in the codebook's order."""
    lexicon = _lexicon(codebook)
    return _vectors(lexicon.by_id.get(id, ()), lexicon, year)


def slug(name: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


_FOLDS = (("dzh", "j"), ("zh", "j"), ("kh", "h"), ("q", "k"), ("yo", "e"), ("ye", "e"), ("ie", "e"), ("ii", "i"), ("iy", "i"), ("ay", "ai"), ("ey", "ei"), ("uy", "ui"), ("oy", "oi"), ("yu", "u"), ("iu", "u"), ("ya", "a"), ("ia", "a"), ("y", "i"), ("w", "v"), ("ou", "u"), ("ai", "a"), ("ei", "e"), ("x", "ks"), ("ck", "k"), ("ph", "f"))  # fmt: skip


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """One key for the spellings of a name: `Nazarbaev` and `Nazarbayev`, `Dzhaksybekov` and `Zhaksybekov`."""
    key = slug(name)
    for old, new in _FOLDS:
        key = key.replace(old, new)
    return re.sub(r"(.)\1", r"\1", key)


def _vectors(partners: tuple[str, ...], lexicon: Lexicon, year: int | None) -> tuple[str, ...]:
    held = set()
    for partner in partners:
        row = lexicon.partners.get(partner)
        if row and not (year and row["since"] and year < int(row["since"])):
            held.update(row["vectors"].split(";"))
    return tuple(vector for vector in VECTORS if vector in held)


@lru_cache(maxsize=4)
def _lexicon(codebook: Codebook) -> Lexicon:
    """The tables of one codebook, indexed by the first word of each name with the longest names first."""
    words = {row["kind"]: tuple(row["words"].split(";")) for row in codebook["grammar"]}
    letters = {"title": "T", "head_state": "H", "head": "H", "head_media": "H", "event": "V", "place_gpe": "A"}
    letters |= {"place_loc": "A", "place_before": "B", "drop": "K", "stop": "X"}
    entries = [Entry(word, "#" + letter, "", (), "", "", kind) for kind, letter in letters.items() for word in words[kind]]
    entries += _table_entries(codebook)
    names: dict[str, list[Entry]] = {}
    for entry in entries:
        names.setdefault(_CHUNK.match(entry.name)[0], []).append(entry)
    people: dict[str, Entry] = {}
    last: dict[str, set[str]] = {}
    by_id: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if entry.id and entry.id not in by_id:
            by_id[entry.id] = entry.partner
        if entry.type == "PERSON":
            people.setdefault(fold(entry.name), entry)
            last.setdefault(fold(entry.name.split(" ")[-1]), set()).add(entry.id)
    by_person = {entry.id: entry for entry in reversed(entries) if entry.type == "PERSON"}
    spoken = {kind: frozenset(values) for kind, values in words.items()}
    listed = {row["kind"]: [] for row in codebook["words"]}
    for row in codebook["words"]:
        listed[row["kind"]] += row["words"].split(" ")
    role = "|".join(sorted(map(re.escape, words["role"]), key=len, reverse=True))
    return Lexicon(
        names={first: tuple(sorted(group, key=lambda e: -len(e.name))) for first, group in names.items()},
        given=frozenset(listed["given"]),
        common=frozenset(listed["common"]),
        people=people,
        surnames={key: by_person[next(iter(ids))] for key, ids in last.items() if len(ids) == 1},
        partners={row["id"]: row for row in codebook["partners"]},
        by_id=by_id,
        words=spoken,
        maps={kind: dict(pair.split("=") for pair in words[kind]) for kind in ("portfolio", "combining")},
        patterns={
            "role": re.compile(rf"(?:[\w'.-]+ |(?:and|of|for) ){{0,8}}?(?<![\w-])(?:{role})s?\b", re.I),
            "role_left": re.compile(rf"(?i:\b(?:{role}|{'|'.join(map(re.escape, words['title']))}))\b"),
            "say": re.compile(r",? (?:" + "|".join(words["say"]) + r")\b"),
            "said": re.compile(r"\b(?:" + "|".join(words["say"]) + r") $"),
            "official": re.compile(r"\b(?:" + "|".join(words["official"]) + r")(?: \w+ly)? in $"),
            "visit": re.compile(r"\b(?:" + "|".join(words["visit"]) + r")(?: \w+){0,3} (?:to|from|of|for) $"),
            "visited": re.compile(r"\b(?:" + "|".join(words["visit"]) + r") $"),
            "city_after": re.compile(r"(?:'s)?[ -](?:\w+ )?(?:" + "|".join(words["city_after"]) + r")\b"),
            "lower": re.compile(r"\b(?:" + "|".join(sorted({re.escape(e.name) for e in entries if e.name[0].islower()}, key=len, reverse=True)) + r")\b"),
        },
    )


_CHUNK = re.compile(r"\w+")


def _split(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _table_entries(codebook: Codebook) -> list[Entry]:
    """One entry a name of `partners`, `actors`, `people` and `cities`, the tables that name things first."""
    out = []
    for row in codebook["partners"]:
        own, pole = (row["id"],), "LOC" if row["kind"] == "pole" else "ORG"
        kind = "GPE" if row["kind"] == "state" else pole
        use = "state" if kind == "GPE" else ""
        out += [Entry(name, kind, row["id"], own, "", use, "states" if use else "groupings") for name in [row["name"], *_split(row["aliases"])]]
        for name in _split(row["demonyms"]):
            plural = [] if name.endswith(("ese", "ish", "ch", "s", "men")) else [name + "s"]
            out += [Entry(n, "NORP", row["id"], own, "", "demonym", "demonyms") for n in [name, *plural]]
    for row in codebook["actors"]:
        partner = tuple(_split(row["partner"]))
        for name in [row["name"], *_split(row["aliases"])]:
            out.append(Entry(name, row["type"], row["id"], partner, row["needs"], "", "actors"))
            if row["type"] == "NORP" and not name.endswith(("ic", "ish", "ern", "s", "an Orthodox")):
                out.append(Entry(name + "s", "NORP", row["id"], partner, row["needs"], "", "actors"))
    for row in codebook["people"]:
        out += [Entry(n, "PERSON", row["id"], tuple(_split(row["partner"])), "", "", "people") for n in [row["name"], *_split(row["aliases"])]]
    for row in codebook["cities"]:
        out += [Entry(n, "GPE", row["id"], tuple(_split(row["partner"])), "", row["use"] or "city", "cities") for n in [row["name"], *_split(row["aliases"])]]
    return out


class _Reading:
    """One article being read: pieces first, then the rules in order, each claiming pieces for mentions."""

    def __init__(self, article: Article, lexicon: Lexicon) -> None:
        self.article, self.lexicon = article, lexicon
        self.text = article.text.translate(_PLAIN)
        self.starts = [sentence.start for sentence in article.sentences]
        self.begin, self.finish = self.starts[0], article.sentences[-1].end
        self.found: list[list] = []  # [start, end, type, id, partner, rule]
        self.people: list[tuple[int, int, str]] = []  # start, end, rule
        self.acronyms: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self.present: dict[str, bool] = {}
        self.home = "Kazakh" in self.text or "KAZAKH" in self.text
        self.pieces: list[Piece] = []
        self.start_set = set(self.starts)
        self.governing: set[str] = set()
        self.places: dict[str, str] = {}

    def mentions(self) -> list[Mention]:
        self._cite()
        self._scan()
        self._sign()
        self._define()
        self._bodies()
        self._events()
        self._places()
        self._persons()
        self._singles()
        self._link_people()
        return self._resolve()

    # -- pieces

    def _add(self, start: int, end: int, kind: str, id: str, partner: tuple[str, ...], rule: str) -> None:
        self.found.append([start, end, kind, id, partner, rule])

    def _cite(self) -> None:
        """Sources and dates of citations, then every other date; what they cover is no name."""
        text, year, taken = self.text, self.article.year, set()
        self.fixed: list[tuple[int, int, str, Entry | None]] = []
        for cite in self.article.citations:
            if cite.source:
                end = cite.source_start + len(cite.source)
                entry = next((e for e in self.lexicon.names.get(_first(cite.source), ()) if e.name == cite.source and e.type == "MEDIA"), None)
                self._add(cite.source_start, end, "MEDIA", entry.id if entry else slug(cite.source), (), "citation")
            if cite.date_text and cite.date_start not in taken:
                taken.add(cite.date_start)
                self._add(cite.date_start, cite.date_start + len(cite.date_text), "DATE", cite.date_iso, (), "citation")
            self.fixed.append((cite.start, cite.end, ".", None))
        january = bool(self.article.issue and self.article.issue <= 25)
        for start, end, iso in find_dates(text, self.begin, self.finish, year=year, january=january):
            self.fixed.append((start, end, "Y", None))
            if not any(c.start <= start < c.end for c in self.article.citations):
                self._add(start, end, "DATE", iso, (), "date")
        for match in self.lexicon.patterns["lower"].finditer(text, self.begin, self.finish):
            entry = self._match(match.start(), _first(match[0]))
            if entry:
                self.fixed.append((match.start(), match.end(), _TYPES[entry.type], entry))
        self.fixed.sort(key=lambda span: span[:2])

    def _needed(self, needs: str) -> bool:
        if needs not in self.present:
            row = self.lexicon.partners.get(needs)
            names = [] if row is None else [row["name"][:6], *_split(row["aliases"])[:2]]
            self.present[needs] = any(name in self.text for name in names)
        return self.present[needs]

    def _match(self, start: int, first: str) -> Entry | None:
        """The longest table name that stands at `start`."""
        text = self.text
        for entry in self.lexicon.names.get(first, ()):
            end = start + len(entry.name)
            if text.startswith(entry.name, start) and not text[end : end + 1].isalnum():
                if entry.needs and not self._needed(entry.needs):
                    continue
                return entry
        return None

    def _scan(self) -> None:
        """All pieces in reading order."""
        text, done, k, fixed = self.text, self.begin, 0, self.fixed
        starts = set(self.starts)
        for token in _TOKEN.finditer(text, self.begin, self.finish):
            start, end = token.span()
            while k < len(fixed) and fixed[k][0] <= start:
                self._piece(fixed[k][0], fixed[k][1], fixed[k][2], fixed[k][3], starts)
                done = max(done, fixed[k][1])
                k += 1
            if start < done or text[start - 1 : start].isalnum():
                continue
            word = token[0]
            entry = self._match(start, word if word.isalnum() else _first(word))
            if entry is None or entry.type[0] == "#" or not self._accept(entry, start, starts):
                done = self._plain(start, end, word, entry, starts)
            else:
                done = self._named(start, entry, starts)
        for span in fixed[k:]:
            self._piece(*span, starts)

    def _piece(self, start: int, end: int, kind: str, entry: Entry | None, starts: set[int]) -> None:
        pieces = self.pieces
        before = "."
        if pieces and start not in starts:
            last = pieces[-1].end
            gap = self.text[last:start] if start - last < 11 else "."
            before = _GAPS.get(gap, ".")
            if gap == ". " and pieces[-1].word in _ABBREVIATED:
                before = ""
        pieces.append(Piece(start, end, self.text[start:end], kind, entry, before))

    def _initial(self, start: int, starts: set[int]) -> bool:
        return start in starts or self.text[start - 1] in '"-' and self.text[start - 2] in " .-"

    def _accept(self, entry: Entry, start: int, starts: set[int]) -> bool:
        """Whether an ambiguous table name is meant here: `the West`, `in Nice`, not `West of`, `Nice`."""
        if entry.use == "weak":
            return bool(_LOCATIVE.search(self.text, max(0, start - 10), start))
        name = entry.name
        if " " in name or name.lower() not in self.lexicon.common or name.isupper():
            return True
        if entry.type == "LOC":
            return self.text[start - 4 : start].lower() == "the "
        return not self._initial(start, starts) or entry.type in ("GPE", "NORP")

    def _plain(self, start: int, end: int, word: str, entry: Entry | None, starts: set[int]) -> int:
        """A piece for a word that is no table name: its class by grammar, shape and the list of common words."""
        if entry is not None and entry.type[0] == "#":
            kind, end = entry.type[1], max(start + len(entry.name), start)
        elif word[0] == "[" or word.endswith("]"):
            kind = "u"
        elif len(word) == 2 and word[1] == ".":
            kind = "i"
        else:
            kind = self._class(word, start, starts)
        if kind in "ug" and self.text[start - 1] == "-" and self.text[start - 3 : start - 1] in ("al", "el", "ul", "an", "ar", "as", "at", "ad", "sh"):
            start -= 4 if self.text[start - 3 : start - 1] == "sh" else 3
        self._piece(start, end, kind, None, starts)
        return end

    def _class(self, word: str, start: int, starts: set[int]) -> str:
        lexicon, lower = self.lexicon, word.lower()
        if word.isupper() and len(word) > 1:
            return "X" if word in lexicon.words["acronym_stop"] or any(c.isdigit() for c in word) else "q"
        if any(c.isdigit() for c in word):
            return "d"
        if word in lexicon.given:
            return "g"
        initial = self._initial(start, starts)
        if lower in lexicon.common or ("-" in word and all(p.lower() in lexicon.common for p in word.split("-"))):
            return "s" if initial else "w"
        if initial and (lower.endswith(("ly", "ing", "ed")) or self._common_plural(lower)):
            return "X"
        return "w" if self._common_plural(lower) else "u"

    def _common_plural(self, lower: str) -> bool:
        common = self.lexicon.common
        return (lower.endswith("s") and (lower[:-1] in common or lower[:-2] in common)) or (lower.endswith("al") and lower[:-2] in common)

    def _named(self, start: int, entry: Entry, starts: set[int]) -> int:
        """A piece for a table name, or for a hyphenated pair or chain of them."""
        chain, ends = [entry], [start + len(entry.name)]
        while self.text[ends[-1] : ends[-1] + 1] == "-" and self.text[ends[-1] + 1 : ends[-1] + 2].isupper():
            at = ends[-1] + 1
            follow = self._match(at, _first(self.text[at : at + 30]))
            if follow is None or follow.type[0] == "#":
                break
            chain.append(follow)
            ends.append(at + len(follow.name))
        peoples = [e for e in chain if e.type == "NORP" or e.use == "state"]
        if len(chain) > 1 and len(peoples) == len(chain):
            partner = tuple(dict.fromkeys(p for e in chain for p in e.partner if p != "kazakhstan"))
            joint = Entry(self.text[start : ends[-1]], "NORP", "-".join(e.id for e in chain), partner, "", "joint", "pair")
            self._piece(start, ends[-1], "D", joint, starts)
        else:
            for one, end in zip(chain, ends, strict=True):
                self._piece(end - len(one.name), end, "G" if one.use == "state" else _TYPES[one.type], one, starts)
        return ends[-1]

    # -- signature

    def _sign(self) -> None:
        """The signature of the article: a letter a piece, and what stands between two pieces."""
        pieces, given = self.pieces, self.lexicon.given
        for one, two in zip(pieces, pieces[1:], strict=False):
            if two.before == "" and one.entry and two.kind in "ug" and one.word in given and one.kind in "CGDL":
                one.kind, one.entry = "g", None
            if two.before == "" and one.kind == "g" and two.kind in "CG" and two.entry and " " not in two.word:
                two.kind, two.entry = "u", None
        self.at: list[int] = []
        self.letters = letters = []
        for number, piece in enumerate(pieces):
            if piece.before:
                letters.append(piece.before)
                self.at.append(-1)
            piece.letter = len(letters)
            letters.append(piece.kind)
            self.at.append(number)
        self.piece_starts = [piece.start for piece in pieces]

    def _inside(self, first: int, last: int) -> list[Piece]:
        return [self.pieces[n] for n in self.at[first:last] if n >= 0]

    def _claim(self, start: int, end: int) -> list[Piece]:
        """The pieces within a span of text, marked as named."""
        n = bisect_left(self.piece_starts, start)
        claimed = []
        while n < len(self.pieces) and self.pieces[n].start < end:
            self.letters[self.pieces[n].letter] = "N"
            claimed.append(self.pieces[n])
            n += 1
        return claimed

    def _sentence(self, at: int) -> int:
        return self.starts[bisect_right(self.starts, at) - 1]

    # -- acronyms

    def _define(self) -> None:
        """`Long Name (ACR)`: the long name is one mention and the acronym means it in the whole article."""
        self.behind: dict[int, str] = {}
        for match in _ACRONYM.finditer(self.text, self.begin, self.finish):
            acronym, end = match[1], match.start()
            start = self._long_form(acronym, end)
            if start is None:
                self.behind[end] = acronym
                continue
            entry, table = self._match(start, _first(self.text[start:end])), self._match(match.start(1), acronym)
            entry = entry if entry and entry.type[0] != "#" and start + len(entry.name) == end else None
            pieces = self._claim(start, end)
            named = entry or (table if table and table.type in ("ORG", "EVENT") else None)
            if named:
                kind, id, partner = named.type, named.id, named.partner
            elif any(piece.kind == "K" for piece in pieces[-1:]):
                self.acronyms[acronym] = ("", "", ())
                continue
            else:
                kind = "EVENT" if any(piece.kind == "V" for piece in pieces[-1:]) else "ORG"
                id, partner = self._body(pieces, start, end)
            self._add(start, end, kind, id, partner, "defined")
            self.acronyms[acronym] = (kind, id, partner)

    def _long_form(self, acronym: str, end: int) -> int | None:
        """Where the words begin whose initials are `acronym`, reading backwards from `end`."""
        letters = [c for c in acronym if c.isupper()]
        floor = max(self._sentence(end - 1), end - 120)
        for word in reversed(list(_WORD.finditer(self.text, floor, end))):
            if not letters:
                break
            if word[0][0].upper() == letters[-1] and (word[0][0].isupper() or len(letters) > 1):
                letters.pop()
                start = word.start()
            elif word[0][0].isupper() or len(word[0]) > 4:
                return None
        return start if not letters and self.text[start].isupper() and len(acronym) > 1 else None

    # -- bodies

    def _body(self, pieces: list[Piece], start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """Id and partner of a body by its name and by the state that its name or its context gives."""
        lexicon = self.lexicon
        name = self.text[start:end]
        head = [p for p in pieces if p.kind == "H"]
        state = next((p.entry for p in (pieces[0], pieces[-1]) if p.entry and p.kind in "DG"), None)
        govern = bool(head) and head[0].word in lexicon.words["head_state"] or "Ministry" in name
        partner = state.partner if state else self._owner(start) if govern else ()
        if state and pieces[0].entry is state:
            name = self.text[pieces[1].start : end] if len(pieces) > 1 else name
        elif state:
            name = re.sub(r" of (?:the )?(?:Republic of )?[A-Z][\w. ]+$", "", name)
        outer = next((p.entry for p in pieces if p.kind == "O" and p.entry), None)
        if outer and not state:
            return slug(self.text[start:end]), outer.partner
        row = lexicon.partners.get(partner[0]) if partner else None
        base = self._portfolio(name)
        if name.endswith("Embassy") or name.startswith("Embassy"):
            host = _EMBASSY_IN.match(self.text, end)
            where = self._match(host.end(), _first(self.text[host.end() : host.end() + 30])) if host else None
            base = f"embassy-in-{where.partner[0] if where and where.partner else 'kazakhstan'}"
        return (f"{row['iso'].lower()}-{base}" if row and row["iso"] else base), partner

    def _portfolio(self, name: str) -> str:
        """`Defense Ministry` and `Ministry of Defence` are one `ministry-of-defense`."""
        if match := _MINISTRY.fullmatch(name):
            of = (match[1] or match[2]).lower()
            return "ministry-of-" + self.lexicon.maps["portfolio"].get(of, slug(of))
        return slug(name)

    def _owner(self, start: int) -> tuple[str, ...]:
        """The state that a body without one in its name belongs to: the possessor, the last one named, the home."""
        floor, n = self._sentence(start), bisect_left(self.piece_starts, start) - 1
        own = self.text[max(0, start - 4) : start] in ("his ", "her ")
        for piece in reversed(self.pieces[max(0, n - 11) : n + 1]):
            if piece.start < floor:
                break
            if piece.entry and piece.entry.partner and (piece.kind == "P" if own else piece.kind in "GDPC"):
                return piece.entry.partner
        return ("kazakhstan",) if self.home else ()

    def _bodies(self) -> None:
        for match in _BODY.finditer("".join(self.letters)):
            pieces = self._inside(*match.span())
            while len(pieces) > 1 and pieces[0].kind == "s" and pieces[1].kind in "DGO":
                pieces = pieces[1:]
            if len(pieces) == 1:
                continue
            start, end = pieces[0].start, pieces[-1].end
            known = next((p.entry for p in pieces if p.kind == "O"), None)
            if not any(p.kind == "H" for p in pieces):
                if " " not in known.name:
                    continue
                state = next(p.entry for p in pieces if p.kind in "DG")
                id, partner = self._restated(known, state.partner)
            else:
                id, partner = self._body(pieces, start, end)
            media = pieces[-1].kind == "H" and pieces[-1].word in self.lexicon.words["head_media"]
            self._claim(start, end)
            kind = "MEDIA" if media else "ORG"
            if end in self.behind:
                acronym = self.behind[end]
                table = self._match(end + 2, acronym)
                if table and table.type == "ORG":
                    id, partner = table.id, table.partner
                self.acronyms[acronym] = (kind, id, partner)
            self._add(start, end, kind, id, () if media else partner, "body")

    def _restated(self, entry: Entry, partner: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """A body of the same name in another state: `Uzbek National Security Council` is not that of the table."""
        rows = self.lexicon.partners
        own, other = rows.get("".join(entry.partner[:1])), rows.get("".join(partner[:1]))
        if not (own and other and own["iso"] and other["iso"]) or own is other or entry.id[:3] != own["iso"].lower() + "-":
            return entry.id, entry.partner
        return f"{other['iso'].lower()}-{entry.id[3:]}", partner

    # -- events and places

    def _events(self) -> None:
        text = self.text
        for match in _QUOTED.finditer(text, self.begin, self.finish):
            left = text[max(self.begin, match.start() - 40) : match.start()]
            if match[1].count(" ") < 6 and (_CUE_LEFT.search(left) or _CUE_RIGHT.match(text, match.end())):
                self._event(match.start(1), match.end(1), "quoted")
        for match in _CODENAMED.finditer(text, self.begin, self.finish):
            self._event(match.start(1), match.end(1), "codenamed")
        for pattern in (_YEAR_OF, _UNIT):
            for match in pattern.finditer(text, self.begin, self.finish):
                pieces = self._claim(*match.span())
                if pattern is _UNIT:
                    owner = self._owner(match.start())
                    iso = self.lexicon.partners[owner[0]]["iso"].lower() + "-" if owner else ""
                    self._add(*match.span(), "ORG", iso + slug(match[0].replace("No.", "")), owner, "unit")
                else:
                    partner = tuple(dict.fromkeys(p for e in pieces if e.entry for p in e.entry.partner if p != "kazakhstan"))
                    self._add(*match.span(), "EVENT", slug(match[0]), partner, "year-of")
        for match in _EVENT.finditer("".join(self.letters)):
            pieces = self._inside(*match.span())
            start, end = pieces[0].start, pieces[-1].end
            if len(pieces) == 1 and pieces[0].kind == "E":
                self._event(start, end, "table:actors")
            elif len(pieces) > 1:
                self._event(start, end, "event")
        for match in re.finditer(r"[wugq]*(?:[wugq]Y|d)", "".join(self.letters)):
            pieces = self._inside(*match.span())
            if _DATED.search(self.text, pieces[0].start, pieces[-1].end):
                self._event(pieces[0].start, pieces[-1].end, "dated")

    def _event(self, start: int, end: int, rule: str) -> None:
        if longer := _WITH_YEAR.match(self.text, end):
            end = longer.end()
        pieces = self._claim(start, end)
        if any(a < end and start < b and kind in ("EVENT", "ORG") for a, b, kind, *_ in self.found[-4:]):
            return
        known = next((p.entry for p in pieces if p.kind == "E" and p.entry), None)
        name = self.text[start:end]
        if known:
            year = name[name.find(known.name) + len(known.name) :]
            id = known.id + (f"-{slug(year)}" if _WITH_YEAR.fullmatch(year) else "")
            if not _WITH_YEAR.fullmatch(year) and year:
                id = slug(name)
            partner = known.partner
        else:
            before = self.text[max(0, start - 30) : start].lower()
            id = ("operation-" if "operation" in before and "exercise" not in before else "") + slug(name)
            partner = self._party(start)
        self._add(start, end, "EVENT", id, partner, rule)

    def _party(self, start: int) -> tuple[str, ...]:
        """Who holds an unknown exercise: the partner named last before it in its sentence."""
        floor, n = self._sentence(start), bisect_left(self.piece_starts, start) - 1
        for piece in reversed(self.pieces[max(0, n - 4) : n + 1]):
            if piece.start >= floor and piece.entry and piece.entry.partner and piece.kind in "GDOC":
                return piece.entry.partner
        return ("kazakhstan",) if self.home else ()

    def _places(self) -> None:
        for match in _PLACE.finditer("".join(self.letters)):
            pieces = self._inside(*match.span())
            start, end = pieces[0].start, pieces[-1].end
            gpe = pieces[-1].word in self.lexicon.words["place_gpe"]
            partner = next((p.entry.partner for p in pieces if p.entry), ()) if gpe else ()
            self._claim(start, end)
            name = re.sub(" (?:Oblast|oblast)$", " Region", self.text[start:end])
            self._add(start, end, "GPE" if gpe else "LOC", slug(name), partner, "place")

    # -- people

    def _persons(self) -> None:
        letters = "".join(self.letters)
        for match in _PERSON.finditer(letters):
            first, last = match.span()
            pieces = self._inside(first, last)
            start, end = pieces[0].start, pieces[-1].end
            titled = letters[first - 1 : first] == "T" and first > 0
            rule = "title" if titled else self._person_rule(pieces, start, end)
            if letters[first] == "p":
                start = self.pieces[self.at[first + 1]].start
                start -= len(_PARTICLE.search(self.text, max(0, start - 12), start)[0])
            if rule in ("locative", "the"):
                self._claim(start, end)
                kind = "GPE" if rule == "locative" else "ORG"
                self._add(start, end, kind, slug(self.text[start:end]), (), rule)
            elif rule:
                self._claim(start, end)
                self.people.append((start, end, rule))

    def _person_rule(self, pieces: list[Piece], start: int, end: int) -> str:
        """The evidence that a run of names is a person; empty where a single word has none of its own."""
        kinds, text = [piece.kind for piece in pieces], self.text
        if "P" in kinds:
            return "table:people"
        many = len(kinds) > 1
        if self._apposed(end):
            return "apposition"
        if many and (kinds[0] in "gi" or "i" in kinds):
            return "given"
        last = pieces[-1].word
        if _SURNAME.search(last) and len(last) > 4 and kinds[-1] != "w":
            return "shape"
        if self.lexicon.patterns["say"].match(text, end) and kinds[0] in "ug" and not _THE.search(text, max(0, start - 5), start):
            return "verb"
        if not many or "w" in kinds or "C" in kinds:
            return ""
        if _IN.search(text, max(0, start - 8), start):
            return "locative"
        return "the" if _THE.search(text, max(0, start - 5), start) or len(kinds) > 4 else "name"

    def _apposed(self, end: int) -> bool:
        """`, chairman of …`, `, Kazakhstan's foreign minister`, `, the Russian …`."""
        if self.text[end : end + 2] != ", ":
            return False
        clause = _CLAUSE.match(self.text, end + 2)
        return bool(clause and self.lexicon.patterns["role"].match(clause[0]))

    def _known_people(self) -> None:
        """Every ending of a full name, so that a later short form goes with the first long one."""
        self.full: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.known: dict[str, tuple[str, tuple[str, ...]]] = {}
        lexicon = self.lexicon
        for start, end, _ in sorted(self.people):
            name = self.text[start:end].replace("[", "").replace("]", "")
            words = name.split(" ")
            if len(words) == 1 or name in self.full:
                continue
            entry = lexicon.people.get(fold(name))
            if entry is None and len(words) > 2:
                entry = lexicon.people.get(fold(f"{words[0]} {words[-1]}"))
            known = (entry.id, entry.partner) if entry else (slug(name), ())
            self.full[name] = known
            for n in range(1, len(words)):
                self.known.setdefault(fold(" ".join(words[n:])), known)
            if not entry and len(words[0]) < 6 and len(words) < 4 and words[0] in _SURNAME_FIRST:
                self.known[fold(words[0])] = known
            elif entry and words[0] in _SURNAME_FIRST:
                self.known[fold(words[0])] = known

    # -- what is left

    def _singles(self) -> None:
        self._known_people()
        for number, piece in enumerate(self.pieces):
            kind = self.letters[piece.letter]
            if kind in "NXYTHVABK.id":
                if kind in "TH" and piece.word in self.acronyms:
                    kind = "q"
                else:
                    continue
            start, end, entry = piece.start, piece.end, piece.entry
            if piece.word in self.acronyms:
                type_, id, partner = self.acronyms[piece.word]
                if type_:
                    self._add(start, end, type_, id, partner, "acronym")
            elif entry is not None and entry.type == "PERSON":
                self.people.append((start, end, "table:people"))
            elif entry is not None:
                self._table(number, piece, entry)
            elif fold(piece.word) in self.known and kind in "ugws":
                self.people.append((start, end, "surname"))
            elif kind == "q":
                if not (len(piece.word) < 3 and self._alone(piece)):
                    self._add(start, end, "ORG", slug(piece.word), (), "capitals")
            elif kind in "ug":
                self._unknown(number, piece)

    def _alone(self, piece: Piece) -> bool:
        return self.text.count(piece.word) < 2

    def _table(self, number: int, piece: Piece, entry: Entry) -> None:
        start, end, id, partner, type_ = piece.start, piece.end, entry.id, entry.partner, entry.type
        rule = f"table:{entry.table}"
        if entry.use == "capital":
            if self._governs(number, piece):
                id, rule = partner[0] if partner else id, "capital"
        elif entry.use in ("city", "weak") or (type_ == "GPE" and entry.table == "actors"):
            if region := _REGION.match(self.text, end):
                end = region.end()
                id = slug(self.text[start:end].replace("oblast", "region"))
        elif type_ == "ORG" and piece.before == "z" and number:
            holder = self.pieces[number - 1].entry
            if holder and holder.type == "GPE" and " " in entry.name:
                id, partner = self._restated(entry, holder.partner)
        self._add(start, end, type_, id, partner, rule)

    def _governs(self, number: int, piece: Piece) -> bool:
        """Whether a capital stands for its government: not where something is, happens or goes to."""
        text, start, patterns = self.text, piece.start, self.lexicon.patterns
        left = text[max(self.begin, start - 60) : start]
        if number and piece.before in ("a", "-", ",") and self.pieces[number - 1].entry and self.pieces[number - 1].entry.use == "capital":
            return self.pieces[number - 1].word in self.governing
        governs = self._governing(left, text, piece.end, patterns)
        if governs:
            self.governing.add(piece.word)
        else:
            self.governing.discard(piece.word)
        return governs

    def _governing(self, left: str, text: str, end: int, patterns: dict[str, re.Pattern[str]]) -> bool:
        if patterns["official"].search(left):
            return True
        if patterns["city_after"].match(text, end) or _REGION.match(text, end):
            return False
        if _AT_CITY.search(left) or patterns["visited"].search(left):
            return False
        return not patterns["visit"].search(left)

    def _unknown(self, number: int, piece: Piece) -> None:
        """A single word that nothing else explains: by its neighbours, then by its shape, else taken for a person."""
        start, end, word, text = piece.start, piece.end, piece.word, self.text
        if len(word) < 3 or self._initial(start, self.start_set) and text.count(word) < 2:
            return
        if region := _REGION.match(text, end):
            end = region.end()
            self._add(start, end, "GPE", slug(text[start:end].replace("oblast", "region")), (), "region")
        elif _IN.search(text, max(0, start - 8), start) or _CITY_OF.search(text, max(0, start - 20), start):
            self._add(start, end, "GPE", slug(word), (), "locative")
            self.places[word] = slug(word)
        elif word in self.places:
            self._add(start, end, "GPE", self.places[word], (), "locative")
        elif _DEMONYM.search(word):
            self._add(start, end, "NORP", slug(word), (), "demonym")
        elif _THE.search(text, max(0, start - 5), start):
            self._add(start, end, "ORG", slug(word), (), "the")
        else:
            self.people.append((start, end, "alone"))

    # -- people to ids, mentions to sentences

    def _link_people(self) -> None:
        lexicon = self.lexicon
        self.found.sort(key=lambda row: row[:2])
        self.found_starts = [row[0] for row in self.found]
        self.offices: dict[int, str] = {}
        held: dict[str, tuple[str, ...]] = {}
        rows = []
        for start, end, rule in sorted(set(self.people)):
            name = self.text[start:end].replace("[", "").replace("]", "")
            key = fold(name)
            id, partner = self.full.get(name) or self.known.get(key) or (slug(name), ())
            if id == slug(name) and not partner:
                entry = lexicon.people.get(key) or (lexicon.surnames.get(key) if " " not in name else None)
                if entry:
                    id, partner = entry.id, entry.partner
            office, party = self._office(start, end)
            self.offices[start] = office
            if not partner and id not in held and (party or office):
                held[id] = party
            rows.append([start, end, "PERSON", id, partner, rule])
        for row in rows:
            row[4] = row[4] or held.get(row[3], ())
        self.found += rows

    def _office(self, start: int, end: int) -> tuple[str, tuple[str, ...]]:
        """The office written beside a person and the state or body that it is held in."""
        text, patterns = self.text, self.lexicon.patterns
        floor = max(self._sentence(start), start - 90)
        role = None
        for role in patterns["role_left"].finditer(text, floor, start):
            pass
        if role and _TITLE_GAP.fullmatch(text, role.end(), start):
            begin = role.start()
            lead = _OFFICE_LEAD.search(text, floor, begin)
            begin = lead.start() if lead else begin
            office = text[begin : start].strip(" ,\"")
            return office, self._holder(begin, role.end(), start)
        if self._apposed(end):
            clause = _CLAUSE.match(text, end + 2)
            role = patterns["role"].match(clause[0])
            office = _LEAD.sub("", clause[0][: role.end()])
            return office, self._first_party(end + 2, clause.end()) or (("kazakhstan",) if self.home else ())
        return "", ()

    def _holder(self, begin: int, role_end: int, start: int) -> tuple[str, ...]:
        n = bisect_right(self.found_starts, begin) - 1
        if n >= 0 and self.found[n][4] and 0 <= begin - self.found[n][1] <= 4 and self.found[n][2] in ("GPE", "NORP", "ORG", "LOC"):
            return self.found[n][4]
        if not _TO_PLACE.match(self.text, role_end):
            if party := self._first_party(role_end, start):
                return party
        return ("kazakhstan",) if self.home else ()

    def _first_party(self, start: int, end: int) -> tuple[str, ...]:
        n = bisect_left(self.found_starts, start)
        while n < len(self.found) and self.found[n][0] < end:
            if self.found[n][4] and self.found[n][2] in ("GPE", "NORP", "ORG", "LOC"):
                return self.found[n][4]
            n += 1
        return ()

    def _resolve(self) -> list[Mention]:
        """Mentions that overlap give way to the longer one; a mention that leaves its sentence is dropped."""
        article, sentences, raw = self.article, self.article.sentences, self.article.text
        out: list[Mention] = []
        last = -1
        for start, end, kind, id, partner, rule in sorted(self.found, key=lambda row: (row[0], -row[1], row[2] == "DATE")):
            n = bisect_right(self.starts, start) - 1
            if end > sentences[n].end or start < last:
                if out and start < last and out[-1].type == "DATE" and kind != "DATE" and end <= sentences[n].end:
                    out.pop()
                else:
                    continue
            vectors = () if kind in ("MEDIA", "DATE") else _vectors(partner, self.lexicon, article.year)
            sentence = sentences[n]
            office = self.offices.get(start, "") if kind == "PERSON" else ""
            out.append(Mention(sentence.para, sentence.sent, start, end, raw[start:end], kind, id, vectors, rule, partner, office))
            last = end
        return out


def codebook_without(codebook: Codebook, article: Article, others: Sequence[Article]) -> Codebook:
    """The codebook less every row of its naming tables whose names occur in `article` and in none of `others`."""
    text, rest = article.text.translate(_PLAIN), "\n".join(other.text for other in others).translate(_PLAIN)

    def known_only_here(row: dict[str, str]) -> bool:
        names = [row["name"], *_split(row["aliases"]), *_split(row.get("demonyms", ""))]
        return any(_occurs(name, text) for name in names) and not any(_occurs(name, rest) for name in names)

    tables = dict(codebook.tables)
    for name in ("partners", "actors", "people", "cities"):
        tables[name] = tuple(row for row in tables[name] if not known_only_here(row))
    digest = hashlib.sha256(repr(sorted((n, [r["id"] for r in t]) for n, t in tables.items() if n in _NAMING)).encode())
    return Codebook(tables, codebook.sha256 + digest.hexdigest())


def _occurs(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
