"""YAML as studies and recipes are written: small, plain, and read as it looks.

Numbers are decimal (`10`, `1_000`, `1e-3`), only `true` and `false` are booleans, keys are text,
and dates, times and `no` stay text. What readers of YAML disagree about (`010`, `0x10`, tags) is
refused, and so are `.inf`, `.nan` and a file that is large once its aliases are unfolded.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from yaml.constructor import ConstructorError

from datayield.spec.errors import ConfigError

MOST_BYTES = 1_000_000
MOST_NODES = 20_000  # keys and values, those behind aliases counted each time
DEEPEST = 40  # levels of nesting
LONGEST_NUMBER = 40  # characters
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_TAGS = (None, "!", _TEXT)
_CODES = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00": "UTF-16 or UTF-32"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """The rules above, told with line and column."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = self.depth = self.reached = 0
        self.unfolded: dict[str, tuple[int, int]] = {}  # anchor -> nodes and levels of its value

    def parsed_by(self, parser: Any) -> Self:
        """Takes the events of another parser of the same text."""
        self.check_event = parser.check_event  # type: ignore[method-assign]
        self.peek_event = parser.peek_event  # type: ignore[method-assign]
        self.get_event = parser.get_event  # type: ignore[method-assign]
        return self

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        before, deepest = self.nodes, self.depth
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self.unfolded:
                raise _wrong(f"*{event.anchor} is used inside what it stands for", event)
            nodes, deepest = self.unfolded.get(str(event.anchor), (1, 0))
            self.nodes += nodes
            self._bounded(self.depth + deepest, event)
            self.reached = max(self.reached, self.depth + deepest)
            return super().compose_node(parent, index)
        if getattr(event, "tag", None) not in _TAGS:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _wrong(f"the tag {tag} is not supported; write the value itself", event)
        self.nodes, self.depth = self.nodes + 1, self.depth + 1
        self._bounded(self.depth, event)
        outer, self.reached = self.reached, self.depth
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.MappingNode):
            self._check_keys(node)
        if event.anchor:
            self.unfolded[event.anchor] = (self.nodes - before, self.reached - deepest)
        self.depth, self.reached = deepest, max(outer, self.reached)
        return node

    def _bounded(self, depth: int, event: Any) -> None:
        if depth > DEEPEST:
            raise _wrong(f"more than {DEEPEST} levels of nesting", event)
        if self.nodes > MOST_NODES:
            raise _wrong(f"more than {MOST_NODES:,} values, aliases unfolded", event)

    def _check_keys(self, node: yaml.MappingNode) -> None:
        """Keys are text, also `no`, `1` and `2024-01-01`, and none is repeated."""
        seen: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong("a key must be text, not a list or a mapping", key)
            if key.tag == _MERGE:
                merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
                if not all(isinstance(each, yaml.MappingNode) for each in merged):
                    raise _wrong("<< takes a mapping, or a list of mappings", value)
                continue
            key.tag = _TEXT
            if key.value in seen:
                first = seen[key.value].start_mark.line + 1
                raise _wrong(f"duplicate key {key.value!r}, first on line {first}", key)
            seen[key.value] = key

    def construct_text(self, node: yaml.ScalarNode) -> str:
        text = str(self.construct_scalar(node))
        if found := _CONTROL.search(text):
            raise _wrong(f"the character {found[0]!r} is not allowed in text", node)
        return text

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = node.value.replace("_", "")
        if len(text) > LONGEST_NUMBER:
            raise _wrong(f"a number of {len(text)} characters", node)
        if re.fullmatch(r"[-+]?\d+", text):
            return int(text)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise _wrong(f"the number {text} is too large", node)
        # 1e5 is a count like 100000; 1.0 stays a fraction that happens to be whole
        exact = "e" in text.lower() and value.is_integer() and abs(value) < 2**53
        return int(value) if exact else value

    def refuse(self, node: yaml.ScalarNode) -> None:
        raise _wrong(_unclear(node.value), node)


