"""Two annotations in, agreement out: of spans, of codings, of acts, each with the number it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

NAN = float("nan")
SPAN = ["doc", "start", "end"]
ROW = [*SPAN, "vector"]


class SpanComparison(NamedTuple):
    """`scores` by type (exact span and type), and `confusion` of types where the spans are the same."""

    scores: pd.DataFrame
    confusion: pd.DataFrame


@dataclass(frozen=True)
class Agreement:
    """Two coders' agreement on `n` units coded by both; a measure that is undefined is nan."""

    n: int
    percentage: float
    kappa: float
    alpha: float
    ac1: float


def precision_recall(hits: int, found: int, gold: int) -> dict[str, float]:
    """Precision, recall and F1; nan where there is nothing to divide by."""
    total = found + gold
    return {
        "precision": hits / found if found else NAN,
        "recall": hits / gold if gold else NAN,
        "f1": 2 * hits / total if total else NAN,
    }


def compare_spans(found: pd.DataFrame, gold: pd.DataFrame) -> SpanComparison:
    """Exact-span scores by type, `all` last; in the confusion, `-` is a span that the other side lacks."""
    import pandas as pd

    sides = [
        side.astype({"start": int, "end": int}).drop_duplicates(SPAN, keep="last").set_index(SPAN)["type"]
        for side in (found, gold)
    ]
    pairs = pd.concat(sides, axis=1, keys=["found", "gold"]).fillna("-")
    a, b = pairs["found"], pairs["gold"]
    counts = pd.DataFrame({"hits": a[a == b].value_counts(), "found": a.value_counts(), "gold": b.value_counts()})
    counts = counts.drop(index="-", errors="ignore").fillna(0).astype(int).sort_index()
    counts.loc["all"] = counts.sum()
    scores = [precision_recall(*row) for row in counts.itertuples(index=False)]
    table = pd.DataFrame(scores, counts.index.rename("type")).join(counts[["found", "gold"]])
    return SpanComparison(table, pd.crosstab(a, b))


def agreement(a: pd.DataFrame, b: pd.DataFrame, column: str) -> Agreement:
    """Agreement on `column` over the rows (document, span, and vector where both have one) that both coders have."""
    key = [name for name in ROW if name in a and name in b]
    both = a[[*key, column]].merge(b[[*key, column]], on=key, suffixes=("_a", "_b"))
    return agreement_of(both[f"{column}_a"].astype(str).tolist(), both[f"{column}_b"].astype(str).tolist())


def agreement_of(first: list[str], second: list[str]) -> Agreement:
    """Agreement of two lists of labels, unit by unit.

    Kappa from scikit-learn, alpha from NLTK; AC1 after Gwet (2008), over the labels that occur.
    """
    n, labels = len(first), sorted({*first, *second})
    same = sum(x == y for x, y in zip(first, second, strict=True))
    if not n or len(labels) < 2:  # with one label there is no chance agreement to correct for
        return Agreement(n, same / n if n else NAN, NAN, NAN, NAN)
    from nltk.metrics.agreement import AnnotationTask
    from sklearn.metrics import cohen_kappa_score

    triples = [(coder, unit, label) for coder, side in (("a", first), ("b", second)) for unit, label in enumerate(side)]
    counts = Counter(first + second)
    chance = sum(counts[label] / (2 * n) * (1 - counts[label] / (2 * n)) for label in labels) / (len(labels) - 1)
    kappa = float(cohen_kappa_score(first, second))
    alpha = float(AnnotationTask(triples).alpha())
    return Agreement(n, same / n, kappa, alpha, (same / n - chance) / (1 - chance))


def match_acts(found: pd.DataFrame, gold: pd.DataFrame) -> list[tuple[int, int, str]]:
    """Pairs (row found, row of gold, vector): one reports the act at a sentence where the other reports or retells it.

    Each side's act is used once per vector; the same kind, then the same first sentence, then the same modality is preferred.
    """
    pairs = []
    others = gold.to_dict("records")
    for i, one in enumerate(found.to_dict("records")):
        for j, other in enumerate(others):
            shared = set(one["vectors"]) & set(other["vectors"])
            if one["doc"] == other["doc"] and shared and _same_place(one, other):
                rank = (*(one[name] != other[name] for name in ("kind", "start", "modality")), i, j)
                pairs += [(rank, vector) for vector in shared]
    used: set[tuple] = set()
    matched = []
    for (*_, i, j), vector in sorted(pairs):
        ends = {("found", i, vector), ("gold", j, vector)}
        if not ends & used:
            used |= ends
            matched.append((i, j, vector))
    return matched


def _same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    own, others = (one["start"], one["end"]), (other["start"], other["end"])
    return own == others or own in map(tuple, other["also"]) or others in map(tuple, one["also"])


def evaluate(annotations: Any, reference: Any) -> pd.DataFrame:
    """`value` and `n` (units of the reference, or units in both) by measure, of `annotations` against `reference`."""
    import pandas as pd

    rows: list[tuple[str, float, int]] = []
    paragraph = ["doc", "para", "vector"]
    for name, table, key in (("presence", "codings", ROW), ("paragraph_vectors", "paragraph_vectors", paragraph)):
        sides = (getattr(side, table)[key] for side in (annotations, reference))
        found, gold = (set(side.itertuples(index=False, name=None)) for side in sides)
        rows += _scores(name, len(found & gold), len(found), len(gold))
    for column in ("stance", "limit", "hedged", "voice"):
        both = agreement(annotations.codings, reference.codings, column)
        rows.append((f"{column}_alpha", both.alpha, both.n))
    return pd.DataFrame(rows + _act_rows(annotations.events, reference.events), columns=["measure", "value", "n"])


def _act_rows(found: pd.DataFrame, gold: pd.DataFrame) -> list[tuple[str, float, int]]:
    """Scores of acts, and the share of matched acts whose column is right."""
    matched = match_acts(found, gold)
    rows = _scores("act", len(matched), *(int(side["vectors"].map(len).sum()) for side in (found, gold)))
    for column in ("kind", "modality", "domain", "channel", "tone", "role", "date_iso"):
        ours, theirs = found[column].tolist(), gold[column].tolist()
        right = sum(ours[i] == theirs[j] for i, j, _ in matched)
        rows.append((f"act_{column}", right / len(matched) if matched else NAN, len(matched)))
    return rows


def _scores(name: str, hits: int, found: int, gold: int) -> list[tuple[str, float, int]]:
    return [(f"{name}_{score}", value, gold) for score, value in precision_recall(hits, found, gold).items()]
