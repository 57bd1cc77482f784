"""`init PHOTOS` and `run PHOTOS`: messy folders, labels of every kind, what is refused."""

import json
import os
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from datayield.analysis.levers import Lever, LeverName
from datayield.cli.closing import WrittenFor, next_commands
from datayield.cli.photos import dataset_of, study_of_images, study_path
from datayield.data.catalog import find
from datayield.data.decoded import bytes_to_decode
from datayield.propose import SETUPS, SetupTiming
from datayield.run.scheduler import StudyOutcome
from datayield.session import Report, Session, open_study
from datayield.spec.errors import ConfigError
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan
from tests import odd_images
from tests.conftest import Call, Done
from tests.generated_images import write, write_no_files
from tests.stored import result, trained

CLASSES = ("cat", "dog", "owl")


@pytest.fixture(autouse=True)
def _timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is as fast as two cores are, without being timed: tests/first_study times one."""
    made = [SetupTiming(SETUPS[0], 1 / 2500, 0.5)]
    monkeypatch.setattr("datayield.first_study.design_study.timings_of", lambda *_: made)


def photos(root: Path, each: int = 50, first: int = 0) -> Path:
    """Pictures in a folder per class, whose colour it decides."""
    for k, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(first, first + each):
            pixels = np.random.default_rng(1000 * k + i).integers(0, 150, (24, 30, 3))
            pixels[..., k] += 100
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i}.png")
    return root


def flat(root: Path, each: int = 50) -> Path:
    """The same in one folder, named by class and number."""
    for path in sorted(photos(root, each).rglob("*.png")):
        path.rename(root / f"{path.parent.name}{path.name}")
    for name in CLASSES:
        (root / name).rmdir()
    return root


def init(datayield: Call, *arguments: str) -> Done:
    """The command at 80 columns; what it writes runs, as far as can be told without running."""
    os.environ["COLUMNS"] = "80"
    done = datayield("init", *arguments)
    if done.code == 0:
        lines = done.out.splitlines()
        assert len(lines) <= 18
        assert all(len(line) <= 80 for line in lines)
        path = lines[-1].removeprefix("next: datayield run ")
        session = open_study(path)
        assert not session.readiness(session.plan()).refusals
    return done


def test_class_folders(datayield: Call, tmp_path: Path) -> None:
    photos(tmp_path / "My photos!")
    done = init(datayield, "My photos!")
    assert done.code == 0, done.err
    told = (
        "150 images of 3 classes (cat, dog, owl: 50 each), tested by 5 folds, each trained on 120"
    )
    assert told in " ".join(done.out.split())
    assert "label:" not in done.out  # there is one
    assert "gains under about" in done.out
    session = open_study("my_photos.yaml")
    runs = [task.spec for task in session.plan().todo if isinstance(task.spec, RunSpec)]
    assert {run.data.count for run in runs} == {32, 69, 150}
    assert [ev.train_count for ev in session.study.evaluations] == [20, 48, None]
    assert "dataset: ./My photos!" in Path("my_photos.yaml").read_text()
    (tmp_path / "My photos!" / "cat" / "3.png").unlink()  # the study goes on with the others
    without = open_study("my_photos.yaml")
    assert not without.readiness(without.plan()).refusals
    assert {run.data.count for run in without.runs} == {32, 69, 149}
    again = init(datayield, "My photos!")
    assert again.code == 2
    assert "is not overwritten" in again.err
    assert "datayield run my_photos.yaml" in again.err


def test_the_folder_above_the_labelled_one_is_warned_of(datayield: Call, tmp_path: Path) -> None:
    flat(tmp_path / "all" / "new")
    photos(tmp_path / "all" / "labelled", first=500)
    done = datayield("init", "all")
    said = " ".join(done.out.split())
    assert "(labelled/cat, labelled/dog, labelled/owl, and 1 other: 50 to 150 each)" in said
    assert "new and labelled/cat lie at different depths" in said
    assert "datayield init ./all/new --labels ./all/labelled --minutes 20" in said
    below = datayield("init", "all/new", "--labels", "all/labelled")
    assert "depths" not in below.out


def test_folders_are_warned_of_by_where_they_are(datayield: Call, tmp_path: Path) -> None:
    """The names of classes leave out the folder that all of them are in."""
    flat(tmp_path / "all" / "images" / "new")
    photos(tmp_path / "all" / "images" / "labelled", first=500)
    said = " ".join(datayield("init", "all").out.split())
    assert "datayield init ./all/images/new --labels ./all/images/labelled" in said


def test_classes_of_a_table_lie_at_no_depth(datayield: Call, tmp_path: Path) -> None:
    photos(tmp_path / "web" / "images", each=5)
    (tmp_path / "web/images/owl").rename(tmp_path / "web/images/owl____x-b17676")
    (tmp_path / "web/images/dog/0.png").unlink()
    rows = [
        f"images/{folder}/{i}.png,{name}"
        for folder, name in (("cat", "cat"), ("dog", "dog"), ("owl____x-b17676", "owl/..\\x"))
        for i in range(5)
    ]
    (tmp_path / "web/provenance.csv").write_text("\n".join(["file,class", *rows]))
    photos(tmp_path / "k9", first=100)
    done = init(datayield, "k9", "--labels", "web")
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "labels: web, 14 images of 3 classes" in said
    assert "labelled images are needed, 14 are here" in said
    assert "depths" not in said


def test_messy_photos_and_labels_elsewhere(datayield: Call, tmp_path: Path) -> None:
    folder = flat(tmp_path / "photos")
    write(odd_images.every(0, ("truncated", "foreign", "rotations", "names")), folder)
    write_no_files(folder / "odd")
    labelled = photos(tmp_path / "labelled", first=500, each=20)
    (labelled / "empty").mkdir()
    (labelled / "cat" / "broken.jpg").write_bytes(b"no image")
    (labelled / "cat" / "copy.png").write_bytes((labelled / "cat" / "500.png").read_bytes())
    done = init(datayield, "photos", "--labels", "labelled", "--out", "deep/my.yaml")
    assert done.code == 0, done.err
    assert "labels: labelled, 61 images of 3 classes (cat, dog, owl: 20 to 21 each)" in done.out
    assert "damaged" in done.out
    assert "  all of them: datayield doctor --data ./photos\n" in done.out
    session = open_study("deep/my.yaml")
    assert session.study.base["data"]["dataset"] == str(folder)  # it is not below the file's folder
    assert not any("also in" in note for note in session.data_notes())
    images = session.listings[str(folder), "train"].images
    assert max(cell.run.data.count or 0 for cell in session.cells) == images
    # What runs read is decoded: damaged images are known, and none is found later.
    assert bytes_to_decode(find(str(folder), "train"), 16, "crop") == 0


def test_a_command_is_not_broken_by_the_width(datayield: Call, tmp_path: Path) -> None:
    folder = flat(tmp_path / ("a long name of a folder " * 4).strip())
    (folder / "notes.txt").touch()
    os.environ["COLUMNS"] = "80"
    done = datayield("init", folder.name, "--out", "long.yaml")
    assert done.code == 0, done.err
    assert f"  all of them: datayield doctor --data './{folder.name}'\n" in done.out


def test_commands_that_are_suggested_can_be_pasted(datayield: Call, tmp_path: Path) -> None:
    """Whatever the folders are called, from where the command ran."""
    photos(tmp_path / "bird house/all photos", each=2)
    flat(tmp_path / "bird house/flat", each=9)
    (tmp_path / "my work").mkdir()
    os.chdir(tmp_path / "my work")
    few = datayield("init", "../bird house/all photos").err
    assert "datayield doctor --data '../bird house/all photos' says" in few
    none = datayield("init", "../bird house/all photos", "--labels", "../bird house/flat").err
    assert "datayield doctor --data '../bird house/flat' says" in none
    os.chdir(tmp_path)
    folder = datayield("plan", "my work").err
    assert "`datayield init 'my work'`" in folder
    assert "`datayield run 'my work'`" in folder
    Path("a study.yaml").touch()
    there = datayield("init", "bird house/all photos", "--out", "a study.yaml").err
    assert "datayield run 'a study.yaml' runs it" in there
    named = datayield("init", "bird house/all photos", "--out", "a study.txt").err
    assert "--out 'a study.yaml'" in named


@pytest.mark.parametrize("place", ["labels.csv", "photos/labels.csv"])
def test_a_table_labels_some_of_the_photos(datayield: Call, tmp_path: Path, place: str) -> None:
    names = [path.name for path in sorted(flat(tmp_path / "photos").iterdir())]
    rows = "".join(f"{name},{name[:3]}\n" for name in names[::3])
    (tmp_path / place).write_text(f"file,label\n{rows}")
    given = ["--labels", place] if place == "labels.csv" else []
    done = init(datayield, "photos", *given)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "labels: labels.csv, 50 images of 3 classes (cat, dog, owl: 16 to 17 each)" in said
    assert "each trained on 40" in said
    assert "cannot decide: whether more labels help" in " ".join(done.out.split())
    text = (tmp_path / "photos.yaml").read_text()
    assert f"dataset: ./{place}" in text
    assert "sees 50 of the tested images" in text


def test_what_of_the_labels_is_not_used_and_which_column_is(
    datayield: Call, tmp_path: Path
) -> None:
    """Damaged files and rows of no file, as of the images; the label that was taken, and others."""
    names = [path.name for path in sorted(flat(tmp_path / "photos").iterdir())]
    (tmp_path / "photos/owl1.png").write_bytes(b"no image")
    rows = "".join(f"{n},s{i % 2},{n[:3]},b{i % 4}\n" for i, n in enumerate(names))
    (tmp_path / "birds.csv").write_text(f"image,site,kind,bird_id\n{rows}gone.png,s1,owl,b1\n")
    done = init(datayield, "photos", "--labels", "birds.csv")
    assert done.code == 0, done.err
    of_labels = " ".join(done.out.partition("labels: birds.csv")[2].split())
    assert "damaged files (1), named in a table but not found (1)" in of_labels
    assert "  all of them: datayield doctor --data ./birds.csv\n" in done.out
    assert (
        "label: site; others: kind, bird_id (for one of them write label: kind in each evaluation)"
    ) in of_labels
    text = Path("photos.yaml").read_text()
    assert "Other labels here: kind, bird_id." in text
    Path("photos.yaml").write_text(text.replace("label: site", "label: kind"))
    session = open_study("photos.yaml")
    assert {ev.label for ev in session.study.evaluations} == {"kind"}
    assert not session.readiness(session.plan()).refusals
    assert init(datayield, "photos", "--out", "no.yaml").out.count("not used") == 1  # of the images


def test_a_test_split_is_used(datayield: Call, tmp_path: Path) -> None:
    photos(tmp_path / "set/train")
    photos(tmp_path / "set/test", each=10, first=100)
    done = init(datayield, "set")
    assert done.code == 0, done.err
    assert "(cat, dog, owl: 50 each), tested on 30 of them" in " ".join(done.out.split())
    assert "train: train, test: test" in (tmp_path / "set.yaml").read_text()


def test_without_labels_it_says_what_they_are_needed_for(datayield: Call, tmp_path: Path) -> None:
    flat(tmp_path / "photos")
    done = init(datayield, "photos")
    assert done.code == 0, done.err
    assert "labels: none" in done.out
    assert "cannot decide: what to buy" in done.out
    (ev,) = open_study("photos.yaml").study.evaluations
    assert ev.protocol == "state@1"


def test_too_few_photos_for_sizes(datayield: Call, tmp_path: Path) -> None:
    photos(tmp_path / "photos", each=20)
    done = init(datayield, "photos")
    assert done.code == 0, done.err
    assert "128 images are needed, 60 are here" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "not found"),
        (["empty"], "no image"),
        (["few"], "too few images"),
        (["photos", "--labels", "nowhere"], "--labels"),
        (["photos", "--labels", "flat"], "no labels"),
        (["flat", "--labels", "flat"], "no labels"),
        (["photos", "--labels", "other.csv"], "names no images"),
        (["photos", "--minutes", "0.2"], "too little time"),
        (["photos", "--minutes", "-1"], "--minutes"),
        (["photos", "--device", "cpux"], "device"),
        (["photos", "--out", "photos.txt"], "photos.yaml"),
        (["tiny.yaml"], "is a study"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    datayield: Call, tmp_path: Path, arguments: list[str], words: str
) -> None:
    photos(tmp_path / "photos")
    photos(tmp_path / "few", each=9)
    flat(tmp_path / "flat", each=9)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.csv").write_text("file,label\nx.png,a\n")
    before = {path.name for path in tmp_path.iterdir()}
    done = datayield("init", *arguments)
    assert done.code == 2, done.out
    assert words in done.err
    assert {path.name for path in tmp_path.iterdir()} - before <= {"cache"}


def planted(session: Session, plan: Plan, *_: object) -> StudyOutcome:
    """In place of training: scores that grow with compute alone."""
    for task in plan.todo:
        folder, score = session.store.run(task.spec.id), 0.3
        if isinstance(task.spec, RunSpec):
            score += 0.04 * np.log2(task.spec.images / 1000) + 0.001 * task.spec.seed
        trained(folder, *task.shares)
        for share, ev in task.evals:
            made = result(task.spec.id, share, ev.id, accuracy=float(score))
            folder.write_result(made.model_copy(update={"n_test": 4000}))
    return StudyOutcome(len(plan.todo), (), (), False)


def test_run_takes_photos(datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder to the answer in one command; then it continues with what it wrote."""
    monkeypatch.setattr(Session, "run", planted)
    monkeypatch.setattr(Session, "report", lambda s, plan: Report(s.page, s.answer(plan), []))
    photos(tmp_path / "photos")
    first = datayield("run", "photos")
    assert first.code in (0, 3), first.err
    assert (tmp_path / "photos.yaml").exists()
    assert "study: photos.yaml" in first.out
    assert "report.html" in first.out
    assert "gains under about" in first.err
    assert "next: datayield export photos.yaml encoder" in first.out
    assert "datayield pick" not in first.out  # all photos have their labels
    said = first.err.splitlines()
    assert any(line.startswith("next ") and "one seed of each setting" in line for line in said)
    assert len({line for line in said if line.startswith("note ")}) == sum(
        line.startswith("note ") for line in said
    )
    again = datayield("run", "./photos/", "--json")
    assert again.code in (0, 3), again.err
    assert "continuing photos.yaml" in again.err
    assert json.loads(again.out)["study_file"] == "photos.yaml"
    other = datayield("run", "photos", "--labels", "photos.yaml")
    assert other.code == 2
    photos(tmp_path / "deep/photos", each=12)
    clash = datayield("run", "deep/photos")
    assert clash.code == 2
    assert "about other images" in clash.err
    assert "datayield init" in clash.err


