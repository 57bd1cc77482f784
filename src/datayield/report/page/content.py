"""The page's text besides its figures: notes and costs as plain data for the template."""

import json
from itertools import islice
from typing import Any

from datayield.analysis.decision import no_grid
from datayield.analysis.findings import Findings
from datayield.analysis.format import count, percent, plural
from datayield.analysis.results import RunCost
from datayield.analysis.text import Headline, how_read
from datayield.report.figures import selection_styles
from datayield.report.page.card import first_screen
from datayield.report.page.claim_table import claims_table
from datayield.report.page.cost_tables import (
    normalised_sentences,
    normalised_tables,
    time_tables,
)
from datayield.report.page.published_tables import number_rows, shape_tables
from datayield.report.page.set_table import set_table
from datayield.report.page.tables import (
    fit_rows,
    gain_table,
    group_rows,
    label_table,
    result_table,
    selection_table,
)
from datayield.report.palette import Styles
from datayield.report.terminal import protocols
from datayield.spec.run import short_number
from datayield.spec.study import as_texts
from datayield.store.collapse import in_words
from datayield.store.format import duration

LISTED = 100  # runs that the page names one by one


def content(f: Findings, headlines: list[Headline], look: Styles) -> dict[str, Any]:
    """All that the template prints except figures and facts; it escapes every text."""
    results = f.results
    used = {row.protocol for row in results.rows}
    return {
        "name": results.study.study.replace("_", " "),
        "scale": results.study.scale,
        "overrides": as_texts(results.study.overrides),
        "question": results.study.question or "What is the next unlabeled image worth?",
        "paper": results.study.paper,
        "notes": results.study.notes,
        "data_notes": results.data_notes,
        "sets": set_table(results.sets),
        "collapsed": [in_words(each) for each in results.collapsed[:LISTED]],
        "collapsed_count": len(results.collapsed),
        "missing": results.missing[:LISTED],
        "missing_count": len(results.missing),
        "looks": results.looks,
        "card": first_screen(f.purchase),
        "answer": headlines,
        "claims": claims_table(f),
        "worth": f"{100 * f.worth:g}",
        "groups": group_rows(f),
        "measure": f.measure,
        "labels": [label_table(table) for table in f.labels],
        "gains": [gain_table(f, name) for name in f.curved],
        "fits": fit_rows(f),
        "numbers": number_rows(f),
        "shapes": shape_tables(f),
        "levels_compare": any(both.comparable for both in f.published),
        "flips": normalised_sentences(f),
        "normalised": normalised_tables(f),
        "how_read": how_read(f.normalised),
        "times_to": time_tables(f),
        "grid_note": "" if f.grids else no_grid(results.main.curves),
        "results": [result_table(f, name) for name in f.curved],
        "selections": [
            selection_table(f, name) for name in dict.fromkeys(x.key.eval for x in f.ledgers)
        ],
        "selection_legend": list(selection_styles(f.ledgers).items()),
        "protocols": [row for row in protocols() if row["protocol"] in used],
        "tests": _tests(f),
        "cost": _cost(results.spent),
        "spent": [_spent_row(spent) for spent in results.spent[:LISTED]],
        "runs": len(results.spent),
        "versions": sorted(results.versions.items()),
        "devices": sorted({spent.device for spent in results.spent}),
        "study_json": json.dumps(results.study.model_dump(mode="json"), indent=1),
        "specs": [
            (run, json.dumps(spec.model_dump(mode="json"), indent=1))
            for run, spec in islice(results.specs.items(), LISTED)
        ],
        "specs_count": len(results.specs),
        "legend_rows": [(name, style) for name, style in look.items()],
    }


def facts(f: Findings) -> list[str]:
    """The study in one line."""
    points_seen = [p for line in [*f.main.values(), *f.rank.values()] for p in line]
    if not points_seen:
        return []
    sizes = sorted({p.n for p in points_seen})
    seeds = {seed for p in points_seen for seed, _ in p.seeds.values}
    span_of_sizes = f" ({count(sizes[0])} to {count(sizes[-1])} images)" if len(sizes) > 1 else ""
    absent = [f"{plural(len(f.results.missing), 'item')} missing"] if f.results.missing else []
    facts = [
        plural(len(f.results.spent), "finished run"),
        *absent,
        plural(len(sizes), "size") + span_of_sizes,
        plural(len(seeds), "seed"),
        plural(len({p.key.method for p in points_seen}), "method"),
        plural(len({p.key.eval for p in points_seen}), "evaluation"),
    ]
    seconds = sum(spent.seconds - spent.shared_seconds for spent in f.results.spent)
    return facts + ([f"{duration(seconds)} of pretraining"] if seconds else [])


def _tests(f: Findings) -> list[str]:
    """Test images of each evaluation, and the uncertainty from them alone."""
    tests = []
    for name in f.evals:
        line = next(iter(f.of(name).values()))
        seeds = line[-1].seeds
        error = f"± {196 * seeds.test_error:.1f} points at {percent(seeds.mean)}"
        tests.append(f"{name}: {count(seeds.n_test)} ({error})")
    return tests


def _cost(spent: tuple[RunCost, ...]) -> list[str]:
    """The cost of the study in a few phrases."""
    if not spent:
        return []
    seconds = sum(s.seconds for s in spent)
    parts = [
        f"{plural(len(spent), 'run')} took {duration(seconds)}, one after another, and "
        f"{short_number(sum(s.images for s in spent))} images "
        f"({short_number(sum(s.views for s in spent))} views)"
    ]
    if shared := sum(s.shared_images for s in spent):
        saved = duration(sum(s.shared_seconds for s in spent))
        parts.append(
            f"of which {saved} and {short_number(shared)} presented on shared trunks, counted once"
        )
    flops = [s.flops for s in spent if s.flops is not None]
    if len(flops) == len(spent):
        parts.append(f"{short_number(sum(flops))} FLOPs")
    known = [s for s in spent if s.estimate_seconds]
    if known:
        expected = sum(s.estimate_seconds or 0 for s in known)
        ratio = sum(s.seconds for s in known) / expected
        parts.append(f"estimated at {duration(expected)}: actual / estimate {ratio:.2f}")
    return parts


def _spent_row(spent: RunCost) -> dict[str, str]:
    expected = spent.estimate_seconds
    return {
        "label": spent.label,
        "mark": "seems to have learned nothing" if spent.signs else "",
        "asked": count(spent.images_asked),
        "images": count(spent.images),
        "flops": short_number(spent.flops) if spent.flops is not None else "–",
        "seconds": duration(spent.seconds),
        "estimate": duration(expected) if expected else "–",
        "ratio": f"{spent.seconds / expected:.2f}" if expected else "–",
        "rate": count(spent.images_per_second),
        "wait": f"{100 * spent.data_wait:.0f}%",
        "memory": f"{spent.peak_memory / 2**20:,.0f}",
    }
