"""Metric names of augmentation_spectrum@1, for the evaluation and its figure."""

LEADING_EIGENVALUES = 16  # eigenvalues it reports, the largest first
FEW_VIEWS = (2, 4, 8)  # views per image, from which it estimates the same eigenvalues again


def eigenvalue_metric(index: int, views: int | None = None) -> str:
    """The metric of an eigenvalue, counted from 1, from all views or from the first `views`."""
    return f"eigenvalue_{index}" if views is None else f"eigenvalue_{index}_of_{views}_views"
