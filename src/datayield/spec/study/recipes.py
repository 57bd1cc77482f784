"""Published recipes, as data: `recipes/<set>.yaml`, and a method's recipe for a study."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.run import as_share, converted
from datayield.spec.validate import validated
from datayield.spec.yaml_file import read_mapping

_FOLDER = Path(__file__).with_name("recipes")


class RecipeSet(Frozen):
    """Recipes from one source. Keys of a recipe are those of a run; each overrides `shared`.

    `epochs` is the length of the published run, which durations in epochs are fractions of; `size`
    is that of its views in pixels. Views without a size use the study's `encoder.size`.
    """

    name: str
    source: str
    epochs: int | None = Field(None, ge=1)
    size: int | None = Field(None, ge=8)
    shared: dict[str, Any] = Field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = Field(min_length=1)


@cache
def recipe_set(name: str) -> RecipeSet:
    """The shipped set `name`. Raises ConfigError, listing the available sets."""
    if name not in recipe_sets():
        raise ConfigError(
            "unknown recipe set",
            where="recipe",
            got=name,
            allowed=recipe_sets(),
            hint="datayield ls recipes",
        )
    path = _FOLDER / f"{name}.yaml"
    return validated(RecipeSet, read_mapping(path, "set of recipes"), where=path.name)


def recipe_sets() -> list[str]:
    """Names of the shipped sets."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def published(name: str, method: str | None, as_published: bool) -> tuple[dict[str, Any], ...]:
    """The layers of set `name` for `method`, later overriding earlier: shared, then the method's.

    Durations in epochs become fractions of the published run, the same for every N; with
    `as_published` they stay epochs. Raises ConfigError for an unknown set or method.
    """
    recipe = recipe_set(name if isinstance(name, str) else str(name))
    if not isinstance(method, str) or method not in recipe.methods:
        raise ConfigError(
            f"the recipes {name!r} have no entry for this method",
            where="recipe, method.name",
            got=method or "no method.name",
            allowed=recipe.methods,
            hint="choose one of these, or another set: datayield ls recipes",
        )
    layers = (recipe.shared, recipe.methods[method])
    if as_published or recipe.epochs is None:
        return layers
    whole = recipe.epochs
    return tuple(
        converted(layer, lambda epochs, key: as_share(epochs, 1, whole, key)) for layer in layers
    )
