"""Sentences on how a conclusion depends on the normaliser."""

from datayield.analysis.cost import Comparison, Equal, Normalised, amount
from datayield.analysis.format import count, join, method_name, plural, points
from datayield.spec.run import Normaliser

WORDS: dict[Normaliser, str] = {
    "images": "images presented",
    "epochs": "epochs",
    "views": "views",
    "flops": "FLOPs",
    "seconds": "seconds",
}


def names(comparison: Comparison) -> tuple[str, str]:
    """Distinct names for the smaller and the larger set."""
    sizes = [f"N = {count(comparison.n)}", f"N = {count(comparison.to)}"]
    arms = [comparison.start, comparison.name]
    if arms[0] == arms[1]:
        return sizes[0], sizes[1] + (f" ({arms[0]})" if arms[0] else "")
    small, large = (f"{a} ({s})" if a else s for a, s in zip(arms, sizes, strict=True))
    return small, large


def held(equal: Equal) -> str:
    """'equal images presented, views and FLOPs (160k images)'."""
    about = "about " if "seconds" in equal.units[:1] else ""
    units = join([WORDS[u] for u in equal.units])
    return f"equal {units} ({about}{amount(equal.units[0], equal.level)})"


def by_how_much(equal: Equal) -> str:
    """'better by 2.1 points (+1.0 to +3.2)', 'inconclusive (−0.2, −0.7 to +0.3)'."""
    d = equal.difference
    inside = f"{points(d.mean)}, {d.span or d.why_undecided}"
    if equal.sign == "inconclusive":
        return f"inconclusive ({inside})"
    if equal.sign == "no effect":
        return f"no different ({inside})"
    return f"{equal.sign} by {abs(100 * d.mean):.1f} points ({d.span})"


def sentence(comparison: Comparison) -> str:
    """The larger set against the smaller, and whether the sign depends on what is held equal."""
    small, large = names(comparison)
    place = f"{comparison.context.eval} ({comparison.context.protocol})"
    said = join([f"{by_how_much(e)} at {held(e)}" for e in comparison.equals])
    end = {
        "flips": "The conclusion reverses with the budget unit.",
        "rests": "The conclusion depends on the budget unit.",
        "partly": "It is conclusive only for some budget units.",
        "stands": "The conclusion is the same for every budget unit.",
        "inconclusive": "Whether the budget unit matters is inconclusive."
        if len(comparison.equals) > 1
        else "The runs allow only one budget unit.",
    }[comparison.conclusion]
    method = method_name(comparison.context.method)
    return f"{place}, {method}: {large} against {small} is {said}. {end}"


def how_read(normalised: Normalised) -> str:
    """How many runs are read at milestones, and how many only at their full budgets."""
    reread, alone = normalised.standing
    parts = []
    if reread:
        parts.append(
            f"{plural(reread, 'run')} at a constant learning rate on a trunk were also read at "
            "milestones: each is identical, step by step, to a run with that smaller budget"
            if reread > 1
            else "1 run at a constant learning rate on a trunk was also read at its milestones"
        )
    if alone:
        verb = "counts" if alone == 1 else "count"
        parts.append(
            f"{plural(alone, 'run')} {verb} only at the end of the budget: a cosine learning rate "
            "(or one that decays at the end) has not come down at a milestone"
        )
    return "; ".join(parts) + "." if parts else ""
