"""Two processes with half of each batch compute what one process computes, in float64.

`python -m tests.methods.parallel_table` prints how close.
"""

import pytest

from tests.methods.parallel_table import CASES, Case, differences

ALIKE = 1e-9  # relative; measured below 1e-10, see parallel_table


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name}-{c.views}+{c.small}views-t{c.t}")
def test_loss_gradients_buffers_and_two_steps_are_those_of_one_process(case: Case) -> None:
    assert max(differences(case).values()) < ALIKE
