"""Sentences in, links and lists out: the trail from every number, mark and claim back to the text.

A sentence is named by `Ref = (doc, para, sent)`, as in every table. One sentence is linked straight to
its place on the article's page; several are linked to their list, which stands under the figure, table
or claim that uses them and leads on to each place.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from importlib.metadata import version
from numbers import Number
from typing import TYPE_CHECKING

from .corpus import Corpus

if TYPE_CHECKING:
    import pandas as pd

Ref = tuple[str, int, int]
LONG_CELL = 60  # characters from which a column is kept wide on a phone
MOST_ROWS = 300  # of a table on its page; all stand in its CSV
LONGEST_LIST = 60
MOST_LISTED, MOST_IN_FILE = 8_000, 40_000  # sentences under one figure, table or claim, and in its file
PART = (40, 100)  # paragraphs, and sentences of one paragraph, on a page of an article
HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(text: object) -> str:
    """Text in which control, direction and zero-width characters are spelled out."""
    return HIDDEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", str(text))


def text_html(text: object) -> str:
    """Text as HTML that can do nothing but be read."""
    return escape(visible(text))


def page_of(doc: str, para: int = 0, sent: int = 0) -> str:
    """The page of the article's part: its path, with a hash where the path has characters to replace."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", doc).lstrip(".-")
    if safe != doc or len(safe) > 100:
        safe = f"{safe[:80]}-{hashlib.sha256(doc.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    part = (para // PART[0], sent // PART[1])
    return f"articles/{safe}{'~{}.{}'.format(*part) if any(part) else ''}.html"


def anchor_of(para: int, sent: int) -> str:
    """The sentence's anchor on its article's page."""
    return f"p{para}s{sent}"


def url_of(ref: Ref) -> str:
    """The sentence's address, relative to a notebook's page."""
    return f"{page_of(*ref)}#{anchor_of(*ref[1:])}"


def refs_of(rows: pd.DataFrame) -> list[Ref]:
    """The sentences of a table's rows, each once, in reading order."""
    return sorted(set(zip(rows["doc"], rows["para"], rows["sent"], strict=True)))


def short_names(docs: Iterable[str]) -> dict[str, str]:
    """A name of a few characters for each document: the part before the first `_` where that tells all apart."""
    docs = list(docs)
    stems = {doc: re.sub(r"\.(?:txt|html?)$", "", doc.rsplit("/", 1)[-1]) for doc in docs}
    heads = {doc: visible(stem.split("_")[0][:24]) for doc, stem in stems.items()}
    if all(heads.values()) and len(set(heads.values())) == len(docs):
        return heads
    return {doc: visible(doc if len(doc) <= 28 else doc[:12] + "…" + doc[-15:]) for doc in docs}


class Html:
    """A finished piece of HTML that a notebook shows as it stands."""

    def __init__(self, html: str, plain: str = "") -> None:
        self.html, self.plain = html, plain

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain or re.sub(r"<[^>]+>", "", self.html)


