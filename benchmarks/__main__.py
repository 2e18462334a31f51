"""Every figure of the catalogue in one run: `python -m benchmarks [--quick] [--large] ...`.

`--million` measures a million offerings on Elasticsearch, and nothing else.

One line per figure. Nothing here asserts: a shared or slow machine shows in the reference lines, which are
measured beside the figures in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import (
    corpus,
    describing,
    federation,
    following,
    footprint,
    load,
    million,
    publishing,
    questions,
    reevaluating,
    running,
    searching,
    shapes,
    verification,
)
from benchmarks.figures import Figure

#: Publications per second and form that are wanted on SQLite, on two cores.
WANTED: dict[corpus.Form, int] = {"vc-jwt": 375, "ed25519-2020": 250}
#: The same with the official shapes checked, and milliseconds that a check may take of it.
SHAPED: dict[corpus.Form, int] = {"vc-jwt": 300, "ed25519-2020": 200}
SHAPES_MS = 1.5
#: Milliseconds that describing an offering may take.
DESCRIBED_MS = 1
#: How many times as fast as `@digitalbazaar/vc`, VC-JWTs a second on one core, and what two cores gain.
AS_NODE = 2.5
JWT_RATE = 10_000
TWO_CORES = 1.8
P95_MS = 60
START_SECONDS = 2
MEMORY_MB = 400
DISK_KB = 20
#: Answers per second that are wanted with 5,000 offerings, on two cores.
EXACT_RATE = 1_000
MISSPELT_RATE = 400
#: Milliseconds that a page of a search may take with as many.
PAGE_MS = 25
#: The same for the page of one offering, with all that is worked out for it.
SERVICE_PAGE_MS = 20
#: Entries of a peer's log a second: verified, and searchable too; of JSON-LD the share of the pure rate.
FOLLOWED = 1_000
FOLLOWED_SEARCHABLE = 300
FOLLOWED_SHARE = 0.6
#: Requests and bytes of a poll that finds nothing new.
POLL_REQUESTS, POLL_BYTES = 2, 2_000
#: Sizes of logs of which it is measured what following costs; the last only with `--large`.
LOGS = (10_000, 100_000, 1_000_000)
#: Seconds from a publication at one of eleven nodes until all others find it, of 19 in 20 of them.
SPREAD_SECONDS = 5
#: Offerings of the large measurements, and what is wanted of them.
LARGE = 100_000
LARGE_P50_MS = 10
REBUILD_SECONDS = 180
REEVALUATED_SECONDS = 600
#: Offerings of `--million` unless another number is given.
MILLION = 1_000_000
#: What the names of the indexes made in Elasticsearch begin with.
PREFIX = "bench"
#: How much longer than the raw request an answer by way of Elasticsearch may take; the greater counts.
RAW_TIMES, RAW_MORE_MS = 1.5, 3.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="once and briefly: to see that it works")
    parser.add_argument("--large", action="store_true", help=f"also with {LARGE} offerings (ten minutes)")
    parser.add_argument(
        "--shapes",
        type=Path,
        default=Path(__file__).parents[2] / "shared" / "reference" / "shapes",
        metavar="FOLDER",
        help=f"where {' and '.join(shapes.FILES)} are",
    )
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database to measure too")
    parser.add_argument(
        "--elasticsearch",
        default="",
        metavar="URL",
        help="an Elasticsearch without security, to measure too with --large; indexes bench* are made there",
    )
    parser.add_argument(
        "--million",
        type=int,
        nargs="?",
        const=MILLION,
        default=0,
        metavar="OFFERINGS",
        help=f"only {MILLION} offerings (or another number) on that Elasticsearch: half an hour and 10 GB",
    )
    options = parser.parse_args()
    if options.million and not options.elasticsearch:
        parser.error("--million needs --elasticsearch")
    runs, seconds = (1, 3) if options.quick else (3, 10)
    with tempfile.TemporaryDirectory(prefix="catalogue-benchmarks-") as name:
        folder = Path(name)
        if options.million:
            many(folder, options.million, runs, seconds, options.elasticsearch)
            return 0
        offering = corpus.offering(corpus.issuers("vc-jwt")[0], 1, corpus.made_now())
        say(f"an offering makes {corpus.claims(offering)} claims; limits are on, and far away; 8 connections")
        start(folder, runs)
        verifications(folder, runs)
        for form in WANTED:
            publications(folder, form, runs, seconds)
        if options.database_url:
            publications(folder, "vc-jwt", 1, seconds, options.database_url)
        if (options.shapes / shapes.FILES[0]).exists():
            check_shapes(folder, options.shapes, runs, seconds)
        else:
            say(f"no official shapes in {options.shapes}: not measured")
        describes(runs)
        follows(folder, runs)
        logs(folder, LOGS if options.large else LOGS[:1] if options.quick else LOGS[:2])
        federates(folder, 3 * seconds)
        searches(folder, runs, seconds)
        weigh(folder)
        if options.large:
            reevaluations(folder, LARGE)
            large(folder, runs, seconds, options.elasticsearch)
    return 0


def say(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)


def start(folder: Path, runs: int) -> None:
    """Figures of the start."""
    measured = [footprint.start_seconds(folder / f"start-{number}") for number in range(runs)]
    say(Figure("start to first answer", [one[0] for one in measured], "s", START_SECONDS, False).line())
    say(Figure("start to first search", [one[1] for one in measured], "s", START_SECONDS, False).line())


def verifications(folder: Path, runs: int) -> None:
    """Figures of complete verifications in one process, of one offering in every form."""
    bench = verification.Bench(folder / "verification")
    missing = verification.peers_missing()
    say(f"complete verifications of an offering with {verification.QUADS} quads, contexts at hand, CPU time:")
    for form in ("ed25519-2020", "eddsa-rdfc-2022"):
        data = bench.ed25519.sign(1, form, bench.jsonld)
        ours, theirs, plain = [], [], []
        for _ in range(runs):
            ours.append(bench.milliseconds(data))
            plain.append(verification.plain_pyld(bench, data))
            if not missing:
                theirs.append(verification.on_node(bench, data, form))
        say(Figure(f"verify {form}", ours, "ms").line())
        compared(f"  {form}: plain pyld (two canonical forms and the signature), of ours", plain, ours)
        if missing:
            say(f"  @digitalbazaar/vc: not measured: {missing}")
        else:
            say(Figure("  @digitalbazaar/vc", theirs, "ms").line())
            compared(f"  {form}: @digitalbazaar/vc, of ours", theirs, ours, AS_NODE)
    for signer in (bench.rsa, bench.p256, bench.ed25519):
        data = signer.sign(1, "vc-jwt", bench.jsonld)
        rates = [1000 / bench.milliseconds(data) for _ in range(runs)]
        say(Figure(f"verify vc-jwt {signer.key.algorithm}", rates, "/s", JWT_RATE).line())
    for form in WANTED:
        presented = [verification.presentation(bench, form) for _ in range(runs)]
        name = f"verify a presentation of {verification.PRESENTED} {form}, of these one by one"
        ratios = [one.whole / one.one_by_one for one in presented]
        say(Figure(name, ratios, "x", 1, False).line())
    bulk = [(verification.bulk(bench, 1), verification.bulk(bench, 2)) for _ in range(runs)]
    say(Figure("verify many vc-jwt, one process, by the clock", [one.rate for one, _ in bulk], "/s").line())
    gains = [two.rate / one.rate for one, two in bulk]
    say(Figure("verify many vc-jwt, two processes, of one, by the clock", gains, "x", TWO_CORES).line())
    # What the clock would show if nothing else ran on either core.
    gains = [2 * one.cpu_seconds / two.cpu_seconds for one, two in bulk]
    say(Figure("  the same worked out from CPU time", gains, "x").line())


def compared(name: str, theirs: list[float], ours: list[float], wanted: float | None = None) -> None:
    """A figure of how many times as long others take."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    say(Figure(name, ratios, "x", wanted).line())


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


