"""What each word weighs for each label: a log-linear coder over the rules' proposals, read from `tables/weights.csv`.

The score of a label is the sum of the weights of what a row has: the words of the sentence, pairs of neighbouring words
with all names masked, and what the rules propose. Nobody's name has a weight, so that no partner is friendlier by being
who it is; of the rules, that for `limit` alone knows partners. The weights were learnt from made-up articles alone
(`training/`); a person may change any of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice, pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import snowballstemmer

from .acts import Proposal, act_of
from .codebook import HOME, KINDS, LIMITS, MODALITIES, STANCES, VOICES, Codebook, CodebookError
from .cues import MEMORY, Hit, Reading, Words

if TYPE_CHECKING:
    from .acts import Event
    from .coding import Coding
    from .entities import Mention

HEADS = {"stance": STANCES, "limit": LIMITS, "voice": VOICES, "act": ("no", "yes"), "kind": KINDS, "modality": MODALITIES}
COLUMNS = [f"{head} {label}" for head, labels in HEADS.items() for label in labels]
SPANS = {head: slice(COLUMNS.index(f"{head} {labels[0]}"), COLUMNS.index(f"{head} {labels[-1]}") + 1) for head, labels in HEADS.items()}
WORDED = ("word ", "pair ")  # features that are words
BASIS_WORDS = 3
TELLING = 0.5  # a word that tilts a score by less is not named as what decided
STEMMER = snowballstemmer.stemmer("english")

Place = tuple[int, int]


class Row(NamedTuple):
    """One coding that the rules propose, the cues that decide each of its columns, and the acts that they see.

    What has weights is `told`, the names of what holds of the row, and the words, of which each name is one: `<partner>`,
    `<other>`, `<home>`, `<date>` or `<name>`.
    """

    coding: Coding
    cues: dict[str, list[Hit]]
    acts: list[Proposal]
    told: list[str]
    words: Words

    def features(self) -> set[str]:
        """The names of all that may have weights."""
        words = self.words.texts
        return {*map(word_feature, words), *map(pair_feature, pairwise(words)), *self.told} - {""}


@lru_cache(maxsize=MEMORY)
def stem(word: str) -> str:
    """The stem of a lower-case word (Snowball's English, Porter's second); what stands for a name is its own."""
    return word if word[0] == "<" else STEMMER.stemWord(word)


def word_feature(word: str) -> str:
    """The name of a word's feature; what stands for a name has none of its own."""
    return "" if word[0] == "<" else f"word {stem(word)}"


def pair_feature(pair: tuple[str, str]) -> str:
    """The name of the feature of two neighbouring words."""
    return f"pair {stem(pair[0])} {stem(pair[1])}"


def rows_of(reading: Reading, cued: list[tuple[Coding, dict[str, list[Hit]]]], acts: list[Proposal]) -> list[Row]:
    """The rules' codings of a sentence with what has weights."""
    told = [name for name in ("quoted", "cited") if getattr(reading, name)] + [f"vectors {min(len(cued), 3)}"]
    told += {f"has {mention.type}" for mention in reading.mentions if mention.type in ("PERSON", "DATE")}
    for column in ("kind", "modality"):
        told += {f"{column} {hit.value} {hit.scope}".rstrip() for hit in reading.hits[column]}
    rows = []
    for coding, cues in cued:
        own = [act for act in acts if coding.vector in act.vectors]
        proposed = _proposed(coding, bool(cues["stance"]), own)
        rows.append(Row(coding, cues, own, told + proposed, _masked(reading, coding.vector)))
    return rows


def _proposed(coding: Coding, by_cue: bool, acts: list[Proposal]) -> list[str]:
    """What the rules say of a row, as features."""
    told = [f"rule {'stance' if by_cue else 'default'} {coding.stance}", f"rule voice {coding.voice}"]
    told += [f"rule limit {coding.limit}"] * bool(coding.limit) + ["rule hedged"] * coding.hedged
    if not acts:
        return [*told, "rule act no"]
    return [*told, "rule act yes", f"rule kind {acts[0].hit.value}", f"rule modality {acts[0].modality}"]


