"""augmentation_spectrum@1: eigenvalues of the augmentation graph, from few and from many views."""

from datayield.evals.result import EvalResult
from datayield.evals.state import Space
from datayield.maths.augmentation import augmentation_spectrum, leading_axes
from datayield.spec.evaluation import FEW_VIEWS, LEADING_EIGENVALUES, EvalSpec, eigenvalue_metric

AXES = 32  # the functions considered: linear in the leading axes of the features
ENOUGH = 10  # views in total per axis, below which overfitting to the sample is visible


def sampled_spectrum(spec: EvalSpec, features: Space, projections: Space | None) -> EvalResult:
    """Leading eigenvalues of the augmentation kernel on linear functions of the features.

    `eigenvalue_1` to `eigenvalue_16` are from all V views of each of m images;
    `eigenvalue_1_of_2_views` and so on from only the first 2, 4 or 8 (the sampled graphs of Ghosh
    et al. 2024, arXiv 2312.10725), and `gap_2`, `gap_4` and `gap_8` their mean distance.
    The functions are linear in the 32 axes along which the features vary most over all views.
    `maths.augmentation` has the definition; raw pixels as features (the baseline) give the
    spectrum of the images and views without an encoder.
    """
    views = leading_axes(features.views, AXES)
    images, many, axes = views.shape
    whole = augmentation_spectrum(views)[:LEADING_EIGENVALUES]
    metrics = {eigenvalue_metric(k): float(v) for k, v in enumerate(whole, 1)}
    for count in FEW_VIEWS:
        spectrum = augmentation_spectrum(views[:, :count])[: len(whole)]
        of_few = {eigenvalue_metric(k, count): float(v) for k, v in enumerate(spectrum, 1)}
        metrics |= of_few if count < many else {}
        if len(spectrum) == len(whole) > 0:
            metrics[f"gap_{count}"] = float((spectrum - whole).abs().mean())
    notes = [
        f"{images} images x {many} views, {axes} axes of {features.views.shape[2]} dimensions",
        f"with V views, an eigenvalue l is overestimated by about (1 - l) / V, also for V = {many}",
    ]
    if images * FEW_VIEWS[0] < ENOUGH * axes:
        notes.append(f"{images} images are few for {axes} axes: some invariance appears by chance")
    if not len(whole):
        notes.append("the features of all views are equal: no spectrum")
    return EvalResult(metrics, {}, 0, images, tuple(notes))