def follows(folder: Path, runs: int) -> None:
    """Figures of copying a peer's log of offerings."""
    say(f"{following.ENTRIES} entries of a peer's log copied, from the first one received on:")
    for form in WANTED:
        offerings = following.Offerings.of(form)
        alone, whole, pure = [], [], []
        for number in range(runs):
            here = folder / f"follow-{form}-{number}"
            pure.append(following.pure_rate(here / "pure", offerings))
            alone.append(following.copied(here / "alone", offerings, whole=False))
            whole.append(following.copied(here / "whole", offerings, whole=True))
        token = form == "vc-jwt"
        name = f"follow {form}, fetched and verified"
        say(Figure(name, [one.verified for one in alone], "/s", FOLLOWED if token else None).line())
        say(Figure("  CPU each", [one.cpu_ms for one in alone], "ms").line())
        shares = [one.verified / rate for one, rate in zip(alone, pure, strict=True)]
        name = "  of the pure rate of verification on all processors"
        say(Figure(name, shares, "x", None if token else FOLLOWED_SHARE).line())
        searchable = [one.searchable for one in whole if one.searchable is not None]
        name = f"follow {form}, until searchable"
        say(Figure(name, searchable, "/s", FOLLOWED_SEARCHABLE if token else None).line())


def logs(folder: Path, sizes: Sequence[int]) -> None:
    """Figures of following a log of entries alone, by its size."""
    for size in sizes:
        grown = following.growth(folder / f"log-{size}", size)
        idle = grown.idle
        say(f"a log of {size} entries, without what they name:")
        say(Figure("  taken in", [grown.seconds], "s").line())
        say(Figure("  bytes an entry", [grown.bytes_each], "B").line())
        say(Figure(f"  {following.NEW} more taken in", [grown.new_seconds * 1000], "ms").line())
        say(Figure("  bytes of these", [grown.new_bytes / 1000], "kB").line())
        say(Figure("  a poll with nothing new, requests", [idle.requests], "", POLL_REQUESTS, False).line())
        say(Figure("  bytes of it, both ways", [idle.size], "B", POLL_BYTES, False).line())


