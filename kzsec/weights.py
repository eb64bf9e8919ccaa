"""What each word weighs for each label: a log-linear coder over the rules' proposals, read from `tables/weights.csv`.

The score of a label is the sum of the weights of what a row has: the words of the sentence, pairs of neighbouring words
with all names masked, and what the rules propose. Nobody's name has a weight, so that no
partner is friendlier by being who it is. The weights were learnt from made-up articles alone (`training/`); a person
may change any of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import snowballstemmer

from .acts import Proposal, act_of
from .codebook import KINDS, LIMITS, MODALITIES, STANCES, VOICES, Codebook, CodebookError
from .cues import MEMORY, Hit, Reading

if TYPE_CHECKING:
    from .acts import Event
    from .coding import Coding
    from .entities import Mention

HEADS = {"stance": STANCES, "limit": LIMITS, "voice": VOICES, "act": ("no", "yes"), "kind": KINDS, "modality": MODALITIES}
COLUMNS = [f"{head} {label}" for head, labels in HEADS.items() for label in labels]
SPANS = {head: slice(COLUMNS.index(f"{head} {labels[0]}"), COLUMNS.index(f"{head} {labels[-1]}") + 1) for head, labels in HEADS.items()}
WORDED = ("word ", "pair ")  # features that are words
BASIS_WORDS = 3
STEMMER = snowballstemmer.stemmer("english")

Place = tuple[int, int]


Token = tuple["str | Mention", int, int]  # a word, or the mention that a name is, with its place


class Row(NamedTuple):
    """One coding that the rules propose, the acts that they see in it, and what has weights: names, and words."""

    coding: Coding
    acts: list[Proposal]
    told: list[str]
    tokens: list[Token]

    def pairs(self) -> list[tuple[str, str]]:
        """Each word with the one before it, names masked; the first has none before it."""
        vector = self.coding.vector
        words = [word if isinstance(word, str) else _mask(word, vector) for word, _, _ in self.tokens]
        return list(zip(["", *words], words, strict=False))

    def features(self) -> set[str]:
        """The names of all that may have weights."""
        worded = {name for before, word in self.pairs() for name in (pair_feature(before, word), word_feature(word))}
        return worded - {""} | set(self.told)


@lru_cache(maxsize=MEMORY)
def stem(word: str) -> str:
    """The stem of a lower-case word (Snowball's English, Porter's second); what stands for a name is its own."""
    return word if word[0] == "<" else STEMMER.stemWord(word)


def word_feature(word: str) -> str:
    """The name of a word's feature; what stands for a name has none of its own."""
    return "" if word[0] == "<" else f"word {stem(word)}"


def pair_feature(first: str, second: str) -> str:
    """The name of the feature of two neighbouring words."""
    return f"pair {stem(first)} {stem(second)}" if first else ""


def rows_of(reading: Reading, coded: list[Coding], acts: list[Proposal]) -> list[Row]:
    """The rules' codings of a sentence with what has weights."""
    told = [name for name in ("quoted", "cited") if getattr(reading, name)] + [f"vectors {min(len(coded), 3)}"]
    told += {f"has {mention.type}" for mention in reading.mentions if mention.type in ("PERSON", "DATE")}
    for column in ("kind", "modality"):
        told += {f"{column} {hit.value} {hit.scope}".rstrip() for hit in reading.hits[column]}
    tokens = _tokens(reading)
    rows = []
    for coding in coded:
        own = [act for act in acts if coding.vector in act.vectors]
        rows.append(Row(coding, own, told + _proposed(coding, own), tokens))
    return rows


def _proposed(coding: Coding, acts: list[Proposal]) -> list[str]:
    """What the rules say of a row, as features."""
    told = [f"rule {'stance' if 'stance:' in coding.basis else 'default'} {coding.stance}", f"rule voice {coding.voice}"]
    told += [f"rule limit {coding.limit}"] * bool(coding.limit) + ["rule hedged"] * coding.hedged
    if not acts:
        return [*told, "rule act no"]
    return [*told, "rule act yes", f"rule kind {acts[0].hit.value}", f"rule modality {acts[0].modality}"]


def _tokens(reading: Reading) -> list[Token]:
    """The sentence's words with their places; a name is one token, its mention."""
    names = {mention.start: mention for mention in reading.mentions}
    found: list[Token] = []
    behind = 0  # the last name
    for word in reading.words:
        if word[1] >= behind:
            name = names.get(word[1])
            behind = name.end if name else behind
            found.append((name, name.start, name.end) if name else word)
    return found


def _mask(mention: Mention, vector: str) -> str:
    """What stands for a name in a row on `vector`."""
    if vector in mention.vectors:
        return "<partner>"
    if mention.vectors:
        return "<other>"
    return "<date>" if mention.type == "DATE" else "<home>" if mention.partner == ("kazakhstan",) else "<name>"


class _Lines(dict[tuple[str, str], tuple[int, int]]):
    """The lines of the matrix for a pair of words and for its second word, -1 for none: made when first met."""

    def __init__(self, index: dict[str, int]):
        super().__init__()
        self._index = index

    def __missing__(self, pair: tuple[str, str]) -> tuple[int, int]:
        if len(self) > MEMORY:
            self.clear()
        names = pair_feature(*pair), word_feature(pair[1])
        self[pair] = lines = self._index.get(names[0], -1), self._index.get(names[1], -1)
        return lines


