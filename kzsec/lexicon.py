"""The naming tables in the form that reading needs: every name by its first word, people by spelling, word lists."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from kzsec.codebook import VECTORS, Codebook, CodebookError
from kzsec.corpus import Article

NAMING = ("partners", "actors", "people", "cities")
_CHUNK = re.compile(r"\w+|$")
# Spellings that romanisations differ in; applied in this order to a slug.
_FOLDS = [pair.split(":") for pair in (
    "dzh:j zh:j kh:h q:k yo:e ye:e ie:e ii:i iy:i ay:ai ey:ei uy:ui oy:oi yu:u iu:u ya:a ia:a y:i w:v ou:u ai:a ei:e"
    " x:ks ck:k ph:f"
).split(" ")]  # fmt: skip


class Entry(NamedTuple):
    """One name of one table row; `use` is `state`, `demonym`, `capital`, `city`, `weak` or empty.

    A `type` such as `#T` is a class of words from `grammar`, no name.
    """

    name: str
    type: str
    id: str
    partner: tuple[str, ...]
    needs: str
    use: str
    table: str


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All tables of one codebook; `names` has the longest name first under each first word."""

    names: dict[str, tuple[Entry, ...]]
    people: dict[str, Entry]  # by folded full name, and by a surname that one person has
    partners: dict[str, dict[str, str]]
    by_id: dict[str, tuple[str, ...]]
    words: dict[str, frozenset[str]]
    contexts: dict[str, list[tuple[str, str, str]]]  # rule, type, pattern by what they are of
    _patterns: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def pattern(self, source: str) -> re.Pattern[str]:
        """`source` compiled, where `{kind}` stands for any word of that kind."""
        if source not in self._patterns:
            try:
                self._patterns[source] = re.compile(re.sub(r"\{([a-z_]+)\}", self._any, source))
            except (re.error, KeyError) as error:
                raise CodebookError(f"contexts.csv: `{source}`: {error}; mend the pattern") from None
        return self._patterns[source]

    def _any(self, kind: re.Match[str]) -> str:
        rests: dict[str, list[str]] = {}  # by first letter, which is many times as fast as one list
        for word in sorted(self.words[kind[1]], key=lambda word: (-len(word), word)):
            rests.setdefault(re.escape(word[0]), []).append(re.escape(word[1:]))
        return "(?:" + ("|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items()) or "(?!)") + ")"


def slug(name: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """One key for the spellings of a name: `Nazarbaev` and `Nazarbayev`, `Dzhaksybekov` and `Zhaksybekov`."""
    key = slug(name)
    for old, new in _FOLDS:
        key = key.replace(old, new)
    return re.sub(r"(.)\1", r"\1", key)


def first_word(name: str) -> str:
    """The key of a name in `Lexicon.names`."""
    return _CHUNK.search(name)[0]


@lru_cache(maxsize=4096)
def vectors_in(partners: tuple[str, ...], lexicon: Lexicon, year: int | None) -> tuple[str, ...]:
    """The vectors of some partners in `year`, in the codebook's order; membership in NATO and the EU is dated."""
    held = set()
    for partner in partners:
        row = lexicon.partners.get(partner)
        if row and not (year and row["since"] and year < int(row["since"])):
            held.update(row["vectors"].split(";"))
    return tuple(vector for vector in VECTORS if vector in held)


def vectors_of(id: str, codebook: Codebook, *, year: int | None = None) -> tuple[str, ...]:
    """The vectors of a table entity; empty for an id that no table has."""
    lexicon = lexicon_of(codebook)
    return vectors_in(lexicon.by_id.get(id, ()), lexicon, year)


@lru_cache(maxsize=4)
def lexicon_of(codebook: Codebook) -> Lexicon:
    """The lexicon of a codebook, built once."""
    words = {row["kind"]: _split(row["words"]) for row in codebook["grammar"]}
    for row in codebook["words"]:
        words.setdefault(row["kind"], []).extend(row["words"].split(" "))
    entries = list(_entries(codebook))
    words["lower"] = [entry.name for entry in entries if entry.name[0].islower()]
    classes = [(row["letter"], word) for row in codebook["grammar"] if row["letter"] for word in words[row["kind"]]]
    grammar = [Entry(word, "#" + letter, "", (), "", "", "grammar") for letter, word in classes]
    names: dict[str, list[Entry]] = {}
    for entry in (*entries, *grammar):
        names.setdefault(first_word(entry.name), []).append(entry)
    contexts: dict[str, list[tuple[str, str, str]]] = {}
    for row in codebook["contexts"]:
        contexts.setdefault(row["of"], []).append((row["rule"], row["type"], row["pattern"]))
    people = [entry for entry in entries if entry.type == "PERSON"]
    bearers: dict[str, dict[str, Entry]] = {}
    for entry in people:
        bearers.setdefault(fold(entry.name.split(" ")[-1]), {})[entry.id] = entry
    return Lexicon(
        names={first: tuple(sorted(group, key=lambda entry: -len(entry.name))) for first, group in names.items()},
        people={key: entry for key, ids in bearers.items() if len(ids) == 1 for entry in ids.values()}
        | {fold(entry.name): entry for entry in reversed(people)},
        partners={row["id"]: row for row in codebook["partners"]},
        by_id={entry.id: entry.partner for entry in reversed(entries)},
        words={kind: frozenset(values) for kind, values in words.items()},
        contexts=contexts,
    )


def _split(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _forms(row: dict[str, str]) -> list[str]:
    return [row["name"], *_split(row["aliases"])]


def _plurals(name: str) -> list[str]:
    return [name] if name.endswith(("ese", "ish", "ch", "s", "men", "ic", "ern", "Orthodox")) else [name, name + "s"]


def _entries(codebook: Codebook) -> Iterator[Entry]:
    """Every name of every row of the naming tables."""
    for row in codebook["partners"]:
        state, own = row["kind"] == "state", (row["id"],)
        kind = "GPE" if state else "LOC" if row["kind"] == "pole" else "ORG"
        for name in _forms(row):
            yield Entry(name, kind, row["id"], own, "", "state" if state else "", "states" if state else "groupings")
        for name in (form for demonym in _split(row["demonyms"]) for form in _plurals(demonym)):
            yield Entry(name, "NORP", row["id"], own, "", "demonym", "demonyms")
    for table, type, use in (("actors", "", ""), ("people", "PERSON", ""), ("cities", "GPE", "city")):
        for row in codebook[table]:
            kind, partner = type or row["type"], tuple(_split(row["partner"]))
            for name in (n for form in _forms(row) for n in (_plurals(form) if kind == "NORP" else [form])):
                yield Entry(name, kind, row["id"], partner, row.get("needs", ""), row.get("use", "") or use, table)


def codebook_without(codebook: Codebook, article: Article, others: Sequence[Article]) -> Codebook:
    """The codebook less every row of its naming tables whose names occur in `article` and in none of `others`."""
    text, rest = article.text, "\n".join(other.text for other in others)

    def only_here(row: dict[str, str]) -> bool:
        names = [*_forms(row), *_split(row.get("demonyms", ""))]
        return any(_occurs(name, text) for name in names) and not any(_occurs(name, rest) for name in names)

    tables = dict(codebook.tables)
    for table in NAMING:
        tables[table] = tuple(row for row in tables[table] if not only_here(row))
    left = repr([[row["id"] for row in tables[table]] for table in NAMING])
    return Codebook(tables, hashlib.sha256((codebook.sha256 + left).encode()).hexdigest())


def _occurs(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
