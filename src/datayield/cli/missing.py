"""Libraries that are not part of the small installation, by the extra that brings them."""

from datayield.spec.errors import ConfigError

TRAIN = {
    "torch": "PyTorch",
    "torchvision": "torchvision",
    "timm": "timm",
    "sklearn": "scikit-learn",
    "threadpoolctl": "threadpoolctl",
    "PIL": "Pillow",
    "pyarrow": "PyArrow",
}


def missing_library(error: ModuleNotFoundError) -> ConfigError | None:
    """What to install, if the extra `train` brings it; None for anything else."""
    module = (error.name or "").partition(".")[0]
    if module not in TRAIN:
        return None
    return ConfigError(
        f"this needs {TRAIN[module]}, which is not installed",
        got=f"no module {module!r}",
        hint="pip install 'datayield[train]'; answer, plan, status, report and index "
        "also work without",
    )
