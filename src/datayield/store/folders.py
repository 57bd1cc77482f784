"""The store: a plain directory. Files are the source of truth; names derive only from ids."""

import os
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.errors import StoreError
from datayield.spec.frozen import Frozen
from datayield.spec.identity import by_content
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.store.records import ResultRecord, RunCostRecord

R = TypeVar("R", bound=Frozen)


class RunFolder(NamedTuple):
    """`runs/<id>/`: spec, state while training, checkpoints by share, results, cost."""

    path: Path

    @property
    def state(self) -> Path:
        """Everything that survives a step; exists only while the run is unfinished."""
        return self.path / "state.pt"

    def checkpoint(self, share: float) -> Path:
        """Weights of the encoder and of the projector at a fraction of the budget."""
        return self.path / "checkpoints" / f"{share:.6f}.pt"

    @property
    def log(self) -> Path:
        """One JSON line per logged step: step, share, loss and its terms, learning rate."""
        return self.path / "log.jsonl"

    def result(self, share: float, eval_id: str) -> Path:
        """Path of the result of an evaluation at a milestone."""
        return self.path / "evals" / result_name(share, eval_id)

    def results(self) -> frozenset[str]:
        """Names of the files in `evals/`: one listing instead of one lookup per file."""
        try:
            return frozenset(os.listdir(self.path / "evals"))  # noqa: PTH208 (names are enough)
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()

    @property
    def failure(self) -> Path:
        """Why the last attempt failed; removed when another starts."""
        return self.path / "failed.json"

    def write_spec(self, spec: RunSpec | BaselineSpec) -> None:
        """Write the spec the first time; later check that it is the same."""
        path, asked = self.path / "spec.json", spec.model_dump(mode="json")
        stored = read_json(path)
        if stored is None:
            write_json(path, asked)
        elif by_content(_said(stored)) != by_content(_said(asked)):
            raise StoreError(
                "this folder does not hold the run that its name identifies",
                where=str(path),
                hint="it was edited by hand; move the folder away and run again",
            )

    def run_cost(self) -> RunCostRecord | None:
        """The cost of the finished pretraining; None while it is unfinished."""
        return _read(f"{self.path}/spent.json", RunCostRecord)

    def write_run_cost(self, record: RunCostRecord) -> None:
        """Mark the pretraining as finished."""
        write_json(self.path / "spent.json", record.model_dump(mode="json"))

    def read_result(self, share: float, eval_id: str) -> ResultRecord | None:
        """A finished evaluation, or None."""
        return _read(f"{self.path}/evals/{result_name(share, eval_id)}", ResultRecord)

    def write_result(self, record: ResultRecord) -> None:
        """Save a finished evaluation."""
        write_json(self.result(record.share, record.eval_id), record.model_dump(mode="json"))


class Store(NamedTuple):
    """A folder of `runs/` and `studies/`; studies share runs by identity."""

    root: Path

    def run(self, run_id: str) -> RunFolder:
        """The folder of a run or a baseline."""
        return RunFolder(self.root / f"runs/{run_id}")

    def trunk(self, trunk: str) -> Path:
        """The folder of the states that runs of a trunk start from: `<step>.pt`."""
        return self.root / "trunks" / trunk

    def study(self, name: str) -> Path:
        """The folder of a study's plan, tables, figures and report."""
        return self.root / "studies" / name

    def check_writable(self) -> None:
        """Raises StoreError if the store cannot be created or written to."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StoreError(
                "cannot write to the store",
                where=str(self.root),
                got=error,
                hint="choose another folder with --store or DATAYIELD_STORE",
            ) from None


def result_name(share: float, eval_id: str) -> str:
    """File name of a result in `evals/`: a report needs tens of thousands, so no Path is built."""
    return f"{share:.6f}-{eval_id}.json"


def _said(value: Any) -> Any:
    """`value` without unset options (None), which are not part of an identity."""
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def _read(path: str, model: type[R]) -> R | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (a report opens many thousands)
            raw = file.readall()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise StoreError(
                "corrupt record in the store",
                where=path,
                hint="delete this file; the same command makes it again",
            ) from None
        raise StoreError(
            "a record in the store has an incompatible version",
            where=path,
            got=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            hint="delete this file; the same command makes it again",
        ) from None
