"""Collect images of the web, or synthetic ones, as a dataset with a provenance record for each.

`web.collect_web` downloads a list of addresses, `synthetic.collect_synthetic` draws prompts with a
diffusion pipeline; each needs libraries of its own (the extras `collect` and `synthetic`). Both
resume where they were stopped or killed, and say what an image cost.
"""

from datayield.collect.asked_again import AskedAgain
from datayield.collect.collection import Collection, collection_of
from datayield.collect.corrections import correct, corrections
from datayield.collect.journal import Journal
from datayield.collect.prompts import WantedImage, WantedList, read_wanted
from datayield.collect.url_list import Address, AddressList, read_addresses

__all__ = [
    "Address",
    "AddressList",
    "AskedAgain",
    "Collection",
    "Journal",
    "WantedImage",
    "WantedList",
    "collection_of",
    "correct",
    "corrections",
    "read_addresses",
    "read_wanted",
]
