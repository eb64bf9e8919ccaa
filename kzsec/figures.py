"""Tables in, figures out: inline SVG whose every mark leads to its sentences, with alt text and caption.

matplotlib's own SVG output in an `<img>` has dead links; the same SVG inline in a `<figure>` keeps them.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill as wrapped
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Rectangle

from .claims import refused, survival_summary
from .codebook import KINDS, MODALITIES, VECTORS, VOICES
from .evidence import Html, Ref, Trail, download, slug, table_html, text_html, visible
from .patterns import Study, with_sentence_ref
from .topics import TopicModel, business

INK, MUTED, FAINT, PAPER = "#1c2330", "#566072", "#d9dde4", "#fefefe"
# how colours of the drawing follow the reader's light or dark scheme
SCHEME = {INK: "var(--ink,#1c2330)", MUTED: "var(--muted,#566072)", FAINT: "var(--line,#d9dde4)", PAPER: "var(--paper,#fefefe)"}
# Okabe and Ito's palette, told apart by readers with any colour vision; the same vector has one colour everywhere
VECTOR_COLOURS = {"russia": "#c1440e", "china": "#b58900", "nato": "#0072b2", "middle_east": "#00875f", "region": "#8467a8", "": "#6b7280"}
STANCE_COLOURS = {"cooperation": "#1d8a84", "friction": "#d0532f", "neutral": "#8a92a0"}
STANCE_SHAPES = {"cooperation": "o", "friction": "v", "neutral": "s"}
KIND_VERBS = dict(zip(KINDS, ("declares", "meets", "agrees", "supplies", "operates", "commits"), strict=True))
DOMAIN_SHAPES = {"security": "o", "economic": "s", "political": "^"}
FILLS = {modality: modality.replace("_", " ") for modality in MODALITIES}
RC = {
    "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9, "text.parse_math": False, "text.color": INK,
    "axes.edgecolor": MUTED, "axes.labelcolor": INK, "xtick.color": MUTED, "ytick.color": MUTED, "axes.titlecolor": INK,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "xtick.major.size": 0, "ytick.major.size": 0, "hatch.linewidth": 0.9,
    "figure.constrained_layout.use": True, "legend.frameon": False, "legend.fontsize": 8.5,
    **{f"axes.spines.{side}": False for side in ("top", "right", "left", "bottom")},
    **{f"{part}.facecolor": "none" for part in ("figure", "axes", "savefig")},
}  # fmt: skip
styled = mpl.rc_context(RC)  # a decorator: what the function draws is in the project's style
MOST_PANELS = 10
MOST_SENTENCES = 120
MOST_ROWS = 24
MOST_MARKS = 12


@styled
def publish(fig: Figure, trail: Trail, *, title: str, alt: str, caption: str) -> Html:
    """The figure as HTML: its finding as title, inline SVG with live links, caption, and its sentences.

    `alt` says what the picture shows to whoever cannot see it.
    """
    mpl.rcParams["svg.hashsalt"] = trail.name
    drawn = _drawing(fig)
    files = download(f"{trail.name}.svg", _svg_file(drawn, title, alt), "SVG"), download(f"{trail.name}.png", _png_file(fig), "PNG")
    least = min(620, int(fig.get_size_inches()[0] * 72))
    html = (
        f'<figure class="chart" id="fig-{trail.name}" style="--least:{least}px"><p class="title">{text_html(title)}</p>'
        f'<div class="canvas" tabindex="0" role="region" aria-label="Figure: {text_html(title)}">{_inline_svg(drawn, trail, alt)}</div>'
        f"<figcaption>{text_html(caption)}</figcaption>{trail.lists_html(*files)}</figure>"
    )
    return Html(html, f"{title}. {alt}")


def _saved(fig: Figure, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    fig.savefig(file, **options)
    return file


def _drawing(fig: Figure) -> str:
    """The drawing as SVG without clock time, random ids and characters that change how text reads."""
    svg = _saved(fig, format="svg", metadata={"Date": None, "Creator": None}).getvalue().decode()
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return visible(re.sub(r"\n\s*", " ", re.sub(r'(<g) id="[^"]*"', r"\1", svg)))


def _svg_file(svg: str, title: str, alt: str) -> str:
    """The drawing to take away: its ink fixed, its links, which would lead nowhere, taken out, its finding told."""
    told = f"<title>{text_html(title)}</title><desc>{text_html(alt)}</desc>"
    return re.sub(r"(<svg\b[^>]*>)", lambda found: found.group() + told, re.sub(r"</?a\b[^>]*>", "", svg), count=1) + "\n"


def _png_file(fig: Figure) -> bytes:
    """The drawing in pixels, in so few colours as it has."""
    from PIL import Image

    drawn, file = Image.open(_saved(fig, format="png", dpi=150, facecolor=PAPER)), io.BytesIO()
    drawn.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _inline_svg(svg: str, trail: Trail, alt: str) -> str:
    """The drawing for a page: its ink follows the reader's scheme, its link tokens are replaced by addresses."""
    for colour, scheme in SCHEME.items():
        svg = svg.replace(colour, scheme)
    anchors = [f'<a href="{url}"><title>{text_html(label)}</title>' for url, label in trail.marks]
    svg = re.sub(r'<a xlink:href="mark-(\d+)"[^>]*>', lambda found: anchors[int(found.group(1))], svg)
    size = re.search(r'viewBox="([^"]*)"', svg).group(1)
    head = f'<svg viewBox="{size}" role="group" aria-label="{text_html(alt)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    return head + svg[svg.index(">") + 1 :]


