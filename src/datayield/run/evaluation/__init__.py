"""Evaluating checkpoints: probes, fine-tuning, representation measures."""

from datayield.run.evaluation.evaluate import check_label

__all__ = ["check_label"]
