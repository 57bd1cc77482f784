"""Packs: the evidence of a study in one archive; its verification without the images; its reuse."""

from datayield.pack.into_store import Taken, take_runs
from datayield.pack.make import WrittenPack, make_pack
from datayield.pack.rerun import Rerun, rerun
from datayield.pack.verify import FileCheck, Verified, opened, verify

__all__ = [
    "FileCheck",
    "Rerun",
    "Taken",
    "Verified",
    "WrittenPack",
    "make_pack",
    "opened",
    "rerun",
    "take_runs",
    "verify",
]
