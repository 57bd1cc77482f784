"""Evaluations that differ only in their labels: ladders of them, and what each is called."""

from itertools import chain

from datayield.spec.study import Study

KNOBS = ("train_count", "label_fraction", "per_class")


def label_ladders(study: Study) -> list[tuple[str, ...]]:
    """Groups of two or more evaluations that differ in only one of `KNOBS`, by name.

    The number of label draws is ignored: there is only one draw of all labels.
    """
    ladders = []
    for knob in KNOBS:
        alike: dict[str, list[str]] = {}
        for ev in study.evaluations:
            rest = ev.model_copy(update={"name": "", "draws": None, knob: None}).model_dump_json()
            alike.setdefault(rest, []).append(ev.name)
        ladders += [tuple(names) for names in alike.values() if len(names) > 1]
    return ladders


def shared_name(evals: tuple[str, ...]) -> str:
    """The words that all names have in one place: 'pets 250', 'pets 1,000' -> 'pets'."""
    return shared_words(evals) or " / ".join(chain(evals[:1], evals[-1:]))


def shared_words(evals: tuple[str, ...]) -> str:
    """As `shared_name`; empty where the names share no word."""
    columns = zip(*(name.replace(",", "").split() for name in evals), strict=False)
    return " ".join(words[0] for words in columns if len(set(words)) == 1)
