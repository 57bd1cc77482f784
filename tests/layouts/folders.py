"""Layouts of image files in folders."""

import os
from collections.abc import Callable

from tests.layouts.truth import FRUIT, Layout, Maker, Refused, Right, Truth

PAIRS = {
    "train test": "test", "Train Test": "test", "TRAIN TEST": "test", "training testing": "test",
    "train val": "val", "train validation": "val", "train valid": "val", "train dev": "val",
    "train2017 val2017": "val", "train_images test_images": "test", "train-set test-set": "test",
    "train holdout": "holdout", "train hold-out": "holdout", "train eval": "test",
    "Training_Set Test_Set": "test", "birds-train birds-test": "test",
    "train unlabeled": "unlabeled",
}  # fmt: skip
EXTENSIONS = {".JPG": "JPEG", ".jpeg": "JPEG", ".Png": "PNG", ".bmp": "BMP", ".TIF": "TIFF",
              ".webp": "WEBP", ".gif": "GIF", ".ppm": "PPM"}  # fmt: skip
CLASSES = {
    "numbers": ("1", "2", "10"), "padded": ("01", "02", "10"), "unicode": ("яблоко", "苹果", "é"),
    "decomposed": ("e\u0301", "n\u0303", "o"), "spaces": ("red apple", " lead", "two  in"),
    "signs": ("a,b", "it's", 'say "x"'), "brackets": ("a[1]", "b{2}", "c(3)"),
    "newline": ("a\nb", "c", "d"),
    "long": ("a" * 200, "b" * 200, "c"), "wordnet": ("n01440764", "n01443537", "n01484850"),
    "a class test": ("test", "bus", "car"), "a class train": ("train", "bus", "car"),
    "dots": ("001.Black", "002.Laysan", "003.Sooty"), "negative": ("-1", "0", "1"),
    "case": ("Apple", "apple", "APPLE"), "nested": ("animal/cat", "animal/dog", "plant/oak"),
    "one": ("only",), "percent": ("100%", "%s", "50%"), "images": ("images", "labels", "other"),
}  # fmt: skip
LITTER = {
    "Thumbs.db": "Thumbs.db", ".DS_Store": "", "apple/._0.png": "", "desktop.ini": ".ini",
    "__MACOSX/apple/._1.png": "", ".cache/thumb.png": "", "apple/@eaDir/0.png/SYNO_THUMB.jpg": "",
    "apple/.ipynb_checkpoints/0-checkpoint.png": "", "README.md": ".md", "apple/0.xml": ".xml",
    "list_attr.txt": ".txt", "annotations.json": ".json", "$RECYCLE.BIN/apple/0.png": "",
    "__pycache__/x.png": "", "apple/0.png.part": ".part", "video.mp4": ".mp4",
}  # fmt: skip
UNREAD = (".dng", ".svg", ".jxl", ".psd", "")


def by_class(m: Maker) -> Truth:
    return Right({"train": m.folders()})


