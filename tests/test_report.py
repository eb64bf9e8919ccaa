"""The report: every notebook executed in a fresh kernel, linked pages, and what happens when something fails."""

import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from conftest import ATTACKS

from kzsec import report as stage
from kzsec.annotations import has_reference
from kzsec.codebook import KINDS, LIMITS, MODALITIES, STANCES, VECTORS, VOICES
from kzsec.corpus import CorpusError
from kzsec.evidence import HIDDEN, anchor_of, page_of, url_of, visible
from kzsec.patterns import open_study
from kzsec.report import ReportError, article_pages, inject_parameters, list_pages, pages_of, parameters_of, report


class Anchors(HTMLParser):
    """Ids and link targets of a page."""

    def __init__(self):
        super().__init__()
        self.ids, self.links = [], []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.links.append(value)


def anchors(path: Path) -> Anchors:
    parser = Anchors()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_every_link_and_anchor_resolves(site):
    pages = {path: anchors(path) for path in site.rglob("*.html")}
    assert len(pages) == 1 + 8 + 2 + 5
    for path, found in pages.items():
        assert len(found.ids) == len(set(found.ids)), f"{path.name}: an id stands twice"
        for link in found.links:
            if link.startswith("data:"):
                continue
            assert not re.match(r"[a-z]+:", link), f"{path.name} leaves the site: {link}"
            target, _, anchor = link.partition("#")
            page = (path.parent / target).resolve() if target else path
            assert page in pages or page.is_file(), f"{path.name}: {link}"
            if anchor:
                assert anchor in pages[page].ids, f"{path.name}: {link}"


def test_pages_say_their_answer_first_and_hold_no_path_or_machine(site):
    for path in site.glob("0*.html"):
        page = path.read_text(encoding="utf-8")
        assert 0 < page.index("</h1>") < page.index('class="answer"') < page.index('class="prose"')
        assert "Traceback" not in page
    for path in site.rglob("*.html"):
        assert str(Path.home()) not in path.read_text(encoding="utf-8")
        assert str(site) not in path.read_text(encoding="utf-8")


def test_every_figure_has_a_finding_alt_text_a_caption_and_live_marks(site):
    figures = 0
    for path in site.glob("0*.html"):
        for figure in re.findall(r"<figure.*?</figure>", path.read_text(encoding="utf-8"), re.DOTALL):
            figures += 1
            assert len(re.search(r'<svg[^>]*aria-label="([^"]+)"', figure).group(1)) > 40
            assert re.search(r'<p class="title"><span class="no">Figure \d+.</span> [^<]{10,}</p>', figure)
            assert re.search(r"<figcaption>[^<]{20,}</figcaption>", figure)
            svg = re.search(r"<svg.*?</svg>", figure, re.DOTALL).group()
            assert svg.count("<a href=") == len(re.findall(r"<a href=\"[^\"]+\"><title>[^<]+</title>", svg)) >= 5
            assert "mark-" not in svg
    assert figures >= 8


def test_figures_and_tables_are_numbered_and_have_their_files(site):
    files = 0
    for path in site.glob("0*.html"):
        page = path.read_text(encoding="utf-8")
        for kind, found in (("Figure", r'<figure class="chart" id="fig-([^"]+)".*?</figure>'), ("Table", r'<div class="tabled" id="table-([^"]+)">.*?</table>.*?</p>')):
            pieces = list(re.finditer(found, page, re.DOTALL))
            assert [f"{kind} {n + 1}." for n in range(len(pieces))] == re.findall(rf'<span class="no">({kind} \d+\.)', page)
            for piece in pieces:
                ends = ("svg", "png") if kind == "Figure" else ("csv",)
                for end in ends:
                    address = f"figures/{path.stem}/{piece[1]}.{end}"
                    assert f'<a download href="{address}">' in piece.group()
                    assert (site / address).stat().st_size > 10
                    files += 1
                assert f"figures/{path.stem}/datapackage.json" in piece.group()
    assert files >= 40
    assert "base64" not in "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))