def federates(folder: Path, seconds: int) -> None:
    """Figures of eleven nodes on this machine, each of which copies from all others."""
    done = federation.spread(folder / "federation", seconds)
    say(f"eleven nodes, {federation.RATE} publications/s for {seconds} s, each at the next node:")
    p95 = [done.quantile(0.95)]
    say(Figure("  from published to found at each other node, p95", p95, "s", SPREAD_SECONDS, False).line())
    say(Figure("  p50", [done.quantile(0.5)], "s").line())
    say(Figure("  the last of all", [done.quantile(1)], "s").line())
    say(Figure("  CPU of all nodes, a publication", [done.cpu_ms], "ms").line())


def describes(runs: int) -> None:
    """Figures of describing offerings."""
    times = describing.measure(runs)
    say(f"{times.offerings} sample offerings described, with every shipped profile")
    say(Figure("describe an offering, CPU", times.describe, "ms", DESCRIBED_MS, False).line())
    say(Figure("  of it gathering what bears on it", times.gather, "ms").line())


def check_shapes(folder: Path, official: Path, runs: int, seconds: int) -> None:
    """Figures of the official shapes."""
    offering = corpus.offering(corpus.issuers("vc-jwt")[0], 1, corpus.made_now())
    times = shapes.measure(official, offering, runs)
    say(f"official shapes: prepared in {times.prepare:.0f} ms, loaded in {times.load:.0f} ms")
    say(Figure("check of official shapes, all in", times.checks, "ms", SHAPES_MS, False).line())
    for name, theirs in (
        ("pyshacl with the whole file", times.pyshacl_whole),
        ("pyshacl with only the shapes needed", times.pyshacl_needed),
    ):
        say(Figure(f"  {name}", theirs, "ms").line())
        ratios = [their / our for their, our in zip(theirs, times.checks, strict=True)]
        say(Figure(f"  {name}, of ours", ratios, "x").line())
    for form, wanted in SHAPED.items():
        bursts = []
        for number in range(runs):
            here = folder / f"{form}-shapes-{number}"
            here.mkdir()
            bursts.append(
                publishing.burst(here, form, seconds, {}, lambda data: shapes.add_to(data, official))
            )
        name = f"publish {form} on SQLite, official shapes checked"
        say(Figure(name, [one.load.rate for one in bursts], "/s", wanted).line())
        say(Figure("  workers' CPU each", [one.worker_ms for one in bursts], "ms").line())


