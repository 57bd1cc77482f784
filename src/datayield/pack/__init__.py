"""Packs: the evidence of a study in one archive, and its verification without the images."""

from datayield.pack.make import WrittenPack, make_pack
from datayield.pack.rerun import Rerun, rerun
from datayield.pack.verify import FileCheck, Verified, opened, verify

__all__ = [
    "FileCheck",
    "Rerun",
    "Verified",
    "WrittenPack",
    "make_pack",
    "opened",
    "rerun",
    "verify",
]
