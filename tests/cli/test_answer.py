"""`datayield answer`: the card, the JSON contract, points and prices, and what it imports."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from datayield.cli.amounts import prices_at, setting_at
from datayield.cli.missing import missing_library
from datayield.spec.errors import ConfigError
from datayield.spec.study import Prices
from tests.conftest import Call

TABLE = "method,images,epochs,seed,accuracy\n" + "".join(
    f"simclr,{n}k,{e},{s},{40 + 2 * i + j + 0.2 * s:.1f}\n"
    for i, n in enumerate((10, 20, 40))
    for j, e in enumerate((50, 100, 200))
    for s in (0, 1)
)
POINTS = {"type": "number", "minimum": -100, "maximum": 100}
LEVER = {
    "type": "object",
    "required": ["lever", "from", "to", "gain", "low", "high", "cost"],
    "properties": {"gain": POINTS, "low": POINTS, "high": POINTS},
}
RECOMMENDATION = {
    "type": "object",
    "required": ["lever", "probability", "reason"],
    "properties": {
        "lever": {
            "enum": ["images", "compute", "labels", "views", "weights", "stop", "inconclusive"]
        },
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
        "reason": {"type": "string", "minLength": 10},
    },
}
ANSWER = {
    "recommendation": RECOMMENDATION,
    "levers": {"type": "array", "items": LEVER},
    "forecasts": {"type": "array"},
    "would_decide": {"type": "array"},
}
CONTRACT = {
    "type": "object",
    "required": ["schema_version", *ANSWER, "cards"],
    "properties": ANSWER
    | {
        "schema_version": {"const": 1},
        "cards": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["task", "method", *ANSWER],
                "properties": ANSWER,
            },
        },
    },
}


def test_the_best_plan_for_a_sum_of_money(datayield: Call) -> None:
    Path("t.csv").write_text(TABLE)
    call = ("answer", "t.csv", "--price", "image=0.02", "--spend", "600")
    said = " ".join(datayield(*call).out.split())
    assert "For 600: buy" in said
    assert "Not considered: compute: no price is known (--price hour=..." in said
    plan = json.loads(datayield(*call, "--json").out)["best_plan"]
    assert [each["lever"] for each in plan["buy"]] == ["images"]
    assert 0 < plan["cost"] <= plan["spend"] == 600
    assert plan["gain"]["low"] < plan["gain"]["gain"] < plan["gain"]["high"]
    assert plan["setting"]["images"] > 40_000
    assert json.loads(datayield("answer", "t.csv", "--json").out)["best_plan"] is None


def test_the_card_and_the_contract(datayield: Call, tmp_path: Path) -> None:
    Path("t.csv").write_text(TABLE)
    done = datayield("answer", "t.csv", "--price", "image=0.02")
    assert done.code == 0, done.err
    assert "presented = epochs x images" in done.out
    assert "800" in done.out
    told = json.loads(datayield("answer", "t.csv", "--json", "--at", "images=20k").out)
    jsonschema.validate(told, CONTRACT)
    assert told["cards"][0]["at"]["images"] == 20000
    assert told["levers"][0]["from"] == 20000


def test_published_numbers(datayield: Call) -> None:
    told = json.loads(datayield("answer", "hammoud2024-budget", "--published", "--json").out)
    jsonschema.validate(told, CONTRACT)
    assert told["recommendation"]["lever"] == "images"
    assert len(told["cards"]) == 4
    done = datayield("answer", "bridge2025")
    assert done.code == 2
    assert "datayield answer bridge2025 --published" in done.err
    assert (
        "did you mean 'hammoud2024-budget'"
        in datayield("answer", "hammoud-budget", "--published").err
    )


def test_points_and_prices() -> None:
    at = setting_at(["images=100k, presented=2M", "labels=500"])
    assert at == (100_000, 2e6, 500, None)
    assert setting_at(["images=10k,epochs=100"]) == (10_000, 1e6, None, None)
    assert setting_at([]) is None
    assert prices_at(["image=0.02", "hours=1.5", "currency=USD"]) == Prices(
        image=0.02, hour=1.5, currency="USD"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("imagse=3", "did you mean 'images'"),
        ("images", "write KEY=VALUE"),
        ("images=many", "invalid number"),
        ("images=-5", "invalid number"),
        ("labels=2.5", "a whole number is needed"),
        ("epochs=100", "epochs need images"),
    ],
)
def test_a_wrong_point_is_said(said: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        setting_at([said])


def test_a_wrong_price_is_said() -> None:
    with pytest.raises(ConfigError, match="did you mean 'label'"):
        prices_at(["lable=2"])
    with pytest.raises(ConfigError, match="--price hour"):
        prices_at(["hour=-2"])


def test_what_is_not_installed_is_named() -> None:
    told = missing_library(ModuleNotFoundError("No module", name="torch.nn"))
    assert told is not None
    assert told.message == "this needs PyTorch, which is not installed"
    assert "pip install 'datayield[train]'" in told.hint
    assert told.exit_code == 2
    assert missing_library(ModuleNotFoundError("No module", name="datayield.x")) is None
    drawing = missing_library(ModuleNotFoundError("No module", name="jinja2"))
    assert drawing is not None
    assert "pip install 'datayield[report]'" in drawing.hint


def test_answer_imports_little_and_training_says_what_it_needs(tmp_path: Path) -> None:
    """In one process without torch: an answer, then a command that needs it."""
    code = (
        "import sys\nfrom datayield.cli import app, main\n"
        "away = ('torch', 'torchvision', 'timm', 'sklearn', 'jinja2', 'plotly', 'matplotlib')\n"
        "sys.modules |= dict.fromkeys(away)\n"
        "try:\n    app(['answer', 'bridge2025', '--published'])\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "heavy = {'PIL', 'pyarrow', 'pandas', 'torch.nn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.argv[1:] = ['answer', 'bridge2025', '--published', '--page', 'page.html']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert done.code == 2, done.code\n"
        "sys.argv[1:] = ['distance', 'digits', 'sprites']\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    assert "Label more images." in done.stdout
    assert "pip install 'datayield[report]'" in done.stderr
    assert not (tmp_path / "page.html").exists()
    assert "pip install 'datayield[train]'" in done.stderr


def test_page_holds_the_answer_the_map_and_the_runs(datayield: Call, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(TABLE)
    page = tmp_path / "made" / "page.html"
    done = datayield("answer", str(tmp_path / "mine.csv"), "--page", str(page))
    assert done.code == 0
    html = page.read_text()
    first = done.out.splitlines()[0].split(".")[0]
    assert first in html
    assert "you are here" in html
    assert "<h1>mine.csv</h1>" in html
    assert html.count('<th scope="row">simclr</th>') == 18
    assert "http://" not in html.split("<script>")[0]


def test_a_page_that_cannot_be_written_is_told_first(datayield: Call, tmp_path: Path) -> None:
    done = datayield("answer", "hammoud2024-budget", "--published", "--page", str(tmp_path))
    assert done.code == 2
    assert "--page names a folder" in done.err
