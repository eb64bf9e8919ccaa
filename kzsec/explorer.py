"""Filters in, sentences out: one pure search, and for a live notebook the widgets that call it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

import pandas as pd

from .codebook import KINDS, STANCES, VECTORS, VOICES
from .evidence import Html, Ref, text_html, text_table, visible
from .patterns import Study, coding_label, keyword_in_context, with_sentence_ref, word_pattern

SHOWN, LISTED = 20, 500  # sentences in a page's table, and in a live list


def find(
    study: Study, *, words: str = "", vector: str = "", partner: str = "", stance: str = "", voice: str = "", kind: str = "", width: int = 60
) -> pd.DataFrame:
    """The sentences that meet every condition, in reading order: sentence, left, keyword, right, codings, acts, ref.

    All of `words` stand in it, in any case (`ties agree* "joint exercise*"`); the first is shown in context. One coding
    has the vector, partner, stance and voice together; an act of this vector and partner and of the kind is first
    reported there; these codings and acts are told. What is empty asks for nothing; without words the whole sentence
    stands at `right`.
    """
    codings = _where(study.coding.codings, vector=vector, partners=partner, stance=stance, voice=voice)
    acts = _where(study.coding.events, vectors=vector, partners=partner, kind=kind)
    sentences = with_sentence_ref(study.corpus.sentences)
    texts = dict(zip(sentences["ref"], sentences["text"], strict=True))
    places = [_first_places(study, word, width) for word in _words(words)] or [{ref: ("", "", text) for ref, text in texts.items()}]
    kept = [set(table["ref"]) for table, asked in ((codings, vector or partner or stance or voice), (acts, kind)) if asked]
    coded = codings.assign(label=[coding_label(row) for row in codings.itertuples(index=False)]).groupby("ref")["label"].agg("; ".join)
    done, names, rows = acts.groupby("ref")["what"].agg("; ".join), study.names(), []
    for ref in (ref for ref in texts if all(ref in found for found in (*places, *kept))):
        rows.append((f"{names[ref[0]]} ¶{ref[1] + 1}.{ref[2] + 1}", *places[0][ref], coded.get(ref, ""), done.get(ref, ""), ref))
    return pd.DataFrame(rows, columns=["sentence", "left", "keyword", "right", "codings", "acts", "ref"])


def _where(table: pd.DataFrame, **asked: str) -> pd.DataFrame:
    """The rows, with their sentence's name, whose cells are or hold what is asked for."""
    for column, value in asked.items():
        if value:
            table = table[table[column].map(lambda cell, v=value: v in cell if isinstance(cell, list) else v == cell).astype(bool)]
    return with_sentence_ref(table)


def _words(words: str) -> list[str]:
    return [phrase.strip() or word for phrase, word in re.findall(r'"([^"]+)"|([^\s"]+)', words) if phrase.strip() or word]


def _first_places(study: Study, word: str, width: int) -> dict[Ref, tuple[str, str, str]]:
    lines = keyword_in_context(study, word, width=width).drop_duplicates("ref")
    return dict(zip(lines["ref"], lines[["left", "keyword", "right"]].itertuples(index=False, name=None), strict=True))


class Explorer(Html):
    """The table of what was found first, for every page; where a notebook is live, the widgets to go on from there."""

    live: Any = None

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {**(self.live._repr_mimebundle_() if self.live else {}), "text/html": self.html, "text/plain": repr(self)}


def explore(study: Study, **asked: str) -> Explorer:
    """The sentences by all that `find` may be asked for, `asked` first: as widgets, and as a table where there are none."""
    rows = find(study, **asked)
    shown = rows.head(SHOWN).drop(columns=["ref"] if _words(asked.get("words", "")) else ["ref", "left", "keyword"])
    caption = "; ".join([_count(study, rows, SHOWN), *(f"{name}: {value}" for name, value in asked.items() if value)])
    table = text_table(study.corpus, shown, caption=caption, refs=[[ref] for ref in rows["ref"].head(SHOWN)], name="explorer")
    found = Explorer(f'{table.html}<p class="limits">Other words and codings: run this cell in JupyterLab, or search <a href="sentences.html">all sentences</a>.</p>', table.plain)
    found.live = _widgets(study, asked) if find_spec("ipywidgets") else None
    return found


