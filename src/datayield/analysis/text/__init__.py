"""The sentences that state the findings, the answer first."""

from datayield.analysis.text.cost import WORDS, by_how_much, held, how_read, names, sentence
from datayield.analysis.text.overfitting import smallest
from datayield.analysis.text.sentences import Headline

__all__ = ["WORDS", "Headline", "by_how_much", "held", "how_read", "names", "sentence", "smallest"]
