"""Tables in, figures out: inline SVG whose every mark leads to its sentences, with alt text and caption.

matplotlib's own SVG output in an `<img>` has dead links; the same SVG inline in a `<figure>` keeps them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Rectangle

from .claims import refused, stories, survival_summary
from .codebook import KINDS, VECTORS, VOICES
from .evidence import Html, Ref, Trail, download, slug, table_html, text_html, visible
from .patterns import Study, with_sentence_ref

if TYPE_CHECKING:
    from .corpus import Sentence
    from .topics import TopicModel

INK, MUTED, FAINT = "#1c2330", "#566072", "#d9dde4"
PAPER = "#fefefe"
# Okabe and Ito's palette, told apart by readers with any colour vision; the same vector has one colour everywhere
VECTOR_COLOURS = {"russia": "#c1440e", "china": "#b58900", "nato": "#0072b2", "middle_east": "#00875f", "region": "#8467a8", "": "#6b7280"}
STANCE_COLOURS = {"cooperation": "#1d8a84", "friction": "#d0532f", "neutral": "#8a92a0"}
STANCE_SHAPES = {"cooperation": "o", "friction": "v", "neutral": "s"}
KIND_VERBS = dict(zip(KINDS, ("declares", "meets", "agrees", "supplies", "operates", "commits"), strict=True))
DOMAIN_SHAPES = {"security": "o", "economic": "s", "political": "^"}
FILLS = {"done": "done", "under_way": "under way", "scheduled": "scheduled", "sought": "sought", "denied": "denied"}
# how colours of the drawing follow the reader's light or dark scheme
SCHEME = {INK: "var(--ink,#1c2330)", MUTED: "var(--muted,#566072)", FAINT: "var(--line,#d9dde4)", PAPER: "var(--paper,#fefefe)"}
RC = {
    "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9, "text.parse_math": False, "text.color": INK,
    "axes.edgecolor": MUTED, "axes.labelcolor": INK, "xtick.color": MUTED, "ytick.color": MUTED, "axes.spines.top": False,
    "axes.spines.right": False, "xtick.labelcolor": INK, "ytick.labelcolor": INK, "figure.facecolor": "none",
    "axes.facecolor": "none", "savefig.facecolor": "none", "hatch.linewidth": 0.9,
}  # fmt: skip
MOST_PANELS = 10
MOST_SENTENCES = 120
MOST_ROWS = 24
MOST_MARKS = 12


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in the project's style, in inches; never shown by itself."""
    with mpl.rc_context(RC):
        return Figure(figsize=(width, height), layout="constrained")


def publish(fig: Figure, trail: Trail, *, title: str, alt: str, caption: str) -> Html:
    """The figure as HTML: its finding as title, inline SVG with live links, caption, and its sentences.

    `alt` says what the picture shows to whoever cannot see it.
    """
    drawn = _drawing(fig, trail)
    svg = _inline_svg(drawn, trail, alt)
    files = download(f"{trail.name}.svg", _svg_file(drawn, title, alt), "SVG"), download(f"{trail.name}.png", _png_file(fig), "PNG")
    least = min(620, int(fig.get_size_inches()[0] * 72))
    html = (
        f'<figure class="chart" id="fig-{trail.name}" style="--least:{least}px"><p class="title">{text_html(title)}</p>'
        f'<div class="canvas" tabindex="0" role="region" aria-label="Figure: {text_html(title)}">{svg}</div>'
        f"<figcaption>{text_html(caption)}</figcaption>{trail.lists_html(*files)}</figure>"
    )
    return Html(html, f"{title}. {alt}")


def _drawing(fig: Figure, trail: Trail) -> str:
    """The drawing as SVG without clock time, random ids and characters that change how text reads."""
    buffer = io.StringIO()
    with mpl.rc_context({**RC, "svg.hashsalt": trail.name}):
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<g) id="[^"]*"', r"\1", svg)
    return visible(re.sub(r"\n\s*", " ", svg))


def _svg_file(svg: str, title: str, alt: str) -> str:
    """The drawing to take away: its ink fixed, its links, which would lead nowhere, taken out, its finding told."""
    told = f"<title>{text_html(title)}</title><desc>{text_html(alt)}</desc>"
    return re.sub(r"(<svg\b[^>]*>)", lambda found: found.group() + told, re.sub(r"</?a\b[^>]*>", "", svg), count=1) + "\n"