def _pair(names: str, second: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        one, other = names.split()
        return Right(
            {
                "train": m.folders(below=f"{one.replace('_Set', ' Set')}/"),
                second: m.folders(below=f"{other.replace('_Set', ' Set')}/"),
            }
        )

    return write


def _extension(extension: str, kind: str) -> Callable[[Maker], Truth]:
    return lambda m: Right({"train": m.folders(extension=extension, kind=kind)})


def _named(names: tuple[str, ...]) -> Callable[[Maker], Truth]:
    return lambda m: Right({"train": m.folders(names)}, names)


def _littered(litter: str, said: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.folders()
        m.write(litter, m.picture(3))
        return Right({"train": used}, told=said)

    return write


def _unread(extension: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.folders()
        for i in range(3):
            m.write(f"apple/x{i}{extension}", b"no image")
        return Right({"train": used}, unused=3)

    return write


def flat(m: Maker) -> Truth:
    return Right({"train": m.flat()}, None)


def flat_splits(m: Maker) -> Truth:
    return Right({"train": m.flat("train/"), "test": m.flat("test/")}, None)


def empty_class(m: Maker) -> Truth:
    used = m.folders()
    (m.root / "damson").mkdir()
    return Right({"train": used})


def class_in_one_split(m: Maker) -> Truth:
    train = m.folders(below="train/")
    return Right({"train": train, "test": m.folders(below="test/", colours=[0, 2, 2])})


def new_class_in_test(m: Maker) -> Truth:
    train = m.folders(below="train/", colours=[0, 0, 2])
    return Right({"train": train, "test": m.folders(below="test/")})


def stray_image(m: Maker) -> Truth:
    used = m.folders()
    m.write("stray.png", m.picture(3))
    return Right({"train": [*used, 3]}, bare=frozenset({3}), told="without a label")


def many_strays(m: Maker) -> Truth:
    used = m.folders(colours=[0, 1, 2])
    return Right({"train": used + m.flat(count=9)}, None, told="outside the class folders")


def stray_beside_splits(m: Maker) -> Truth:
    train, test = m.folders(below="train/"), m.folders(below="test/")
    m.write("cover.png", m.picture(3))
    m.write("misc/more.png", m.picture(3))
    return Right({"train": train, "test": test}, unused=2)


def third_folder(m: Maker) -> Truth:
    m.folders(below="train/")
    m.folders(below="new_photos/")
    return Refused("cannot tell")


def only_train(m: Maker) -> Truth:
    return Right({"train": m.folders(below="train/")})


def only_test(m: Maker) -> Truth:
    return Right({"test": m.folders(below="test/")})


def two_years(m: Maker) -> Truth:
    return Right({f"train{year}": m.folders(below=f"train{year}/") for year in (2014, 2017)})


def two_of_one_meaning(m: Maker) -> Truth:
    return Right({name: m.folders(below=f"{name}/") for name in ("train", "training")})


def two_cases(m: Maker) -> Truth:
    m.folders(below="Train/")
    m.folders(below="train/")
    return Refused("Train")


def wrapper_of_splits(m: Maker) -> Truth:
    below = "birds-v1.0/"
    return Right({s: m.folders(below=f"{below}{s}/") for s in ("train", "test")})


def wrapper_of_classes(m: Maker) -> Truth:
    return Right({"train": m.folders(below="images/")})


def deep_wrappers(m: Maker) -> Truth:
    return Right({s: m.folders(below=f"ILSVRC/Data/CLS-LOC/{s}/") for s in ("train", "val")})


def split_images_folder(m: Maker) -> Truth:
    return Right({s: m.folders(below=f"{s}/images/") for s in ("train", "test")})


def images_then_splits(m: Maker) -> Truth:
    """images/train beside labels/train, as detection sets lie."""
    found = {s: m.flat(f"images/{s}/") for s in ("train", "val")}
    for s in found:
        m.write(f"labels/{s}/0.txt", "0 .5 .5 1 1")
    return Right(found, None)


def twice_nested(m: Maker) -> Truth:
    names = {"train": "training_set/training_set/", "test": "test_set/test_set/"}
    return Right({split: m.folders(below=below) for split, below in names.items()})


def twice_nested_words(m: Maker) -> Truth:
    names = {"train": "seg_train/seg_train/", "test": "seg_test/seg_test/"}
    return Right({split: m.folders(below=below) for split, below in names.items()})


def twice_nested_flat(m: Maker) -> Truth:
    return Right({s: m.flat(f"{s}/{s}/") for s in ("train", "test")}, None)


def masks_beside(m: Maker) -> Truth:
    used = m.folders(("images", "masks"), colours=[0, 0, 1, 1])
    return Right({"train": used}, ("images", "masks"), told="masks as images")


def unlabelled_val(m: Maker) -> Truth:
    found = {"train": m.folders(below="train/"), "val": m.flat("val/")}
    return Right(found, unlabelled=frozenset({"val"}))


def splits_in_classes(m: Maker) -> Truth:
    for name in FRUIT[:2]:
        m.flat(f"{name}/train/")
        m.flat(f"{name}/test/")
    return Refused("class")


def folders_in_a_class(m: Maker) -> Truth:
    used = m.folders(("apple", "apple/more", "berry"))
    return Right({"train": used}, ("apple", "apple/more", "berry"), told="apple/more")


def linked_class(m: Maker) -> Truth:
    used = m.folders()
    outside = m.root.parent / f"{m.root.name}-outside"
    outside.mkdir()
    (m.root / "cherry").replace(outside / "cherry")
    (m.root / "cherry").symlink_to(outside / "cherry")
    return Right({"train": used})


def linked_set(m: Maker) -> Truth:
    used = m.folders(below="real/")
    (m.root / "link").symlink_to(m.root / "real")
    return Right({"train": used}, at="link")


def linked_files(m: Maker) -> Truth:
    used = m.folders(below="store/")
    for path in sorted((m.root / "store").rglob("*.png")):
        link = m.root / "set" / path.relative_to(m.root / "store")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return Right({"train": used}, at="set")


def loop(m: Maker) -> Truth:
    used = m.folders()
    (m.root / "apple" / "again").symlink_to(m.root)
    (m.root / "self").symlink_to(m.root / "self")
    return Right({"train": used})


def dangling(m: Maker) -> Truth:
    used = m.folders()
    (m.root / "apple" / "gone.png").symlink_to(m.root / "nothing.png")
    return Right({"train": used}, damaged=1)


def pipe(m: Maker) -> Truth:
    used = m.folders()
    os.mkfifo(m.root / "apple" / "pipe.png")
    return Right({"train": used}, unused=1)


def class_linked_twice(m: Maker) -> Truth:
    used = m.folders()
    (m.root / "zebra").symlink_to(m.root / "apple")
    return Right({"train": used}, told="zebra")


def numbered_files(m: Maker) -> Truth:
    for i in range(12):
        m.write(f"apple/img{i + 1}.png", m.picture(0))
    return Right({"train": [0] * 12 + m.folders(FRUIT[:3], colours=[1, 2])})


def one_image_each(m: Maker) -> Truth:
    return Right({"train": m.folders(colours=[0, 1, 2])})


def empty(m: Maker) -> Truth:
    m.root.mkdir(exist_ok=True)
    return Refused("no images|not found|no split")


def only_text(m: Maker) -> Truth:
    m.write("a.txt", "x")
    return Refused("no images")


def all_without_extension(m: Maker) -> Truth:
    for i in range(4):
        m.write(f"apple/{i}", m.picture(0))
    return Refused("no images")


def absent(m: Maker) -> Truth:
    return Refused("not found", at="nowhere")


def a_picture(m: Maker) -> Truth:
    m.write("one.png", m.picture(0))
    return Refused("not a dataset", at="one.png")


def a_table(m: Maker) -> Truth:
    m.write("one.csv", "file,label\n")
    return Refused("names no images", at="one.csv")


def latin_name(m: Maker) -> Truth:
    used = m.folders()
    (m.root / os.fsdecode(b"apple/caf\xe9.png")).write_bytes(m.picture(0))
    return Right({"train": [*used, 0]})


def latin_class(m: Maker) -> Truth:
    used = m.folders(colours=[0, 1, 1])
    name = os.fsdecode(b"caf\xe9")
    (m.root / name).mkdir()
    (m.root / name / "1.png").write_bytes(m.picture(2))
    return Right({"train": [*used, 2]}, ("apple", "berry", name))


def folder_named_as_image(m: Maker) -> Truth:
    used = m.folders(("apple.png", "berry.jpg"))
    return Right({"train": used}, ("apple.png", "berry.jpg"))


def damaged_image(m: Maker) -> Truth:
    used = m.folders()
    m.write("apple/zero.png", b"")
    return Right({"train": used}, damaged=1)


PLAIN = (
    by_class, flat, flat_splits, empty_class, class_in_one_split, new_class_in_test, stray_image,
    many_strays, stray_beside_splits, third_folder, only_train, only_test, two_years,
    two_of_one_meaning, two_cases, wrapper_of_splits, wrapper_of_classes, deep_wrappers,
    split_images_folder, images_then_splits, twice_nested, twice_nested_words,
    twice_nested_flat, masks_beside, unlabelled_val, splits_in_classes, folders_in_a_class,
    linked_class, linked_set, linked_files, loop, dangling, pipe, class_linked_twice,
    numbered_files, one_image_each, empty, only_text, all_without_extension, absent, a_picture,
    a_table, latin_name, latin_class, folder_named_as_image, damaged_image,
)  # fmt: skip
LAYOUTS = (
    *(Layout("folders", f.__name__, f) for f in PLAIN),
    *(Layout("folders", f"splits {k}", _pair(k, v)) for k, v in PAIRS.items()),
    *(Layout("folders", f"files {k}", _extension(k, v)) for k, v in EXTENSIONS.items()),
    *(Layout("folders", f"classes {k}", _named(v)) for k, v in CLASSES.items()),
    *(Layout("folders", f"litter {k}", _littered(k, v)) for k, v in LITTER.items()),
    *(Layout("folders", f"unread {k or 'none'}", _unread(k)) for k in UNREAD),
)
