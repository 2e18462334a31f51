"""What is told of an offering's labels, levels, exposure and consortia, and what has changed about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from search.concluded import IMMUNE
from vocab import profiles
from vocab.conclusions import Conclusions
from vocab.labels import below
from vocab.model import Basis

#: The first that is told of an offering with labels; then what it gained, lost or has on other grounds.
CONCLUDED = "concluded"
LABEL_GAINED, LABEL_LOST, LABEL_CHANGED = "label_gained", "label_lost", "label_changed"
LEVEL_GAINED, LEVEL_LOST, LEVEL_CHANGED = "level_gained", "level_lost", "level_changed"
EXPOSURE_CHANGED, IMMUNITY_CHANGED = "exposure_changed", "immunity_changed"
CONSORTIUM_CHANGED = "consortium_changed"
#: Kinds of event that follow from a description: nothing need be described again because of them.
KINDS = frozenset(
    {
        CONCLUDED,
        *(LABEL_GAINED, LABEL_LOST, LABEL_CHANGED),
        *(LEVEL_GAINED, LEVEL_LOST, LEVEL_CHANGED),
        *(EXPOSURE_CHANGED, IMMUNITY_CHANGED, CONSORTIUM_CHANGED),
    }
)

_STRENGTH = {basis.value: place for place, basis in enumerate(Basis)}


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one offering, in the forms of the search's filters.

    Nothing that only its provider says: `labels`, with all that stand below them, and `levels` of profiles in
    force (`profile:version:level`) map to the strongest basis that counts. `consortia` map to their outcome.
    `content_id` is of its own statement, `evidence` are those of the others that it was read with.
    """

    content_id: str
    labels: Mapping[str, str]
    levels: Mapping[str, str]
    exposed_to: tuple[str, ...]
    complete: bool
    immune: str
    consortia: Mapping[str, str]
    evidence: tuple[str, ...]

    def to_json(self) -> str:
        """The stored form."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Told:
        """The inverse of `to_json`."""
        form = json.loads(text)
        lists = {name: tuple(form[name]) for name in ("exposed_to", "evidence")}
        return cls(**{**form, **lists})


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in what is told: the kind of its event, what it is about, and in words."""

    kind: str
    value: str | None
    text: str


def told_of(content_id: str, found: Conclusions, evidence: Iterable[str], on: date) -> Told:
    """What is told of conclusions on a day."""
    return Told(
        content_id=content_id,
        labels=_strongest(
            (label, held.basis) for held in found.labels for label in (held.label, *below(held.label))
        ),
        levels=_strongest(_levels(found, on)),
        exposed_to=tuple(sorted({reach.country for reach in found.exposure.reaches})),
        complete=found.exposure.complete,
        immune=IMMUNE[found.exposure.immunity],
        consortia={one.consortium: one.outcome.value for one in found.consortia},
        evidence=tuple(sorted(set(evidence))),
    )


def changes(before: Told | None, after: Told) -> tuple[Change, ...]:
    """What there is to tell; of an offering that is new here one line, and that only if it has labels."""
    if before is None:
        return (Change(CONCLUDED, None, _at_first(after)),) if after.labels else ()
    return (
        *_moved(before.labels, after.labels, (LABEL_GAINED, LABEL_CHANGED, LABEL_LOST), below),
        *_moved(before.levels, after.levels, (LEVEL_GAINED, LEVEL_CHANGED, LEVEL_LOST), _included),
        *_exposure(before, after),
        *_consortia(before.consortia, after.consortia),
    )


def _levels(found: Conclusions, on: date) -> Iterator[tuple[str, Basis]]:
    """The levels in force that aren't labels: of those the label tells."""
    plain = {
        (one.id, one.version, level.id)
        for one in profiles.in_force(on)
        for level in one.levels
        if not level.label
    }
    for reached in found.levels:
        if (reached.profile, reached.version, reached.level) in plain:
            yield f"{reached.profile}:{reached.version}:{reached.level}", reached.basis


def _included(level: str) -> tuple[str, ...]:
    """The levels of the same profile that one includes, as events name them."""
    identifier, version, own = level.split(":")
    try:
        profile = profiles.profile(identifier, version)
        included = profile.included(profile.level(own))
    except KeyError:
        # Told by another version of the program.
        return ()
    return tuple(f"{identifier}:{version}:{one}" for one in included)


def _strongest(held: Iterable[tuple[str, Basis]]) -> dict[str, str]:
    """Each value that somebody else than the provider stands for, with its strongest basis."""
    found: dict[str, str] = {}
    for value, basis in held:
        if basis is not Basis.DECLARED and _STRENGTH[basis.value] < _STRENGTH[found.get(value, "declared")]:
            found[value] = basis.value
    return dict(sorted(found.items()))


def _at_first(told: Told) -> str:
    lower = {label for held in told.labels for label in below(held)}
    labels = ", ".join(f"{label} ({basis})" for label, basis in told.labels.items() if label not in lower)
    return f"Labels at first: {labels}. {_reach(told)}"


def _reach(told: Told) -> str:
    countries = ", ".join(told.exposed_to) or "none that is known"
    others = "" if told.complete else ", perhaps others"
    return f"Exposed to the law of: {countries}{others}. Immune to law from outside the EU: {told.immune}"


def _moved(
    before: Mapping[str, str],
    after: Mapping[str, str],
    kinds: tuple[str, str, str],
    under: Callable[[str], Iterable[str]],
) -> Iterator[Change]:
    """Gained, changed and lost values; of those that stand below one another the highest, naming them."""
    gained, changed, lost = kinds
    for kind, values, where in (
        (gained, [value for value in after if value not in before], after),
        (lost, [value for value in before if value not in after], before),
    ):
        lower = {label for value in values for label in under(value)}
        for value in values:
            if value not in lower:
                along = [label for label in under(value) if label in values]
                also = f", and with it {', '.join(along)}" if along else ""
                yield Change(kind, value, f"{kind.replace('_', ' ')}: {value} ({where[value]}){also}")
    for value, basis in after.items():
        if before.get(value, basis) != basis:
            text = f"{changed.replace('_', ' ')}: {value} is now {basis} and was {before[value]}"
            yield Change(changed, value, text)


def _exposure(before: Told, after: Told) -> Iterator[Change]:
    if (before.exposed_to, before.complete) != (after.exposed_to, after.complete):
        more = [f"now {one}" for one in after.exposed_to if one not in before.exposed_to]
        less = [f"no longer {one}" for one in before.exposed_to if one not in after.exposed_to]
        known = []
        if before.complete != after.complete:
            known = ["now all of them are known" if after.complete else "there may be others now"]
        yield Change(
            EXPOSURE_CHANGED, None, f"exposed to the law of other countries: {', '.join(more + less + known)}"
        )
    if before.immune != after.immune:
        text = f"immune to law from outside the EU: now {after.immune}, was {before.immune}"
        yield Change(IMMUNITY_CHANGED, after.immune, text)


def _consortia(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        then, now = (told.get(name, "not named").replace("_", " ") for told in (before, after))
        if then != now:
            yield Change(CONSORTIUM_CHANGED, name, f"offered by the consortium: now {now}, was {then}")
