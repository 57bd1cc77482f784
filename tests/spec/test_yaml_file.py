"""Plain YAML is read as it looks; all else is refused with file and line, at once."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from datayield.spec.errors import ConfigError
from datayield.spec.yaml_file import read_mapping


@pytest.fixture(params=[True, False], ids=["libyaml", "pyyaml"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers read the same."""
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param and yaml.__with_libyaml__)


def _read(tmp_path: Path, text: str | bytes) -> dict[str, Any]:
    path = tmp_path / "some.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mapping(path, "study")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-01", "2024-01-01"), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("1:30", "1:30"), ("12:30:45", "12:30:45"), ("1_0", "1_0"), ("=", "="), ("inf", "inf"),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("n", "n"),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("1_000", 1000), ("-3", -3), ("0", 0), ("1e5", 100_000), ("64e3", 64_000), ("1.5e3", 1500),
        ("1e-3", 0.001), (".5", 0.5), ("1.", 1.0), ("10%", "10%"),
        ("!!str 5", "5"), ('"010"', "010"),
    ],
)  # fmt: skip
def test_a_value_is_what_it_looks_like(tmp_path: Path, text: str, value: Any) -> None:
    read = _read(tmp_path, f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


REFUSED = [
    ("a: 010", 'write 10, or "010"'), ("a: -08", "write -8"), ("a: 0x1F", "decimal"),
    ("a: 0o17", "decimal"), ("a: .inf", "finite"), ("a: -.inf", "finite"), ("a: .NaN", "finite"),
    ("a: 1e999", "too large"), ("a: " + "9" * 5000, "a number of 5000 characters"),
    ("a: !!int x", "!!int"), ("a: !!python/object/apply:os.system [ls]", "!!python"),
    ("a: !mine x", "!mine"), ("a: *x", "undefined alias"), ("a: &a [*a]", "inside what it"),
    ("a: {? [1] : 2}", "key must be text"), ("a: {<<: 3}", "<< takes a mapping"),
    ("a: {b: 1, b: 2}", "duplicate key 'b', first on line 1"),
    ('a: {1: 1, "1": 2}', "duplicate key '1'"), ("a:\n\tb: 1", "tab"), ("a: [1\tb: 1", "tab"),
    ('a: "\\0"', "not allowed in text"), ('a: "\\ud800"', "not allowed in text"),
    (b"a: 1\nb: \0", "line 2"), ("a: 1".encode("utf-16"), "UTF-16"),
    ("a: 1\nb: é".encode("latin1"), "byte 0xe9"), ("", "is empty"), ("# x", "is empty"),
    ("a: 1\n---\nb: 2", "second document"), ("- 1", "must be a mapping"), ("a: [", "invalid YAML"),
    ("%YAML 2.0\n---\na: 1", "version"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_is_unclear_is_refused_with_its_place(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    assert says in caught.value.text()
    assert "some.yaml" in caught.value.where


def test_keys_are_text(tmp_path: Path) -> None:
    assert set(_read(tmp_path, "no: 1\n1: 2\ntrue: 3\n2024-01-01: 4")) == {
        "no", "1", "true", "2024-01-01",
    }  # fmt: skip


def test_anchors_and_merges_are_as_in_yaml(tmp_path: Path) -> None:
    text = "a: &a {x: 0, y: 2}\nq: {w: {b: &b {<<: *a, x: 1}}}\nc: {<<: [*b, *a], k: 1}\nd: *a"
    read = _read(tmp_path, text)
    assert read["c"] == {"x": 1, "y": 2, "k": 1}
    assert read["q"]["w"]["b"] == {"x": 1, "y": 2}
    assert read["d"] == read["a"]


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    assert _read(tmp_path, b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n") == {"a": 1, "b": {"c": 2}}


def _aliases(first: str, width: int, times: int) -> str:
    """Each of `times` lines holds `width` times what the line before it stands for."""
    lines = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, times))
    return "\n".join([f"a0: &a0 {first}", *lines])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [" + "1, " * 200_000 + "]", "more than 20,000 values"),
        (_aliases("[x]", 10, 13), "more than 20,000 values, aliases unfolded"),
        ("a: " + "[" * 10_000, "more than 40 levels"),
        ("\n".join(" " * i + "a:" for i in range(1000)), "more than 40 levels"),
        (_aliases("[x]", 1, 60), "more than 40 levels"),
        ("a: " + "x" * 2_000_000, "larger than 1,000,000 bytes"),
    ],
    ids=["wide", "bomb", "deep", "deep block", "deep aliases", "large"],
)  # fmt: skip
def test_what_is_too_large_is_refused_at_once(tmp_path: Path, text: str, says: str) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError, match=says):
        _read(tmp_path, text)
    assert time.process_time() - began < 5  # usually less than half a second, on a busy machine too
