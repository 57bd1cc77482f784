"""What a supervised run needs of its labels, checked before anything is trained."""

from datayield.data.evaluated import LabelledSplit
from datayield.spec.errors import DataError
from datayield.spec.run import RunSpec, Subset, SupervisedSpec


def check_supervised(spec: RunSpec, split: LabelledSplit) -> None:
    """Raises DataError if a supervised run's labels are missing or have more classes."""
    if spec.label is None:
        return
    assert isinstance(spec.method, SupervisedSpec)
    assert isinstance(spec.data, Subset)
    data, classes = spec.data, spec.method.classes
    if spec.label not in split.labels:
        raise DataError(
            f"{data.dataset!r} split {data.split!r} has no labels called {spec.label!r}",
            where="method.label",
            got=spec.label,
            allowed=list(split.labels) or "none (this split is unlabeled)",
        )
    if (highest := int(split.labels[spec.label].max(initial=0))) >= classes:
        raise DataError(
            f"the labels {spec.label!r} of {data.dataset!r} are numbered up to {highest}",
            where="method.classes",
            got=classes,
            allowed=f"{highest + 1} or more",
        )
