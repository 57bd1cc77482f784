"""The claims as rows of the page's first table, and as JSON beside it."""

from typing import Any, get_args

from datayield.analysis.claims import LEVEL, ClaimOutcome, ClaimVerdict, said, tally
from datayield.analysis.findings import Findings
from datayield.analysis.model import ITEM_CORRELATION

SCHEMA_VERSION = 1


def claims_table(f: Findings) -> dict[str, Any]:
    """Rows in the study's order, and the counts; `rows` is empty if the study has no claims."""
    return {
        "tally": tally(f.claims),
        "level": f"{100 * LEVEL:g}",
        "scale": f.claims[0].scale if f.claims else "",
        "item_correlation": f"{ITEM_CORRELATION:g}",
        "rows": [_row(j) for j in f.claims],
    }


def _row(j: ClaimVerdict) -> dict[str, str]:
    short = {"rank correlation": "ρ"}.get(j.unit, j.unit)
    span = ""
    if j.low is not None and j.high is not None:
        span = f"{said(j.low, j.unit)} to {said(j.high, j.unit)}"
    value = j.claim.value
    return {
        "id": j.claim.id,
        "says": j.claim.says,
        "cites": j.claim.cites,
        "test": j.claim.test.replace("_", " "),
        "of": ", ".join(j.claim.names),
        "verdict": j.verdict,
        "evidence": j.evidence,
        "effect": "–" if j.effect is None else said(j.effect, j.unit),
        "unit": short if j.effect is not None else "",
        "span": span,
        "value": "–" if value is None else f"{value:g}",
        "scale": j.scale,
    }


def claims_json(f: Findings) -> dict[str, Any]:
    """Everything about each claim, for scripts. `p` is Holm-adjusted over the study."""
    study = f.results.study
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.study,
        "scale": study.scale,
        "level": LEVEL,
        "item_correlation": ITEM_CORRELATION,
        "tally": f"claims: {tally(f.claims)}",
        "counts": {v: sum(j.verdict == v for j in f.claims) for v in get_args(ClaimOutcome)},
        "claims": [_json(j) for j in f.claims],
    }


def _json(j: ClaimVerdict) -> dict[str, Any]:
    return {
        "id": j.claim.id,
        "says": j.claim.says,
        "cites": j.claim.cites,
        "test": j.claim.test,
        "of": list(j.claim.names),
        "verdict": j.verdict,
        "evidence": j.evidence,
        "scale": j.scale,
        "unit": j.unit,
        "effect": j.effect,
        "low": j.low,
        "high": j.high,
        "published": j.claim.value,
        "p": j.p,
        "seeds": j.seeds,
        "n_test": j.n_test,
        "df": None if j.df is None or j.df == float("inf") else j.df,
        "parts": j.parts,
        "item_by_item": j.item_by_item,
        "limit": j.limit,
    }
