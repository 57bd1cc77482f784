"""How numbers and names are written, so that sentences, tables and figures agree."""

from collections.abc import Collection

from datayield.spec.run import OBJECTIVES


def method_name(method: str) -> str:
    """The name a paper would print; an unknown method keeps its own."""
    return OBJECTIVES[method].printed_name if method in OBJECTIVES else method


def listed_name(arm: str, method: str, methods: Collection[str]) -> str:
    """What a listed run is called: by its arm, with the method where the arm has several."""
    return f"{arm}, {method_name(method)}" if len(methods) > 1 else arm


METRIC_NAMES = {"balanced_accuracy": "balanced accuracy", "miou": "mIoU", "score": "mean score"}


def metric_name(metric: str) -> str:
    """The metric as a paper would print it."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def count(n: float) -> str:
    """64000 -> '64,000'."""
    return f"{n:,.0f}"


def percent(share: float) -> str:
    """0.7123 -> '71.2%'."""
    return f"{100 * share:.1f}%"


def points(gain: float) -> str:
    """A difference of scores in points, always signed: 0.061 -> '+6.1'."""
    text = f"{100 * gain:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def span(low: float, high: float) -> str:
    """An interval of differences in points: '+5.2 to +7.0'."""
    return f"{points(low)} to {points(high)}"


def join(parts: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def plural(n: int, noun: str) -> str:
    """(1, 'seed') -> '1 seed', (3, 'seed') -> '3 seeds'."""
    return f"{count(n)} {noun}{'' if n == 1 else 's'}"
