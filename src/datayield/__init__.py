"""datayield: what the next unlabeled image, epoch, view or label buys in pretraining."""

__version__ = "0.1.0"
