"""What lightly gave once, kept so that the suite compares with it where it is not installed.

`python -m tests.agreement --write-golden` makes the file anew, with lightly installed.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.agreement import checks
from tests.agreement.cases import CASES, EPSILON, ITERATIONS, SIZES, Case
from tests.agreement.states import scores

PATH = Path(__file__).parents[1] / "golden" / "lightly.json"


def make() -> dict[str, Any]:
    """Values and gradients of every loss at the smallest size, and a set of codes."""
    from tests.agreement import lightly_losses

    kept: dict[str, list[dict[str, Any]]] = {}
    for case in CASES:
        for views in case.lightly_views if case.by_lightly else ():
            shape = [views, *SIZES[0]]
            x = case.inputs(*shape)
            got = checks.run(checks.by_lightly(case), x)
            kept.setdefault(case.name, []).append(
                {
                    "shape": shape,
                    "sum_of_inputs": float(x[0].sum()),
                    "value": float(got.value),
                    "gradient": got.gradient.flatten().tolist(),
                }
            )
    s = scores(1, *SIZES[0], seed=0)
    codes = {"shape": list(s.shape), "epsilon": EPSILON, "iterations": ITERATIONS}
    codes |= {"codes": lightly_losses.sinkhorn(s).flatten().tolist()}
    return {"lightly": lightly_losses.VERSION, "losses": kept, "sinkhorn": codes}


def write() -> None:
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(_one_line_each(make()))


def _one_line_each(made: dict[str, Any]) -> str:
    """JSON in which a shape of one loss is one line."""
    losses = ",\n".join(
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"   {json.dumps(one)}" for one in kept) + "]"
        for name, kept in made["losses"].items()
    )
    version, codes = json.dumps(made["lightly"]), json.dumps(made["sinkhorn"])
    return f'{{"lightly": {version},\n "losses": {{\n{losses}}},\n "sinkhorn": {codes}}}\n'


def read() -> dict[str, Any]:
    out: dict[str, Any] = json.loads(PATH.read_text())
    return out


def tensor(values: list[float], shape: list[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(shape)


def distance(case: Case) -> float:
    """The wider gap of value and gradient. Raises ValueError where inputs are not the same."""
    widths = []
    for kept in read()["losses"][case.name]:
        x = case.inputs(*kept["shape"])
        if abs(float(x[0].sum()) - kept["sum_of_inputs"]) > 1e-9:
            raise ValueError(f"{case.name}: these are not the inputs of {PATH.name}")
        gradient = tensor(kept["gradient"], kept["shape"])
        value = torch.tensor(kept["value"], dtype=torch.float64)
        widths.append(checks.widest(checks.run(case.ours, x), checks.Got(value, gradient)))
    return max(widths)