@dataclass
class Trail:
    """The groups of sentences that one figure, table or claim stands on, under the name of that thing."""

    corpus: Corpus
    name: str
    groups: dict[str, tuple[str, list[Ref]]] = field(default_factory=dict)
    marks: list[tuple[str, str]] = field(default_factory=list)

    def url(self, refs: Sequence[Ref], label: str) -> str:
        """Where a mark on `refs` leads: the sentence, or the list of several; marks of one label share a list."""
        refs = sorted(set(refs))
        if not refs:
            return ""
        key = f"{self.name}-{slug(label)}"
        self.groups[key] = (label, sorted({*refs, *self.groups.get(key, ("", []))[1]}))
        return url_of(refs[0]) if len(refs) == 1 else f"#{key}"

    def mark(self, refs: Sequence[Ref], label: str) -> str:
        """A token for a mark of a drawing on `refs`, which `figures.publish` turns into its address and label.

        Empty where there are no sentences to lead to.
        """
        if not refs:
            return ""
        self.marks.append((self.url(refs, label), label))
        return f"mark-{len(self.marks) - 1}"

    def link(self, refs: Sequence[Ref], label: str, shown: object | None = None) -> str:
        """A link to `refs` that shows their number or `shown`; 0 without a link where there are none."""
        shown = len(set(refs)) if shown is None else shown
        url = self.url(refs, label)
        return f'<a class="ref" href="{url}" title="{text_html(label)}">{text_html(shown)}</a>' if url else text_html(shown)

    def sentences(self) -> dict[Ref, str]:
        """The text of each sentence."""
        return {(a.doc, s.para, s.sent): a.text[s.start : s.end] for a in self.corpus.articles for s in a.sentences}

    def lists_html(self, *files: str) -> str:
        """Every group as a list of its sentences, folded; a long list is cut with its full length said.

        Before it stand the links to `files`; behind them, or inside the list, the sentences as CSV.
        """
        texts, names = self.sentences() if self.groups else {}, short_names(a.doc for a in self.corpus.articles)
        longest, parts = max(1, min(LONGEST_LIST, MOST_LISTED // max(1, len(self.groups)))), []
        for key, (label, refs) in self.groups.items():
            parts.append(f'<div id="{key}" tabindex="-1"><p class="group">{text_html(label)} ({len(refs)})</p><ul>')
            for ref in refs[:longest]:
                place = f"{names[ref[0]]} ¶{ref[1] + 1}.{ref[2] + 1}"
                parts.append(f'<li><a href="{url_of(ref)}">{text_html(place)}</a> {text_html(texts[ref])}</li>')
            if len(refs) > longest:
                parts.append(f"<li>and {len(refs) - longest} more: see the sentences as CSV</li>")
            parts.append("</ul></div>")
        told = "CSV" if self.marks else "sentences (CSV)"
        listed = [*files, *([download(f"{self.name}.sentences.csv", csv_text(self._rows()), told)] if parts else [])]
        links = f'<p class="files">Download: {" ".join(listed)}</p>' if listed else ""
        if not parts:
            return links
        total = len({ref for _, refs in self.groups.values() for ref in refs})
        head = f'<details class="evidence"><summary>Evidence: {total} sentence{"s" * (total != 1)}</summary>'
        return "".join([links, head, *parts, "</details>"] if files else [head, *parts, links, "</details>"])

    def _rows(self) -> list[list[object]]:
        """A row a group under a header row: its list, label, number of sentences and their addresses."""
        most = max(20, MOST_IN_FILE // len(self.groups))
        groups = [[key, visible(label), len(refs), ";".join(map(url_of, refs[:most]))] for key, (label, refs) in self.groups.items()]
        return [["list", "label", "count", "sentences"], *groups]


def download(name: str, content: str | bytes, label: str) -> str:
    """A link that carries its file; a report lays the file beside the page."""
    data = base64.b64encode(content.encode("utf-8", "replace") if isinstance(content, str) else content).decode()
    kind = {"csv": "text/csv", "svg": "image/svg+xml", "png": "image/png"}[name.rsplit(".", 1)[-1]]
    return f'<a download="{text_html(name)}" href="data:{kind};base64,{data}">{label}</a>'


def csv_text(rows: list[list[object]]) -> str:
    """Rows, the header first, as CSV that a spreadsheet will not run."""
    import pandas as pd

    from .annotations import csv_table

    return csv_table(pd.DataFrame(rows, dtype=object)).to_csv(index=False, header=False, lineterminator="\n")


def slug(label: str) -> str:
    """Lower-case letters and digits of any script, joined by dashes; a hash ends a long label and stands for an empty one."""
    parts = "-".join(re.findall(r"[^\W_]+", label.lower()))
    if 0 < len(parts) <= 48:
        return parts
    return (parts[:40] + "-" if parts else "") + hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def marked_html(text: str, start: int, end: int, mentions: Iterable[tuple[int, int, str, str]]) -> str:
    """`text[start:end]` as HTML with its mentions (start, end, type, id) marked; the type is written behind the name."""
    parts, at = [], start
    for a, b, kind, entity in mentions:
        parts.append(text_html(text[at:a]))
        parts.append(f'<mark class="{kind}" title="{text_html(entity)}">{text_html(text[a:b])}<small>{kind}</small></mark>')
        at = b
    return "".join([*parts, text_html(text[at:end])])


def marked_article(corpus: Corpus, mentions: pd.DataFrame, doc: str) -> Html:
    """The first three paragraphs of an article with its mentions marked in place."""
    article, own = next(a for a in corpus.articles if a.doc == doc), mentions[mentions["doc"] == doc]
    rows = list(zip(own["start"], own["end"], own["type"], own["id"], strict=True))
    inside = [(a, b, [row for row in rows if a <= row[0] < b]) for a, b in article.paragraphs[:3]]
    body = "".join(f"<p>{marked_html(article.text, *part)}</p>" for part in inside)
    return Html(f'<div class="marked">{body}<p class="limits"><a href="{page_of(doc)}">The whole article</a></p></div>')


def count_table(
    corpus: Corpus, refs: pd.DataFrame, *, caption: str, counts: pd.DataFrame | None = None, name: str = ""
) -> Html:
    """A table of counts whose cells hold lists of sentences; each number leads to its sentences.

    `counts` gives the numbers where a sentence holds more than one unit of what is counted.
    """
    trail, rows = Trail(corpus, name or slug(caption)), []
    for at, label in enumerate(refs.index):
        numbers = [None] * len(refs.columns) if counts is None else counts.iloc[at]
        cells = list(zip(refs.columns, refs.iloc[at], numbers, strict=True))
        if at < MOST_ROWS:
            rows.append([text_html(label), *(trail.link(cell, f"{label}: {column}", shown) for column, cell, shown in cells)])
        else:
            rows.append([text_html(label), *(text_html(len(cell) if shown is None else shown) for _, cell, shown in cells)])
    numeric = [False] + [True] * len(refs.columns)
    return table_html(trail, caption, [refs.index.name or "", *refs.columns], rows, numeric=numeric, corner="td")


def text_table(
    corpus: Corpus, rows: pd.DataFrame, *, caption: str, refs: Sequence[Sequence[Ref]] | None = None, name: str = ""
) -> Html:
    """A table of plain values, escaped; with `refs`, the first cell of each row leads to the row's sentences."""
    trail, body = Trail(corpus, name or slug(caption)), []
    values = rows.astype(object).where(rows.notna(), None)
    numeric = [values[c].map(lambda v: v is None or (isinstance(v, Number) and not isinstance(v, bool))).all() for c in values]
    for number, (first, *rest) in enumerate(values.itertuples(index=False, name=None)):
        first = "" if first is None else first
        linked = refs is not None and number < MOST_ROWS
        label = trail.link(refs[number], f"{first} ({number + 1})", first) if linked else text_html(first)
        body.append([label, *(text_html(_shown(value)) for value in rest)])
    return table_html(trail, caption, list(rows.columns), body, numeric=numeric)


def _shown(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else value


def table_html(
    trail: Trail, caption: str, head: list[str], rows: list[list[str]], *,
    numeric: Sequence[bool] = (), corner: str = 'th scope="col"',
) -> Html:  # fmt: skip
    """A table that scrolls in its place, with the lists that its numbers lead to under it.

    `head` is plain text, the cells of `rows` are HTML, each row's label first; `numeric` columns stand to the right.
    """
    plain = [[*map(visible, head)], *([unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in rows)]
    longest = [max(map(len, column)) for column in zip(*plain, strict=True)]
    kinds = [' class="num"' if number else "" for number in numeric] or [""] * len(head)
    kinds = [kind or (' class="long"' if most > LONG_CELL else "") for kind, most in zip(kinds, longest, strict=True)]
    tags = [corner, *['th scope="col"'] * (len(head) - 1)]
    cells = [f"<{tag}{kind}>{text_html(column)}</{tag[:2]}>" for tag, kind, column in zip(tags, kinds, head, strict=True)]
    body = []
    for label, *rest in rows[:MOST_ROWS]:
        told = "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds[1:], rest, strict=True))
        body.append(f'<tr><th scope="row"{kinds[0]}>{label}</th>{told}</tr>')
    more = f'<p class="limits">The first {MOST_ROWS} of {len(rows)} rows; all stand in the CSV.</p>' if len(rows) > MOST_ROWS else ""
    table = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text_html(caption)}"><table>'
        f"<caption>{text_html(caption)}</caption><thead><tr>{''.join(cells)}</tr></thead><tbody>{''.join(body)}</tbody></table></div>{more}"
    )
    shown = [[float(cell) if re.fullmatch(r"-[\d.]*\d", cell) else cell for cell in row] for row in plain]
    shown[0][0] = shown[0][0] or "row"
    file = download(f"{trail.name}.csv", csv_text(shown), "CSV")
    return Html(f'<div class="tabled" id="table-{trail.name}">{table}{trail.lists_html(file)}</div>', caption)


def provenance(corpus: Corpus, *, coder: str) -> Html:
    """What a page was made from: the corpus by its hash, the coding, and the libraries by their versions."""
    return Html(f'<dl class="stamp">{"".join(f"<div><dt>{text_html(k)}</dt><dd>{text_html(v)}</dd></div>" for k, v in stamp(corpus, coder))}</dl>')


def stamp(corpus: Corpus, coder: str) -> list[tuple[str, str]]:
    """Name and value of everything that a page depends on."""
    from . import __version__

    libraries = [(name, version(name)) for name in ("pandas", "matplotlib", "seaborn", "scikit-learn", "nltk", "nupunkt")]
    return [("Corpus", f"sha256 {corpus.sha256}"), ("Coded by", coder), ("kzsec", __version__), *libraries]
