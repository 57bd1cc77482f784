"""The records of finished work as planning and results share them: each is read once."""

from datayield.store.folders import Store
from datayield.store.records import Measured, RunCostRecord


class KeptRecords:
    """The results and costs of runs in a store.

    `keep`: for who needs what is in them after asking whether they are there. What was read is
    then kept, and what was not there is looked for again: records appear, and do not change.
    """

    def __init__(self, store: Store, *, keep: bool = False) -> None:
        self.store = store
        self._keep = keep
        self._results: dict[tuple[str, float, str], Measured] = {}
        self._costs: dict[str, RunCostRecord] = {}

    def result(self, run: str, share: float, eval_id: str) -> Measured | None:
        """A finished evaluation; None if there is none, or if its record is damaged."""
        kept = self._results.get((run, share, eval_id))
        if kept is None:
            kept = self.store.run(run).read_measured(share, eval_id)
            if kept is not None and self._keep:
                self._results[run, share, eval_id] = kept
        return kept

    def has_result(self, run: str, share: float, eval_id: str) -> bool:
        """Whether the record of an evaluation is there and whole."""
        if self._keep and self.result(run, share, eval_id) is not None:
            return True
        return self.store.run(run).has_result(share, eval_id)

    def run_cost(self, run: str) -> RunCostRecord | None:
        """The cost of a finished pretraining; None while it is unfinished, or if damaged."""
        kept = self._costs.get(run)
        if kept is None:
            kept = self.store.run(run).run_cost()
            if kept is not None and self._keep:
                self._costs[run] = kept
        return kept

    def has_run_cost(self, run: str) -> bool:
        """Whether a pretraining is finished."""
        if self._keep and self.run_cost(run) is not None:
            return True
        return self.store.run(run).has_run_cost()