def _masked(reading: Reading, vector: str) -> Words:
    """The sentence's words, each name one of them."""
    texts, starts, ends = map(list.copy, reading.words)
    for mention in reversed(reading.mentions):
        first, last = bisect_left(starts, mention.start), bisect_left(starts, mention.end)
        texts[first:last], starts[first:last], ends[first:last] = [_mask(mention, vector)], [mention.start], [mention.end]
    return Words(texts, starts, ends)


def _mask(mention: Mention, vector: str) -> str:
    """What stands for a name in a row on `vector`."""
    if vector in mention.vectors:
        return "<partner>"
    if mention.vectors:
        return "<other>"
    return "<date>" if mention.type == "DATE" else "<home>" if mention.partner == HOME else "<name>"


class _Lines(dict[Any, int]):
    """The line of the matrix for a word, or for a pair of words, -1 for none: looked up when first met."""

    def __init__(self, index: dict[str, int], name: Callable[[Any], str]):
        super().__init__()
        self._index, self._name = index, name

    def __missing__(self, key: Any) -> int:
        if len(self) > MEMORY:
            self.clear()
        self[key] = line = self._index.get(self._name(key), -1)
        return line


class Weights:
    """The table's weights; without rows, what the rules propose stands.

    Raises `CodebookError` for a weight that is no number and for a feature with two lines.
    """

    def __init__(self, rows: Iterable[dict[str, str]]):
        import numpy as np

        rows = list(rows)
        self.index = {row["feature"]: i for i, row in enumerate(rows)}
        again = next((i for i, row in enumerate(rows) if self.index[row["feature"]] > i), None)
        if again is not None:
            name = rows[again]["feature"]
            raise CodebookError(f"weights.csv, row {self.index[name] + 2}: {name} again; keep one line for it")
        self._words, self._pairs = _Lines(self.index, word_feature), _Lines(self.index, pair_feature)
        cells = [[row[column] or "0" for column in COLUMNS] for row in rows]
        cells.append(["0"] * len(COLUMNS))  # line -1, that of a word without weights
        try:
            values = np.array(cells, dtype=str).astype(float)
        except ValueError:
            values = np.array([np.nan])
        if not np.isfinite(values).all():
            raise CodebookError(_no_number(cells))
        self.matrix = np.rint(values * 100).astype(np.int32)  # hundredths: sums are exact, on any machine
        tilt = values.astype(np.float32)  # a label's weight beside the mean of its head
        for span in SPANS.values():
            tilt[:, span] -= tilt[:, span].mean(axis=1, keepdims=True)
        self._tilt = tilt.T.copy()

    def decide(self, article: list[tuple[Reading, list[Row]]]) -> list[tuple[list[Coding], list[Event]]]:
        """The codings and the acts of each sentence of an article, each label the one with the highest score."""
        chosen = iter(self.choose([row for _, rows in article for row in rows]))
        return [self._decided(reading, rows, [next(chosen) for _ in rows]) for reading, rows in article]

    def choose(self, rows: list[Row]) -> list[dict[str, str]]:
        """For each row the label with the highest score by head, the first of equals."""
        import numpy as np

        if not rows or not self.index:
            return [proposed(row) for row in rows]
        lines: list[int] = []
        starts: list[int] = []
        for row in rows:
            starts.append(len(lines))
            lines += {*self._worded(row), *(self.index.get(name, -1) for name in row.told)}
        scores = np.add.reduceat(self.matrix[lines], starts)
        best = [scores[:, span].argmax(axis=1).tolist() for span in SPANS.values()]
        return [{head: HEADS[head][i] for head, i in zip(HEADS, labels, strict=True)} for labels in zip(*best, strict=True)]

    def _worded(self, row: Row) -> list[int]:
        """The lines of a row's words, then those of its pairs of words."""
        words = row.words.texts
        return [*map(self._words.__getitem__, words), *map(self._pairs.__getitem__, pairwise(words))]

    def _decided(self, reading: Reading, rows: list[Row], chosen: list[dict[str, str]]) -> tuple[list[Coding], list[Event]]:
        """The codings of one sentence, and its acts, one a kind and modality."""
        coded = [self._coded(row, labels, reading) for row, labels in zip(rows, chosen, strict=True)]
        dated = any(mention.type == "DATE" for mention in reading.mentions)  # else the author's judgement is no act
        acting = [i for i, one in enumerate(chosen) if one["act"] == "yes" and (dated or one["voice"] != "judgement")]
        parties: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i in acting:
            parties[chosen[i]["kind"], chosen[i]["modality"]].append(i)
        acts = [self._act(*key, [rows[i] for i in at], [coded[i] for i in at], reading) for key, at in parties.items()]
        first = {act for row in rows for act in row.acts[:1]}  # what was just decided
        return coded, _acts(reading, [(coded[i], rows[i]) for i in acting], first) + acts

    def _coded(self, row: Row, labels: dict[str, str], reading: Reading) -> Coding:
        """The row's coding with the chosen labels and the words that weigh most for its stance and voice."""
        limit = labels["limit"] if labels["stance"] == "friction" else ""
        coding = row.coding._replace(stance=labels["stance"], limit=limit, voice=labels["voice"])
        basis = []
        for head in ("stance", "hedged", "voice"):
            kept = head not in labels or labels[head] == getattr(row.coding, head)
            places: Iterable[tuple[int, ...]] = row.cues[head] if kept else ()
            if head == "stance" or not kept:
                places = places or sorted(self._weightiest(row, head, labels[head]))
            if words := ", ".join(f'"{reading.text[place[0] : place[1]]}"' for place in islice(places, BASIS_WORDS)):
                basis.append(f"{head} {words}" if head == "hedged" else f"{head}:{labels[head]} {words}")
        return coding._replace(basis="; ".join(basis))

    def _weightiest(self, row: Row, head: str, label: str) -> list[Place]:
        """The places of the words that weigh for a label against the others of its head, the weightiest first."""
        _, starts, ends = row.words
        weights = self._tilt[COLUMNS.index(f"{head} {label}"), self._worded(row)]
        places: list[Place] = []
        for i in (-weights).argsort(kind="stable").tolist():
            if weights[i] < TELLING or len(places) == BASIS_WORDS:
                break
            first, last = (i, i) if i < len(starts) else (i - len(starts), i - len(starts) + 1)
            whole = all(len(word) > 1 for word in row.words.texts[first : last + 1])  # no mark, no `s` of a genitive
            if whole and not any(a < ends[last] and starts[first] < b for a, b in places):
                places.append((starts[first], ends[last]))
        return places

    def _act(self, kind: str, modality: str, rows: list[Row], coded: list[Coding], reading: Reading) -> Event:
        """The act of these rows, at a cue of its kind, else at its weightiest word."""
        hit = next((act.hit for row in rows for act in row.acts[:1] if act.hit.value == kind), None)
        hit = hit or next((hit for hit in reading.hits["kind"] if hit.value == kind), None)
        if hit is None:
            start, end = next(iter(self._weightiest(rows[0], "kind", kind)), reading.sentence[2:])
            hit = Hit(start, end, "kind", kind, "")
        return act_of(reading, hit, kind, modality, coded)


