"""Names in sentences, tables and figures."""

from datayield.analysis.format import method_name
from datayield.report.palette import COLOURS
from datayield.spec.run.method import METHOD_SPECS, OBJECTIVES


def test_every_objective_has_the_name_that_a_paper_prints() -> None:
    assert all(method_name(name) == spec.printed_name for name, spec in OBJECTIVES.items())
    assert method_name("moco_v3") == "MoCo v3"
    assert method_name("another") == "another"


def test_every_method_can_have_a_colour_of_its_own() -> None:
    assert len(set(COLOURS)) == len(COLOURS) >= len(METHOD_SPECS)
