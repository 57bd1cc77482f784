"""Features and projections of images and of their views, for the protocols that measure them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from datayield import evals
from datayield.data.selection import sample_items
from datayield.evals.features import extract_views, project
from datayield.evals.result import EvalResult
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import recipe

DEFAULT_VIEWS = "symmetric"  # part of state@1 and augmentation_spectrum@1


def representation(
    ev: EvalSpec,
    images: "np.ndarray[Any, Any]",
    features: Tensor,
    encoder: nn.Module,
    projector: nn.Module | None,
    device: torch.device,
) -> EvalResult:
    """Measure the `features` [n, D] of the test `images` uint8 [n, S, S, 3], and those of views.

    Views are sampled from the first view of the recipe, with the evaluation's seed, for a random
    subset of the images.
    """
    most, count = ev.traits.view_images, ev.traits.view_count
    chosen = sample_items(np.arange(len(images)), min(most, len(images)), ev.seed)
    view = recipe(ev.views or DEFAULT_VIEWS, ev.size)[0].model_copy(update={"count": count})
    seen = extract_views(encoder, images[np.sort(chosen)], view, ev.seed, device)
    projections = None
    if projector is not None:
        both = (project(projector, x, device) for x in (features, seen))
        projections = evals.Space(*both)
    measured = evals.evaluate_views(ev, evals.Space(features, seen), projections)
    drawn = f"views: {ev.views or DEFAULT_VIEWS}, its first, seed {ev.seed}"
    return measured._replace(notes=(*measured.notes, drawn))