# --- marks -----------------------------------------------------------------------------------------


class Mark(NamedTuple):
    """One mark of a matrix: its cell, sentences, label and looks."""

    row: str
    column: str
    refs: Sequence[Ref]
    label: str
    colour: str = INK
    shape: str = "o"
    fill: str = "done"
    text: str = ""

    def draw(self, ax, x: float, y: float, token: str = "") -> list:
        """The mark at a place: filled done, half under way, open scheduled, dashed ring sought, crossed denied."""
        looks = [{
            "marker": self.shape, "facecolor": self.colour if self.fill == "done" else PAPER, "edgecolor": self.colour,
            "linewidth": 1.3, "linestyle": (0, (1.6, 1.4)) if self.fill == "sought" else "solid", "zorder": 3,
        }]  # fmt: skip
        if self.fill == "under_way":
            half = MarkerStyle(self.shape, fillstyle="left")
            half = half.get_path().transformed(half.get_transform())
            looks.append({"marker": half, "facecolor": self.colour, "edgecolor": "none", "zorder": 4})
        if self.fill == "denied":
            looks.append({"marker": "x", "color": self.colour, "linewidth": 1.3, "zorder": 4})
        drawn = [ax.scatter([x], [y], s=56, **look) for look in looks]
        for artist in drawn if token else ():
            artist.set_urls([token])
        return drawn