@pytest.mark.parametrize("written", ["./../bird house/all photos", "absolute"])
@pytest.mark.parametrize("named", ["../bird house/all photos", "absolute", "link"])
def test_the_same_images_by_any_path(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, named: str
) -> None:
    """Whichever way a study names its images, and a later command does."""
    folder, labels = tmp_path / "bird house/all photos", tmp_path / "bird house/sorted"
    photos(folder, each=1)
    photos(labels, each=1)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("link").symlink_to(folder)
    paths = {"absolute": str(folder), "link": "link"}
    text = (tmp_path / "tiny.yaml").read_text()
    images = "sprites?n=300&n_test=600"
    text = text.replace(f'dataset: "{images}"', f'dataset: "{paths.get(written, written)}"', 1)
    text = text.replace(f'"{images}"', f'"{labels}"')
    study = study_path(dataset_of(paths.get(named, named)))
    study.write_text(text)
    before = study.read_text()
    for given in ("../bird house/sorted", str(labels)):
        path, _ = study_of_images(paths.get(named, named), given, 1.0, "cpu")
        assert path == str(study)
    assert study.read_text() == before
    with pytest.raises(ConfigError, match="about other labels") as refused:
        study_of_images(paths.get(named, named), "../bird house", 1.0, "cpu")
    asked = shlex.join(["init", paths.get(named, named), "--labels", "../bird house"])
    assert f"datayield {asked} --out another.yaml" in refused.value.hint


