"""The best plan for a sum of money in words: what to buy, what it brings, what was left out."""

from datayield.analysis.format import count, join, percent, plural, points, span
from datayield.analysis.levers import FURTHEST, BestPlan, Bought, FoundPlan, Prices
from datayield.analysis.levers.odds import TIE
from datayield.analysis.text.recommendation import percent_of
from datayield.store.format import duration


def plan_advice(of: BestPlan, prices: Prices) -> str:
    """ "For 500 EUR: buy 3,000 more images (60 EUR) and train 20 min longer (4.50 EUR)"."""
    money = _money(of.spend, prices)
    if of.found is None:
        return f"No plan for {money}"
    if not of.found.bought:
        return f"For {money}: buy nothing"
    return f"For {money}: {join([_bought(each, prices) for each in of.found.bought])}"


def plan_reasons(of: BestPlan, prices: Prices) -> list[str]:
    """What the plan is expected to bring, and what was not considered; a sentence each."""
    made = [] if of.found is None else _brings(of, of.found, prices)
    if of.left_out:
        made.append(f"Not considered: {'; '.join(of.left_out)}.")
    if of.worlds < of.of:
        made.append(
            f"For the mean of the {of.worlds} of {of.of} tasks and methods that share the most "
            "frequent setting."
        )
    return made


def _brings(of: BestPlan, found: FoundPlan, prices: Prices) -> list[str]:
    if not found.bought:
        return [f"No purchase raises the expected score by more than {100 * TIE:g} points."]
    low, high = 100 * found.score.low, 100 * found.score.high
    made = [
        f"Expected score {percent(found.score.score)} ({low:.1f} to {high:.1f}): "
        f"{_gain(found.gain.score, found.gain.low, found.gain.high)} against buying nothing."
    ]
    if found.odds is not None and found.single is not None:
        over = found.over_single
        made.append(
            f"{_gain(over.score, over.low, over.high)} against spending on {found.single} alone; "
            f"the odds that it beats that are {percent_of(found.odds)}."
        )
    elif len(found.bought) == 1:
        made.append("Spending on anything else as well brings no more.")
    left = of.spend - found.cost
    if left >= 0.01 * of.spend:
        made.append(
            f"It costs {_money(found.cost, prices)}; the other {_money(left, prices)} would bring "
            f"less than {100 * TIE:g} points{_limits(found)}."
        )
    elif found.furthest:
        made.append(f"No plan may{_limits(found).removeprefix(', or')}.")
    return made


def _limits(found: FoundPlan) -> str:
    if not found.furthest:
        return ""
    return (
        f", or buy more than {FURTHEST:g} times the largest measured "
        f"({join(list(found.furthest))}), beyond which the law is not extrapolated"
    )


def _gain(gain: float, low: float, high: float) -> str:
    return f"{points(gain)} points ({span(low, high)})"


def _bought(each: Bought, prices: Prices) -> str:
    money, more = _money(each.cost, prices), round(each.to - each.start)
    time = "" if each.hours is None else duration(3600 * each.hours)
    if each.lever == "compute":
        return f"train {time} longer ({money})"
    if each.lever == "labels":
        return f"label {plural(more, 'more image')} ({money})"
    along = f", with {time} of training" if time else ""
    return f"buy {plural(more, 'more image')}{along} ({money})"


def _money(amount: float, prices: Prices) -> str:
    """ "500 EUR", "4.50 EUR"."""
    whole = amount >= 100 or abs(amount - round(amount)) < 0.005
    return f"{count(amount) if whole else f'{amount:.2f}'} {prices.currency}".rstrip()
