"""Codebook tables: the shipped ones, and an analyst's own in their place."""

import pytest

from kzsec.codebook import TABLES, VECTORS, CodebookError, read_codebook


def test_every_partner_rolls_up_to_known_vectors():
    rows = read_codebook()["partners"]
    assert {v for row in rows for v in row["vectors"].split(";") if v} == set(VECTORS)
    assert len({row["id"] for row in rows}) == len(rows)


def test_own_tables_replace_the_shipped_ones_one_by_one(tmp_path):
    shipped = (TABLES / "cues.csv").read_text(encoding="utf-8")
    (tmp_path / "cues.csv").write_text("\n".join(shipped.splitlines()[:3]), encoding="utf-8")
    own = read_codebook(tmp_path)
    assert len(own["cues"]) == 2
    assert own["partners"] == read_codebook()["partners"]
    assert own.sha256 != read_codebook().sha256


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("cues.csv", b"a,b\n1,2\n", "column .* is missing"), ("wrong.csv", b"a\n", "not a codebook table"),
     ("cues.csv", b"\xff\xfea", "not UTF-8 at byte 0"), ("notes.txt", b"", "no codebook table here")],
)  # fmt: skip
def test_a_bad_table_is_one_clear_line(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CodebookError, match=says):
        read_codebook(tmp_path)
