"""Which methods act otherwise at another share of the budget: `sees_t` of a spec says so."""

import pytest
import torch
from torch import Tensor

from datayield import methods
from datayield.spec.run.method import METHOD_SPECS, OBJECTIVES, SupervisedSpec
from tests.methods.test_methods import batch, run_spec


def step_at(name: str, t: float) -> dict[str, Tensor]:
    """Everything that one step at share `t` computes and leaves, from the same start."""
    if name == "supervised":
        spec = run_spec("simmim").model_copy(update={"method": SupervisedSpec(classes=4)})
    else:
        spec = run_spec(name)
    method = methods.build(spec)
    method.train()
    labels = (torch.arange(16) % 4,) if name == "supervised" else ()
    tensors: dict[str, Tensor] = {}
    for k in range(2):  # the second reads what the first has left, as a queue or a teacher
        torch.manual_seed(k)
        loss = method(batch(seed=k), t, *labels)
        method.zero_grad()
        loss.total.backward()
        with torch.no_grad():
            for key, weight in method.named_parameters():
                if weight.grad is not None:
                    tensors[f"{k} gradient {key}"] = weight.grad.clone()
                    weight -= 0.1 * weight.grad
        method.after_step(t)
        tensors[f"{k} loss"] = loss.total.detach()
        tensors |= {f"{k} {key}": value.clone() for key, value in method.state_dict().items()}
    return tensors


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_a_step_depends_on_t_where_the_spec_says_so(name: str) -> None:
    first, *others = (step_at(name, t) for t in (0.0, 0.001, 0.03, 0.4, 1.0))
    same = all(
        one.keys() == first.keys() and all(torch.equal(v, first[k]) for k, v in one.items())
        for one in others
    )
    assert same == (not OBJECTIVES[name].sees_t)


def test_some_do_and_some_do_not() -> None:
    assert {n for n, spec in METHOD_SPECS.items() if spec.sees_t} == {
        "byol", "moco_v3", "dino", "swav",
    }  # fmt: skip
