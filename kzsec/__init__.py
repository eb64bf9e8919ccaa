"""Analyst articles in, evidence of a state's security vectors out.

Names are loaded from their stage when first used, so that `import kzsec` costs next to nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_STAGES = {
    "corpus": ("Corpus", "CorpusError", "read_corpus"),
    "codebook": ("Codebook", "CodebookError", "read_codebook"),
    "annotations": ("Annotations", "annotate", "best_coding", "read_reference", "reference_for"),
    "sheets": ("SheetError", "compare_sheets", "read_sheet", "sheet_share", "write_sheet"),
    "corrections": ("apply_corrections", "corrected", "read_corrections"),
    "shares": ("Estimate", "bootstrap_share", "corrected_share"),
    "patterns": ("Study", "open_study"),
    "explorer": ("explore", "find"),
}
_STAGE_OF = {name: stage for stage, names in _STAGES.items() for name in names}
__all__ = ["__version__", *_STAGE_OF]


def __getattr__(name: str):
    if name in _STAGE_OF:
        return getattr(import_module(f".{_STAGE_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
