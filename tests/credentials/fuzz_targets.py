"""Targets for a coverage-guided fuzzer (atheris, libFuzzer), run by `test_fuzzing` in a process of their own.

`envelope`: whatever the bytes, the verifier gives a verdict with a report. `canonicaliser`: whatever the
graph, all of it is in the canonical form, and that is the same however its nodes are called and its quads
ordered, or the work it would be is refused. `log`: whatever another node's log serves, it is refused by its
own exception, or comes back when it is written. Anything else ends the process with the input in a file.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["credentials"]):
    from credentials.contexts import ContextStore
    from credentials.nquads import parse_nquads
    from credentials.policies import policy_named
    from credentials.private_keys import PrivateKey
    from credentials.rdf_canon import TooMuchWork, canonicalise, issue_labels
    from credentials.report import Report
    from credentials.resolving import InlineResolver
    from credentials.times import from_rfc3339
    from credentials.transparency.checkpoints import Checkpoint, origin_key, verify_checkpoint
    from credentials.transparency.entries import parse_entry
    from credentials.transparency.evidence import Evidence, verify
    from credentials.transparency.log_keys import verify_rotation
    from credentials.transparency.merkle import Frontier
    from credentials.transparency.notes import parse_note
    from credentials.transparency.refusals import LogRefused
    from credentials.transparency.tiles import Bundle, parse_bundle, parse_path, print_bundle
    from credentials.verification import Refused, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
VERIFIERS = [
    Verifier(policy_named(policy), InlineResolver(), ContextStore(), lambda: NOW)
    for policy in ("default", "lab")
]
#: What a mutation puts in place of a part of a document.
SPARE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**53 - 1, 1.5, "", "x", "_:b", "@type", "did:web:a.example", "\u2028", [], {}),
    *([[]], {"@value": "x"}, {"@id": "_:b"}, {"@list": [1, [2]]}, {"@set": []}, {"@graph": []}),
    *(
        {"@type": "@json", "@value": {"b": 1, "a": [None]}},
        {"@language": "en", "@value": 1},
        {"@reverse": {}},
    ),
)


def envelope(data: bytes) -> None:
    """A verdict with a report, which survives being written and read."""
    for verifier in VERIFIERS:
        try:
            report = verifier.verify(data).report
        except Refused as refusal:
            report = refusal.report
        if Report.from_dict(json.loads(json.dumps(report.to_dict()))) != report:
            raise AssertionError("the report does not come back")


def canonicaliser(data: bytes) -> None:
    """All of the graph, in one form."""
    # RDFC-1.0 itself has several forms for some datasets whose graphs have blank names (found by this target,
    # and the same in pyld and rdf-canonize): of those only that nothing is lost.
    named = data[:1] > b"\x7f"
    terms = ["_:a", "_:b", "_:c", "_:d", "_:e", "<urn:s>", '"text"']
    quads = []
    for one, two, three in zip(data[1:300:3], data[2:300:3], data[3:300:3], strict=False):
        graph = terms[three % 5] if named and three & 64 else ""
        quads.append((terms[one % 6], f"<urn:p{three % 2}>", terms[two % 7], graph))
    quads = list(dict.fromkeys(quads))
    try:
        labels = issue_labels(quads)
        first = canonicalise(quads)
        back = {label: node for node, label in labels.items()}
        again = {tuple(back.get(term, term) for term in quad) for quad in parse_nquads(first)}
        if again != set(quads) or set(back) != {f"_:c14n{number}" for number in range(len(back))}:
            raise AssertionError("the canonical form is not all of the graph")
        names = {f"_:{old}": f"_:n{new}" for old, new in zip("abcde", "31402", strict=True)}
        other = [tuple(names.get(term, term) for term in quad) for quad in reversed(quads)]
        if not named and canonicalise(other) != first:  # type: ignore[arg-type]
            raise AssertionError("two canonical forms of one graph")
    except TooMuchWork:
        return


ORIGIN = "node-a.example/log"
PINNED = origin_key(ORIGIN, PrivateKey.from_ed25519_seed(bytes(range(32))))


def _path(data: bytes) -> bytes:
    return parse_path(data.decode("latin-1")).path.encode("latin-1")


def _bundle(data: bytes) -> bytes:
    # A full bundle is taken for this partial one, so only the beginning comes back.
    again = print_bundle(parse_bundle(Bundle(0, 3), data))
    return data if data.startswith(again) else again


def _evidence(data: bytes) -> bytes:
    evidence = Evidence.parse(data)
    if Evidence.parse(evidence.to_bytes()) != evidence:
        raise AssertionError("the evidence does not come back")
    verify(evidence)
    return data


def _checkpoint(data: bytes) -> bytes:
    verify_checkpoint(data, ORIGIN, [PINNED])
    return data


def _rotation(data: bytes) -> bytes:
    verify_rotation(data, ORIGIN, PINNED)
    return data


def _edge(data: bytes) -> bytes:
    try:
        return Frontier.from_bytes(data).to_bytes()
    except ValueError:
        return data


#: What reads something of another node's log and gives the bytes for which it stands, by the first byte.
READERS: tuple[Callable[[bytes], bytes], ...] = (
    _path,
    _bundle,
    lambda data: parse_note(data).to_bytes(),
    lambda data: Checkpoint.parse(data.decode("utf-8", "replace")).text().encode(),
    lambda data: parse_entry(data).to_bytes(),
    _evidence,
    _checkpoint,
    _rotation,
    _edge,
)


def log(data: bytes) -> None:
    """Refused by a LogRefused, or the same bytes again."""
    reader, given = READERS[(data[0] if data else 0) % len(READERS)], data[1:]
    try:
        again = reader(given)
    except LogRefused:
        return
    if again != given and reader is not READERS[3]:
        raise AssertionError("it is written otherwise than it was read")


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Half the time change a part of the JSON, which random bytes seldom leave well-formed."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(data, max_size))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return bytes(atheris.Mutate(data, max_size))
    places = list(_places(document))
    if not places:
        return data
    holder, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            holder[key] = chance.choice(SPARE)
        case 1:
            other, there = chance.choice(places)
            holder[key] = json.loads(json.dumps(other[there]))
        case 2 if isinstance(holder, dict):
            holder[chance.choice(["@id", "@type", "@graph", "proof", "@context", "id", "x"])] = holder.pop(
                key
            )
        case _:
            holder[key] = [holder[key], chance.choice(SPARE)]
    changed = json.dumps(document).encode()
    return changed if len(changed) <= max_size else data


def _places(item: Any) -> Any:
    keys = item.keys() if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
    for key in list(keys):
        yield item, key
        yield from _places(item[key])


TARGETS: dict[str, tuple[Callable[[bytes], None], dict[str, Any]]] = {
    "envelope": (envelope, {"custom_mutator": mutate}),
    "canonicaliser": (canonicaliser, {}),
    "log": (log, {}),
}

if __name__ == "__main__":
    target, options = TARGETS[sys.argv.pop(1)]
    atheris.Setup([str(Path(sys.argv[0])), *sys.argv[1:]], target, **options)
    atheris.Fuzz()
