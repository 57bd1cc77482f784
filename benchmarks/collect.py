"""Collect 1,000 addresses with every fault, killed half-way; and 64 synthetic images, likewise.

    python benchmarks/collect.py [--addresses 1000] [--seed 0] [--timeout 0.5] [--synthetic 0]

Four servers on this machine answer: six of ten addresses hold an image, the others are slow,
broken, redirecting, huge, refused and so on, equally often (tests/collect/faulty_server.py). The
command is killed (SIGKILL) when half of the addresses are done and started again. Then every fate
is compared with what the server did, files are decoded and counted, and requests are counted.
`--synthetic 64`: as many images by a diffusion pipeline of random weights, killed and resumed, and
once undisturbed: the pixels are compared. Needs the extras `collect` and `synthetic`. Prints a line
of JSON for each; exit code 1 where anything differs, is lost, or is left over.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from PIL import Image

from datayield.data.dataset_report import dataset_report
from tests.collect.faulty_server import FATES, faulty_server

COMMAND = [sys.executable, "-m", "datayield", "collect"]
IMAGE_SHARE = 0.6
SERVERS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--addresses", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=0.5, help="seconds, as of the command")
    parser.add_argument("--synthetic", type=int, default=0, help="images to draw")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATAYIELD_CACHE"] = f"{folder}/cache"
        told = []
        if asked.addresses:
            told.append(web(Path(folder), asked.addresses, asked.seed, asked.timeout))
            print(json.dumps(told[-1]), flush=True)
        if asked.synthetic:
            told.append(synthetic(Path(folder), asked.synthetic))
            print(json.dumps(told[-1]), flush=True)
    sys.exit(any(each["faults"] for each in told))


def web(folder: Path, count: int, seed: int, timeout: float) -> dict[str, Any]:
    """Download `count` addresses, killed once, and compare with what the servers did."""
    faults = [kind for kind in FATES if kind != "image"]
    images = round(count * IMAGE_SHARE)
    kinds = ["image"] * images + [faults[i % len(faults)] for i in range(count - images)]
    random.Random(seed).shuffle(kinds)
    out = folder / "web"
    with ExitStack() as stack:
        servers = [stack.enter_context(faulty_server(delay=0.02)) for _ in range(SERVERS)]
        rows = [(f"{servers[i % SERVERS].url}/{kind}/{i}", kind) for i, kind in enumerate(kinds)]
        lines = [f"{url},{('cat', 'dog')[i % 2]}" for i, (url, _) in enumerate(rows)]
        (folder / "urls.csv").write_text("\n".join(["url,class", *lines]))
        command = [*COMMAND, "web", str(folder / "urls.csv"), str(out), "--allow-private"]
        command += ["--timeout", str(timeout), "--per-second", "50", "--size", "32", "--json"]
        began = time.monotonic()
        before = killed_when(command, out, count // 2)
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - began
        asked = Counter[str]()
        for server in servers:
            asked.update({server.url + path: n for path, n in server.asked.items()})
    told = json.loads(done.stdout)
    copies = [url for url, kind in rows if kind == "copy"]
    fates = fates_in(out)
    wrong = [
        f"{url}: {fates.get(url)}, not {FATES[kind]}"
        for url, kind in rows
        if kind != "copy" and fates.get(url) != FATES[kind]
    ]
    if copies and Counter(fates[url] for url in copies)["kept"] != 1:
        wrong.append("not one of the copies was kept")
    twice = sum(asked[url] > 1 for url, kind in rows if kind in ("image", "gone", "page"))
    if twice > 16:
        wrong.append(f"{twice} addresses were asked for again after the kill")
    wrong += left_over(out, told["kept"])
    return {
        "benchmark": "collect web",
        "addresses": count,
        "killed_after": before,
        "seconds": round(seconds, 1),
        "exit_code": done.returncode,
        "fates": told["fates"],
        "asked_again_after_the_kill": twice,
        "bytes": told["bytes"],
        "per_kept_image": told["per_kept_image"],
        "doctor": dataset_report(str(out)).lines()[1:],
        "faults": wrong,
    }


def synthetic(folder: Path, count: int) -> dict[str, Any]:
    """Draw `count` images, killed once; and once more, undisturbed, in other batches."""
    from tests.collect.tiny_pipeline import tiny_pipeline

    (folder / "tokenizer").mkdir()
    tiny_pipeline(folder / "tokenizer").save_pretrained(folder / "model")
    (folder / "classes.txt").write_text("goldfinch\nhornbill\nsea anemone\nibex\n")
    os.chdir(folder)  # so that the records name no folder of this machine
    command = [*COMMAND, "synthetic", "classes.txt", "killed"]
    options = ["--model", "./model", "--per-class", str(count // 4), "--steps", "10"]
    options += ["--license", "none needed", "--device", "cpu", "--json"]
    began = time.monotonic()
    before = killed_when([*command, *options], folder / "killed", count // 2)
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    seconds = time.monotonic() - began
    command[-1] = "undisturbed"
    subprocess.run([*command, *options, "--batch", "7"], capture_output=True, check=True)
    told = json.loads(done.stdout)
    one, other = pixels(folder / "killed"), pixels(folder / "undisturbed")
    wrong = [] if one == other else ["the images differ from those of an undisturbed collection"]
    wrong += left_over(folder / "killed", count)
    return {
        "benchmark": "collect synthetic",
        "images": count,
        "killed_after": before,
        "seconds": round(seconds, 1),
        "exit_code": done.returncode,
        "fates": told["fates"],
        "per_kept_image": told["per_kept_image"],
        "doctor": dataset_report(str(folder / "killed")).lines()[1:],
        "faults": wrong,
    }


def killed_when(command: list[str], out: Path, lines: int) -> int:
    """Start a command and kill it when its journal has so many lines; how many it had."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(journal(out)) < lines:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return sum("fate" in each for each in journal(out))


def journal(out: Path) -> list[dict[str, Any]]:
    path = out / ".journal.jsonl"
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def fates_in(out: Path) -> dict[str, str]:
    return {each["url"]: each["fate"] for each in journal(out) if "fate" in each}


def left_over(out: Path, kept: int) -> list[str]:
    """Files that are missing, half written, or should not be there."""
    files = [path for path in (out / "images").rglob("*") if path.is_file()]
    wrong = [f"left over: {path.name}" for path in files if path.name.startswith(".")]
    for path in files:
        with Image.open(path) as image:
            image.load()  # a damaged one raises
    if len(files) != kept:
        wrong.append(f"{len(files)} files, and {kept} images are told")
    return wrong + (["the lock is left over"] if (out / "lock.json").exists() else [])


def pixels(out: Path) -> dict[str, bytes]:
    return {path.name: Image.open(path).tobytes() for path in sorted(out.rglob("*.png"))}


if __name__ == "__main__":
    main()