def _png_file(fig: Figure) -> bytes:
    """The drawing in pixels, in so few colours as it has."""
    from PIL import Image

    drawn, file = io.BytesIO(), io.BytesIO()
    with mpl.rc_context(RC):
        fig.savefig(drawn, format="png", dpi=150, facecolor=PAPER)
    Image.open(drawn).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def _inline_svg(svg: str, trail: Trail, alt: str) -> str:
    """The drawing for a page: its ink follows the reader's scheme, its link tokens are replaced by addresses."""
    for colour, scheme in SCHEME.items():
        svg = svg.replace(colour, scheme)
    svg = re.sub(r'<a xlink:href="mark-(\d+)"[^>]*>', lambda found: _anchor(trail, int(found.group(1))), svg)
    size = re.search(r'viewBox="([^"]*)"', svg).group(1)
    head = f'<svg viewBox="{size}" role="group" aria-label="{text_html(alt)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    return head + svg[svg.index(">") + 1 :]


def _anchor(trail: Trail, number: int) -> str:
    url, label = trail.marks[number]
    return f'<a href="{url}"><title>{text_html(label)}</title>'


# --- marks -----------------------------------------------------------------------------------------


def _half(shape: str) -> object:
    style = MarkerStyle(shape, fillstyle="left")
    return style.get_path().transformed(style.get_transform())


def draw_mark(ax, x: float, y: float, *, shape: str, fill: str, colour: str, token: str = "", size: float = 56) -> list:
    """One act: filled done, half under way, open scheduled, dashed ring sought, crossed denied."""
    face = colour if fill == "done" else PAPER
    line = (0, (1.6, 1.4)) if fill == "sought" else "solid"
    outline = ax.scatter([x], [y], s=size, marker=shape, facecolor=face, edgecolor=colour, linewidth=1.3, linestyle=line, zorder=3)
    drawn = [outline]
    if fill == "under_way":
        drawn.append(ax.scatter([x], [y], s=size, marker=_half(shape), facecolor=colour, edgecolor="none", zorder=4))
    if fill == "denied":
        drawn.append(ax.scatter([x], [y], s=size, marker="x", color=colour, linewidth=1.3, zorder=4))
    if token:
        for artist in drawn:
            artist.set_urls([token])
    return drawn


@dataclass(frozen=True)
class Mark:
    """One mark of a matrix: its cell, looks, sentences and label."""

    row: str
    column: str
    refs: tuple[Ref, ...]
    label: str
    colour: str
    shape: str = "o"
    fill: str = "done"
    text: str = ""


