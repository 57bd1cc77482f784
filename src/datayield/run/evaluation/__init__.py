"""Evaluating checkpoints: probes, fine-tuning, representation measures."""
