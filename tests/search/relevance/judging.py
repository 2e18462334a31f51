"""How well an engine answers judged questions: nDCG@10 of each, the mean of each language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: Hits that a buyer looks at.
DEPTH = 10
QUERIES = Path(__file__).parent / "queries.yaml"


@dataclass(frozen=True, slots=True)
class Judged:
    """One question, and how much each sample is wanted as its answer (by the sample's key)."""

    language: str
    text: str
    grades: Mapping[str, int]
    kind: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Score:
    """What came of a question: its nDCG and the samples found, in order."""

    judged: Judged
    ndcg: float
    found: tuple[str, ...]


def read_queries() -> tuple[Judged, ...]:
    """All judged questions."""
    document: dict[str, list[dict[str, Any]]] = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    return tuple(
        Judged(
            language=language,
            text=row["q"],
            grades=row["grades"],
            kind=row.get("kind", "offering"),
            held_out=row.get("held_out", False),
        )
        for language, rows in document.items()
        for row in rows
    )


def ndcg(found: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain: 1 for the best order there is, 0 when nothing wanted is found.

    The gain of a grade g is 2^g - 1, the discount of place i is log2(i + 1): Burges et al. 2005, "Learning to
    rank using gradient descent", after Järvelin and Kekäläinen 2002.
    """
    best = _gain(sorted(grades.values(), reverse=True)[:depth])
    return _gain([grades.get(one, 0) for one in found[:depth]]) / best


def mean(scores: Iterable[Score]) -> float:
    """The mean nDCG."""
    values = [score.ndcg for score in scores]
    return sum(values) / len(values)


def table(scores: Sequence[Score], worst: int = 15) -> str:
    """The means, and the questions that were answered worst, for a person."""
    lines = ["nDCG@10       all    tuned  held out"]
    for language in ("en", "fr", "de", "all"):
        mine = [score for score in scores if language in (score.judged.language, "all")]
        tuned = mean(score for score in mine if not score.judged.held_out)
        held_out = mean(score for score in mine if score.judged.held_out)
        lines.append(f"{language:10} {mean(mine):.3f}    {tuned:.3f}     {held_out:.3f}")
    lines.append("")
    for score in sorted(scores, key=lambda score: score.ndcg)[:worst]:
        judged = score.judged
        wanted = " ".join(f"{key}:{grade}" for key, grade in judged.grades.items())
        lines += (
            f"{score.ndcg:.3f} {judged.language}{' held out' if judged.held_out else ''}  {judged.text}",
            f"      wanted {wanted}",
            f"      found  {' '.join(score.found[:DEPTH])}",
        )
    return "\n".join(lines)


def _gain(grades: Iterable[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, start=1))
