"""The folder of a class: its name, unless that would be read as something else."""

import hashlib
import re
import unicodedata

from datayield.data.sources.files import FOREIGN
from datayield.data.splits import names_split

IMAGES = "images"  # the folder of all images of a collection
LONGEST = 80  # characters
_FOREIGN = re.compile(r"[^\w ,()+&'-]")


def class_folder(label: str | None) -> str:
    """`images/tabby cat`; `images` without a class. Depends on nothing but the name.

    A name that had to be changed, or would be read as that of a split, ends in a digest of it.
    """
    if label is None:
        return IMAGES
    name = unicodedata.normalize("NFC", label)
    plain = _FOREIGN.sub("_", name)[:LONGEST].strip()
    if plain != label or names_split(plain) or plain.startswith(FOREIGN):
        plain = f"{plain}-{hashlib.sha256(label.encode(errors='replace')).hexdigest()[:6]}"
    return f"{IMAGES}/{plain}"
