"""The three lists of packages agree, and importing kzsec costs nearly nothing."""

import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def bounds(lines):
    """Name (normalised) to version bound."""
    found = (re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", m.group(1)).lower(): m.group(2).replace(" ", "") for m in found}


DIRECT = bounds(PROJECT["dependencies"])


def locked():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", "-e"))]
    assert "-e ." in lines
    assert all(re.match(r"[A-Za-z0-9._-]+==\S+", pin) for pin in pins)
    return [(re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower(), pin.split("==")[1].split(" ;")[0].strip()) for pin in pins]


def number(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def test_the_lock_pins_every_direct_dependency_within_its_bounds():
    pins = locked()
    for name, bound in DIRECT.items():
        versions = [version for locked_name, version in pins if locked_name == name]
        assert versions, f"{name} is not in requirements.txt; generate it again"
        assert all(number(version) >= number(bound) for version in versions)
        assert bound.startswith(">=")


def test_conda_gets_the_same_packages():
    lines = [line.strip(" -") for line in (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines() if line.startswith("  ")]
    conda = bounds(line for line in lines if re.match(r"[a-z0-9-]+>=", line))
    assert conda.pop("python") == PROJECT["requires-python"]
    assert conda == DIRECT


def test_the_lock_is_complete():
    """Every package that is needed at run time in this environment is pinned."""
    from importlib.metadata import PackageNotFoundError, requires

    names = {name for name, _ in locked()}
    from packaging.requirements import Requirement

    for name in sorted(names):
        try:
            needed = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue  # another platform's
        for need in needed:
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert re.sub(r"[-_.]+", "-", need.name).lower() in names, f"{name} needs {need.name}"


def test_importing_kzsec_loads_no_plotting_or_learning_library():
    code = "import kzsec, sys; print([m for m in ('matplotlib', 'seaborn', 'sklearn', 'nltk', 'scipy', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["corpus", "codebook", "annotations", "entities", "coding"])
def test_coding_articles_loads_no_plotting_or_learning_library(name):
    code = f"import kzsec.{name}, sys; print([m for m in ('matplotlib', 'seaborn', 'sklearn', 'nltk', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_seeds_are_what_their_readme_says():
    import hashlib

    table = dict(re.findall(r"\| `(\S+\.txt)` \|[^|]*\| `([0-9a-f]{64})` \|", (ROOT / "seeds" / "README.md").read_text(encoding="utf-8")))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (ROOT / "seeds").glob("*.txt")}
    assert table == files