def mark_matrix(trail: Trail, marks: Sequence[Mark], *, rows: dict[str, str], columns: dict[str, str], width: float = 9.2) -> Figure:
    """Marks in the cells of a table, a row for each of `rows` and a column for each of `columns` (id to label).

    A cell with more marks than fit shows their number, linked to all their sentences.
    """
    across = 4 if len(columns) < 8 else 3
    cells: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        cells.setdefault((mark.row, mark.column), []).append(mark)
    labels = {row: fill(label, 40) for row, label in rows.items()}
    lines = {}  # the height of a row, in marks
    for row in rows:
        most = max((min(len(cells.get((row, column), ())), MOST_MARKS) for column in columns), default=0)
        lines[row] = max(1, -(-most // across), 0.6 * (labels[row].count("\n") + 1))
    several = any(len(inside) > 1 for inside in cells.values())
    tops = dict(zip(rows, np.cumsum([0, *lines.values()]), strict=False))
    height = sum(lines.values())
    fig = new_figure(width, 0.55 + 0.27 * height)
    with mpl.rc_context(RC):
        ax = fig.add_subplot()
        ax.set(xlim=(0, len(columns)), ylim=(height, 0))
        for (row, column), inside in cells.items():
            _fill_cell(ax, trail, inside, list(columns).index(column), tops[row], lines[row], across if several else 1)
        for top in [*tops.values(), height]:
            ax.axhline(top, color=FAINT, linewidth=0.8, zorder=0)
        for at in range(len(columns) + 1):
            ax.axvline(at, color=FAINT, linewidth=0.8, zorder=0)
        ax.set_xticks(np.arange(len(columns)) + 0.5, list(columns.values()), fontsize=9 if len(columns) < 9 else 8)
        ax.set_yticks([tops[row] + lines[row] / 2 for row in rows], list(labels.values()))
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return fig


def _fill_cell(ax, trail: Trail, marks: list[Mark], column: int, top: float, lines: float, across: int) -> None:
    if len(marks) > MOST_MARKS:
        refs = [ref for mark in marks for ref in mark.refs]
        label = f"{marks[0].row}, {marks[0].column}: {len(marks)}"
        ax.text(column + 0.5, top + lines / 2, str(len(marks)), ha="center", va="center", fontweight="bold", url=trail.mark(refs, label))
        return
    for number, mark in enumerate(marks):
        x = column + (number % across + 0.5) / across
        y = top + lines / 2 + (number // across - (-(-len(marks) // across) - 1) / 2)
        token = trail.mark(mark.refs, mark.label)
        draw_mark(ax, x, y, shape=mark.shape, fill=mark.fill, colour=mark.colour, token=token)
        if mark.text:
            ax.text(x, y, mark.text, ha="center", va="center", fontsize=6, color=PAPER, zorder=5)


def _legend(fig: Figure, entries: Sequence[tuple[str, dict]]) -> None:
    """Marks with their meaning (`draw_mark`'s options), in a strip of their own under the drawing."""
    ax = fig.axes[0]
    with mpl.rc_context(RC):
        handles = [tuple(draw_mark(ax, np.nan, np.nan, **{"shape": "o", "fill": "done", "colour": INK, **look})) for _, look in entries]
        fig.legend(
            handles, [name for name, _ in entries], loc="outside lower left", ncols=min(len(entries), 8), frameon=False,
            fontsize=8.5, handletextpad=0.1, columnspacing=1.0,
            handler_map={tuple: HandlerTuple(ndivide=1, pad=0)},
        )  # fmt: skip


# --- the five figures ------------------------------------------------------------------------------


def barcode(study: Study) -> Html:
    """Every coded sentence in reading order: up is cooperation, down friction, the middle neutral; texture is the voice."""
    corpus, codings = study.corpus, with_sentence_ref(study.coding.codings)
    trail, names, labels = Trail(corpus, "barcode"), study.names(), study.labels()
    ordered = sorted(corpus.articles, key=lambda a: (a.issued_after or str(a.year or "9999"), a.doc))
    shown = [a for a in ordered if a.doc in set(codings["doc"])][:MOST_PANELS]
    if not shown:
        return refused(corpus, "The order of stances in each article", "no sentence speaks of a partner")
    strips = {a.doc: a.sentences[:MOST_SENTENCES] for a in shown}
    longest = max(map(len, strips.values()))
    fig = new_figure(9.2, 0.4 + 1.42 * len(shown))
    with mpl.rc_context(RC):
        axes = fig.subplots(len(shown), 1, squeeze=False)[:, 0]
        for ax, article in zip(axes, shown, strict=True):
            order = {(article.doc, s.para, s.sent): n for n, s in enumerate(strips[article.doc])}
            for row in codings[codings["ref"].isin(order)].itertuples(index=False):
                _tile(ax, trail, order[row.ref], row, names)
            _panel(ax, strips[article.doc], labels[article.doc], longest)
    handles = _barcode_legend()
    with mpl.rc_context(RC):
        fig.legend(handles=handles, loc="outside lower left", ncols=6, frameon=False, fontsize=8.5, columnspacing=1.2, handlelength=1.3)
    total = sum(map(len, strips.values()))
    cut = total < len(corpus.sentences)
    more = f" Shown are {total} of {len(corpus.sentences)} sentences, the first of {len(shown)} of {len(corpus.articles)} articles." if cut else ""
    return publish(
        fig, trail, title=_barcode_finding(study),
        alt=f"A strip for each of {len(shown)} articles, its {total} sentences from left to right in five rows, one a partner. "
        + _friction_by_article(study),
        caption=f"Each bar is a coded sentence ({len(trail.marks)} codings of {total} "
        "sentences): above the line cooperation, below it friction, across it neutral; plain for what the author reports, "
        f"striped for an official’s words, hollow for the analyst’s judgement. Thin lines part paragraphs; articles by date, each with the partner that most of its codings have.{more} "
        f"Coded by {study.coder}.",
    )  # fmt: skip


def _tile(ax, trail: Trail, at: int, row, names: dict[str, str]) -> None:
    level = len(VECTORS) - 1 - list(VECTORS).index(row.vector)
    low, tall = {"cooperation": (0.04, 0.4), "friction": (-0.44, 0.4), "neutral": (-0.14, 0.28)}[row.stance]
    colour = STANCE_COLOURS[row.stance]
    words = f"{names[row.doc]}, {VECTORS[row.vector]}: {row.stance}{f' ({row.limit})' if row.limit else ''}, {row.voice}"
    tile = Rectangle((at + 0.06, level + low), 0.88, tall, **_voice_style(row.voice, colour))
    tile.set_url(trail.mark([row.ref], words))
    ax.add_patch(tile)


def _voice_style(voice: str, colour: str) -> dict:
    """Plain for a report, striped for an official's words, hollow for the analyst's judgement."""
    if voice == "judgement":
        return {"facecolor": PAPER, "edgecolor": colour, "linewidth": 1.1}
    return {"facecolor": colour, "edgecolor": PAPER, "linewidth": 0, "hatch": "/////" if voice == "official" else None}


def _panel(ax, sentences: Sequence[Sentence], name: str, longest: int) -> None:
    starts = [n for n, s in enumerate(sentences) if s.sent == 0]
    for level in range(len(VECTORS)):
        ax.plot([0, len(sentences)], [level, level], color=FAINT, linewidth=0.7, zorder=0)
    for at in starts:
        ax.plot([at, at], [-0.5, len(VECTORS) - 0.5], color=FAINT, linewidth=0.7, zorder=0)
    ax.set(xlim=(0, longest), ylim=(-0.55, len(VECTORS) - 0.45))
    ax.set_yticks(range(len(VECTORS)), list(VECTORS.values())[::-1], fontsize=8)
    ax.set_xticks([])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(f"{name}: {len(sentences)} sentences", loc="left", fontsize=9, fontweight="bold", color=INK, pad=3)


def _barcode_legend() -> list[Rectangle]:
    stances = [Rectangle((0, 0), 1, 1, facecolor=c, label=f"{s} ({p})") for (s, c), p in
               zip(STANCE_COLOURS.items(), ("above", "below", "across"), strict=True)]  # fmt: skip
    voices = [Rectangle((0, 0), 1, 1, label=voice, **_voice_style(voice, MUTED)) for voice in VOICES]
    return [*stances, *voices]


def _barcode_finding(study: Study) -> str:
    rows = study.coding.codings
    russia = rows[rows["vector"] == "russia"]
    by_doc = russia.groupby("doc")["stance"].agg(lambda s: (s == "friction").mean())
    names = study.names()
    high = ", ".join(names[doc] for doc in by_doc.index[by_doc >= 0.5])
    low = ", ".join(names[doc] for doc in by_doc.index[by_doc < 0.5])
    if high and low:
        return f"Alignment depends on which story is told: Russia is mostly friction in {high}, mostly not in {low}"
    return "Which partner each sentence is about, and how"


def _friction_by_article(study: Study) -> str:
    rows, names, story = study.coding.codings, study.names(), stories(study.coding.codings)
    parts = []
    for doc in story:
        russia = rows[(rows["doc"] == doc) & (rows["vector"] == "russia")]
        friction = int((russia["stance"] == "friction").sum())
        parts.append(f"{names[doc]}, mostly {VECTORS[story[doc]]}: {friction} of {len(russia)} codings of Russia are friction")
    return "; ".join(parts[:MOST_PANELS]) + "."


def who_does_what(study: Study, partners: dict[str, str] | None = None) -> Html:
    """Acts by partner and kind; a contested act stands in each place that a reasonable coder could give it."""
    acts = study.acts()
    trail = Trail(study.corpus, "who-does-what")
    if acts.empty:
        return refused(study.corpus, "Who does what", "no act with a partner is reported")
    rows = partners or partner_rows(study)
    marks = []
    for act in with_sentence_ref(acts).to_dict("records"):
        listed = [(partner, "") for partner in act["partners"] if partner in rows]
        contested = [(v, " (contested)") for v in act["contested"] if v in rows]
        for row, note in [*listed, *contested]:
            label = f"{rows[row]} {KIND_VERBS[act['kind']]}, {FILLS[act['modality']]}{note}: {act['what']}"
            marks.append(Mark(row, act["kind"], (act["ref"],), label, _colour_of(study, row), DOMAIN_SHAPES.get(act["domain"], "D"), act["modality"],
                              "!" if act["tone"] == "contentious" else ""))  # fmt: skip
    fig = mark_matrix(trail, marks, rows=rows, columns=KIND_VERBS)
    used = [f for f in FILLS if f in set(acts["modality"])]
    _legend(fig, [(FILLS[f], {"fill": f}) for f in used] + [(d, {"shape": s}) for d, s in DOMAIN_SHAPES.items()])
    return publish(
        fig, trail, title=_division_finding(study),
        alt=f"A table of {len(acts)} acts, a row for each of {len(rows)} partners and a column for each kind of act. " + _kinds_in_words(study, rows),
        caption=f"Each mark is an act between Kazakhstan and a partner that the articles report ({len(acts)} acts in "
        f"{acts['doc'].nunique()} articles; an act with several partners stands in each row). Filled: done; half: under way; "
        "open: scheduled; dashed: sought, that is asked for, offered or aimed at; crossed: denied. Circle: security; square: economic; "
        "triangle: political; !: contentious. “Supplies” is equipment, training, money or intelligence in either direction. Colours are "
        "the vectors’; “contested” holds an act that a reasonable coder could also place there. "
        f"Coded by {study.coder}.",
    )  # fmt: skip


def _colour_of(study: Study, partner: str) -> str:
    if partner in VECTORS:
        return VECTOR_COLOURS[partner]
    return VECTOR_COLOURS[(study.partner_vectors(partner) or ("",))[0]]


def partner_rows(study: Study) -> dict[str, str]:
    """Partners of acts as rows: by vector, within it by number of acts; names for ids; contested vectors last."""
    counts = study.coding.events["partners"].explode().value_counts()
    order = [*VECTORS, ""]
    first = {p: (study.partner_vectors(p) or ("",))[0] for p in counts.index}
    chosen = sorted(counts.index, key=lambda p: (order.index(first[p]), -counts[p], p))[:MOST_ROWS]
    rows = {p: study.partner_name(p) for p in chosen}
    contested = sorted({v for cell in study.coding.events["contested"] for v in cell})
    return rows | {v: f"{VECTORS.get(v, v)} (contested)" for v in contested}


def _division_finding(study: Study) -> str:
    acts, parts = study.acts(), []
    for kind, noun in (("commitment", "commitments"), ("operation", "operations"), ("support", "support")):
        chosen = acts[acts["kind"] == kind]
        counts = chosen["partners"].explode().value_counts().sort_index().sort_values(ascending=False, kind="stable")
        if len(counts):
            parts.append(f"{noun} most with {study.partner_name(counts.index[0])} ({counts.iloc[0]} of {len(chosen)})")
    return "A division of labour, not a balance: " + ", ".join(parts) if len(parts) > 1 else "Who does what"


def _kinds_in_words(study: Study, rows: dict[str, str]) -> str:
    acts, parts = study.acts(), []
    for partner, name in list(rows.items())[:12]:
        kinds = acts[acts["partners"].map(lambda cell, p=partner: p in cell).astype(bool)]["kind"].value_counts().reindex(list(KINDS), fill_value=0)
        words = ", ".join(f"{KIND_VERBS[k]} {n}" for k, n in kinds.items() if n)
        if words:
            parts.append(f"{name}: {words}")
    return "; ".join(parts) + "."


def officials_by_partner(study: Study, offices: dict[tuple[str, str], str]) -> Html:
    """Kazakhstan's officials by partner: dots for acts they take part in, squares for statements of theirs.

    `offices` gives (doc, person id) the person's name with the office held in that article.
    """
    acts = with_sentence_ref(study.acts())
    trail = Trail(study.corpus, "officials")
    marks, partners = [], {}
    for act in acts.to_dict("records"):
        who = [offices[act["doc"], p] for p in act["participants"] if (act["doc"], p) in offices]
        for person in who:
            for partner in act["partners"]:
                partners[partner] = partners.get(partner, 0) + 1
                shape = "s" if act["kind"] == "statement" else "o"
                label = f"{person} and {study.partner_name(partner)}, {KIND_VERBS[act['kind']]}, {FILLS[act['modality']]}: {act['what']}"
                marks.append(Mark(person, partner, (act["ref"],), label, _colour_of(study, partner), shape, act["modality"]))
    if not marks:
        return refused(study.corpus, "Who carries which partner", "no official of Kazakhstan takes part in a reported act")
    order = [p for p in partner_rows(study) if p in partners][:10]
    count = {person: sum(mark.row == person for mark in marks) for person in {mark.row for mark in marks}}
    rows = {person: person for person in sorted(count, key=lambda p: (-count[p], p))[:MOST_ROWS]}
    kept = [mark for mark in marks if mark.row in rows and mark.column in order]
    fig = mark_matrix(trail, kept, rows=rows, columns={p: study.partner_name(p).replace(" ", "\n") for p in order})
    _legend(fig, [("takes part in an act", {}), ("makes a statement", {"shape": "s"}), ("under way", {"fill": "under_way"}),
                  ("scheduled", {"fill": "scheduled"}), ("sought", {"fill": "sought"})])  # fmt: skip
    people = {}
    for act in acts.itertuples(index=False):
        for person in sorted({offices[act.doc, p].split(",")[0] for p in act.participants if (act.doc, p) in offices}):
            people.setdefault(person, []).append(act.partners)
    busiest = max(people, key=lambda p: (len(people[p]), p))
    reach = len({partner for partners in people[busiest] for partner in partners})
    attended = sum(any((act.doc, p) in offices for p in act.participants) for act in acts.itertuples(index=False))
    return publish(
        fig, trail, title=f"{len(people)} people carry the {attended} acts with a named official; the busiest, {busiest}, is in {len(people[busiest])}, with {reach} partners",
        alt=f"A table of {len(rows)} officials by {len(order)} partners with {len(kept)} marks. "
        + "; ".join(f"{p}: " + ", ".join(sorted({study.partner_name(m.column) for m in marks if m.row == p})) for p in rows) + ".",
        caption=f"Each mark is an official of Kazakhstan taking part in an act ({len(marks)} marks from {acts['doc'].nunique()} articles), "
        f"with the office that the article gives. Coded by {study.coder}.",
    )  # fmt: skip


def issue_by_partner(study: Study, model: TopicModel | None) -> Html:
    """Paragraphs by their main topic and coded vector; a mark is a paragraph, coloured by its prevailing stance."""
    if model is None:
        return refused(study.corpus, "Issue by partner", "there are too few paragraphs or words for topics")
    from .topics import business

    topics, names = model.paragraphs, model.names()
    trail, short = Trail(study.corpus, "issue-by-partner"), study.names()
    main = {(row.doc, row.para): row.topic for row in topics.itertuples(index=False)}
    marks = []
    grouped = with_sentence_ref(study.coding.codings).groupby(["doc", "para", "vector"], sort=True)
    for (doc, para, vector), rows in grouped:
        if (doc, para) not in main:
            continue
        stance = rows["stance"].value_counts().sort_index().idxmax()
        label = f"{short[doc]} paragraph {para + 1}, {VECTORS[vector]}: mostly {stance}, {len(rows)} codings"
        refs = tuple(sorted(set(rows["ref"])))
        marks.append(Mark(str(main[doc, para]), vector, refs, label, STANCE_COLOURS[stance], STANCE_SHAPES[stance], "done"))
    rows = {str(topic): name for topic, name in names.items()}
    leads = business(study, model)
    widest = max(leads.itertuples(), key=lambda row: row.of, default=None)
    finding = "Topics by partner" if widest is None else (
        f"Same pole, different business: the {widest.of} paragraphs on {VECTORS[widest.vector]} spread over {widest.spread} topics, "
        f"at most {widest.paragraphs} in one"
    )  # fmt: skip
    fig = mark_matrix(trail, marks, rows=rows, columns=VECTORS)
    _legend(fig, [(f"mostly {stance}", {"shape": STANCE_SHAPES[stance], "colour": c}) for stance, c in STANCE_COLOURS.items()])  # fmt: skip
    return publish(
        fig, trail, title=finding,
        alt=f"A table of {len(rows)} topics by five partners with {len(marks)} marks, one a paragraph and partner. "
        + "; ".join(f"{name}: " + ", ".join(f"{VECTORS[v]} {n}" for v in VECTORS if (n := sum(m.row == t and m.column == v for m in marks)))
                    for t, name in rows.items()) + ".",
        caption=f"Each mark is a paragraph in which the partner is coded ({len(marks)} marks, {len(main)} paragraphs): its row is the "
        f"topic with the largest share of its words. Coded by {study.coder}.",
    )  # fmt: skip


def said_done_limited(study: Study, *, most: int = 10) -> Html:
    """A row a partner: what officials said, what was done, what limits it, in eight words of a sentence, and how often each."""
    trail, words = Trail(study.corpus, "said-done-limited"), _cue_words(study)
    rows, texts = study.coding.codings, trail.sentences()
    events = study.acts(modalities=("done", "under_way")).sort_values("kind", key=lambda k: -k.map(KINDS.index), kind="stable")
    named: dict[tuple[str, Ref], list[str]] = {}
    for m in with_sentence_ref(study.coding.mentions).itertuples(index=False):
        named.setdefault((m.id, m.ref), []).append(m.text)
    chosen = rows["partners"].explode().value_counts().sort_index().sort_values(ascending=False, kind="stable").head(most).index
    order = [p for p in partner_rows(study) if p in chosen] or list(chosen)
    body = []
    for partner in order:
        own = rows[rows["partners"].map(lambda cell, p=partner: p in cell).astype(bool)]
        acts = events[events["partners"].map(lambda cell, p=partner: p in cell).astype(bool)]
        limited = own[(own["stance"] == "friction") | own["hedged"]]
        parts = {"said": own[(own["voice"] == "official") & (own["stance"] == "cooperation")], "done": acts, "limited": limited}
        cells = []
        for part, found in parts.items():
            refs = list(zip(found["doc"], found["para"], found["sent"], strict=True))
            label = f"{study.partner_name(partner)}, {part}"
            cues = words["friction" if part == "limited" else "cooperation"]
            quotes = [(*excerpt(texts[ref], cues, named.get((partner, ref), ())), ref) for ref in refs[:8]]
            _, quote, ref = max(quotes, key=lambda q: q[0], default=(0, "", None))
            link = f'“{trail.link([ref], f"{label}: quoted", quote)}” ' if refs else ""
            cells.append(f"<td>{link}<small>({trail.link(refs, label)})</small></td>")
        body.append(f'<tr><th scope="row">{text_html(study.partner_name(partner))}</th>{"".join(cells)}</tr>')
    caption = "Said, done, limited: hedges travel with overtures (in parentheses how many sentences)"
    head = "<th scope=\"col\">Partner</th>" + "".join(f'<th scope="col">{h}</th>' for h in ("Officials said", "Done or under way", "Limited or hedged"))
    return table_html(trail, caption, head, body)


def _cue_words(study: Study) -> dict[str, re.Pattern[str]]:
    """The codebook's cue words of cooperation, and of friction and hedging, as patterns."""
    found: dict[str, set[str]] = {"cooperation": set(), "friction": set()}
    for row in study.codebook["cues"]:
        if row["column"] in ("stance", "hedged"):
            side = "cooperation" if row["value"] == "cooperation" else "friction"
            found[side].update(p for p in row["pattern"].split("|") if p and not p.startswith("*"))
    return {side: re.compile("|".join(rf"\b{re.escape(p).replace(chr(92) + '*', chr(92) + 'w*')}\b" for p in sorted(cues)), re.I)
            for side, cues in found.items()}  # fmt: skip


def excerpt(sentence: str, cues: re.Pattern[str], names: Sequence[str] = (), *, length: int = 8) -> tuple[int, str]:
    """The `length` words of the sentence that hold most cue words, a name counting double, the first such; with that score."""
    words = list(re.finditer(r"\S+", re.sub(r"\([^()]*\)", lambda found: " " * len(found.group()), sentence)))
    hits = [found.start() for found in cues.finditer(sentence)]
    spots = [found.start() for name in dict.fromkeys(names) for found in re.finditer(re.escape(name), sentence)]
    best, most = words[:length], -1
    for at in range(max(1, len(words) - length + 1)):
        window = words[at : at + length]
        inside = sum(window[0].start() <= spot < window[-1].end() for spot in [*hits, *spots[:1], *spots[:1]])
        if inside > most:
            best, most = window, inside
    text = sentence[best[0].start() : best[-1].end()] if best else sentence
    return most, " ".join(text.split()).strip(".,;:“”\"’")


def bars(study: Study, refs: pd.Series, *, title: str, unit: str, of: int) -> Html:
    """Horizontal bars of how many sentences stand behind each entry of `refs` (lists of refs by label), of `of` in all."""
    if refs.empty:
        return refused(study.corpus, title, f"there is no {unit}")
    trail = Trail(study.corpus, slug(unit))
    fig = new_figure(8.0, 0.35 + 0.27 * len(refs))
    with mpl.rc_context(RC):
        ax = fig.add_subplot()
        drawn = ax.barh([str(label) for label in refs.index], refs.map(len), color=VECTOR_COLOURS["nato"], height=0.68)
        for bar, (label, cell) in zip(drawn, refs.items(), strict=True):
            bar.set_url(trail.mark(cell, f"{label}: {len(cell)}"))
            ax.text(bar.get_width(), bar.get_y() + bar.get_height() / 2, f" {len(cell)}", va="center", fontsize=8.5)
        ax.invert_yaxis()
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set_xticks([])
    alt = "; ".join(f"{label} {len(cell)}" for label, cell in refs.items())
    return publish(
        fig, trail, title=title, alt=f"Bars of sentences by {unit}: {alt}.",
        caption=f"Sentences by {unit}, of {of} in {len(study.corpus.articles)} articles; the {len(refs)} most frequent.",
    )  # fmt: skip


SURVIVAL = {True: ("o", "done", "#1d8a84"), False: ("o", "denied", "#d0532f"), None: ("o", "scheduled", MUTED)}


def survival_matrix(study: Study, found: pd.DataFrame) -> Html:
    """Headlines by single choice: filled where it holds, crossed where not, open where too little is left to tell."""
    trail, marks = Trail(study.corpus, "survival"), []
    words = {True: "holds", False: "does not hold", None: "not estimable"}
    single = found[found["choices"].map(len) <= 1]
    for row in single.itertuples(index=False):
        shape, look, colour = SURVIVAL[row.holds]
        choice = next(iter(row.choices), "as coded")
        marks.append(Mark(row.claim, choice, tuple(row.refs), f"{choice}: {words[row.holds]}. {row.says}", colour, shape, look))
    summary = survival_summary(found)
    held = single.assign(holds=single["holds"].eq(True)).groupby("claim", sort=False)["holds"].agg(["sum", "size"])
    rows = {claim: f"{claim}: {row['sum']} of {row['size']}" for claim, row in held.iterrows()}
    columns = {choice: choice.replace(" ", "\n") for choice in dict.fromkeys(mark.column for mark in marks)}
    fig = mark_matrix(trail, marks, rows=rows, columns=columns, width=10.4)
    _legend(fig, [(words[h], {"fill": look, "colour": colour}) for h, (_, look, colour) in SURVIVAL.items()])
    sturdy = summary[summary["holds in"] == summary["of results"]]
    return publish(
        fig, trail, title=f"{len(sturdy)} of {len(summary)} headlines hold under every choice and every combination tried",
        alt=f"A table of {len(rows)} headlines by {len(columns)} choices. "
        + "; ".join(f"{r.claim} holds in {r[2]} of {r[3]} results" for r in summary.itertuples()) + ".",
        caption="Filled: the headline holds; crossed: it does not; open: too little is left to tell. Columns are single choices, counted "
        f"behind each headline; the title speaks of all {found['choices'].nunique()} variants, the combinations of the recodings "
        "included. A mark leads to the sentences that the headline stands on.",
    )  # fmt: skip