def mark_matrix(
    trail: Trail, marks: Sequence[Mark], *, rows: dict[str, str], columns: dict[str, str],
    legend: Iterable[tuple[str, dict]], width: float = 9.2,
) -> Figure:  # fmt: skip
    """Marks in the cells of a table, a row for each of `rows` and a column for each of `columns` (id to label).

    A cell with more marks than fit shows their number over a bar of their colours, as long as they are many, linked to
    all their sentences. `legend` has the looks of marks under their meaning, in a strip of their own under the drawing.
    """
    across = 4 if len(columns) < 8 else 3
    cells: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        cells.setdefault((mark.row, mark.column), []).append(mark)
    labels = {row: wrapped(label, 40) for row, label in rows.items()}
    lines = {}  # the height of a row, in marks
    for row in rows:
        most = max((n for column in columns if (n := len(cells.get((row, column), ()))) <= MOST_MARKS), default=0)
        counted = any(len(cells.get((row, column), ())) > MOST_MARKS for column in columns)
        lines[row] = max(1 + 0.5 * counted, -(-most // across), 0.6 * (labels[row].count("\n") + 1))
    tops = dict(zip(rows, np.cumsum([0, *lines.values()]), strict=False))
    height = sum(lines.values())
    fig = Figure(figsize=(width, 0.55 + 0.27 * height))
    ax = fig.add_subplot()
    ax.set(xlim=(0, len(columns)), ylim=(height, 0))
    largest = max(map(len, cells.values()), default=0)
    for (row, column), inside in cells.items():
        place = list(columns).index(column), tops[row] + lines[row] / 2
        if len(inside) > MOST_MARKS:
            _fill_counted(ax, trail, inside, *place, largest)
        else:
            _fill_cell(ax, trail, inside, *place, 1 if largest == 1 else across)
    for top in [*tops.values(), height]:
        ax.axhline(top, color=FAINT, linewidth=0.8, zorder=0)
    for at in range(len(columns) + 1):
        ax.axvline(at, color=FAINT, linewidth=0.8, zorder=0)
    ax.set_xticks(np.arange(len(columns)) + 0.5, list(columns.values()), fontsize=9 if len(columns) < 9 else 8)
    ax.set_yticks([tops[row] + lines[row] / 2 for row in rows], list(labels.values()))
    ax.xaxis.tick_top()
    told = {meaning: tuple(Mark("", "", (), "", **look).draw(ax, np.nan, np.nan)) for meaning, look in legend}
    fig.legend(told.values(), told.keys(), loc="outside lower left", ncols=min(len(told), 8), handletextpad=0.1,
               columnspacing=1.0, handler_map={tuple: HandlerTuple(ndivide=1, pad=0)})  # fmt: skip
    return fig


def _fill_counted(ax, trail: Trail, marks: list[Mark], column: int, middle: float, largest: int) -> None:
    token = trail.mark([ref for mark in marks for ref in mark.refs], f"{marks[0].row}, {marks[0].column}: {len(marks)}")
    ax.text(column + 0.06, middle - 0.22, str(len(marks)), ha="left", va="center", fontweight="bold", url=token)
    left = column + 0.06
    for colour, count in Counter(mark.colour for mark in marks).items():
        width = 0.88 * count / largest
        ax.add_patch(Rectangle((left, middle + 0.1), width, 0.34, facecolor=colour, linewidth=0, url=token))
        left += width


def _fill_cell(ax, trail: Trail, marks: list[Mark], column: int, middle: float, across: int) -> None:
    for number, mark in enumerate(marks):
        x = column + (number % across + 0.5) / across
        y = middle + (number // across - (-(-len(marks) // across) - 1) / 2)
        mark.draw(ax, x, y, trail.mark(mark.refs, mark.label))
        if mark.text:
            ax.text(x, y, mark.text, ha="center", va="center", fontsize=6, color=PAPER, zorder=5)


# --- the figures -----------------------------------------------------------------------------------


@styled
def barcode(study: Study) -> Html:
    """Every coded sentence in reading order: up is cooperation, down friction, the middle neutral; texture is the voice."""
    corpus, trail = study.corpus, Trail(study.corpus, "barcode")
    names, labels, stories = study.names(), study.labels(), study.stories()
    ordered = sorted(corpus.articles, key=lambda a: (a.issued_after or str(a.year or "9999"), a.doc))
    strips = {a.doc: a.sentences[:MOST_SENTENCES] for a in [a for a in ordered if a.doc in stories][:MOST_PANELS]}
    if not strips:
        return refused(corpus, "The order of stances in each article", "no sentence speaks of a partner")
    longest, total = max(map(len, strips.values())), sum(map(len, strips.values()))
    fig = Figure(figsize=(9.2, 0.4 + 1.42 * len(strips)))
    for ax, (doc, strip) in zip(fig.subplots(len(strips), 1, squeeze=False)[:, 0], strips.items(), strict=True):
        order = {(doc, s.para, s.sent): n for n, s in enumerate(strip)}
        for row in (c for c in study.codings if c.ref in order):
            level = len(VECTORS) - 1 - list(VECTORS).index(row.vector)
            low, tall = {"cooperation": (0.04, 0.4), "friction": (-0.44, 0.4), "neutral": (-0.14, 0.28)}[row.stance]
            words = f"{names[doc]}, {VECTORS[row.vector]}: {row.stance}{f' ({row.limit})' if row.limit else ''}, {row.voice}"
            style = _voice_style(row.voice, STANCE_COLOURS[row.stance])
            tile = Rectangle((order[row.ref] + 0.06, level + low), 0.88, tall, **style)
            tile.set_url(trail.mark([row.ref], words))
            ax.add_patch(tile)
        for level in range(len(VECTORS)):
            ax.plot([0, len(strip)], [level, level], color=FAINT, linewidth=0.7, zorder=0)
        for at in (n for n, s in enumerate(strip) if s.sent == 0):
            ax.plot([at, at], [-0.5, len(VECTORS) - 0.5], color=FAINT, linewidth=0.7, zorder=0)
        ax.set(xlim=(0, longest), ylim=(-0.55, len(VECTORS) - 0.45), xticks=[])
        ax.set_yticks(range(len(VECTORS)), list(VECTORS.values())[::-1], fontsize=8)
        ax.set_title(f"{labels[doc]}: {len(strip)} sentences", loc="left", fontsize=9, fontweight="bold", pad=3)
    places = dict(zip(STANCE_COLOURS, ("above", "below", "across"), strict=True))
    handles = [Rectangle((0, 0), 1, 1, facecolor=colour, label=f"{s} ({places[s]})") for s, colour in STANCE_COLOURS.items()]
    handles += [Rectangle((0, 0), 1, 1, label=voice, **_voice_style(voice, MUTED)) for voice in VOICES]
    fig.legend(handles=handles, loc="outside lower left", ncols=6, columnspacing=1.2, handlelength=1.3)
    stances = Counter((c.doc, c.stance == "friction") for c in study.codings if c.vector == "russia")
    friction = {doc: (stances[doc, True], stances[doc, True] + stances[doc, False]) for doc in stories}
    high, low = (_listed([names[doc] for doc, (n, of) in friction.items() if of and (n / of >= 0.5) is most]) for most in (True, False))
    finding = f"Alignment depends on which story is told: Russia is mostly friction in {high}, mostly not in {low}"
    told = [f"{names[doc]}, mostly {VECTORS[stories[doc]]}: {n} of {of} codings of Russia are friction"
            for doc, (n, of) in friction.items()]  # fmt: skip
    cut = f" Shown are {total} of {len(corpus.sentences)} sentences, the first of {len(strips)} of {len(corpus.articles)} articles."
    return publish(
        fig, trail, title=finding if high and low else "Which partner each sentence is about, and how",
        alt=f"A strip for each of {len(strips)} articles, its {total} sentences from left to right in five rows, one a partner. "
        f"{'; '.join(told[:MOST_PANELS])}.",
        caption=f"Each bar is a coded sentence ({len(trail.marks)} codings of {total} "
        "sentences): above the line cooperation, below it friction, across it neutral; plain for what the author reports, "
        "striped for an official’s words, hollow for the analyst’s judgement. Thin lines part paragraphs; articles by date, each "
        f"with the partner that most of its codings have.{cut if total < len(corpus.sentences) else ''} Coded by {study.coder}.",
    )  # fmt: skip


def _voice_style(voice: str, colour: str) -> dict:
    """Plain for a report, striped for an official's words, hollow for the analyst's judgement."""
    if voice == "judgement":
        return {"facecolor": PAPER, "edgecolor": colour, "linewidth": 1.1}
    return {"facecolor": colour, "edgecolor": PAPER, "linewidth": 0, "hatch": "/////" if voice == "official" else None}


@styled
def who_does_what(study: Study) -> Html:
    """Acts by partner and kind; a contested act stands in each place that a reasonable coder could give it."""
    acts, rows, trail, marks = study.acts, partner_rows(study), Trail(study.corpus, "who-does-what"), []
    if not acts:
        return refused(study.corpus, "Who does what", "no act with a partner is reported")
    for act in acts:
        for row, note in [*((p, "") for p in act.partners), *((v, " (contested)") for v in act.contested)]:
            if row in rows:
                label = f"{rows[row]} {KIND_VERBS[act.kind]}, {FILLS[act.modality]}{note}: {act.what}"
                shape, text = DOMAIN_SHAPES.get(act.domain, "D"), "!" if act.tone == "contentious" else ""
                marks.append(Mark(row, act.kind, [act.ref], label, _colour_of(study, row), shape, act.modality, text))
    legend = [(FILLS[m], {"fill": m}) for m in FILLS if any(act.modality == m for act in acts)]
    legend += [(domain, {"shape": shape}) for domain, shape in DOMAIN_SHAPES.items()]
    fig = mark_matrix(trail, marks, rows=rows, columns=KIND_VERBS, legend=legend)
    leads, told, divided = [], [], True
    for kind, noun in (("commitment", "commitments"), ("operation", "operations"), ("support", "support")):
        chosen = [act for act in acts if act.kind == kind]
        if counts := Counter(p for act in chosen for p in act.partners):
            partner = _commonest(counts)[0]
            leads.append(f"{noun} most with {study.partner_name(partner)} ({counts[partner]} of {len(chosen)})")
            divided &= counts[partner] > len(chosen) / 3
    for partner, name in list(rows.items())[:12]:
        counts = Counter(act.kind for act in acts if partner in act.partners)
        if counts:
            told.append(f"{name}: " + ", ".join(f"{KIND_VERBS[kind]} {counts[kind]}" for kind in KINDS if counts[kind]))
    return publish(
        fig, trail, title=("A division of labour, not a balance: " if divided else "Who does what: ") + ", ".join(leads) if len(leads) > 1 else "Who does what",
        alt=f"A table of {len(acts)} acts, a row for each of {len(rows)} partners and a column for each kind of act. {'; '.join(told)}.",
        caption=f"Each mark is an act between Kazakhstan and a partner that the articles report ({len(acts)} acts in "
        f"{len({act.doc for act in acts})} articles; an act with several partners stands in each row). Filled: done; half: under way; "
        "open: scheduled; dashed: sought, that is asked for, offered or aimed at; crossed: denied. Circle: security; square: economic; "
        "triangle: political; !: contentious. “Supplies” is equipment, training, money or intelligence in either direction. Colours are "
        f"the vectors’; “contested” holds an act that a reasonable coder could also place there. Coded by {study.coder}.",
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    """Names one by one, or how many articles they are."""
    return ", ".join(names) if len(names) <= MOST_PANELS else f"{len(names)} articles"


def _commonest(counts: Counter) -> list:
    """What is counted, most first, ties in order of name."""
    return sorted(counts, key=lambda value: (-counts[value], value))


def _colour_of(study: Study, partner: str) -> str:
    return VECTOR_COLOURS[partner if partner in VECTORS else (study.partner_vectors(partner) or ("",))[0]]


def partner_rows(study: Study) -> dict[str, str]:
    """Partners of acts as rows: by vector, within it by number of acts; names for ids; contested vectors last."""
    order = [*VECTORS, ""]
    found = _commonest(Counter(p for act in study.acts for p in act.partners))
    chosen = sorted(found, key=lambda p: order.index((study.partner_vectors(p) or ("",))[0]))[:MOST_ROWS]
    contested = sorted({v for act in study.acts for v in act.contested})
    return {p: study.partner_name(p) for p in chosen} | {v: f"{VECTORS.get(v, v)} (contested)" for v in contested}


@styled
def officials_by_partner(study: Study, offices: dict[tuple[str, str], str]) -> Html:
    """Kazakhstan's officials by partner: dots for acts they take part in, squares for statements of theirs.

    `offices` gives (doc, person id) the person's name with the office held in that article.
    """
    trail, marks, attended = Trail(study.corpus, "officials"), [], 0
    people: dict[str, list[Sequence[str]]] = {}
    for act in study.acts:
        who = [offices[act.doc, p] for p in act.participants if (act.doc, p) in offices]
        attended += bool(who)
        for name in {person.split(",")[0] for person in who}:
            people.setdefault(name, []).append(act.partners)
        for person in who:
            for partner in act.partners:
                label = f"{person} and {study.partner_name(partner)}, {KIND_VERBS[act.kind]}, {FILLS[act.modality]}: {act.what}"
                shape = "s" if act.kind == "statement" else "o"
                marks.append(Mark(person, partner, [act.ref], label, _colour_of(study, partner), shape, act.modality))
    if not marks:
        return refused(study.corpus, "Who carries which partner", "no official of Kazakhstan takes part in a reported act")
    shown = [p for p in partner_rows(study) if any(mark.column == p for mark in marks)][:10]
    columns = {p: study.partner_name(p).replace(" ", "\n") for p in shown}
    rows = {person: person for person in _commonest(Counter(mark.row for mark in marks))[:MOST_ROWS]}
    kept = [mark for mark in marks if mark.row in rows and mark.column in columns]
    legend = [("takes part in an act", {}), ("makes a statement", {"shape": "s"}),
              *((FILLS[m], {"fill": m}) for m in ("under_way", "scheduled", "sought"))]  # fmt: skip
    fig = mark_matrix(trail, kept, rows=rows, columns=columns, legend=legend)
    busiest = max(people, key=lambda p: (len(people[p]), p))
    told = {person: sorted({study.partner_name(mark.column) for mark in marks if mark.row == person}) for person in rows}
    return publish(
        fig, trail, title=f"{len(people)} people carry the {attended} acts with a named official; the busiest, {busiest}, is in "
        f"{len(people[busiest])}, with {len(set().union(*people[busiest]))} partners",
        alt=f"A table of {len(rows)} officials by {len(columns)} partners with {len(kept)} marks. "
        + "; ".join(f"{person}: {', '.join(partners)}" for person, partners in told.items()) + ".",
        caption=f"Each mark is an official of Kazakhstan taking part in an act ({len(marks)} marks from {len({a.doc for a in study.acts})} "
        f"articles), with the office that the article gives. Coded by {study.coder}.",
    )  # fmt: skip


@styled
def issue_by_partner(study: Study, model: TopicModel | None) -> Html:
    """Paragraphs by their main topic and coded vector; a mark is a paragraph, coloured by its prevailing stance."""
    if model is None:
        return refused(study.corpus, "Issue by partner", "there are too few paragraphs or words for topics")
    trail, short, marks = Trail(study.corpus, "issue-by-partner"), study.names(), []
    main = {(row.doc, row.para): str(row.topic) for row in model.paragraphs.itertuples(index=False)}
    grouped: dict[tuple[str, int, str], list[Any]] = {}
    for row in study.codings:
        grouped.setdefault((row.doc, row.para, row.vector), []).append(row)
    for (doc, para, vector), rows in sorted(grouped.items()):
        if (doc, para) in main:
            stance = _commonest(Counter(row.stance for row in rows))[0]
            label = f"{short[doc]} paragraph {para + 1}, {VECTORS[vector]}: mostly {stance}, {len(rows)} codings"
            refs = [row.ref for row in rows]
            marks.append(Mark(main[doc, para], vector, refs, label, STANCE_COLOURS[stance], STANCE_SHAPES[stance]))
    rows = {str(topic): name for topic, name in model.names().items()}
    widest = max(business(study, model).itertuples(), key=lambda row: row.of, default=None)
    finding = "Topics by partner" if widest is None else (
        f"{'Same pole, different business: t' if 2 * widest.paragraphs <= widest.of else 'T'}he {widest.of} paragraphs on {VECTORS[widest.vector]} spread over {widest.spread} topics, "
        f"at most {widest.paragraphs} in one"
    )  # fmt: skip
    legend = [(f"mostly {s}", {"shape": STANCE_SHAPES[s], "colour": colour}) for s, colour in STANCE_COLOURS.items()]
    fig = mark_matrix(trail, marks, rows=rows, columns=VECTORS, legend=legend)
    cells = Counter((mark.row, mark.column) for mark in marks)
    told = [f"{name}: " + ", ".join(f"{VECTORS[v]} {cells[t, v]}" for v in VECTORS if cells[t, v]) for t, name in rows.items()]
    return publish(
        fig, trail, title=finding,
        alt=f"A table of {len(rows)} topics by five partners with {len(marks)} marks, one a paragraph and partner. {'; '.join(told)}.",
        caption=f"Each mark is a paragraph in which the partner is coded ({len(marks)} marks, {len(main)} paragraphs{model.sample}): its row is the "
        f"topic with the largest share of its words. Coded by {study.coder}.",
    )  # fmt: skip


def said_done_limited(study: Study) -> Html:
    """A row a partner: what officials said, what was done, what limits it, in eight words of a sentence, and how often each."""
    trail, words = Trail(study.corpus, "said-done-limited"), _cue_words(study)
    texts = trail.sentences()
    deeds = [act for act in study.acts if act.modality in ("done", "under_way") and act.kind != "statement"]
    done = sorted(deeds, key=lambda act: -KINDS.index(act.kind))
    named: dict[tuple[str, Ref], list[str]] = {}
    for m in with_sentence_ref(study.coding.mentions).itertuples(index=False):
        named.setdefault((m.id, m.ref), []).append(m.text)
    chosen = _commonest(Counter(p for row in study.codings for p in row.partners))[:10]
    body = []
    for partner in [p for p in partner_rows(study) if p in chosen] or chosen:
        name, own = study.partner_name(partner), [row for row in study.codings if partner in row.partners]
        parts = {
            "said": [row for row in own if row.voice == "official" and row.stance == "cooperation"],
            "done": [act for act in done if partner in act.partners],
            "limited": [row for row in own if row.stance == "friction" or row.hedged],
        }
        cells = []
        for part, found in parts.items():
            refs, cues = [row.ref for row in found], words["friction" if part == "limited" else "cooperation"]
            quotes = [(*excerpt(texts[ref], cues, named.get((partner, ref), ())), ref) for ref in refs[:8]]
            _, quote, ref = max(quotes, key=lambda q: q[0], default=(0, "", None))
            link = f'“{trail.link([ref], f"{name}, {part}: quoted", quote)}” ' if refs else ""
            cells.append(f"{link}<small>({trail.link(refs, f'{name}, {part}')})</small>")
        body.append([text_html(name), *cells])
    caption = "Said, done, limited: hedges travel with overtures (in parentheses how many sentences)"
    return table_html(trail, caption, ["Partner", "Officials said", "Done or under way", "Limited or hedged"], body)


def _cue_words(study: Study) -> dict[str, re.Pattern[str]]:
    """The codebook's cue words of cooperation, and of friction and hedging, as patterns."""
    found: dict[str, set[str]] = {"cooperation": set(), "friction": set()}
    for row in study.codebook["cues"]:
        if row["column"] in ("stance", "hedged"):
            side = "cooperation" if row["value"] == "cooperation" else "friction"
            found[side].update(p for p in row["pattern"].split("|") if p and not p.startswith("*"))
    return {side: re.compile("|".join(rf"\b{re.escape(p).replace(chr(92) + '*', chr(92) + 'w*')}\b" for p in sorted(cues)), re.I)
            for side, cues in found.items()}  # fmt: skip


def excerpt(sentence: str, cues: re.Pattern[str], names: Sequence[str] = ()) -> tuple[int, str]:
    """The eight words of the sentence that hold most cue words, a name counting double, the first such; with that score."""
    words = list(re.finditer(r"\S+", re.sub(r"\([^()]*\)", lambda found: " " * len(found.group()), sentence)))
    hits = [found.start() for found in cues.finditer(sentence)]
    spots = [found.start() for name in dict.fromkeys(names) for found in re.finditer(re.escape(name), sentence)]
    best, most = words[:8], -1
    for at in range(max(1, len(words) - 7)):
        window = words[at : at + 8]
        inside = sum(window[0].start() <= spot < window[-1].end() for spot in [*hits, *spots[:1], *spots[:1]])
        if inside > most:
            best, most = window, inside
    text = sentence[best[0].start() : best[-1].end()] if best else sentence
    before, after = ("… " if best and best[0] != words[0] else ""), (" …" if best and best[-1] != words[-1] else "")
    return most, before + " ".join(text.split()).strip(".,;:“”\"’") + after


@styled
def bars(study: Study, refs: pd.Series, *, title: str, unit: str, of: int) -> Html:
    """Horizontal bars of how many sentences stand behind each entry of `refs` (lists of refs by label), of `of` in all."""
    if refs.empty:
        return refused(study.corpus, title, f"there is no {unit}")
    trail = Trail(study.corpus, slug(unit))
    fig = Figure(figsize=(8.0, 0.35 + 0.27 * len(refs)))
    ax = fig.add_subplot()
    drawn = ax.barh([str(label) for label in refs.index], refs.map(len), color=VECTOR_COLOURS["nato"], height=0.68)
    for bar, (label, cell) in zip(drawn, refs.items(), strict=True):
        bar.set_url(trail.mark(cell, f"{label}: {len(cell)}"))
        ax.text(bar.get_width(), bar.get_y() + bar.get_height() / 2, f" {len(cell)}", va="center", fontsize=8.5)
    ax.invert_yaxis()
    ax.set_xticks([])
    alt = "; ".join(f"{label} {len(cell)}" for label, cell in refs.items())
    return publish(
        fig, trail, title=title, alt=f"Bars of sentences by {unit}: {alt}.",
        caption=f"Sentences by {unit}, of {of} in {len(study.corpus.articles)} articles; the {len(refs)} most frequent.",
    )  # fmt: skip


@styled
def survival_matrix(study: Study, found: pd.DataFrame) -> Html:
    """Headlines by single choice: filled where it holds, crossed where not, open where too little is left to tell."""
    looks = {True: ("holds", "done", STANCE_COLOURS["cooperation"]), False: ("does not hold", "denied", STANCE_COLOURS["friction"]),
             None: ("not estimable", "scheduled", MUTED)}  # fmt: skip
    trail, marks, single = Trail(study.corpus, "survival"), [], found[found["choices"].map(len) <= 1]
    for row in single.itertuples(index=False):
        choice, (words, look, colour) = next(iter(row.choices), "as coded"), looks[row.holds]
        marks.append(Mark(row.claim, choice, row.refs, f"{choice}: {words}. {row.says}", colour, fill=look))
    held = single["holds"].eq(True).groupby(single["claim"], sort=False).agg(["sum", "size"])
    rows = {row.Index: f"{row.Index}: {row.sum} of {row.size}" for row in held.itertuples()}
    columns = {mark.column: mark.column.replace(" ", "\n") for mark in marks}
    legend = [(words, {"fill": look, "colour": colour}) for words, look, colour in looks.values()]
    fig = mark_matrix(trail, marks, rows=rows, columns=columns, legend=legend, width=10.4)
    summary = survival_summary(found)
    return publish(
        fig, trail, title=f"{(summary['holds in'] == summary['of results']).sum()} of {len(summary)} headlines hold under every choice and "
        "every combination tried",
        alt=f"A table of {len(rows)} headlines by {len(columns)} choices. "
        + "; ".join(f"{r.claim} holds in {r[2]} of {r[3]} results" for r in summary.itertuples()) + ".",
        caption="Filled: the headline holds; crossed: it does not; open: too little is left to tell. Columns are single choices, counted "
        f"behind each headline; the title speaks of all {found['choices'].nunique()} variants, the combinations of the recodings "
        "included. A mark leads to the sentences that the headline stands on.",
    )  # fmt: skip
