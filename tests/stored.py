"""What finished runs leave in a store, without training any."""

import zipfile
from pathlib import Path

from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task
from datayield.store.records import ResultRecord, RunCostRecord


def archive(path: Path) -> None:
    """An empty archive, which looks like a file of tensors from outside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w"):
        pass


def run_cost(**changed: object) -> RunCostRecord:
    """The cost of some run."""
    cost: dict[str, object] = {
        "images_asked": 2000, "images": 1984, "views": 3968, "steps": 62, "flops": 1e9,
        "seconds": 1.0, "wait_seconds": 0.0, "view_seconds": 0.0, "peak_memory": 1,
        "device": "cpu", "threads": 1, "final_loss": 1.0, "weights": "w", "data_digest": "d",
        "indices_digest": "i", "speed_key": "k", "versions": {}, "finished": 0.0,
    }  # fmt: skip
    return RunCostRecord.model_validate(cost | changed)


def result(run: str, share: float, eval_id: str, **metrics: float) -> ResultRecord:
    """Some result of a run."""
    return ResultRecord(
        run=run, share=share, eval_id=eval_id, eval={}, metrics=metrics, n_train=1, n_test=1,
        seconds=0.0, data_digests=(), versions={}, finished=0.0,
    )  # fmt: skip


def trained(folder: RunFolder, *shares: float) -> None:
    """Leave what a finished pretraining leaves: its cost, and a checkpoint at each share."""
    folder.write_run_cost(run_cost())
    for share in shares:
        archive(folder.checkpoint(share))


def finish(store: Store, task: Task) -> None:
    """Leave what a finished task leaves."""
    folder = store.run(task.spec.id)
    trained(folder, *task.shares)
    for share, ev in task.evals:
        folder.write_result(result(task.spec.id, share, ev.id))
