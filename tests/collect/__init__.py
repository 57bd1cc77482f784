"""Tests of the collectors, against a server on this machine and a pipeline made on the spot."""
