"""Files that two splits of a folder share, byte for byte: what is certain without decoding."""

from datayield.data.source import Source
from datayield.data.sources.folder import Folder

COMPARED = 64  # pairs of files, at most, that are read


def identical_files(one: Source, other: Source) -> tuple[int, int]:
    """(pairs of equal files, pairs read) among files of equal name and size in two folders.

    Names are those of files alone: splits may sort them into other folders. (0, 0) for sources
    that are not folders of files, and for the same folder, whose slices share no image.
    """
    if not (isinstance(one, Folder) and isinstance(other, Folder)) or one.root == other.root:
        return 0, 0
    by_name = {(_name(file.name), file.size): file.name for file in one.files if file.size}
    pairs = [
        (by_name[key], file.name)
        for file in other.files
        if (key := (_name(file.name), file.size)) in by_name
    ][:COMPARED]
    try:
        equal = sum((one.root / a).read_bytes() == (other.root / b).read_bytes() for a, b in pairs)
    except OSError:  # decoding will say which cannot be read
        return 0, 0
    return equal, len(pairs)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