def test_a_table_schema_tells_every_column_of_every_csv(site):
    packages = list(site.rglob("datapackage.json"))
    assert len(packages) == 1 + 8
    told = set()
    for package in packages:
        for resource in json.loads(package.read_text(encoding="utf-8"))["resources"]:
            path = package.parent / resource["path"]
            rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
            assert [field["name"] for field in resource["schema"]["fields"]] == rows[0], path
            for at, field in enumerate(resource["schema"]["fields"]):
                cells = [row[at] for row in rows[1:] if row[at]]
                pattern = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?(e-?\d+)?", "boolean": "True|False", "string": "(?s:.*)"}[field["type"]]
                assert all(re.fullmatch(pattern, cell) for cell in cells), (path, field)
            told.add(path)
    assert told == set(site.rglob("*.csv"))


def test_drawings_to_take_away_stand_alone(site):
    for path in site.rglob("*.svg"):
        drawing = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        tags = {element.tag.rsplit("}", 1)[-1] for element in drawing.iter()}
        assert not {"a", "script", "image"} & tags
        assert {"title", "desc"} <= {child.tag.rsplit("}", 1)[-1] for child in drawing}
        assert "var(--" not in path.read_text(encoding="utf-8")
    for path in site.rglob("*.png"):
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_glossary_defines_the_codebook_and_is_linked_once_a_page(site):
    page = (site / "glossary.html").read_text(encoding="utf-8")
    for kind, words in (("vector", VECTORS), ("stance", STANCES), ("limit", LIMITS), ("voice", VOICES), ("kind", KINDS), ("modality", MODALITIES)):
        for word in words:
            assert f'id="{kind}-{word.replace("_", "-")}"' in page
    linked = 0
    for path in site.glob("0*.html"):
        links = re.findall(r'<a class="term" href="([^"]+)"', path.read_text(encoding="utf-8"))
        assert len(links) == len(set(links))
        linked += len(links)
    assert linked > 30


def test_the_site_is_small(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 6_000_000
    for path in site.rglob("*.html"):
        assert path.stat().st_size < 1_000_000, path


def test_the_first_page_has_a_card_for_each_question_and_the_stamp(site):
    page = (site / "index.html").read_text(encoding="utf-8")
    for entry in pages_of(stage.NOTEBOOKS)[1:]:
        assert f'href="{entry.href}">{entry.title}'.replace("’", "’") in page
    assert "sha256" in page
    assert json.loads((site / "run.json").read_text())["notebooks"].keys() == {p.stem for p in stage.NOTEBOOKS.glob("*.ipynb")}


def test_nbconvert_gives_the_same_pages_and_files(site, tmp_path):
    """One call on all notebooks: the pages of articles then know every figure that uses them."""
    notebooks = sorted(stage.NOTEBOOKS.glob("*.ipynb"))
    for path in notebooks:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "kzsec", *(str(tmp_path / path.name) for path in notebooks)]
    subprocess.run(command, check=True, capture_output=True)
    files = {path.relative_to(site) for path in site.rglob("*") if path.is_file()} - {Path("run.json"), Path("index.html")}
    assert {path for path in files if not (tmp_path / path).is_file()} == set()
    assert {path for path in files if (tmp_path / path).read_bytes() != (site / path).read_bytes()} == set()


def test_a_page_gives_the_notebook_behind_it_as_it_lies_in_git(site):
    for path in stage.NOTEBOOKS.glob("*.ipynb"):
        assert f'<a download href="./{path.name}">' in (site / f"{path.stem}.html").read_text(encoding="utf-8")
        assert (site / path.name).read_bytes() == path.read_bytes()


def test_the_page_of_all_sentences_says_when_it_holds_not_all(folder, monkeypatch):
    study = open_study(folder({"a.txt": "Russia and Kazakhstan signed a treaty. It ended. <b>Nothing</b> came of it."}))
    whole = stage.sentences_page(study, pages=())["sentences.html"]
    assert whole.count('<li class="v-russia s-cooperation russia-cooperation"><a href="articles/a.txt.html#p0s0">') == 1
    assert "3 sentences, with codings by the machine’s" in whole
    assert "&lt;b&gt;Nothing&lt;/b&gt;" in whole
    monkeypatch.setattr(stage, "SEARCHED", 2)
    cut = stage.sentences_page(study, pages=())["sentences.html"]
    assert "The first 2 of 3 sentences" in cut
    assert "came of it" not in cut


