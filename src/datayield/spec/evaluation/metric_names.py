"""The metrics that an evaluation measures, by name, as known before it has run."""

from collections.abc import Mapping
from typing import Any

from datayield.spec.evaluation.eval_spec import DRAWS
from datayield.spec.evaluation.protocols import ACCURACIES, PROTOCOLS


def metric_names(entry: Mapping[str, Any]) -> list[str]:
    """Of an evaluation as written, the main metric first; without those selected on the test set.

    Empty where there is no such protocol. A metric may be undefined for some features.
    """
    protocol = PROTOCOLS.get(str(entry.get("protocol")))
    if protocol is None:
        return []
    main = str(entry.get("metric") or protocol.main_metric)
    names = sorted(protocol.metrics, key=lambda name: name != main)
    if protocol.validates:
        names += [f"{name}_val" for name in dict.fromkeys(("accuracy", main))]
    if entry.get("label_fraction") is None and entry.get("per_class") is None:
        return names
    draws = range(int(entry.get("draws") or DRAWS))
    of_draws = [f"{name}_{of}" for name in ACCURACIES for of in ("sd_draws", "sd_test")]
    return [*names, *of_draws, *(f"{name}_draw{i}" for name in names for i in draws)]
