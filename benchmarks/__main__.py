"""Every figure of the catalogue in one run: `python -m benchmarks [--quick] [--database-url URL]`.

One line per figure. Nothing here asserts: a shared or slow machine shows in the reference lines, which are
measured beside the figures in the same run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import corpus, footprint, publishing
from benchmarks.figures import Figure

#: Publications per second and form that are wanted on SQLite, on two cores.
WANTED: dict[corpus.Form, int] = {"vc-jwt": 375, "ed25519-2020": 250}
P95_MS = 60
START_SECONDS = 2
MEMORY_MB = 400
DISK_KB = 20


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="once and briefly: to see that it works")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database to measure too")
    options = parser.parse_args()
    runs, seconds = (1, 3) if options.quick else (3, 10)
    with tempfile.TemporaryDirectory(prefix="catalogue-benchmarks-") as name:
        folder = Path(name)
        offering = corpus.offering(corpus.issuers("vc-jwt")[0], 1, corpus.made_now())
        say(f"an offering makes {corpus.claims(offering)} claims; limits are on, and far away; 8 connections")
        start(folder, runs)
        for form in WANTED:
            publications(folder, form, runs, seconds)
        if options.database_url:
            publications(folder, "vc-jwt", 1, seconds, options.database_url)
        weigh(folder)
    return 0


def say(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)


def start(folder: Path, runs: int) -> None:
    """Figures of the start."""
    measured = [footprint.start_seconds(folder / f"start-{number}") for number in range(runs)]
    say(Figure("start to first answer", [one[0] for one in measured], "s", START_SECONDS, False).line())
    say(Figure("start to first search", [one[1] for one in measured], "s", START_SECONDS, False).line())


def publications(folder: Path, form: corpus.Form, runs: int, seconds: int, database_url: str = "") -> None:
    """Figures of publishing in one form."""
    where = "PostgreSQL" if database_url else "SQLite"
    settings = {"CATALOGUE_DATABASE_URL": database_url} if database_url else {}
    name = f"publish {form} on {where}"
    bursts, references = [], []
    for number in range(runs):
        here = folder / f"{form}-{where}-{number}"
        here.mkdir()
        references.append(publishing.reference_rate(here, form, 2))
        bursts.append(publishing.burst(here, form, seconds, settings))
    rates = [one.load.rate for one in bursts]
    say(Figure(name, rates, "/s", None if database_url else WANTED[form]).line())
    ratios = [rate / reference for rate, reference in zip(rates, references, strict=True)]
    say(Figure(f"{name}, of what an empty Flask application takes", ratios, "x").line())
    say(Figure("  the empty application", references, "/s").line())
    bound = None if database_url else P95_MS
    say(Figure("  p95", [one.load.p95 for one in bursts], "ms", bound, False).line())
    say(Figure("  workers' CPU each", [one.worker_ms for one in bursts], "ms").line())
    say(Figure("  indexer's CPU each", [one.indexer_ms for one in bursts], "ms").line())
    say(Figure("  client's CPU each", [one.load.client_share for one in bursts], "ms").line())
    say(Figure("  all searchable after the burst", [one.searchable_after for one in bursts], "s").line())
    say(Figure("  one publication, found after", [one.found_within for one in bursts], "s", 2, False).line())


def weigh(folder: Path) -> None:
    """Figures of memory and disk."""
    here = folder / "footprint"
    here.mkdir()
    weight = footprint.footprint(here, "vc-jwt")
    count = footprint.OFFERINGS
    say(Figure(f"memory (PSS) with {count} offerings", [weight.memory_mb], "MB", MEMORY_MB, False).line())
    say(Figure("disk an offering", [weight.disk_kb_per_offering], "kB", DISK_KB, False).line())


if __name__ == "__main__":
    sys.exit(main())
