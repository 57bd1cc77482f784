"""Tests of the programs in benchmarks/ that others rely on."""
