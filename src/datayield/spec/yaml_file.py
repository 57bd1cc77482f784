"""The YAML of studies and recipes: `1e-3` is a number, duplicate keys are errors."""

import re
from pathlib import Path
from typing import Any

import yaml

from datayield.spec.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """YAML with `1e-3` read as a number, and duplicate keys rejected."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted({key for key in keys if keys.count(key) > 1 and key != "<<"})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"duplicate key {twice[0]!r}", node.start_mark
            )
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*)(\.[\d_]*)?[eE][-+]?\d+$"),
    list("-+0123456789"),
)


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """The mapping in the YAML file at `path`, called `what` in a ConfigError."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            "invalid YAML",
            where=str(path),
            got=error,
            hint="check indentation and quotes at this position",
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read the {what}", where=str(path), got=error) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"a {what} must be a mapping", where=str(path), got=type(raw).__name__)
    return raw
