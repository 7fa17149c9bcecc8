"""The table of the page about sharing is that of the results."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_table_is_that_of_the_results() -> None:
    page = (ROOT / "docs/sharing.md").read_text(encoding="utf-8")
    measured = json.loads((ROOT / "benchmarks/results/offline_page.json").read_text(encoding="utf-8"))
    assert len(measured["rows"]) == 4
    for row in measured["rows"]:
        trained = [row["training"]["longest_task_cpu_ms"]] if row["training"] else []
        longest = max([*row["longest_task_cpu_ms"].values(), *trained])
        cells = [
            row["network"], f"{row['largest_difference']:.1e}", str(row["other_answers"]),
            f"{100 * row['accuracy']:.2f} %",
            f"{row['gzipped_bytes'] / 1000:.0f} kB", f"{row['first_picture_ms']:.0f} ms",
            *(f"{row[kind]['median']:.0f}, {row[kind]['p95']:.0f} ms" for kind in ("pen_ms", "knob_ms")),
            f"{longest:.0f} ms",
        ]  # fmt: skip
        assert f"| {' | '.join(cells)} |" in page
    assert f"the page has {measured['page_gzipped_bytes'] / 1000:.0f} kB gzipped" in page
