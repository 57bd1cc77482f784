"""How diverse the images are that runs train on, where some are chosen by their features."""

from typing import Any

from datayield.analysis.format import count, percent, plural
from datayield.store.curation import SetRecord


def set_table(records: tuple[SetRecord, ...]) -> dict[str, Any]:
    """Rows: dataset, selection and N. Columns: the Vendi score by each features, near copies."""
    groups: dict[tuple[str, int, str], list[SetRecord]] = {}
    for record in records:
        groups.setdefault((record.dataset, record.count, record.select), []).append(record)
    features = list(dict.fromkeys(name for record in records for name in record.vendi))
    rows = []
    for (dataset, n, select), seeds in groups.items():
        near = [r.near_copies / r.measured for r in seeds if r.near_copies is not None]
        rows.append(
            {
                "name": f"{dataset}, {select}",
                "n": count(n),
                "seeds": plural(len(seeds), "set"),
                "vendi": [f"{_mean([r.vendi[name] for r in seeds]):.1f}" for name in features],
                "near": percent(_mean(near)) if near else "–",
            }
        )
    return {"features": features, "rows": rows}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