def searches(folder: Path, runs: int, seconds: int) -> None:
    """Figures of searching."""
    here = folder / "search"
    here.mkdir()
    count = footprint.OFFERINGS
    searching.fill(here, count)
    with searching.filled(here, {}) as node, publishing.reference(here / "reference") as empty:
        for name, made, wanted in (
            ("exact terms", questions.exact(), EXACT_RATE),
            ("a typo", questions.misspelt(), MISSPELT_RATE),
        ):
            asked_in = here / name.replace(" ", "-")
            searching.write_questions(asked_in, made, node)
            answered, references = [], []
            for _ in range(runs):
                references.append(searching.reference_rate(empty, here, 2))
                answered.append(searching.ask(node, asked_in, seconds))
            rates = [one.load.rate for one in answered]
            name = f"search {count} offerings, {name}"
            say(Figure(name, rates, "/s", wanted).line())
            ratios = [rate / reference for rate, reference in zip(rates, references, strict=True)]
            say(Figure(f"{name}, of what an empty Flask application answers", ratios, "x").line())
            say(Figure("  the empty application", references, "/s").line())
            say(Figure("  p95", [one.load.p95 for one in answered], "ms").line())
            say(Figure("  workers' CPU each", [one.worker_ms for one in answered], "ms").line())
            say(Figure("  client's CPU each", [one.load.client_share for one in answered], "ms").line())
        # The same questions by somebody with a browser; what was asked last is misspelt.
        pages = [searching.ask(node, asked_in, seconds, 1, load.PAGES) for _ in range(runs)]
        name = f"search page, {count} offerings, one client, p50"
        say(Figure(name, [one.load.p50 for one in pages], "ms", PAGE_MS, False).line())
        services = here / "services"
        searching.write_services(services, node)
        pages = [searching.ask(node, services, seconds, 1, load.PAGES) for _ in range(runs)]
        name = f"page of a service, {count} offerings, one client, p50"
        say(Figure(name, [one.load.p50 for one in pages], "ms", SERVICE_PAGE_MS, False).line())


def large(folder: Path, runs: int, seconds: int, elasticsearch: str) -> None:
    """Figures of a large catalogue: making its index anew, searching it, its memory and disk."""
    here = folder / "large"
    here.mkdir()
    searching.fill(here, LARGE)
    remade(here, "embedded", {})
    with searching.filled(here, {}) as node:
        p50s = one_client(node, here, "embedded", LARGE, runs, seconds)
        say(Figure("  p50, embedded", p50s, "ms", LARGE_P50_MS, False).line())
        say(Figure("  memory (PSS)", [running.pss(node.process.pid) / 1e6], "MB").line())
        index = running.disk_bytes(node.data / "index")
        say(Figure("  disk of the index, an offering", [index / LARGE / 1000], "kB").line())
        whole = running.disk_bytes(node.data)
        say(Figure("  disk of the whole data folder, an offering", [whole / LARGE / 1000], "kB").line())
    if elasticsearch:
        settings = {"CATALOGUE_SEARCH_URL": elasticsearch, "CATALOGUE_SEARCH_INDEX": PREFIX}
        remade(here, "Elasticsearch", settings)
        with searching.filled(here, settings) as node:
            compared_to_raw(node, here, LARGE, runs, seconds, elasticsearch)


