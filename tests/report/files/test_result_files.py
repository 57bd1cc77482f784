"""The tables: complete, stable to the byte, and safe for LaTeX."""

import csv
import re
from dataclasses import replace
from pathlib import Path

from datayield.report.files.result_files import escape, to_csv, to_latex
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
