"""What is particular to LeJEPA as a method."""

import torch
from torch.nn import functional as F

from datayield import methods
from datayield.maths.gaussian import prediction, sigreg
from tests.methods.test_methods import batch, run_spec


def test_is_the_two_losses_of_views_embedded_together() -> None:
    for count in (2, 4):
        method = methods.build(run_spec("lejepa", views=count, sigreg=0.3))
        views = batch(count)
        torch.manual_seed(5)
        total, terms = method(views, 0.5)
        z = torch.stack(method.projector(method.encoder(torch.cat(views))).chunk(count))
        torch.manual_seed(5)
        directions = F.normalize(torch.randn(12, 16), dim=0)
        spread, agreement = sigreg(z, directions), prediction(z)
        assert torch.equal(total, 0.3 * spread + 0.7 * agreement)
        assert terms == {"prediction": agreement, "sigreg": spread}


def test_directions_are_drawn_anew_from_the_global_stream() -> None:
    method, views = methods.build(run_spec("lejepa")), batch()

    def spread() -> float:
        return float(method(views, 0.0).terms["sigreg"])

    torch.manual_seed(1)
    first, second = spread(), spread()
    assert first != second
    torch.manual_seed(1)
    assert spread() == first


def test_one_knob_trades_the_two_terms() -> None:
    torch.manual_seed(0)
    only_prediction = methods.build(run_spec("lejepa", sigreg=0.0))(batch(), 0.0)
    assert torch.equal(only_prediction.total.detach(), only_prediction.terms["prediction"])
    only_sigreg = methods.build(run_spec("lejepa", sigreg=1.0))(batch(), 0.0)
    assert torch.equal(only_sigreg.total.detach(), only_sigreg.terms["sigreg"])