def proposed(row: Row) -> dict[str, str]:
    """The labels of the rules by head."""
    kind, modality = (row.acts[0].hit.value, row.acts[0].modality) if row.acts else ("", "")
    coding = {head: getattr(row.coding, head) for head in ("stance", "limit", "voice")}
    return coding | {"act": "yes" if row.acts else "no", "kind": kind, "modality": modality}


def _acts(reading: Reading, coded: list[tuple[Coding, Row]], decided: set[Proposal]) -> list[Event]:
    """The acts that the rules see, between all their partners, but for those decided already."""
    parties: dict[Proposal, list[Coding]] = defaultdict(list)
    for coding, row in coded:
        for act in row.acts:
            if act not in decided:
                parties[act].append(coding)
    told = {act: party for act, party in parties.items() if len(party) == len(act.vectors)}
    return [act_of(reading, act.hit, act.hit.value, act.modality, party) for act, party in told.items()]


def _no_number(cells: list[list[str]]) -> str:
    """What is wrong with the first cell that is no number."""
    places = [(i, column, cell) for i, line in enumerate(cells, start=2) for column, cell in zip(COLUMNS, line, strict=True)]
    row, column, cell = next(place for place in places if not _is_number(place[2]))
    return f"weights.csv, row {row}, column {column}: {cell!r} is no number; give one, such as 0.5, or leave it empty"


def _is_number(cell: str) -> bool:
    try:
        return isfinite(float(cell))
    except ValueError:
        return False


@lru_cache(maxsize=8)
def weights(codebook: Codebook) -> Weights:
    """The codebook's weights."""
    return Weights(codebook["weights"])