def compared_to_raw(
    node: running.Running, here: Path, count: int, runs: int, seconds: int, elasticsearch: str
) -> None:
    """Figures of a node over Elasticsearch, beside those of the same requests sent to that directly."""
    searching.raw_milliseconds(elasticsearch, PREFIX, questions.filtered())
    raws, p50s = [], []
    for _ in range(runs):
        taken = searching.raw_milliseconds(elasticsearch, PREFIX, questions.filtered())
        raws.append(statistics.median(taken))
        p50s += one_client(node, here, "Elasticsearch", count, 1, seconds)
    raw = statistics.median(raws)
    bound = max(raw * RAW_TIMES, raw + RAW_MORE_MS)
    say(Figure("  p50, Elasticsearch", p50s, "ms", bound, False).line())
    say(Figure("  p50 of the raw request", raws, "ms").line())


def many(folder: Path, count: int, runs: int, seconds: int, elasticsearch: str) -> None:
    """Figures of more offerings than are published here, on Elasticsearch."""
    here = folder / "many"
    here.mkdir()
    made = million.fill(here, elasticsearch, PREFIX, count)
    say(f"{count} offerings, copies of {million.ORIGINALS}, put into Elasticsearch in {made.seconds:.0f} s")
    for where, used in (("here", made.here_seconds), ("in Elasticsearch", made.there_seconds)):
        say(Figure(f"  CPU of an offering, {where}", [used / count * 1000], "ms").line())
    say(Figure("  CPU of an offering to be described and analysed", [made.describing_ms], "ms").line())
    anew = made.seconds + count * made.describing_ms / 1000
    say(f"  so the index would be made anew in {anew / 60:.0f} minutes, with this clock")
    say(Figure("  disk of the index, an offering", [made.disk_bytes / count / 1000], "kB").line())
    say(f"  segments: {made.segments}")
    settings = {"CATALOGUE_SEARCH_URL": elasticsearch, "CATALOGUE_SEARCH_INDEX": PREFIX}
    with searching.filled(here, settings) as node:
        asked, wrong = million.wrong_answers(node, made)
        say(f"  answers compared with what was counted: {asked}, of them wrong: {len(wrong)}")
        compared_to_raw(node, here, count, runs, seconds, elasticsearch)
        say(Figure("  memory of the node (PSS)", [running.pss(node.process.pid) / 1e6], "MB").line())
    heap = million.heap(elasticsearch)
    say(f"  heap of Elasticsearch in use: {heap.used / 1e6:.0f} of {heap.most / 1e6:.0f} MB")


def reevaluations(folder: Path, count: int) -> None:
    """Figures of a change of the trust list under a running node: of one provider, then of all others."""
    world = reevaluating.fill(folder / "reevaluated", count)
    with reevaluating.serving(world) as node:
        for believed in (list(world.certified)[:1], []):
            done = reevaluating.change(node, world, *believed)
            say(f"{done.offerings} of {count} offerings evaluated anew after a change of the trust list:")
            say(Figure("  until all of it shows", [done.seconds], "s", REEVALUATED_SECONDS, False).line())
            each = done.indexer_seconds / done.offerings * 1000
            say(Figure("  indexer's CPU each", [each], "ms").line())
            say(Figure("  p50 of one client that searches meanwhile", [done.p50_ms], "ms").line())
            say(Figure("  p95", [done.p95_ms], "ms").line())


def remade(here: Path, engine: str, settings: Mapping[str, str]) -> None:
    """Figures of an index made anew while no node runs."""
    made = searching.rebuild(here, settings)
    name = f"index of {LARGE} offerings made anew, {engine}"
    say(Figure(name, [made.seconds], "s", REBUILD_SECONDS, False).line())
    say(Figure("  CPU of it", [made.cpu_seconds], "s").line())


def one_client(
    node: running.Running, here: Path, engine: str, count: int, runs: int, seconds: int
) -> list[float]:
    """Figures of one client that asks with two filters for five facets; returns the medians in ms."""
    paths = here / engine
    searching.write_questions(paths, questions.filtered(), node)
    answered = [searching.ask(node, paths, seconds, connections=1) for _ in range(runs)]
    say(f"search {count} offerings, two filters, five facets, one client, {engine}:")
    say(Figure("  p95", [one.load.p95 for one in answered], "ms").line())
    say(Figure("  workers' CPU each", [one.worker_ms for one in answered], "ms").line())
    return [one.load.p50 for one in answered]


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
