"""Notebooks as they lie in git: their anatomy, and no outputs. They are executed in test_report.py."""

import ast
import json
import re

import pytest
from conftest import ROOT

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = ["00-overview", "01-corpus", "02-entities", "03-alignment", "04-topics", "05-multi-vector", "06-robustness", "07-your-articles"]


def cells(path, kind=None):
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def test_all_eight_stand_in_order():
    assert [path.stem for path in PATHS] == NUMBERED


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_source_form(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = cells(path, "code")
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in cells(path)}) == len(cells(path))
    for cell in code:
        assert "sys.path" not in source(cell)
        assert not re.search(r"^[!%]", source(cell), re.MULTILINE)
        assert len(source(cell).splitlines()) <= 14


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_anatomy(path):
    first = source(cells(path)[0])
    assert re.match(r"# .+\?\n", first), "the title is a question"
    assert "\n> " in first, "a passage of the articles raises it"
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert tagged == [cells(path, "code")[0]]
    names = [node.targets[0].id for node in ast.parse(source(tagged[0])).body]
    assert names[:2] == ["corpus", "codebook"]
    assert sum("answer" in cell["metadata"].get("tags", []) for cell in cells(path, "code")) == 1
    headings = re.findall(r"^## (.+)$", "\n".join(source(cell) for cell in cells(path, "markdown")), re.MULTILINE)
    assert {"What this does not show", "References and versions"} <= set(headings)
    assert 12 <= len(cells(path)) <= 34


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_links_between_notebooks_lead_somewhere(path):
    for target in re.findall(r"\]\(([\w-]+\.ipynb)\)", "\n".join(source(cell) for cell in cells(path, "markdown"))):
        assert (path.parent / target).is_file()


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_passages_are_quoted_from_the_articles(path):
    """A quotation at the head stands in a seed article; an ellipsis parts pieces, quotation marks may be nested."""
    texts = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "seeds").glob("*.txt"))
    quoted = " ".join(line[2:] for line in source(cells(path)[0]).splitlines() if line.startswith("> ")).split(" Eurasia Daily")[0]
    plain = str.maketrans("", "", "“”‘’\"'")
    for piece in re.split(r"\s*…\s*", quoted.translate(plain)):
        assert " ".join(piece.split()).rstrip(".") in texts.translate(plain).replace("\n", " ")
