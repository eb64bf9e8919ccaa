"""Notebooks and a corpus in, a folder of linked HTML pages out.

The same exporter serves `python -m kzsec report` and `jupyter nbconvert --to kzsec`, so that both give
the same pages. The site is built beside its place and swapped in when every notebook has run.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import io
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

# jsonschema imports this grammar for formats that no notebook has; it costs .85 s (jsonschema #1428)
_grammar = sys.modules.setdefault("rfc3987_syntax", None)
import nbformat  # noqa: E402

if _grammar is None:
    del sys.modules["rfc3987_syntax"]

from nbconvert.exporters import TemplateExporter  # noqa: E402
from traitlets.config import Config  # noqa: E402

from . import __version__, cache  # noqa: E402
from .annotations import csv_table  # noqa: E402
from .codebook import VECTORS, Codebook, read_codebook  # noqa: E402
from .corpus import Corpus, CorpusError, read_corpus  # noqa: E402
from .evidence import Ref, anchor_of, marked_html, page_of, slug, stamp, text_html, url_of, visible  # noqa: E402
from .patterns import Study, coding_label, network, open_study, study_of  # noqa: E402

if TYPE_CHECKING:
    import pandas as pd
    from nbformat import NotebookNode

NOTEBOOKS = cache.NOTEBOOKS
TEMPLATES = Path(__file__).with_name("templates")
CELL_SECONDS = 3600
LISTED = 200
WIDGET = "application/vnd.jupyter.widget-view+json"
SEARCHED = 8_000
SHAPES = {"cooperation": "●", "friction": "▼", "neutral": "■"}  # as in the figures


class ReportError(RuntimeError):
    """A report that cannot be made; the message says where and what to do."""


@dataclass(frozen=True)
class Page:
    """One notebook's place in the site."""

    label: str
    href: str
    title: str


def pages_of(folder: Path) -> tuple[Page, ...]:
    """The pages of the numbered notebooks in `folder`, in order."""
    pages = []
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        label = notebook["metadata"].get("label") or path.stem
        pages.append(Page(label, f"{path.stem}.html", _title("".join(cells[0]["source"]) if cells else "", label)))
    return tuple(pages)


def _title(markdown: str, default: str) -> str:
    found = re.search(r"^# +(.+)$", markdown, re.MULTILINE)
    return found.group(1).strip() if found else default


