"""Images picked to be labelled, against as many at random: scores on test images.

    python benchmarks/pick.py STUDY [--run ID] [--eval NAME] [--labels 100] [--more 100] [--seeds 3]

`datayield pick` never sees test labels; this does, to check what it promises. The training labels
of an evaluation are those of the images that are picked: all but `labels` of them are hidden, and
`more` are added by each rule. Prints a JSON line for each rule: the mean test score over seeds, and
its difference from random, seed by seed, in points. Features are those of the study's best encoder.
"""

import argparse
import json

import numpy as np

from datayield.cli.image_progress import image_progress
from datayield.encoders import study_encoder
from datayield.evals.classifier import fit_classifier
from datayield.pick import RULES
from datayield.pick.pick import metric_of
from datayield.pick.rules import to_label
from datayield.pick.task_images import Extractor, task_images
from datayield.run.export import frozen_run
from datayield.session import open_study


def main() -> None:
    """Pick, reveal the labels, test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("study")
    parser.add_argument("--run")
    parser.add_argument("--eval")
    for name, usual in (("labels", 100), ("more", 100), ("seeds", 3)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args()
    encoder = study_encoder(open_study(asked.study), asked.run, asked.eval)
    ev = encoder.evaluation
    assert ev is not None
    frozen = frozen_run(encoder.spec, encoder.folder, encoder.share, encoder.preprocessing)
    extractor = Extractor(frozen, "auto", image_progress)
    task = task_images(ev, extractor)
    tested = {"train": ev.test, "train_count": ev.test_count}
    test = task_images(ev.model_copy(update=tested), extractor)
    metric, scores = metric_of(ev), dict[str, list[float]]()
    for seed in range(asked.seeds):
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(task.y))
        start, pool = order[: asked.labels], order[asked.labels :]
        first = fit_classifier(task.x[start], task.y[start], metric, seed)
        scores.setdefault("none", []).append(first.score(test.x, test.y, metric))
        for rule in RULES["label"]:
            picked = to_label(rule, task.x[pool], task.x[start], first, asked.more, seed).rows
            both = np.concatenate([start, pool[picked]])
            made = fit_classifier(task.x[both], task.y[both], metric, seed)
            scores.setdefault(rule, []).append(made.score(test.x, test.y, metric))
    for rule, values in scores.items():
        apart = np.array(values) - scores["random"]
        print(
            json.dumps(
                {
                    "rule": rule,
                    "labels": asked.labels,
                    "more": asked.more,
                    metric: round(float(np.mean(values)), 4),
                    "over_random": [round(100 * float(each), 1) for each in apart],
                }
            )
        )


if __name__ == "__main__":
    main()