class Weights:
    """The table's weights; without rows, what the rules propose stands.

    Raises `CodebookError` for a weight that is no number.
    """

    def __init__(self, rows: Iterable[dict[str, str]]):
        import numpy as np

        rows = list(rows)
        self.index = {row["feature"]: i for i, row in enumerate(rows)}
        self._lines = _Lines(self.index)
        cells = [[row[column] or "0" for column in COLUMNS] for row in rows]
        cells.append(["0"] * len(COLUMNS))  # line -1, that of a word without weights
        try:
            self.matrix = np.array(cells, dtype=str).astype(float)
        except ValueError:
            raise CodebookError(_no_number(cells)) from None
        tilt = self.matrix.copy()  # a label's weight beside the mean of its head
        for span in SPANS.values():
            tilt[:, span] -= tilt[:, span].mean(axis=1, keepdims=True)
        self._tilt = tilt.T.copy()

    def decide(self, reading: Reading, rows: list[Row]) -> tuple[list[Coding], list[Event]]:
        """The codings of a sentence and its acts, one a kind and modality, each label the one with the highest score."""
        if not self.index:
            coded = [row.coding for row in rows]
            return coded, _as_proposed(reading, dict(zip(coded, rows, strict=True)), set())
        chosen = [self.choose(row) for row in rows]
        coded = [self._coded(row, labels, reading) for row, labels in zip(rows, chosen, strict=True)]
        dated = any(mention.type == "DATE" for mention in reading.mentions)  # else the author's judgement is no act
        acting = [i for i, one in enumerate(chosen) if one["act"] == "yes" and (dated or one["voice"] != "judgement")]
        parties: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i in acting:
            parties[chosen[i]["kind"], chosen[i]["modality"]].append(i)
        acts = [self._act(*key, [rows[i] for i in at], [coded[i] for i in at], reading) for key, at in parties.items()]
        first = {act for row in rows for act in row.acts[:1]}  # what was just decided
        return coded, _as_proposed(reading, {coded[i]: rows[i] for i in acting}, first) + acts

    def choose(self, row: Row) -> dict[str, str]:
        """The label with the highest score by head; the first of equals."""
        at = [self.index.get(name, -1) for name in row.told]
        for pair in row.pairs():
            at += self._lines[pair]
        scores = self.matrix[list(set(at))].sum(axis=0).tolist()
        return {head: _highest(scores[span], HEADS[head]) for head, span in SPANS.items()}

    def _coded(self, row: Row, labels: dict[str, str], reading: Reading) -> Coding:
        """The row's coding with the chosen labels and the words that weigh most for its stance and voice."""
        limit = labels["limit"] if labels["stance"] == "friction" else ""
        proposed = {part.partition(" ")[0]: part for part in row.coding.basis.split("; ")}
        parts = [proposed.get("hedged", "")]
        for head in ("stance", "voice"):
            name = f"{head}:{labels[head]}"
            if name not in proposed and (head == "stance" or labels[head] != row.coding.voice):
                places = sorted(self._weightiest(row, head, labels[head]))
                proposed[name] = f"{name} " + ", ".join(f'"{reading.text[start:end]}"' for start, end in places)
            parts.append(proposed.get(name, ""))
        basis = "; ".join(filter(None, (parts[1], parts[0], parts[2])))
        return row.coding._replace(stance=labels["stance"], limit=limit, voice=labels["voice"], basis=basis)

    def _weightiest(self, row: Row, head: str, label: str) -> list[Place]:
        """The places of the words that weigh for a label against the others of its head, the weightiest first."""
        lines = [line for pair in row.pairs() for line in self._lines[pair]]
        weights = self._tilt[COLUMNS.index(f"{head} {label}"), lines]
        starts = [start for _, start, _ in row.tokens]
        places: list[Place] = []
        for i in (-weights).argsort(kind="stable").tolist():
            if weights[i] <= 0 or len(places) == BASIS_WORDS:
                break
            start, end = starts[max(0, i // 2 - 1 + i % 2)], row.tokens[i // 2][2]  # even: a pair, odd: its second word
            if not any(first < end and start < last for first, last in places):
                places.append((start, end))
        return places

    def _act(self, kind: str, modality: str, rows: list[Row], coded: list[Coding], reading: Reading) -> Event:
        """The act of these rows, at a cue of its kind, else at its weightiest word."""
        hit = next((act.hit for row in rows for act in row.acts[:1] if act.hit.value == kind), None)
        hit = hit or next((hit for hit in reading.hits["kind"] if hit.value == kind), None)
        if hit is None:
            start, end = next(iter(self._weightiest(rows[0], "kind", kind)), reading.sentence[2:])
            hit = Hit(start, end, "kind", kind, "")
        return act_of(reading, hit, kind, modality, coded)


def _as_proposed(reading: Reading, rows: dict[Coding, Row], decided: set[Proposal]) -> list[Event]:
    """The acts that the rules see between all their partners and that are not decided yet."""
    parties: dict[Proposal, list[Coding]] = defaultdict(list)
    for coding, row in rows.items():
        for act in row.acts:
            parties[act].append(coding)
    told = {act: party for act, party in parties.items() if act not in decided and len(party) == len(act.vectors)}
    return [act_of(reading, act.hit, act.hit.value, act.modality, party) for act, party in told.items()]


def _highest(scores: list[float], labels: tuple[str, ...]) -> str:
    return labels[scores.index(max(scores))]


def _no_number(cells: list[list[str]]) -> str:
    """What is wrong with the first cell that is no number."""
    for i, line in enumerate(cells, start=2):
        for column, cell in zip(COLUMNS, line, strict=True):
            try:
                float(cell)
            except ValueError:
                return f"weights.csv, row {i}, column {column}: {cell!r} is no number; give one, such as 0.5, or leave it empty"
    return "weights.csv: no table of numbers"


@lru_cache(maxsize=8)
def weights(codebook: Codebook) -> Weights:
    """The codebook's weights."""
    return Weights(codebook["weights"])
