"""What is said of the libraries that a result depends on, without waiting for them."""

import sys

from datayield.run.device import versions
from tests.forked import exit_code


def said_without_importing() -> None:
    """In a process that has torch alone: exit code 0 where the others stay out."""
    assert "timm" not in sys.modules
    versions()
    sys.exit("timm" in sys.modules or "torchvision" in sys.modules)


def test_versions_are_those_installed_and_import_nothing() -> None:
    assert exit_code(said_without_importing) == 0

    import timm  # not above: the other process imports this file
    import torchvision

    said = versions()
    assert said["timm"] == timm.__version__
    assert torchvision.__version__.startswith(said["torchvision"])