@lru_cache(maxsize=1)
def _assets() -> dict[str, str]:
    """Style and script, read once, with the hash that the page's policy allows the script by."""
    style, script = ((TEMPLATES / "kzsec" / name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": style, "script": script, "script_hash": digest, "version": __version__}


# --- one notebook to one page ----------------------------------------------------------------------


class KzsecExporter(TemplateExporter):
    """Notebook to page: title and answer first, code folded, figures and links live, no request."""

    export_from_notebook = "kzsec report page"
    output_mimetype = "text/html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("extra_template_basedirs", [str(TEMPLATES)])
        kwargs.setdefault("template_name", "kzsec")
        super().__init__(*args, **kwargs)

    def _file_extension_default(self) -> str:
        return ".html"

    @property
    def default_config(self) -> Config:
        """Show HTML before pictures, and pictures before text."""
        order = ["text/html", "image/svg+xml", "image/png", "text/markdown", "text/plain"]
        config = Config({"NbConvertBase": {"display_data_priority": order}})
        config.merge(super().default_config)
        return config

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kw: Any) -> tuple[str, dict]:
        """(page, resources); `resources["outputs"]` holds the evidence pages that the links lead to."""
        from nbconvert.filters import Highlight2HTML

        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        self.register_filter("text_base64", lambda text: base64.b64encode("".join(text).encode()).decode())
        resources = dict(resources or {})
        given = resources.get("metadata", {})
        pages = resources.pop("kzsec_pages", None) or pages_of(Path(given.get("path") or NOTEBOOKS))
        with_evidence = not resources.pop("kzsec_no_evidence", False)
        resources["kzsec"] = {**_assets(), "pages": pages, "here": f"{given.get('name', '')}.html"}
        page, resources = super().from_notebook_node(nb, resources, **kw)
        resources.pop("kzsec")
        page = _with_terms(_numbered(_with_contents(_page_links(page, pages))), read_codebook(parameters_of(nb).get("codebook")))
        page, files = _with_files(page, given.get("name") or "notebook")
        resources["outputs"] = {**(resources.get("outputs") or {}), **files}
        if with_evidence:
            resources["outputs"] |= _evidence_for(nb, pages, f"{given.get('name')}.html", page, files)
        return page, resources

    def _preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Lift title and answer off the notebook once it is executed."""
        nb, resources = super()._preprocess(nb, resources)
        for cell in nb.cells:  # a bar is for whoever waits
            if cell.cell_type == "code":
                cell.outputs = [one for one in cell.outputs if not ({WIDGET} & set(data := one.get("data", {})) and "text/html" not in data)]
        nb, title, answer = _lift(nb)
        failed = any(output.output_type == "error" for cell in nb.cells for output in cell.get("outputs", []))
        resources["kzsec"] = {**resources["kzsec"], "title": title, "answer": answer, "failed": failed}
        return nb, resources


def _lift(nb: NotebookNode) -> tuple[NotebookNode, str, str]:
    """The notebook without its title line, the title, and the HTML of the cell tagged `answer`."""
    title, answer = "", ""
    if nb.cells and nb.cells[0].cell_type == "markdown":
        title = _title(nb.cells[0].source, "")
        nb.cells[0].source = re.sub(r"^# +.+\n*", "", nb.cells[0].source, count=1, flags=re.MULTILINE)
    for cell in filter(is_answer, nb.cells):
        answer += answer_html(cell)
        cell.outputs = [output for output in cell.outputs if "text/html" not in output.get("data", {})]
    return nb, title, answer


def is_answer(cell: NotebookNode) -> bool:
    """Whether the cell's output is the notebook's answer, which its page shows first."""
    return cell.cell_type == "code" and "answer" in cell.metadata.get("tags", [])


def answer_html(cell: NotebookNode) -> str:
    """The HTML that a cell shows."""
    return "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", []))


def _page_links(page: str, pages: tuple[Page, ...]) -> str:
    """The page with its links to other notebooks led to their pages."""
    for other in pages:
        page = page.replace(f'href="{other.href.removesuffix(".html")}.ipynb"', f'href="{other.href}"')
    return page


def _with_contents(page: str) -> str:
    """The page with its second-level headings as a column of links."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)(?:<a class="anchor-link".*?)?</h2>', page, re.DOTALL)
    links = "".join(f'<li><a href="#{at}">{re.sub("<[^>]+>", "", text)}</a></li>' for at, text in found)
    aside = f'<aside class="contents"><nav aria-label="On this page"><ul>{links}</ul></nav></aside>' if links else ""
    return page.replace("<!--contents-->", aside, 1)


def _numbered(page: str) -> str:
    """The page with its figures and its tables counted."""
    counts = {"Figure": 0, "Table": 0}

    def number(found: re.Match[str]) -> str:
        kind = "Table" if found.group() == "<caption>" else "Figure"
        counts[kind] += 1
        return f'{found.group()}<span class="no">{kind} {counts[kind]}.</span> '

    return re.sub(r'<p class="title">|<caption>', number, page)


def _with_files(page: str, name: str) -> tuple[str, dict[str, bytes]]:
    """The page whose links lead to the files that they carried, and these files with their Table Schema, by address."""
    files: dict[str, bytes] = {}
    folder, schema = f"figures/{name}", f' <a download href="figures/{name}/datapackage.json">Table Schema</a></p>'

    def beside(found: re.Match[str]) -> str:
        files[f"{folder}/{found[1]}"] = base64.b64decode(found[2])
        return f'<a download href="{folder}/{found[1]}"'

    page = re.sub(r'<a download="([^"]+)" href="data:[^;"]+;base64,([^"]*)"', beside, page)
    page = re.sub(r'(<p class="files">.*?)</p>', lambda found: found[1] + schema, page)
    tables = {path: data for path, data in files.items() if path.endswith(".csv")}
    return page, files | ({f"{folder}/datapackage.json": data_package(name, tables).encode()} if tables else {})


def data_package(name: str, tables: dict[str, bytes]) -> str:
    """CSV files by address as a Data Package that stands among them: each column's name, type and, where there is one, meaning."""
    import pandas as pd

    means = {row["term"]: row["definition"] for row in read_codebook()["glossary"] if row["kind"] == "column"}
    types = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    resources = []
    for path, data in tables.items():
        table = pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""])
        kinds = {column: "string" if table[column].isna().all() else types.get(table[column].dtype.kind, "string") for column in table}
        fields = [{"name": c, "type": kind} | ({"description": means[c]} if c in means else {}) for c, kind in kinds.items()]
        file = path.rsplit("/", 1)[-1]
        resources.append({"name": file.removesuffix(".csv").lower(), "path": file, "profile": "tabular-data-resource", "encoding": "utf-8",
                          "schema": {"fields": fields, "missingValues": [""]}})  # fmt: skip
    package = {"name": name.lower(), "profile": "tabular-data-package", "resources": resources}
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def parameters_of(nb: NotebookNode) -> dict[str, Any]:
    """The plain values assigned in the cells tagged `parameters` and `injected-parameters`, later ones last."""
    values: dict[str, Any] = {}
    for cell in nb.cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    values[node.targets[0].id] = node.value.value
    return values