def test_every_sentence_tells_what_uses_it_and_how_to_cite_it(site, study):
    for article in study.corpus.articles:
        page = (site / page_of(article.doc)).read_text(encoding="utf-8")
        notes = re.findall(r'<li id="n-p\d+s\d+".*?</li>', page, re.DOTALL)
        assert len(notes) == len(article.sentences)
        for s, note in zip(article.sentences, notes, strict=True):
            assert f'href="#{anchor_of(s.para, s.sent)}"' in note
            assert re.search(rf"volume \d+, issue \d+.*, paragraph {s.para + 1}, sentence {s.sent + 1} \(file {article.doc}, sha256 [0-9a-f]{{12}}\)\.", note)
    address = url_of((study.corpus.articles[2].doc, 7, 1))
    users = {path.name for path in site.glob("0*.html") if f'href="{address}"' in path.read_text(encoding="utf-8")}
    page = (site / address.partition("#")[0]).read_text(encoding="utf-8")
    note = re.search(r'<li id="n-p7s1".*?</li>', page, re.DOTALL).group()
    assert users <= set(re.findall(r'href="\.\./([^"#]+)#', note))
    assert users


def test_a_long_article_is_laid_out_on_several_pages_that_links_find(folder):
    long = "\n\n".join(f"Russia and Kazakhstan signed treaty number {n} in Astana." for n in range(90))
    wide = " ".join(f"Russia and Kazakhstan signed treaty number {n} in Astana." for n in range(250))
    study = open_study(folder({"long.txt": long, "wide.txt": wide + "\n\nIt ended."}))
    pages = article_pages(study, pages=())
    assert len(pages) == 3 + 3
    for a in study.corpus.articles:
        for s in a.sentences:
            page, anchor = url_of((a.doc, s.para, s.sent)).split("#")
            assert f'id="{anchor}"' in pages[page]
    assert all(f'href="../{b}"' in pages[a] for a, b in pairwise(pages))


def test_a_long_list_of_articles_is_paged(folder):
    study = open_study(folder({f"{n:03}.txt": f"Russia and Kazakhstan signed treaty number {n} in Astana." for n in range(450)}))
    pages = list_pages(study, pages=())
    assert list(pages) == ["articles-2.html", "articles-3.html"]
    assert [page.count("<li><a href=\"articles/") for page in pages.values()] == [200, 50]
    assert 'href="articles-3.html"' in pages["articles-2.html"]


