"""How well the law would have done on the runs at hand, in plain sentences."""

from datayield.analysis.format import join, points
from datayield.analysis.levers import BackTest, HiddenDecision
from datayield.analysis.text.recommendation import setting

FEW = 3  # forecasts that are told one by one
DONE = {"images": "collected more images", "compute": "trained longer", "stop": "stopped"}


def back_test_words(of: BackTest) -> list[str]:
    """One sentence on the forecasts, one on the decisions; empty where no grid is large enough."""
    words = []
    if of.forecasts:
        hidden = {f.lever for f in of.forecasts}
        names = {"images": "the most images", "compute": "the most compute"}
        largest = " or ".join(names[x] for x in ("images", "compute") if x in hidden)
        words.append(f"Checked on these runs: without those with {largest}, {_forecasts(of)}.")
    if len(of.decisions) == 1:
        words.append(_decision(of.decisions[0]))
    elif of.decisions:
        words.append(_decisions(of))
    return words


def _forecasts(of: BackTest) -> str:
    if len(of.forecasts) <= FEW:
        predicted = join([f"{100 * f.predicted:.1f}%" for f in of.forecasts])
        measured = join([f"{100 * f.measured:.1f}%" for f in of.forecasts])
        return f"the law predicted {predicted}; measured {measured}"
    return (
        f"the law predicted their {len(of.forecasts)} scores with a typical error of "
        f"{100 * of.error:.1f} points"
    )


def _decision(of: HiddenDecision) -> str:
    right = "right" if of.right else f"wrong by {100 * of.regret(of.choice):.1f} points"
    unsure = "" if of.sure else " (a guess, not a recommendation)"
    return (
        f"Without any run larger than {setting(of.at)} it would have {DONE[of.choice]}{unsure}: "
        f"{right}; a doubling of images brought {points(of.gains['images'])} points and one of "
        f"compute {points(of.gains['compute'])}."
    )


def _decisions(of: BackTest) -> str:
    right = sum(d.right for d in of.decisions)
    return (
        f"Choosing without the largest runs would have been right in {right} of "
        f"{len(of.decisions)} cases: on average {100 * of.regret():.1f} points per doubling short "
        f"of the best choice, against {100 * of.regret('images'):.1f} for always collecting "
        f"images, {100 * of.regret('compute'):.1f} for always training longer and "
        f"{100 * of.regret('stop'):.1f} for stopping."
    )