def _unclear(text: str) -> str:
    if "inf" in text.lower() or "nan" in text.lower():
        return f"{text} is not a finite number"
    plain = ("-" if text.startswith("-") else "") + (text.lstrip("+-0_") or "0")
    if re.fullmatch(r"[-+]?[\d_]+", text):
        return (
            f"{text} reads as octal in some readers and as decimal in others; "
            f'write {plain}, or "{text}" for text'
        )
    return f'{text} is not a decimal number; write it in decimal, or "{text}" for text'


def _wrong(problem: str, at: Any) -> ConstructorError:
    return ConstructorError(None, None, problem, at.start_mark)


_DIGITS = list("-+.0123456789")
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_MERGE, r"<<", ["<"]),
    ("!unclear", r"[-+]?(0[\d_]+|0[xob][0-9a-fA-F_]+|\.(inf|Inf|INF))|\.(nan|NaN|NAN)", _DIGITS),
    (
        "!number",
        r"[-+]?(\d+|\d{1,3}(_\d{3})+|(\d+\.\d*|\.\d+)|(\d+\.?\d*|\.\d+)[eE][-+]?\d+)",
        _DIGITS,
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)
_Loader.add_constructor(_TEXT, _Loader.construct_text)
_Loader.add_constructor("!number", _Loader.construct_number)
_Loader.add_constructor("!unclear", _Loader.refuse)


def _parsed(text: str) -> Any:
    """With libyaml, four times as fast; PyYAML's own parser tells better what is wrong."""
    if yaml.__with_libyaml__:
        with suppress(yaml.YAMLError):
            parser = yaml.CSafeLoader(text)
            return _Loader(text).parsed_by(parser).get_single_data()
    return _Loader(text).get_single_data()


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """The mapping in the YAML file at `path`, called `what` in a ConfigError."""
    text = _text(path, what)
    try:
        raw = _parsed(text)
    except yaml.YAMLError as error:
        raise _refused(str(path), text, error) from None
    if raw is None:
        raise ConfigError(
            f"the {what} is empty", where=str(path), hint="see the studies that datayield ls shows"
        )
    if not isinstance(raw, dict):
        raise ConfigError(f"a {what} must be a mapping", where=str(path), got=type(raw).__name__)
    return raw


def read_value(text: str, where: str) -> Any:
    """The value that `text` holds, as a study's file would. Raises ConfigError at `where`."""
    try:
        return _parsed(text)
    except yaml.YAMLError as error:
        raise _refused(where, text, error) from None


def on_one_line(value: Any) -> str:
    """The value as it would stand in a study's file, on one line."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=MOST_BYTES
    )
    return text.removesuffix("...\n").strip()  # YAML marks the end of a value that is no mapping


def _text(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the {what}", where=str(path), got=error.strerror) from None
    if len(raw) > MOST_BYTES:
        raise ConfigError(
            f"the {what} is larger than {MOST_BYTES:,} bytes",
            where=str(path),
            hint="is this the right file?",
        )
    code = next((name for start, name in _CODES.items() if raw.startswith(start)), "")
    try:
        if code:
            raise ValueError(code)
        return raw.decode("utf-8-sig")
    except ValueError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise ConfigError(
            "invalid YAML: not UTF-8 text",
            where=f"{path}: line {raw[:at].count(10) + 1}",
            got=code or f"the byte 0x{raw[at]:02x}",
            hint="save the file as UTF-8",
        ) from None


def _refused(place: str, text: str, error: yaml.YAMLError) -> ConfigError:
    """PyYAML's error in plain words, with the line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or error)
    line, hint = 0, "check indentation and quotes at this position"
    if mark is not None:
        line = mark.line + 1
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        problem = f"the character {chr(int(error.character))!r} is not allowed"
        hint = "remove it"
    elif isinstance(error, ConstructorError):
        hint = "change this value"
    elif isinstance(error, yaml.composer.ComposerError) and "single document" in str(error):
        problem, hint = "a second document begins", "remove the line --- or split the file"
    elif "'\\t'" in problem:
        problem, hint = "a tab where spaces are needed", "indent with spaces"
    lines = text.splitlines()
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    column = f", column {mark.column + 1}" if mark is not None else ""
    return ConfigError(
        f"invalid YAML: {problem}",
        where=f"{place}: line {line}{column}",
        got=shown if len(shown) <= 80 else f"{shown[:77]}...",
        hint=hint,
    )
