"""Products against numpy in float64, on whatever library torch has."""

import pytest
import torch

from datayield.evals.matmul import products


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "r", "classes"), [(200, 33, 10), (1, 5, 2), (50, 1, 3)])
def test_products(dtype, n, r, classes, monkeypatch):
    draw = torch.Generator().manual_seed(0)
    x, w = torch.randn(n, r, generator=draw), torch.randn(classes, r, generator=draw)
    p = torch.randn(n, classes, generator=draw).T  # not contiguous
    forward, back = (
        w.double().numpy() @ x.double().numpy().T,
        p.double().numpy() @ x.double().numpy(),
    )
    for available in (True, False):
        if not available:
            monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
        laid = products(x.to(dtype))
        for got, expected in (
            (laid.with_transpose(w.to(dtype)), forward),
            (laid.with_matrix(p.to(dtype)), back),
        ):
            assert got.dtype == dtype
            torch.testing.assert_close(
                got.double(), torch.from_numpy(expected), atol=1e-4, rtol=1e-4
            )
