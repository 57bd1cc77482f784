"""What follows from the evidence: regimes, labels, overfitting, checkpoints, baselines."""

from datayield.analysis.decision.baselines import BaselineComparison, against_baselines
from datayield.analysis.decision.checkpoints import (
    BEST_ON_TEST,
    Ledger,
    best_on,
    criteria,
    ledgers,
)
from datayield.analysis.decision.encoder_choice import EncoderChoice, choose_encoder, judges
from datayield.analysis.decision.labels import (
    LabelTable,
    Start,
    label_tables,
)
from datayield.analysis.decision.overfitting import Peak, peaks
from datayield.analysis.decision.regimes import Grid, GridCell, Regime, no_grid, read_together

__all__ = [
    "BEST_ON_TEST",
    "BaselineComparison",
    "EncoderChoice",
    "Grid",
    "GridCell",
    "LabelTable",
    "Ledger",
    "Peak",
    "Regime",
    "Start",
    "against_baselines",
    "best_on",
    "choose_encoder",
    "criteria",
    "judges",
    "label_tables",
    "ledgers",
    "no_grid",
    "peaks",
    "read_together",
]