_exported: dict[str, Uses] = {}


def _evidence_for(nb: NotebookNode, pages: tuple[Page, ...], here: str, page: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The pages and tables of the notebook's corpus, for whoever runs nbconvert directly; an article's page knows the notebooks exported so far."""
    values = parameters_of(nb)
    study = _cached_study(values.get("corpus"), values.get("codebook"))
    _exported.update({one.href: uses_of(one, page, files) for one in pages if one.href == here})
    uses = [_exported[one.href] for one in pages if one.href in _exported]
    made = article_pages(study, pages=pages, uses=uses) | data_files(study) | glossary_page(study.codebook, pages=pages) | list_pages(study, pages=pages)
    made |= sentences_page(study, pages=pages)
    return {name: text.encode("utf-8", "replace") for name, text in made.items()}


@lru_cache(maxsize=2)
def _cached_study(corpus: str | None, codebook: str | None) -> Study:
    return open_study(corpus, codebook=codebook)


# --- pages that are no notebook --------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment():
    import jinja2

    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES / "kzsec"), autoescape=False)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


Uses = dict[str, dict[str, dict[str, str]]]


def uses_of(page: Page, html: str, files: dict[str, bytes]) -> Uses:
    """By a sentence's address and the page's label: the lists of the figures, tables and claims that use it, with what each is."""
    import pandas as pd

    numbers = dict(re.findall(r'id="(?:fig|table)-([^"]+)".*?<span class="no">(\w+ \d+)', html, re.DOTALL))
    uses: Uses = {}
    for path in (path for path in files if path.endswith(".sentences.csv")):
        name = path.rsplit("/", 1)[-1].removesuffix(".sentences.csv")
        for row in pd.read_csv(io.BytesIO(files[path]), keep_default_na=False, dtype=str).itertuples(index=False):
            what = numbers.get(name, row.label if len(row.label) < 90 else row.label[:88] + "…")
            for url in row.sentences.split(";"):
                found = uses.setdefault(url, {}).setdefault(page.label, {})
                if what not in found.values():
                    found[f"{page.href}#{row.list}"] = what
    return uses


def _codings(study: Study) -> dict[Ref, list[dict[str, str]]]:
    """Each sentence's codings: vector, stance, its shape, and all of it in words."""
    found: dict[Ref, list[dict[str, str]]] = {}
    for row in study.coding.codings.itertuples(index=False):
        shown = {"vector": row.vector, "stance": row.stance, "shape": SHAPES[row.stance], "label": coding_label(row)}
        found.setdefault((row.doc, row.para, row.sent), []).append(shown)
    return found


def article_pages(study: Study, *, pages: tuple[Page, ...], uses: Sequence[Uses] = ()) -> dict[str, str]:
    """Each article, a long one in parts, with an anchor and a note a sentence: its codings, who uses it, how to cite it; by address."""
    values = {"site": {**_assets(), "pages": pages}, "root": "../", "here": "", "coder": study.coder, "vectors": VECTORS}
    codings = _codings(study)
    mentions: dict[Ref, list[tuple[int, int, str, str]]] = {}
    for row in study.coding.mentions.itertuples(index=False):
        mentions.setdefault((row.doc, row.para, row.sent), []).append((row.start, row.end, row.type, row.id))
    hashes = {record.doc: record.sha256[:12] for record in study.corpus.records}
    names, parts = study.names(), []
    for article in study.corpus.articles:
        own: dict[str, dict[int, list[dict]]] = {}
        for s in article.sentences:
            ref = (article.doc, s.para, s.sent)
            used = {page: [{"href": h, "what": w} for h, w in found.items()] for one in uses for page, found in one.get(url_of(ref), {}).items()}
            own.setdefault(page_of(*ref), {}).setdefault(s.para, []).append({
                "anchor": anchor_of(*ref[1:]), "place": f"{s.para + 1}.{s.sent + 1}", "number": s.sent + 1, "codings": codings.get(ref, []),
                "html": marked_html(article.text, s.start, s.end, mentions.get(ref, [])), "uses": used, "used": sum(map(len, used.values())),
            })  # fmt: skip
        title, about = visible(article.title or f"Article {names[article.doc]}"), _about(article)
        file = f"file {visible(article.doc)}, sha256 {hashes[article.doc]}"
        for number, (href, paragraphs) in enumerate(own.items()):
            part = f", part {number + 1} of {len(own)}" if len(own) > 1 else ""
            listed = [{"number": para + 1, "sentences": sentences} for para, sentences in paragraphs.items()]
            parts.append({"href": href, "name": f"{names[article.doc]}{part}", "title": title + part, "about": f"{about}, {file}", "file": file,
                          "source": about if about.startswith(title) or not article.title else f"{title}, {about}", "paragraphs": listed})  # fmt: skip
    around = zip(parts, [None, *parts], [*parts[1:], None], strict=False)
    return {part["href"]: _render("article.html.j2", **values, **part, before=before, after=after) for part, before, after in around}


def sentences_page(study: Study, *, pages: tuple[Page, ...]) -> dict[str, str]:
    """All sentences with their codings, to be searched and filtered, the first `SEARCHED` where there are more; by its address."""
    names, codings, rows, every = study.names(), _codings(study), [], study.corpus.sentences
    for s in every.head(SEARCHED).itertuples(index=False):
        ref = (s.doc, s.para, s.sent)
        rows.append({"href": url_of(ref), "place": f"{names[s.doc]} ¶{s.para + 1}.{s.sent + 1}", "html": text_html(s.text), "codings": codings.get(ref, [])})
    values = {"vectors": VECTORS, "shapes": SHAPES, "rows": rows, "total": len(every), "coder": study.coder}
    site = {**_assets(), "pages": pages}
    return {"sentences.html": _render("sentences.html.j2", site=site, root="", here="sentences.html", title="All sentences", **values)}


def glossary_page(codebook: Codebook, *, pages: tuple[Page, ...]) -> dict[str, str]:
    """The codebook's words with their definitions, by its address."""
    rows = [{**row, "id": _term_id(row)} for row in codebook["glossary"]]
    page = _render("glossary.html.j2", site={**_assets(), "pages": pages}, root="", here="glossary.html", title="Glossary", rows=rows)
    return {"glossary.html": _with_contents(page)}


def _term_id(row: dict[str, str]) -> str:
    return f"{slug(row['kind'])}-{slug(row['term'])}"


def _with_terms(page: str, codebook: Codebook) -> str:
    """The page whose glossary words lead to their definitions where they first stand: in prose or at the head of a column."""
    heads, words = {}, {}
    for row in codebook["glossary"]:
        to = f"glossary.html#{_term_id(row)}"
        if row["kind"] in ("stance", "limit", "voice", "kind", "modality", "measure"):
            heads[row["term"].replace("_", " ").lower()] = to
        words |= {word.lower(): to for word in row["links"].split(";") if word}
    listed = "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))
    kept = re.compile(rf"(<(?:a|code|pre|blockquote|h[1-6])\b.*?</(?:a|code|pre|blockquote|h[1-6])>|<[^>]*>)|(?<![\w-])({listed})(?![\w-])", re.I | re.S)
    told: set[str] = set()

    def link(word: str, to: str | None) -> str:
        if to is None or to in told:
            return word
        told.add(to)
        return f'<a class="term" href="{to}">{word}</a>'

    def prose(section: re.Match[str]) -> str:
        return kept.sub(lambda found: found[1] or link(found[2], words[found[2].lower()]), section.group())

    page = re.sub(r'<section class="prose">.*?</section>', prose, page, flags=re.DOTALL)
    return re.sub(r'(<th scope="col"[^>]*>)([^<]+)(?=</th>)', lambda found: found[1] + link(found[2], heads.get(found[2].lower())), page)


def data_files(study: Study) -> dict[str, str]:
    """The tables behind the pages as CSV, and who is named with whom as CSV and GEXF, by their address."""
    nodes, edges = network(study)
    tables = {**study.corpus.tables, **study.coding.tables, "nodes": nodes, "edges": edges.drop(columns="refs")}
    made = {f"data/{name}.csv": visible(csv_table(table).to_csv(index=False, lineterminator="\n")) for name, table in tables.items() if name != "texts"}
    package = data_package("data", {path: text.encode("utf-8", "replace") for path, text in made.items()})
    return made | {"data/network.gexf": gexf(nodes, edges), "data/datapackage.json": package}


def gexf(nodes: pd.DataFrame, edges: pd.DataFrame) -> str:
    """An undirected network in GEXF 1.3; characters that XML cannot carry are spelled out."""
    from xml.sax.saxutils import quoteattr

    def attributes(**values: object) -> str:
        return " ".join(f"{name}={quoteattr(visible(value))}" for name, value in values.items())

    fields = list(nodes.columns[2:])
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="undirected">']
    lines.append('<attributes class="node">' + "".join(f"<attribute {attributes(id=f, title=f, type='string')}/>" for f in fields) + "</attributes><nodes>")
    for row in nodes.to_dict("records"):
        values = "".join(f"<attvalue {attributes(**{'for': f, 'value': row[f]})}/>" for f in fields)
        lines.append(f"<node {attributes(id=row['id'], label=row['name'])}><attvalues>{values}</attvalues></node>")
    lines.append("</nodes><edges>")
    for at, row in enumerate(edges.itertuples(index=False)):
        lines.append(f"<edge {attributes(id=at, source=row.source, target=row.target, weight=row.sentences)}/>")
    return "\n".join([*lines, "</edges></graph></gexf>", ""])


def _about(article) -> str:
    """Where an article is from and from when, as far as it says so."""
    parts = [visible(article.publication), f"volume {article.volume}" if article.volume else "",
             f"issue {article.issue}" if article.issue else "",
             f"issued on or after {article.issued_after}" if article.issued_after else ""]  # fmt: skip
    return ", ".join(part for part in parts if part) or f"Article {visible(article.doc)}"


def front_page(study: Study, ran: list[Ran], pages: tuple[Page, ...], data: list[str]) -> str:
    """What the corpus is, the main finding, a card a notebook, and what the site was made from."""
    corpus = study.corpus
    years = sorted({a.year for a in corpus.articles if a.year})
    span = f", {years[0]} to {years[-1]}" if len(years) > 1 else f", {years[0]}" if years else ""
    sentences = sum(len(a.sentences) for a in corpus.articles)
    lede = (
        f"{len(corpus.articles)} article{'s' * (len(corpus.articles) != 1)}{span}; "
        f"{sum(len(a.paragraphs) for a in corpus.articles)} paragraphs, {sentences} sentences. "
        "Every number and every mark in these pages leads to the sentences that it came from."
    )
    cards = [
        {"title": page.title, "href": page.href, "failed": r.failed, "answer": _on_page(r.answer, page.href)}
        for page, r in zip(pages, ran, strict=True)
    ]
    return _with_contents(
        _render(
            "front.html.j2", site={**_assets(), "pages": pages}, root="", here="index.html", title="Kazakhstan’s security partners",
            headline=pages[0].title if pages else "Report", lede=lede, answer=cards[0]["answer"] if cards else "",
            figure=_first_figure(ran[0].html, pages[0].href) if ran else "",
            cards=cards[1:], articles=_listed(study), size=LISTED, stamp=stamp(corpus, study.coder),
            limits=_limits(study), data=sorted(data), failed=[page.label for page, r in zip(pages, ran, strict=True) if r.failed],
        )
    )  # fmt: skip


def _listed(study: Study) -> list[dict[str, str]]:
    names = study.names()
    return [{"href": page_of(a.doc), "name": names[a.doc], "about": _about(a)} for a in study.corpus.articles]


def list_pages(study: Study, *, pages: tuple[Page, ...]) -> dict[str, str]:
    """The list of articles from where the front page leaves off, `LISTED` a page, by address."""
    rows, values = _listed(study), {"site": {**_assets(), "pages": pages}, "root": "", "here": "", "size": LISTED}
    lasts = range(2, -(-len(rows) // LISTED) + 1)
    return {f"articles-{n}.html": _render("articles.html.j2", title=f"Articles, page {n}", n=n, articles=rows, **values) for n in lasts}


def _limits(study: Study) -> str:
    """How sure it all is, in words that fit the corpus."""
    n = len(study.corpus.articles)
    coded = "coded by language models of one family, not by people" if study.coding.coder.startswith("reference") else "coded by the machine’s rules, which err"
    return (f"How sure is it? {n} chosen article{'s' * (n != 1)}, {coded}: no interval and no trend, and nothing about what Kazakhstan "
            "did beyond them. Robustness tells which of these findings hang on one article or one choice.")  # fmt: skip


def _first_figure(html: str, href: str) -> str:
    """The first figure of a page as it stands on another one: its marks lead to their lists on its own page."""
    found = re.search(r"<figure.*?</figure>", html, re.DOTALL)
    figure = re.sub(r'<details class="evidence".*?</details>', "", found.group() if found else "", flags=re.DOTALL)
    return re.sub(r'(<a [^>]*?href=")#', rf"\1{href}#", figure)


def _on_page(html: str, href: str) -> str:
    """HTML with the links inside its own page made to lead there from another one, and without its anchors."""
    html = re.sub(r'<details class="evidence".*?</details>', "", html, flags=re.DOTALL)
    return re.sub(r' id="[^"]*"', "", re.sub(r'href="#', f'href="{href}#', html))


# --- running ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """One executed notebook as a page."""

    name: str
    nb: NotebookNode
    html: str
    files: dict[str, bytes]
    answer: str
    failed: str
    seconds: float


async def _run_all(
    paths: list[Path], parameters: dict, jobs: int, pages: tuple[Page, ...], work: Path, kept: dict[str, dict]
) -> list[Ran]:
    """Every notebook rendered, run before that where no result is `kept`, `jobs` at a time; the next kernel starts while the others work."""
    started, running = asyncio.Semaphore(jobs + 1), asyncio.Semaphore(jobs)
    bars = _bars(paths)

    async def one(number: int, path: Path) -> Ran:
        if found := kept.get(path.stem):
            nb, failed, seconds = nbformat.from_dict(found), "", 0.0
            bars[number].update()
        else:
            nb = nbformat.read(path, as_version=4)
            if not nb.metadata.get("long"):  # those that say so begin first, so that none ends alone
                await asyncio.sleep(0)
            async with started:
                failed, seconds = await _execute(nb, parameters, work / str(number), bars[number], running)
        html, files = await asyncio.to_thread(render_page, nb, path, pages)
        answer = "".join(answer_html(cell) for cell in nb.cells if is_answer(cell))
        return Ran(path.stem, nb, html, files, answer, failed, seconds)

    try:
        return await asyncio.gather(*(one(number, path) for number, path in enumerate(paths)))
    finally:
        for bar in bars:
            bar.close()


def render_page(nb: NotebookNode, path: Path, pages: tuple[Page, ...]) -> tuple[str, dict[str, bytes]]:
    """The executed notebook's page, and its files by address."""
    resources = {"metadata": {"name": path.stem, "path": str(path.parent)}, "kzsec_pages": pages}
    page, resources = KzsecExporter().from_notebook_node(nb, {**resources, "kzsec_no_evidence": True})
    return page, resources["outputs"]


async def _execute(
    nb: NotebookNode, parameters: dict, work: Path, bar: Any, running: asyncio.Semaphore
) -> tuple[str, float]:
    """Run `nb` in a kernel of its own: empty, or the error's name and message where a cell failed; and the seconds.

    Kernels talk over sockets in a fresh folder where the system has them: side by side over TCP they
    race for ports.
    """
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    inject_parameters(nb, parameters)
    bar.reset(total=sum(cell.cell_type == "code" for cell in nb.cells))
    work.mkdir()
    manager = AsyncKernelManager(kernel_name="python3")
    if os.name == "posix":
        manager.transport, manager.ip = "ipc", str(work / "k")
    client = NotebookClient(
        nb, km=manager, timeout=CELL_SECONDS, record_timing=False, resources={"metadata": {"path": str(NOTEBOOKS)}},
        on_cell_executed=lambda **_: bar.update(),
    )  # fmt: skip
    package = os.pathsep.join([str(cache.PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    began = time.perf_counter()
    try:
        await client.async_start_new_kernel(env={**os.environ, "PYTHONHASHSEED": "0", "MPLBACKEND": "agg", "PYTHONPATH": package, "TQDM_DISABLE": "1"})
        await client.async_start_new_kernel_client()
        async with running:
            began = time.perf_counter()
            await client.async_execute()
        return "", time.perf_counter() - began
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}", time.perf_counter() - began
    except (DeadKernelError, RuntimeError) as error:
        _note_dead_kernel(nb, str(error))
        return "the kernel died", time.perf_counter() - began
    finally:
        await manager.shutdown_kernel(now=True)


def _note_dead_kernel(nb: NotebookNode, why: str) -> None:
    """Leave a trace on the page where the kernel died without one."""
    text = f"The kernel died: out of memory, or killed. {why}"
    output = nbformat.v4.new_output("error", ename="DeadKernelError", evalue=text, traceback=[text])
    next(cell for cell in reversed(nb.cells) if cell.cell_type == "code").outputs.append(output)


def inject_parameters(nb: NotebookNode, parameters: dict[str, Any]) -> None:
    """Set parameters as papermill does: in a cell of its own behind the one tagged `parameters`."""
    if not parameters:
        return
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(source, id="injected", metadata={"tags": ["injected-parameters"]})
    at = next((n for n, c in enumerate(nb.cells) if "parameters" in c.metadata.get("tags", [])), -1)
    nb.cells.insert(at + 1, cell)


def _bars(paths: list[Path]) -> list[Any]:
    """A progress bar a notebook, on a terminal."""
    from tqdm import tqdm

    width = max(len(path.stem) for path in paths)
    shape = "{desc} {bar:24} {n_fmt}/{total_fmt} {elapsed}"
    return [
        tqdm(total=1, desc=path.stem.ljust(width), position=n, file=sys.stderr, disable=None, bar_format=shape)
        for n, path in enumerate(paths)
    ]


def report(
    corpus: str | Path | None = None,
    out: str | Path = "reports",
    *,
    jobs: int | None = None,
    codebook: str | Path | None = None,
    fresh: bool = False,
) -> Path:
    """Run the notebooks on a corpus and write the linked site to `out`; its first page is returned.

    A notebook of which a result of the very same inputs is kept does not run again, unless `fresh`.

    Raises `CorpusError` for a corpus without an article, and `ReportError` where a notebook fails: then
    the pages as far as they came stand in `OUT.failed`, and what was in `out` is left as it was.
    """
    started = time.perf_counter()
    out = Path(out).absolute()
    _check_place(out)
    paths = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    if not paths:
        raise ReportError(f"{NOTEBOOKS}: no notebooks here; run kzsec from a clone of its repository")
    parameters = cache.parameters_for(corpus, codebook)
    keys = cache.notebook_keys(NOTEBOOKS, parameters)
    articles, tables = read_corpus(parameters.get("corpus")), read_codebook(codebook)
    if not articles.articles:
        raise CorpusError(_nothing_to_read(articles))
    pages = pages_of(NOTEBOOKS)
    with tempfile.TemporaryDirectory(prefix="kz") as work:
        kept = {name: result for name, key in keys.items() if not fresh and (result := cache.read_result(key))}
        ran = asyncio.run(_run_all(paths, parameters, jobs or os.cpu_count() or 1, pages, Path(work), kept))
    study = study_of(articles, tables)
    site: dict[str, str | bytes] = {f"{r.name}.html": r.html for r in ran}
    site |= {path: data for r in ran for path, data in r.files.items()}
    data = data_files(study)
    uses = [uses_of(page, r.html, r.files) for page, r in zip(pages, ran, strict=True)]
    site |= {"index.html": front_page(study, ran, pages, list(data)), **article_pages(study, pages=pages, uses=uses), **data}
    site |= glossary_page(tables, pages=pages) | list_pages(study, pages=pages) | sentences_page(study, pages=pages)
    site |= {path.name: path.read_bytes() for path in paths}
    if cache.notebook_keys(NOTEBOOKS, parameters) != keys:
        keys = {}  # something changed meanwhile: the next report starts anew
    failed = [r for r in ran if r.failed]
    place = cache.failed_place(out) if failed else out
    _swap_in(site, place, _run_record(ran, articles, jobs, time.perf_counter() - started) | {"keys": keys})
    for r in ran:
        if r.name in keys and not r.failed and r.name not in kept:
            cache.keep_result(keys[r.name], r.nb)
    if failed:
        raise ReportError("; ".join(f"{r.name}.ipynb failed: {r.failed}" for r in failed) + f"; see {place}")
    shutil.rmtree(cache.failed_place(out), ignore_errors=True)
    return out / "index.html"


def _nothing_to_read(corpus: Corpus) -> str:
    reasons = "; ".join(f"{r.doc}: {r.reason}, {r.detail}" for r in corpus.records[:3])
    return f"{corpus.root}: no article text in {len(corpus.records)} files ({reasons}); python -m kzsec check tells more"


def _check_place(out: Path) -> None:
    """Refuse to replace anything that is not an earlier report."""
    if out.exists() and not out.is_dir():
        raise ReportError(f"{out}: is a file; name a folder for the report")
    if out.is_dir() and any(out.iterdir()) and not (out / "run.json").is_file():
        raise ReportError(f"{out}: not empty and no earlier report; name another folder with --out")


def _run_record(ran: list[Ran], corpus: Corpus, jobs: int | None, seconds: float) -> dict[str, Any]:
    """What differs from run to run and therefore stands on no page: clock time and machine."""
    return {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "seconds": round(seconds, 2), "jobs": jobs,
        "notebooks": {r.name: {"seconds": round(r.seconds, 2), "failed": r.failed} for r in ran},
        "corpus": str(corpus.root), "corpus_sha256": corpus.sha256, "python": platform.python_version(),
        "machine": platform.platform(),
    }  # fmt: skip


def _swap_in(files: dict[str, str | bytes], place: Path, record: dict[str, Any]) -> None:
    """Write the files and `run.json` beside `place` and put them there in one step; what stood there before goes last."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as folder:
        fresh, old = Path(folder, "new"), Path(folder, "old")
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        text = json.dumps({**record, "site": cache.site_hash(fresh)}, indent=1) + "\n"
        (fresh / "run.json").write_text(text, encoding="utf-8")
        if place.exists():
            place.rename(old)
        fresh.rename(place)
