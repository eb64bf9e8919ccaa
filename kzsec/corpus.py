"""Files in, text units out: documents, rejects, texts, paragraphs, sentences, citations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Sentence(NamedTuple):
    """`text[start:end]` is sentence `sent` of paragraph `para`, both counted from 0."""

    para: int
    sent: int
    start: int
    end: int


class Citation(NamedTuple):
    """One source of the parenthesis `text[start:end]`; `date_iso` is empty where no year is known."""

    para: int
    sent: int
    start: int
    end: int
    source: str
    source_start: int
    date_text: str
    date_start: int
    date_iso: str


@dataclass(frozen=True, slots=True)
class Article:
    """One readable text with its units; all offsets are code points into `text`."""

    doc: str
    text: str
    title: str
    publication: str
    volume: int | None
    issue: int | None
    year: int | None
    issued_after: str
    issued_basis: str
    paragraphs: tuple[tuple[int, int], ...]
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
