"""Where an error of pydantic is in the file: the path of its keys, and what may stand there.

Pydantic's path also names the members of unions that it tried, which are no keys of the file.
"""

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, Tag


class Option(NamedTuple):
    """A type that may stand at a place; `labels`: what pydantic may call it in a path."""

    kind: Any
    labels: tuple[Any, ...] = ()


class KeyPath(NamedTuple):
    """The keys and positions of an error, and the types of the value there.

    `tried`: for each union that pydantic tried member by member, the number of keys before it and
    the member.
    """

    keys: tuple[str | int, ...]
    options: tuple[Option, ...]
    tried: tuple[tuple[int, str], ...] = ()

    @property
    def models(self) -> list[type[BaseModel]]:
        """Those of the types that are mappings with known keys."""
        return [o.kind for o in self.options if _is_model(o.kind)]

    def below(self, part: str | int) -> "KeyPath":
        """One part of pydantic's path further."""
        if isinstance(part, int):
            inside = [a for o in self.options for a in _arguments(o.kind, (tuple, list))]
            return self._at(part, inside)
        if named := [o for o in self.options if part in o.labels]:
            tried = (*self.tried, (len(self.keys), part)) if len(self.options) > 1 else self.tried
            return KeyPath(self.keys, tuple(Option(o.kind) for o in named), tried)
        fields = [
            field.annotation
            for model in self.models
            for name, field in model.model_fields.items()
            if part in (name, field.alias)
        ]
        inside = fields or [_arguments(o.kind, (dict,))[1] for o in self.options if _is_dict(o)]
        return self._at(part, inside) if inside else self

    def _at(self, part: str | int, annotations: Sequence[Any]) -> "KeyPath":
        options = tuple(option for each in annotations for option in _options(each))
        return KeyPath((*self.keys, part), options, self.tried)


def key_path(model: type[BaseModel], loc: Sequence[str | int]) -> KeyPath:
    """Where pydantic's `loc` is in a file that is read as `model`."""
    place = KeyPath((), (Option(model),))
    for part in loc:
        place = place.below(part)
    return place


def tag_of(model: type[BaseModel]) -> Any:
    """The value of the discriminator, `name` or `test`, that selects a model; None without one."""
    for key in ("name", "test"):
        if (field := model.model_fields.get(key)) is not None:
            (value, *_) = get_args(field.annotation) or (field.default,)
            return value
    return None


def _options(annotation: Any, labels: tuple[Any, ...] = ()) -> Iterator[Option]:
    if hasattr(annotation, "__metadata__"):
        tags = tuple(each.tag for each in annotation.__metadata__ if isinstance(each, Tag))
        yield from _options(get_args(annotation)[0], labels + tags)
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _options(each)
    elif _is_model(annotation):
        yield Option(annotation, (*labels, annotation.__name__, tag_of(annotation)))
    else:
        yield Option(annotation, labels)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_dict(option: Option) -> bool:
    return get_origin(option.kind) is dict


def _arguments(kind: Any, origins: tuple[type, ...]) -> list[Any]:
    """What a type of one of these origins holds."""
    inside = get_args(kind) if get_origin(kind) in origins else ()
    return [each for each in inside if each is not Ellipsis]