def test_a_failing_cell_leaves_the_earlier_site_and_its_traceback_beside_it(one_notebook, tmp_path):
    out = tmp_path / "reports"
    one_notebook("print('fine')")
    report(None, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    one_notebook("1 / 0")
    with pytest.raises(ReportError, match=r"00-one\.ipynb failed: ZeroDivisionError"):
        report(None, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    page = (tmp_path / "reports.failed" / "00-one.html").read_text(encoding="utf-8")
    assert "FAILED" in page[: page.index("</h1>")]
    assert "ZeroDivisionError: division by zero" in page
    one_notebook("print('mended')")
    report(None, out)
    assert not (tmp_path / "reports.failed").exists()


def test_a_kernel_that_dies_is_a_failure(one_notebook, tmp_path):
    one_notebook("import os; os._exit(1)")
    with pytest.raises(ReportError, match="kernel died"):
        report(None, tmp_path / "reports")
    assert "FAILED" in (tmp_path / "reports.failed" / "00-one.html").read_text(encoding="utf-8")


def test_what_is_no_earlier_report_is_never_replaced(one_notebook, tmp_path):
    one_notebook("1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ReportError, match="not empty and no earlier report"):
        report(None, tmp_path / "mine")


class Shape(HTMLParser):
    """Which elements with which attributes a page has, and the text of its scripts and styles."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.shapes, self.code, self.inside, self.links = set(), [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.shapes |= {(tag, name) for name, _ in attributes} | {(tag, "")}
        self.inside = tag if tag in ("script", "style") else ""
        self.links += [value for name, value in attributes if name in ("href", "src", "xlink:href", "action", "formaction", "data", "srcdoc")]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside:
            self.code.append((self.inside, data))


def test_text_titles_and_file_names_do_nothing_in_any_page(site, attacked):
    """A page made from attacks has no element, attribute, script or style that a page of the seeds has not."""
    clean = [Shape(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")]
    shapes = set().union(*(page.shapes for page in clean)) | {("p", "class"), ("a", "rel")}
    code = {piece for page in clean for piece in page.code}
    pages = list(attacked.rglob("*.html"))
    assert len(pages) == 1 + 8 + 2 + len(ATTACKS)
    for path in pages:
        page = Shape(path.read_text(encoding="utf-8"))
        assert page.shapes <= shapes, (path, page.shapes - shapes)
        assert set(page.code) <= code, path
        assert not [link for link in page.links if re.match(r"\s*[a-zA-Z][a-zA-Z+.-]*:|//", link)], path


def test_attacks_stand_as_visible_text(attacked):
    text = "".join(unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))) for path in (attacked / "articles").iterdir())
    for attack in ATTACKS:
        if not re.search(r"[\x00-\x1f\x7f]|\s$", attack):
            assert visible(attack) in text, attack


def test_no_download_carries_what_hides_or_runs(attacked):
    files = [path for path in attacked.rglob("*") if path.suffix in (".html", ".csv", ".svg", ".json", ".gexf")]
    assert len(files) > 60
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not HIDDEN.search(text), path
        assert not HIDDEN.search(path.name)
        if path.suffix in (".svg", ".gexf"):
            tags = {element.tag.rsplit("}", 1)[-1] for element in ElementTree.fromstring(text).iter()}
            assert not {"a", "script", "image", "foreignObject", "use"} & tags - {"use"}, path
            assert not re.search(r"<[^>]*\son\w+=", text)
        if path.suffix == ".csv":
            for row in csv.reader(io.StringIO(text)):
                assert not [cell for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r") or re.match(r"-(?![\d.]+(e-?\d+)?$)", cell)], path


def test_a_corpus_without_an_article_is_one_clear_line(folder, tmp_path):
    with pytest.raises(CorpusError, match="no article text in 1 files"):
        report(folder({"a.txt": ""}), tmp_path / "out")


@pytest.mark.parametrize("articles", [1, 50])
def test_other_corpora_run_through(folder, tmp_path, articles):
    actors = ["Russia", "China", "NATO", "Turkey", "Egypt", "Uzbekistan", "the United States"]
    files = {}
    for n in range(articles):
        a, b = actors[n % 7], actors[(n * 3 + 1) % 7]
        files[f"{n:03}.txt"] = (
            f"Publication: Eurasia Daily Monitor Volume: {1 + n % 9} Issue: {40 + n}\n\n"
            f"Kazakhstan and {a} signed an agreement on border security on May {1 + n % 28} (Interfax, May {1 + n % 28}). "
            f"Defense Minister Mukhtar Altynbayev said that cooperation with {a} would deepen.\n\n"
            f"Yet {b} is wary of such ties, and it remains unclear how far the partnership may go. Officials will hold talks in Astana.\n\n"
            f"Number {n} differs."
        )
    root = folder(files)
    assert not has_reference(__import__("kzsec").read_corpus(root))
    report(root, tmp_path / "out", jobs=2)
    page = (tmp_path / "out" / "00-overview.html").read_text(encoding="utf-8")
    assert "machine’s rules, uncorrected" in page
    assert str(root) not in page
    if articles == 1:
        assert "Not estimable from 1 article" in page
        assert "not estimable from 1 article" in (tmp_path / "out" / "04-topics.html").read_text(encoding="utf-8")
    for path in (tmp_path / "out").glob("*.html"):
        assert path.stat().st_size < 5_000_000


def test_parameters_go_into_a_cell_of_their_own_behind_the_tagged_one():
    nb = nbformat.read(stage.NOTEBOOKS / "04-topics.ipynb", as_version=4)
    assert parameters_of(nb) == {"corpus": None, "codebook": None, "k": 6}
    inject_parameters(nb, {"corpus": "a b"})
    assert parameters_of(nb) == {"corpus": "a b", "codebook": None, "k": 6}
