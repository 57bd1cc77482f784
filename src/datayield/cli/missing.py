"""Libraries that are not part of the small installation, by the extra that brings them."""

from datayield.spec.errors import ConfigError

EXTRAS = {
    "report": {
        "jinja2": "Jinja2",
        "markupsafe": "Jinja2",
        "plotly": "plotly",
        "matplotlib": "matplotlib",
    },
    "train": {
        "torch": "PyTorch",
        "torchvision": "torchvision",
        "timm": "timm",
        "safetensors": "safetensors",
        "sklearn": "scikit-learn",
        "threadpoolctl": "threadpoolctl",
        "PIL": "Pillow",
        "pyarrow": "PyArrow",
    },
    "onnx": {"onnxscript": "ONNX Script", "onnxruntime": "ONNX Runtime", "onnx": "ONNX"},
    "collect": {"urllib3": "urllib3", "protego": "Protego"},
    "synthetic": {"diffusers": "diffusers"},
}
ALSO = {
    "report": "; it draws the pages: answer, plan and status work without it",
    "train": "; answer, plan and status work without it",
    "onnx": "; export works without --onnx",
    "collect": "; it downloads the images",
    "synthetic": "; it draws the images",
}


def missing_library(error: ModuleNotFoundError) -> ConfigError | None:
    """What to install, if one of the extras brings it; None for anything else."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return ConfigError(
                f"this needs {modules[module]}, which is not installed",
                got=f"no module {module!r}",
                hint=f"pip install 'datayield[{extra}]'{ALSO[extra]}",
            )
    return None
