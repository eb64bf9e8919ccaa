"""Shared material: the seed study, read once."""

import os
from pathlib import Path

import nbformat
import pytest

import kzsec
import kzsec.report
from kzsec import cache

ROOT = Path(__file__).parents[1]


# what an article's text, title or file name may hold, and what it must never do
ATTACKS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus=alert(1) x="',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data='data:text/html,<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=//example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<base href=//example.org>",
    "<form action=//example.org><input autofocus>",
    "</p></div></main></body></html>",
    "</title></style></textarea></details>",
    "<!-- <b>never closed",
    "<![CDATA[<b>x",
    "{{ 7 * 7 }}{% raw %}{{ ''.__class__ }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "$\\frac{1}{0}$ $\\input{x}$",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "<scr\x01ipt>alert(1)</scr\x01ipt>",
    "\u202egnp.exe\u202c and \u2066x\u2069",
    "a\u200bb\ufeffc\x07d\x1b[31m",
    "=HYPERLINK(1)",
    "@SUM(1+1)",
    "`code` **bold** <b>bold</b>",
    "<a download='x.csv' href='data:text/csv;base64,eA=='>",
]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """No result of a notebook is taken from, or left in, the cache of whoever runs the tests."""
    os.environ["KZSEC_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The report on the seeds, made once."""
    out = tmp_path_factory.mktemp("site") / "reports"
    kzsec.report.report(None, out, jobs=2)
    return out


@pytest.fixture(scope="session")
def attacked(tmp_path_factory):
    """The report on a corpus in which each attack stands in the file name, title, text, a name and a source of an article."""
    root = tmp_path_factory.mktemp("attacked")
    (root / "corpus").mkdir()
    for number, attack in enumerate(ATTACKS):
        name = attack.replace("/", "\u2215")
        text = (
            f"{attack}\nPublication: Eurasia Daily Monitor Volume: 3 Issue: {40 + number}\nBy: {attack}\n\n"
            f"Russia and Kazakhstan signed {attack} a treaty in Astana ({attack}, May {1 + number % 28}). "
            f"Defense Minister {attack} Serikov said that Turkey and China may help {attack}.\n\n"
            f"{attack} Yet NATO is wary of such ties with Kazakhstan; number {number} differs."
        )
        (root / "corpus" / f"{name} {number}.txt").write_bytes(text.encode())
    kzsec.report.report(root / "corpus", root / "out", jobs=2)
    return root / "out"


@pytest.fixture(scope="session")
def study():
    """The seeds under their reference coding."""
    return kzsec.open_study()


@pytest.fixture
def folder(tmp_path):
    """A function that writes files into a fresh folder and returns it."""

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / "corpus" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "corpus"

    return write


@pytest.fixture
def one_notebook(tmp_path, monkeypatch):
    """A function that makes a notebook of one code cell, in a folder that is taken for the project's."""

    def make(code: str, name: str = "00-one") -> None:
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        cells = [nbformat.v4.new_markdown_cell("# Why?", id="t"), nbformat.v4.new_code_cell(code, id="c", metadata={"tags": ["answer"]})]
        nb = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "p"}})
        nbformat.write(nb, folder / f"{name}.ipynb")
        for stage in (kzsec.report, cache):
            monkeypatch.setattr(stage, "NOTEBOOKS", folder)

    return make
