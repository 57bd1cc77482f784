"""Ask what only torch can tell, in another process, so that a plan need not import it."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from datayield.spec.environment import cache_dir

PATIENCE = 120.0  # seconds for all that is asked at once


def asked_apart(module: str, asked: Any) -> Any:
    """What `python -m module` writes as JSON when it reads `asked`; None if that fails."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module], input=json.dumps(asked), text=True,
            capture_output=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def kept_answers(kind: str) -> Path:
    """Where answers on timm's networks are kept: they hold for one version of timm."""
    try:
        installed = version("timm")
    except PackageNotFoundError:
        installed = "none"
    return cache_dir() / "networks" / f"{kind}{installed}.json"
