"""Layouts of tar shards, and of archives of folders."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence

from tests.layouts.truth import FRUIT, Layout, Maker, Refused, Right, Truth

MODES = {".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz", ".tar": "w",
         ".tar.zst": "zstd"}  # fmt: skip
NAMES = {
    "folders in names": ("a/{:03}", "b/{:03}"), "dots": ("scale_0.{:03}", "scale_1.{:03}"),
    "leading ./": ("./{:03}", "./x{:03}"), "upper case": ("IMG_{:03}", "DSC_{:03}"),
}  # fmt: skip


def packed(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar file."""
    if mode == "zstd":
        import pyarrow as pa

        return bytes(pa.compress(packed(members), codec="zstd", asbytes=True))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def samples(
    m: Maker, colours: Sequence[int], kind: str = "cls name", key: str = "{:05}"
) -> dict[str, bytes]:
    """Members of a shard: an image and its annotation for each colour."""
    members = {}
    for i, colour in enumerate(colours):
        stem = key.format(i)
        members[f"{stem}.png"] = m.picture(colour)
        if kind == "cls number":
            members[f"{stem}.cls"] = str(colour).encode()
        elif kind == "cls name":
            members[f"{stem}.cls"] = FRUIT[colour].encode()
        elif kind == "cls line":
            members[f"{stem}.cls"] = f"{FRUIT[colour]}\n".encode()
        elif kind.startswith("json"):
            key_of = kind.partition(" ")[2] or "label"
            members[f"{stem}.json"] = json.dumps({key_of: FRUIT[colour]}).encode()
        elif kind == "txt":
            members[f"{stem}.txt"] = FRUIT[colour].encode()
    return members


