"""Coverage-guided fuzzing of everything that reads other people's bytes and text, with Google's atheris.

    pip install atheris
    python benchmarks/fuzz.py TARGET [CORPUS_DIR] [libFuzzer options, such as -max_total_time=600]

TARGET is one of decode, text, dates, mentions, coding. Inputs that reach new code are kept in CORPUS_DIR; one that
breaks a target is written to the working folder as `crash-...` and repeated by giving its name in place of the
folder. A target breaks on any exception but a refusal that names its cure, and on a row that does not stand where it
says it does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import atheris

with atheris.instrument_imports(include=["kzsec"]):
    from kzsec.codebook import read_codebook
    from kzsec.coding import code_article
    from kzsec.corpus import _refuse_without_body, parse_text
    from kzsec.dates import find_dates
    from kzsec.entities import find_mentions
    from kzsec.intake import CorpusError, take_text

CODEBOOK = read_codebook()


def decode(data: bytes) -> None:
    """A file's bytes end as text that UTF-8 can carry, or in a refusal."""
    with suppress(CorpusError):
        take_text(data).text.encode()


def text(data: bytes) -> None:
    """Paragraphs, sentences and citations of any text lie inside it, in order and apart."""
    article = parse_text("fuzz.txt", _string(data))
    for ends in (article.paragraphs, [(sentence.start, sentence.end) for sentence in article.sentences]):
        assert all(0 <= start < end <= len(article.text) for start, end in ends)
        assert all(one[1] <= other[0] for one, other in pairwise(ends))
    assert all(article.text[c.start] in "([" for c in article.citations)
    with suppress(CorpusError):
        _refuse_without_body(article)


def dates(data: bytes) -> None:
    """Every date is read from where it stands."""
    string = _string(data)
    for found in find_dates(string, 0, len(string), year=2006, january=False):
        assert 0 <= found[0] < found[1] <= len(string)


def mentions(data: bytes) -> None:
    """Every mention is the text at its place."""
    article = parse_text("fuzz.txt", _string(data))
    for mention in find_mentions(article, CODEBOOK):
        assert article.text[mention.start : mention.end] == mention.text


def coding(data: bytes) -> None:
    """Every coding and every act is of a sentence of the article."""
    article = parse_text("fuzz.txt", _string(data))
    sentences = {(s.start, s.end) for s in article.sentences}
    codings, events = code_article(article, find_mentions(article, CODEBOOK), CODEBOOK)
    assert {(row.start, row.end) for row in (*codings, *events)} <= sentences


def _string(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\0", " ")


TARGETS: dict[str, Callable[[bytes], None]] = {f.__name__: f for f in (decode, text, dates, mentions, coding)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