def _count(study: Study, rows: pd.DataFrame, most: int) -> str:
    return f"{len(rows)} of {len(study.corpus.sentences)} sentences{f', the first {most}' if len(rows) > most else ''}"


def _widgets(study: Study, asked: dict[str, str]) -> Any:
    """The filters, the list of what they find, and beside it the article of the chosen sentence."""
    import ipywidgets as w

    partners = {p: study.partner_name(p) for table in (study.coding.codings, study.coding.events) for cell in table["partners"] for p in cell}
    choices = {"vector": [(label, v) for v, label in VECTORS.items()], "partner": sorted((name, p) for p, name in partners.items()),
               "stance": STANCES, "voice": VOICES, "kind": KINDS}  # fmt: skip
    filters = {"words": w.Text(placeholder='agree* "joint exercise*"', continuous_update=False)}
    filters |= {name: w.Dropdown(options=[("any", ""), *(c if isinstance(c, tuple) else (c, c) for c in found)]) for name, found in choices.items()}
    told, text = w.HTML(), w.HTML(layout={"width": "46%", "max_height": "27em", "overflow": "auto"})
    hits = w.Select(rows=SHOWN, layout={"width": "53%"}).add_class("kzsec-hits")

    def search(_: object = None) -> None:
        rows = find(study, **{name: control.value for name, control in filters.items()}, width=34)
        hits.options = [(_line(row), row) for row in rows.head(LISTED).itertuples(index=False)]
        hits.index = 0 if len(rows) else None
        told.value = f"<style>.kzsec-hits select{{font-family:monospace}}</style>{_count(study, rows, LISTED)}"

    hits.observe(lambda _: text.set_trait("value", article_html(study, hits.value, filters["words"].value) if hits.value else ""), "value")
    for name, control in filters.items():
        control.description, control.layout.width, control.value = name, "18em", asked.get(name, "")
        control.observe(search, "value")
    search()
    return w.VBox([w.HBox([*filters.values()], layout={"flex_flow": "row wrap"}), told, w.HBox([hits, text])])


def _line(row: Any) -> str:
    """What was found on one line, the keywords one under the other."""
    context = f"{row.left:>34}  {row.keyword}  {row.right}" if row.keyword else row.right
    return re.sub(r"\s", "\u00a0", visible(f"{row.sentence:<11}  {context}"[:120]))


def article_html(study: Study, hit: Any, words: str = "") -> str:
    """A hit's codings and acts, then its article from its paragraph on, what is earlier folded; the sentence shaded, the words in bold."""
    article = next(a for a in study.corpus.articles if a.doc == hit.ref[0])
    own = next(s for s in article.sentences if (s.para, s.sent) == hit.ref[1:])
    pattern = "|".join(word_pattern(word).pattern for word in _words(words)) or r"(?!)"

    def told(start: int, end: int) -> str:
        pieces = re.split(f"({pattern})", article.text[start:end], flags=re.IGNORECASE)
        return "".join(f"<b>{text_html(piece)}</b>" if at % 2 else text_html(piece) for at, piece in enumerate(pieces))

    paragraphs, (a, b) = [f"<p>{told(*place)}</p>" for place in article.paragraphs], article.paragraphs[own.para]
    paragraphs[own.para] = f"<p>{told(a, own.start)}<mark>{told(own.start, own.end)}</mark>{told(own.end, b)}</p>"
    before = f"<details><summary>Paragraphs before: {own.para}</summary>{''.join(paragraphs[:own.para])}</details>" if own.para else ""
    head = "<br>".join(filter(None, [f"<b>{text_html(hit.sentence)}</b>", text_html(hit.codings), text_html(hit.acts)]))
    return f'<div style="line-height:1.45"><p>{head}</p>{before}{"".join(paragraphs[own.para:])}</div>'
