"""What is free is the least that any limit leaves."""

import subprocess
import sys
from pathlib import Path

import torch

from datayield.data import free_memory as memory


def test_half_of_what_is_free_may_be_taken(monkeypatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: 100.0)
    assert memory.images_fit(50, torch.device("cpu"))
    assert not memory.images_fit(51, torch.device("cpu"))


def test_the_machine_has_some() -> None:
    assert 1 << 20 < memory.free_bytes(torch.device("cpu")) < 1 << 50


def test_ulimit_counts() -> None:
    code = (
        "import resource, torch\nfrom datayield.data.free_memory import free_bytes, _fields\n"
        "from pathlib import Path\n"
        "size = next(_fields(Path('/proc/self/status'), 'VmSize:', 1024))\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + (100 << 20),) * 2)\n"
        "assert 90 << 20 < free_bytes(torch.device('cpu')) <= 100 << 20\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def made(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_cgroups_of_both_versions_and_those_above_count(tmp_path: Path) -> None:
    listed, root = tmp_path / "cgroup", tmp_path / "fs"
    listed.write_text("4:memory:/job\n3:cpu:/\n0::/a/b\n")
    made(
        root,
        {
            "a/b/memory.max": "max\n",
            "a/b/memory.current": "5\n",
            "a/memory.max": "1000\n",
            "a/memory.current": "700\n",
            "a/memory.stat": "anon 300\ninactive_file 200\n",
            "memory/job/memory.limit_in_bytes": "900\n",
            "memory/job/memory.usage_in_bytes": "100\n",
            "memory/job/memory.stat": "inactive_file 1\ntotal_inactive_file 40\n",
        },
    )
    assert sorted(memory._cgroups(listed, root)) == [500.0, 840.0]
