"""The records of finished work as planning and results share them: each is read once."""

from datayield.store.folders import RunFolder, Store
from datayield.store.records import Measured, Spent


class RunRecords:
    """The results and the cost of one run, read from its folder when asked for.

    `keep`: for who needs what is in them after asking whether they are there. What was read is
    then kept, and what was not there is looked for again: records appear, and do not change.
    """

    __slots__ = ("_cost", "_keep", "_results", "folder")

    def __init__(self, folder: RunFolder, *, keep: bool = False) -> None:
        self.folder = folder
        self._keep = keep
        self._results: dict[tuple[float, str], Measured] = {}
        self._cost: Spent | None = None

    def result(self, share: float, eval_id: str) -> Measured | None:
        """A finished evaluation; None if there is none, or if its record is damaged."""
        result = self._results.get((share, eval_id)) or self.folder.read_measured(share, eval_id)
        if result is not None and self._keep:
            self._results[share, eval_id] = result
        return result

    def has_result(self, share: float, eval_id: str) -> bool:
        """Whether the record of an evaluation is there and whole."""
        if self._keep and self.result(share, eval_id) is not None:
            return True
        return self.folder.has_result(share, eval_id)

    def cost(self) -> Spent | None:
        """The cost of the finished pretraining; None while it is unfinished, or if damaged."""
        cost = self._cost or self.folder.read_spent()
        if self._keep:
            self._cost = cost
        return cost

    def has_cost(self) -> bool:
        """Whether the pretraining is finished."""
        return (self._keep and self.cost() is not None) or self.folder.has_run_cost()


class KeptRecords:
    """The records of all runs in a store; `keep` as in `RunRecords`."""

    def __init__(self, store: Store, *, keep: bool = False) -> None:
        self._store = store
        self._keep = keep
        self._runs: dict[str, RunRecords] = {}

    def of(self, run: str) -> RunRecords:
        """The records of a run or a baseline, by its id."""
        records = self._runs.get(run)
        if records is None:
            records = RunRecords(self._store.run(run), keep=self._keep)
            if self._keep:
                self._runs[run] = records
        return records

    def forget(self, run: str) -> None:
        """Free what is kept of a run: what is asked for from now on is read again."""
        self._runs.pop(run, None)