def _annotated(kind: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.colours()
        m.write("shard-000.tar", packed(samples(m, used, kind)))
        names = ("0", "1", "2") if "number" in kind else FRUIT
        return Right({"train": used}, None if kind in ("txt", "none") else names)

    return write


def _keys(keys: Sequence[str]) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.colours()
        members = {**samples(m, used, key=keys[0]), **samples(m, used, key=keys[1])}
        m.write("shard-000.tar", packed(members))
        return Right({"train": used * 2})

    return write


def _archive(extension: str) -> Callable[[Maker], Truth]:
    """An archive of class folders below a top folder, as the file that the study names."""

    def write(m: Maker) -> Truth:
        used = m.colours()
        members = {f"fruit/{FRUIT[k]}/{i}.png": m.picture(k) for i, k in enumerate(used)}
        whole = zipped(members) if extension == ".zip" else packed(members, MODES[extension])
        m.write(f"fruit{extension}", whole)
        return Right({"train": used}, at=f"fruit{extension}")

    return write


def _archive_of_splits(extension: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.colours()
        members = {
            f"fruit/{split}/{FRUIT[k]}/{i}.png": m.picture(k)
            for split in ("train", "test")
            for i, k in enumerate(used)
        }
        whole = zipped(members) if extension == ".zip" else packed(members, MODES[extension])
        m.write(f"fruit{extension}", whole)
        return Right({"train": used, "test": used})

    return write


def _split_shards(train: str, test: str, second: str = "test") -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        one, other = m.colours(), m.colours()
        m.write(train.format(0), packed(samples(m, one)))
        m.write(train.format(1), packed(samples(m, one)))
        m.write(test.format(0), packed(samples(m, other)))
        return Right({"train": one * 2, second: other})

    return write


def _damage(cut: Callable[[bytes], bytes]) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        m.write("shard-000.tar", cut(packed(samples(m, m.colours()))))
        return Refused("truncated|damaged")

    return write


def class_missing_in_test(m: Maker) -> Truth:
    train, test = m.colours(), [0, 2, 2, 2]
    m.write("train-000.tar", packed(samples(m, train)))
    m.write("test-000.tar", packed(samples(m, test)))
    return Right({"train": train, "test": test})


def counts_disagree(m: Maker) -> Truth:
    used = m.colours()
    for name in ("00000-of-00002", "00001-of-00002", "00000-of-00003"):
        m.write(f"train-{name}.tar", packed(samples(m, used)))
    return Refused("parts")


def missing_shard(m: Maker) -> Truth:
    m.write("train-00000-of-00002.tar", packed(samples(m, m.colours())))
    return Refused("incomplete")


def numbers_with_a_gap(m: Maker) -> Truth:
    used = m.colours()
    for number in ("000", "001", "003"):
        m.write(f"shard-{number}.tar", packed(samples(m, used)))
    return Right({"train": used * 3}, told="missing")


def repeated_keys(m: Maker) -> Truth:
    used = m.colours()
    for number in ("000", "001"):
        m.write(f"shard-{number}.tar", packed(samples(m, used)))
    return Right({"train": used * 2})


def member_twice(m: Maker) -> Truth:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for data in (m.picture(1), m.picture(0)):
            for name, of in (("0.png", data), ("0.cls", b"apple")):
                info = tarfile.TarInfo(name)
                info.size = len(of)
                tar.addfile(info, io.BytesIO(of))
    m.write("shard-000.tar", out.getvalue())
    return Right({"train": [0]}, told="twice")


def masks_beside(m: Maker) -> Truth:
    used = m.colours()
    members = samples(m, used)
    members |= {f"{i:05}.seg.png": m.picture(3) for i in range(len(used))}
    m.write("shard-000.tar", packed(members))
    return Right({"train": used}, unused=len(used))


def two_images(m: Maker) -> Truth:
    used = m.colours()
    members = samples(m, used)
    members |= {f"{i:05}.jpg": m.picture(3, "JPEG") for i in range(len(used))}
    m.write("shard-000.tar", packed(members))
    return Right({"train": used}, unused=len(used))


def copy_beside(m: Maker) -> Truth:
    used = m.colours()
    whole = packed(samples(m, used))
    m.write("shard-000.tar", whole)
    m.write("shard-000.tar.gz", gzip.compress(whole))
    return Right({"train": used}, told="compressed copies")


def unlabelled_samples(m: Maker) -> Truth:
    used = m.colours()
    members = samples(m, used)
    members |= {f"x{i}.png": m.picture(3) for i in range(2)}
    m.write("shard-000.tar", packed(members))
    return Right({"train": [*used, 3, 3]}, bare=frozenset({3}), told="without a label")


def heads_without_images(m: Maker) -> Truth:
    used = m.colours()
    m.write("shard-000.tar", packed({**samples(m, used), "y.cls": b"apple", "z.mp4": b"x"}))
    return Right({"train": used}, told=".mp4")


def img2dataset_tars(m: Maker) -> Truth:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for shard in ("00000", "00001"):
        members = {}
        for i in range(4):
            members[f"{shard}{i:04}.jpg"] = m.picture(0, "JPEG")
            members[f"{shard}{i:04}.json"] = json.dumps({"url": "x", "caption": "c"}).encode()
            members[f"{shard}{i:04}.txt"] = b"c"
        m.write(f"{shard}.tar", packed(members))
        pq.write_table(pa.table({"url": ["x"] * 4}), m.write(f"{shard}.parquet", b""))
        m.write(f"{shard}_stats.json", "{}")
    return Right({"train": [0] * 8}, None)


def two_archives(m: Maker) -> Truth:
    for name in ("one", "two"):
        m.write(f"{name}.zip", zipped({f"apple/{name}.png": m.picture(0)}))
    return Refused("one, two")


def zip_per_split(m: Maker) -> Truth:
    used = m.colours()
    for name in ("train", "test"):
        members = {f"{name}/{FRUIT[k]}/{i}.png": m.picture(k) for i, k in enumerate(used)}
        m.write(f"{name}.zip", zipped(members))
    return Right({"train": used, "test": used})


def zip_with_litter(m: Maker) -> Truth:
    used = m.colours()
    members = {f"fruit/{FRUIT[k]}/{i}.png": m.picture(k) for i, k in enumerate(used)}
    members |= {"__MACOSX/fruit/._x.png": b"x", "fruit/.DS_Store": b"x", "fruit/read.txt": b"x"}
    m.write("fruit.zip", zipped(members))
    return Right({"train": used}, told=".txt")


def zip_leads_out(m: Maker) -> Truth:
    m.write("set.zip", zipped({"../x.png": m.picture(0)}))
    return Refused("outside")


def zip_is_cut(m: Maker) -> Truth:
    whole = zipped({f"apple/{i}.png": m.picture(0) for i in range(5)})
    m.write("set.zip", whole[: len(whole) // 2])
    return Refused("truncated|damaged")


def zip_holds_bad_table(m: Maker) -> Truth:
    members = {f"{i}.png": m.picture(0) for i in range(5)} | {"metadata.jsonl": b"{no"}
    m.write("set.zip", zipped(members))
    return Refused(r"set\.zip")


def zip_beside_images(m: Maker) -> Truth:
    m.folders()
    m.write("backup.zip", zipped({"x.png": m.picture(3)}))
    return Refused("backup.zip")


def empty_zip(m: Maker) -> Truth:
    m.write("set.zip", zipped({}))
    return Refused("no images")


def empty_tar(m: Maker) -> Truth:
    m.write("shard-000.tar", packed({}))
    return Refused("no images")


def bad_annotation(m: Maker) -> Truth:
    m.write("shard-000.tar", packed({**samples(m, [0, 1, 1]), "00000.json": b"{no"}))
    return Refused("annotation")


def config_folders(m: Maker) -> Truth:
    for name in ("small", "large"):
        m.write(f"{name}/shard-000.tar", packed(samples(m, m.colours())))
    return Refused("several configurations")


PLAIN = (
    class_missing_in_test, counts_disagree, missing_shard, numbers_with_a_gap, repeated_keys,
    member_twice, masks_beside, two_images, copy_beside, unlabelled_samples, heads_without_images,
    img2dataset_tars, two_archives, zip_per_split, zip_with_litter, zip_leads_out, zip_is_cut,
    zip_holds_bad_table, zip_beside_images, empty_zip, empty_tar, bad_annotation, config_folders,
)  # fmt: skip
KINDS = ("cls number", "cls name", "cls line", "json", "json class", "json category", "txt", "none")
SHARDS = (
    ("train-{:03}.tar", "test-{:03}.tar", "test"),
    ("train/{:05}.tar", "validation/{:05}.tar", "val"),
    ("imagenet1k-train-{:04}.tar", "imagenet1k-validation-{:02}.tar", "val"),
    ("{:04}_training.tar", "{:04}_testing.tar", "test"),
)
CUTS: dict[str, Callable[[bytes], bytes]] = {
    "in the middle": lambda b: b[: len(b) * 2 // 5], "of its end": lambda b: b.rstrip(b"\0"),
    "at a block": lambda b: b[: len(b) // 1024 * 512], "of nothing": lambda b: b"",
    "by zeros": lambda b: b[:1024] + bytes(512) + b[1536:], "joined": lambda b: b + b,
}  # fmt: skip
LAYOUTS = (
    *(Layout("tars", f.__name__, f) for f in PLAIN),
    *(Layout("tars", f"annotation {k}", _annotated(k)) for k in KINDS),
    *(Layout("tars", f"names {k}", _keys(v)) for k, v in NAMES.items()),
    *(Layout("tars", f"archive {k}", _archive(k)) for k in (*MODES, ".zip")),
    *(Layout("tars", f"splits in {k}", _archive_of_splits(k)) for k in (*MODES, ".zip")),
    *(Layout("tars", f"shards {s[0]}", _split_shards(*s)) for s in SHARDS),
    *(Layout("tars", f"cut {k}", _damage(v)) for k, v in CUTS.items()),
)