def test_images_of_a_folder_above(datayield: Call, tmp_path: Path) -> None:
    """The study is written without `..` before the path, and named after the folder."""
    photos(tmp_path / "all photos")
    (tmp_path / "work").mkdir()
    os.chdir(tmp_path / "work")
    done = init(datayield, "../all photos", "--labels", "../work/../all photos")
    assert done.code == 0, done.err
    assert {ev.dataset for ev in open_study("all_photos.yaml").study.evaluations} == {
        str(tmp_path / "all photos")
    }
    assert ".." not in Path("all_photos.yaml").read_text()
    os.chdir(tmp_path / "all photos")
    assert study_path(dataset_of("../work")).name == "work.yaml"
    assert study_path(dataset_of("cat/..")).name == "all_photos.yaml"


def test_what_to_do_about_labels_follows_the_advice_to_buy_them() -> None:
    levers = [made_lever("images", 500, 1000), made_lever("labels", 80, 160)]
    card = SimpleNamespace(at=SimpleNamespace(images=500))
    choice = SimpleNamespace(lever="labels")
    answer = SimpleNamespace(levers=levers, recommendation=choice, judged=(card,))
    of = WrittenFor("my photos.yaml", "my photos", True)
    assert [command for command, _ in next_commands(of, answer)] == [  # type: ignore[arg-type]
        "datayield pick 'my photos.yaml' 'my photos' picked.csv --label 80",
        "datayield export 'my photos.yaml' encoder",
        "datayield embed encoder IMAGES features.parquet",
    ]
    labelled = of._replace(unlabelled=False)
    assert len([*next_commands(labelled, answer)]) == 2  # type: ignore[arg-type]
    card.at.images = 100  # of which some have labels
    assert next(next_commands(of, answer))[0].endswith("--label 50")  # type: ignore[arg-type]
    choice.lever = "images"
    assert len([*next_commands(of, answer)]) == 2  # type: ignore[arg-type]
    answer.judged = ()
    assert [*next_commands(of, answer)] == []  # type: ignore[arg-type]


