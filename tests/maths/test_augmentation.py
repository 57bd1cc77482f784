"""The augmentation graph's spectrum on graphs whose kernel is known."""

import math

import numpy as np
import pytest
import torch

from datayield.maths.augmentation import augmentation_spectrum, leading_axes
from tests.maths.naive_state import graph_kernel

RING = 12


def ring(offsets: tuple[int, ...]) -> torch.Tensor:
    """Image i of a ring of states, all its equally likely views as indicators: [n, V, n]."""
    states = (np.arange(RING)[:, None] + np.array(offsets)) % RING
    return torch.nn.functional.one_hot(torch.from_numpy(states), RING).double()


def kernel_spectrum(p: np.ndarray) -> np.ndarray:
    """Largest first, without the constant function's 1."""
    return np.linalg.eigvalsh(graph_kernel(p))[::-1][1:]


def test_indicators_of_all_views_give_the_spectrum_of_the_graph() -> None:
    views = ring((0, 0, 1, -1))
    got = augmentation_spectrum(views).numpy()
    p = views.mean(dim=1).numpy()
    assert got == pytest.approx(np.maximum(kernel_spectrum(p), 0), abs=1e-9)
    closed = sorted(((1 + math.cos(2 * math.pi * k / RING)) / 2) ** 2 for k in range(1, RING))
    assert got == pytest.approx(closed[::-1], abs=1e-9)


def test_uneven_states_are_weighted_by_their_probability() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 9, (7, 20)) ** 2 // 9  # states of very different frequency
    views = torch.nn.functional.one_hot(torch.from_numpy(drawn), 8)
    p = views.double().mean(dim=1).numpy()
    got, want = augmentation_spectrum(views).numpy(), kernel_spectrum(p)
    assert len(got) == 5  # six states occur; one function of them is constant
    assert got == pytest.approx(want[:5], abs=1e-9)


IMAGES = np.random.default_rng(11).integers(0, 3, (5, 3, 3))
MOVES = (
    lambda x: x,
    lambda x: x[:, ::-1],
    lambda x: x[::-1],
    lambda x: np.roll(x, 1, axis=1),
    lambda x: np.minimum(x, 1),
    lambda x: np.full_like(x, x.max()),  # nearly all that tells images apart is lost
)


def on_the_graph(views: np.ndarray, features: np.ndarray | None) -> np.ndarray:
    """Eigenvalues of the augmentation graph on functions linear in `features` of its states.

    `views` int [n, V, ...]. Nodes: distinct states; weight of an edge: how likely both are views
    of one image (HaoChen et al. 2021). None: all functions. All loops, largest first.
    """
    flat = [[tuple(v.flatten()) for v in image] for image in views]
    states = sorted({s for image in flat for s in image})
    edges, weight = np.zeros((len(states), len(states))), np.zeros(len(states))
    for image in flat:
        p = np.array([image.count(s) / len(image) for s in states])
        for a in range(len(states)):
            weight[a] += p[a] / len(flat)
            for b in range(len(states)):
                edges[a, b] += p[a] * p[b] / len(flat)
    phi = np.eye(len(states)) if features is None else np.array(states, float)
    phi = phi - weight @ phi  # the constant function left out
    mass, values = phi.T @ np.diag(weight) @ phi, phi.T @ edges @ phi
    size, axes = np.linalg.eigh(mass)
    root = axes[:, size > 1e-9 * size.max()] / np.sqrt(size[size > 1e-9 * size.max()])
    return np.linalg.eigvalsh(root.T @ values @ root)[::-1]


@pytest.mark.parametrize("views", [len(MOVES), 3, 2])
def test_all_augmentations_of_a_few_images_give_the_graph_that_enumerates_them(views: int) -> None:
    """Every image under the first `views` augmentations: the whole graph, and sampled ones."""
    seen = np.array([[move(x) for move in MOVES[:views]] for x in IMAGES])
    pixels = torch.from_numpy(seen.reshape(len(IMAGES), views, -1)).double()
    linear = on_the_graph(seen, pixels.numpy())
    got = augmentation_spectrum(pixels).numpy()
    assert got == pytest.approx(linear[: len(got)], abs=1e-8)
    states = np.unique(seen.reshape(-1, 9), axis=0, return_inverse=True)[1].flatten()
    indicators = torch.nn.functional.one_hot(torch.from_numpy(states)).double()
    every = augmentation_spectrum(indicators.view(len(IMAGES), views, -1)).numpy()
    assert every == pytest.approx(on_the_graph(seen, None)[: len(every)], abs=1e-8)
    assert (every >= got[: len(every)] - 1e-8).all()  # a span of functions holds no better ones


def test_units_of_features_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    views = torch.from_numpy(rng.normal(size=(60, 1, 5)) + rng.normal(size=(60, 8, 5)))
    mix = torch.from_numpy(rng.normal(size=(5, 5)))
    moved = augmentation_spectrum(views @ mix + 7)
    assert moved.numpy() == pytest.approx(augmentation_spectrum(views).numpy(), abs=1e-9)


def test_few_views_raise_the_eigenvalues_as_said() -> None:
    """Kept variance 1, lost variance 3: lambda = 1/4, and 1/4 + 3/4 / V from V views."""
    rng = np.random.default_rng(4)
    images, lost = rng.normal(size=(20_000, 1, 3)), 3**0.5 * rng.normal(size=(20_000, 8, 3))
    views = torch.from_numpy(images + lost)
    for count in (1, 2, 4, 8):
        want = 0.25 + 0.75 / count
        got = augmentation_spectrum(views[:, :count])
        assert got.numpy() == pytest.approx([want] * 3, abs=0.03)


def test_collapse_and_bad_features() -> None:
    assert len(augmentation_spectrum(torch.full((9, 4, 3), 0.1))) == 0
    with pytest.raises(ValueError, match="finite"):
        augmentation_spectrum(torch.full((9, 4, 3), math.nan))


def test_leading_axes_are_the_principal_ones_of_all_views() -> None:
    rng = np.random.default_rng(5)
    views = torch.from_numpy(rng.normal(size=(50, 4, 6)) * np.array([5, 4, 3, 0.3, 0.2, 0.1]))
    got = leading_axes(views, 3)
    assert got.shape == (50, 4, 3)
    flat = views.flatten(0, 1) - views.mean(dim=(0, 1))
    want = np.linalg.svd(flat.numpy(), compute_uv=False)[:3]
    assert got.flatten(0, 1).norm(dim=0).numpy() == pytest.approx(want)
    assert leading_axes(views, 99).shape == (50, 4, 6)
