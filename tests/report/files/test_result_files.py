"""The tables: complete, stable to the byte, and safe for LaTeX."""

import csv
import re
from dataclasses import replace
from pathlib import Path

from datayield.analysis.model.doublings import gains
from datayield.analysis.model.fits import fits
from datayield.analysis.model.study_noise import noise_models
from datayield.report.files.result_files import curves_to_csv, escape, to_csv, to_latex
from datayield.spec.run.run import RunSpec
from tests.planted import planted
from tests.simulated import power_law, simulate


def test_csv_holds_every_row_and_reads_back(tmp_path: Path) -> None:
    results = simulate()
    to_csv(results, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(results.rows)
    key = ("run", "eval", "metric", "share")
    there = {tuple(str(getattr(r, k)) for k in key): r.value for r in results.rows}
    assert {tuple(r[k] for k in key): float(r["value"]) for r in read} == there


TABLE = """\
run,kind,method,encoder,dataset,n,budget,images,share,axes,seed,eval,protocol,group,metric,\
value,n_test,n_train,low,high,distinct,collapsed
46145e92f49f,run,simclr,convnet,sprites,100,16 epochs,1600,1.0,encoder.width=8,0,category,\
linear@1,,accuracy,0.51,2000,0,,,0,False
5696163478ad,run,simclr,convnet,sprites,400,16 epochs,6400,1.0,encoder.width=8,0,category,\
linear@1,,accuracy,0.54,2000,0,,,0,False
68da48e373aa,run,simclr,convnet,sprites,100,3.2k images,3200,1.0,encoder.width=8,0,category,\
linear@1,,accuracy,0.51,2000,0,,,0,False
5f7d2619e1ed,run,simclr,convnet,sprites,400,3.2k images,3200,1.0,encoder.width=8,0,category,\
linear@1,,accuracy,0.54,2000,0,,,0,False
"""
CURVES = """\
category,linear@1,accuracy,simclr,encoder.width=8,16 epochs,100,400
category,linear@1,accuracy,simclr,encoder.width=8,3.2k images,100,400
"""


def _by_n(run: RunSpec, share: float) -> float:
    return {100: 0.51, 400: 0.54}[run.data.count or 0]


def test_files_of_a_small_study_are_these_to_the_byte(tmp_path: Path) -> None:
    axes = {
        "data.count": [100, 400],
        "budget": [{"images": 3200}, {"epochs": 16}],
        "encoder.width": [8],
        "seed": [0],
    }
    results = planted(axes, _by_n, noise=0.0)
    to_csv(results, tmp_path / "table.csv")
    curves = results.main.curves
    made = gains(curves, noise_models(results.main))
    curves_to_csv(made, fits(curves), tmp_path / "curves.csv")
    assert (tmp_path / "table.csv").read_text() == TABLE
    header, *lines = (tmp_path / "curves.csv").read_text().splitlines()
    assert header.split(",")[:8] == [
        "eval", "protocol", "metric", "method", "axes", "budget", "from", "to",
    ]  # fmt: skip
    assert [line.split(",")[:8] for line in lines] == [
        line.split(",") for line in CURVES.splitlines()
    ]
    assert {round(float(line.split(",")[8]), 9) for line in lines} == {0.03}


def test_csv_bytes_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    results = simulate()
    to_csv(results, tmp_path / "a.csv")
    to_csv(replace(results, rows=tuple(reversed(results.rows))), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_latex_escapes_what_it_would_read_as_commands() -> None:
    assert escape(r"50%_a&b#c$d{e}~^\<") == (
        r"50\%\_a\&b\#c\$d\{e\}\textasciitilde{}\textasciicircum{}\textbackslash{}\textless{}"
    )


def test_latex_is_a_balanced_booktabs_table(tmp_path: Path) -> None:
    results = simulate({"a_b & c": power_law()}, keep=lambda m, n, s: (m, n) != ("simclr", 500))
    to_latex(results, tmp_path / "t.tex")
    text = (tmp_path / "t.tex").read_text()
    assert r"\caption{a\_b \& c: accuracy (\%) under linear@1 on 2,000 test images" in text
    assert "over 3 seeds." in text
    assert "untrained convnet &" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    rows = [line for line in text.splitlines() if re.match(r"\d", line)]
    assert len(rows) == 6
    assert all(len(re.findall(r"(?<!\\)&", line)) == 2 for line in rows)
    assert re.match(r"500 & -- & \$\d\d\.\d \\pm \d\.\d\$ \\\\", rows[1])