def made_lever(name: LeverName, start: float, to: float) -> Lever:
    return Lever(name, start, to, 0.02, 0.01, 0.03, None, 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "study not found"),
        (["quite.else"], "there is no such file or folder"),
        (["./photo"], "did you mean './photos'?"),
        (["photo"], "did you mean 'photos'?"),
        (["Photos/"], "did you mean 'photos'?"),
        (["../{here}/photo"], "did you mean '../{here}/photos'?"),
        (["tiny.yml"], "did you mean 'tiny.yaml'?"),
        (["tinny.yaml"], "got:     tinny.yaml\n  did you mean 'tiny.yaml'?"),
        (["demo.yaml"], "did you mean 'demo'?"),
        (
            ["photos", "--labels", "photo"],
            "--labels: {above}\n  got:     photo\n  did you mean './photos'?",
        ),
        (["photos", "--labels", "labels.csv"], "did you mean './label.csv'?"),
        (["photos", "--labels", "./x/none.csv"], "there is no such file or folder"),
        (["photos", "--scale", "pocket"], "--scale"),
        (["tiny.yaml", "--labels", "photos"], "--labels"),
    ],
)
def test_run_refuses_what_is_neither(
    datayield: Call, tmp_path: Path, arguments: list[str], words: str
) -> None:
    photos(tmp_path / "photos", each=3)
    (tmp_path / "label.csv").touch()
    names = {"here": tmp_path.name, "above": str(tmp_path)}
    done = datayield("run", *(each.format(**names) for each in arguments))
    assert done.code == 2
    assert words.format(**names) in done.err
    if "did you mean" in words or "no such file" in words:
        assert "allowed:" not in done.err  # neither the studies nor the sets that ship


@pytest.mark.parametrize("verb", ["answer", "status"])
def test_images_named_for_their_study_are_told_its_file(datayield: Call, verb: str) -> None:
    photos(Path("my photos"), each=2)
    assert "`datayield init 'my photos'` writes a study" in datayield(verb, "my photos").err
    Path("my_photos.yaml").write_text("study: my_photos\n")
    told = datayield(verb, "my photos")
    assert (told.code, "written for them: my_photos.yaml" in told.err) == (2, True), told.err
