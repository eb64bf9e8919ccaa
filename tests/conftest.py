"""Shared material: the seed study, read once."""

from pathlib import Path

import pytest

import kzsec

ROOT = Path(__file__).parents[1]


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
