"""Cases as data: what is said of one offering, in YAML, made into `ServiceFacts`, and what should follow.

A file below `tests/vocab/cases/` has `bases`, by name, and `cases`. A case has an `id` that never changes,
may start from a base by `like`, and says what it expects under `expect`, which is its reader's business:

    bases:
      sound:
        on: 2026-06-01                    # the day that is asked about; this one where none is named
        identity: notarised               # or domain, self_asserted
        provider:                         # any party may have these; all of them may be left out
          did: did:web:provider.example
          name: Provider SAS
          seat: FR                        # one code or a list, as the three below
          headquarters: FR
          central_administration: FR
          main_establishment: FR
          kinds: [sme]
          parents: [did:web:parent.example]
          owners:
            - {holder: "did:web:h.example", name: H, country: FR, capital: 76, votes: 76,
               veto: false, majority: false, as_of: 2026-01-31}
          members: [{participant: "did:web:m.example", role: lead, part: mail, service: "https://m.example/mail"}]
          member_of: ["did:web:consortium.example"]
        parties:                          # others whose own credentials are here, as the provider
          - {did: "did:web:parent.example", seat: US}
        operators: [{participant: "did:web:provider.example", name: "", country: FR, task: support}]
        operation_places: [FR]            # or {country: FR, subdivision: FR-59, ...}; as the two below
        data_places: [FR]
        metadata_places: [FR]
        licences: [{technology: T, licensor: "did:web:l.example", name: L Inc., country: US,
                    sees_data: false, sees_metadata: false, continues: true, vetted: true}]
        subcontractors: [{participant: "did:web:s.example", name: S, jurisdictions: [FR]}]
        does_without: [licensed-technology, subcontractors]
        energy: [{pue: 1.2, pue_standard: ISO/IEC 30134-2, renewable_percent: 80, site: FR}]
        consortia: ["did:web:consortium.example"]
        claims: ["gx:legalDocuments gx:BusinessContinuityMeasures"]
        declared_criteria: ["gaia-x:P1.2.1"]
        declared_labels: ["gaia-x:L1"]
        labels: [{label: "gaia-x:L2", by: "did:web:clearing.example", rules: CD25.10, criteria: [P1.1.1]}]
        certifications: [{scheme: secnumcloud, version: "3.2", level: "", by: "did:web:body.example",
                          covers: [], from: 2026-01-01, until: 2028-12-31}]
        declared_certifications: []       # the same, on the provider's own word
        participations: [{programme: ipcei-cis, by: "did:web:authority.example", role: direct,
                          from: 2024-01-01, until: 2028-12-31}]
    cases:
      - id: a-share-too-many
        like: sound
        provider: {owners: [{name: Fund, country: US, capital: 24.01, votes: 24.01}]}
        expect: {immunity: not_met}

A case's mappings are merged into the base's; lists and plain values take their place, and `null` takes away
what the base said. A key that isn't known is a mistake and raises. Only what counts belongs under `labels`,
`certifications` and `participations`: who is trusted and what is valid is decided before (`vocab.gathering`),
except that one whose `from` and `until` don't cover the day is left out here as it would be there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from vocab.answers import Source
from vocab.certifications import identifiers
from vocab.facts import (
    CertificationFact,
    EnergyFigures,
    Membership,
    Operator,
    OwnershipShare,
    ParticipationFact,
    Period,
    Place,
    TechnologyLicence,
)
from vocab.model import Basis, Identity
from vocab.service_facts import LabelGiven, Party, Said, ServiceFacts, SubContractor

CASES = Path(__file__).parent / "cases"
DID = "did:web:provider.example"
SUBJECT = "https://provider.example/offering.json#service"
ON = date(2026, 6, 1)
START = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its id, the merged mapping that `service_facts` reads, and what should follow."""

    id: str
    said: Mapping[str, Any]
    expect: Mapping[str, Any]

    @property
    def facts(self) -> ServiceFacts:
        """What is said, as the program has it."""
        return service_facts(self.said)


def cases(folder: str) -> tuple[Case, ...]:
    """Every case of the files in one folder below `tests/vocab/cases`, in order."""
    found = tuple(
        case
        for path in sorted((CASES / folder).glob("*.yaml"))
        for case in cases_of(yaml.safe_load(path.read_text(encoding="utf-8")))
    )
    ids = [case.id for case in found]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    return found


def cases_of(document: Mapping[str, Any]) -> Iterator[Case]:
    """The cases of one file that was read."""
    bases = document.get("bases", {})
    for entry in document["cases"]:
        said = {key: value for key, value in entry.items() if key not in ("id", "like", "expect")}
        base = bases[entry["like"]] if "like" in entry else {}
        yield Case(entry["id"], merged(base, said), entry.get("expect", {}))


def merged(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What a case says over its base: mappings merged, all else replaced, null taken away."""
    together = dict(base)
    for key, value in said.items():
        inner = together.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            together[key] = merged(inner, value)
        else:
            together[key] = value
    return {key: value for key, value in together.items() if value is not None}


def service_facts(said: Mapping[Any, Any]) -> ServiceFacts:
    """The facts that a case's mapping says."""
    said = dict(said)
    # To YAML 1.1 the bare word `on` is the truth value.
    on = _day(said.pop("on", said.pop(True, ON))) or ON
    provider = party(said.pop("provider", {}), DID)
    parties = [provider, *(party(one) for one in said.pop("parties", ()))]
    own = source(provider.did)
    facts = ServiceFacts(
        subject=SUBJECT,
        provider=provider,
        identity=Identity(said.pop("identity", "notarised")),
        on=datetime.combine(on, time(12), tzinfo=UTC),
        own=own,
        parties={name: one for one in parties for name in sorted(one.names)},
        claims=dict.fromkeys(said.pop("claims", ()), own),
        declared_criteria=dict.fromkeys(said.pop("declared_criteria", ()), own),
        labels=tuple(_label(one) for one in said.pop("labels", ())),
        declared_labels=_said(said.pop("declared_labels", ()), own),
        certifications=tuple(_attested(said.pop("certifications", ()), _certification, on, Basis.CERTIFIED)),
        declared_certifications=_said(map(_certification, said.pop("declared_certifications", ())), own),
        participations=tuple(_attested(said.pop("participations", ()), _participation, on, Basis.ATTESTED)),
        operators=_said(map(_operator, said.pop("operators", ())), own),
        operation_places=_said(map(_place, said.pop("operation_places", ())), own),
        data_places=_said(map(_place, said.pop("data_places", ())), own),
        metadata_places=_said(map(_place, said.pop("metadata_places", ())), own),
        licences=_said(map(_licence, said.pop("licences", ())), own),
        sub_contractors=_said(map(_sub_contractor, said.pop("subcontractors", ())), own),
        energy=_said(map(_energy, said.pop("energy", ())), own),
        consortia=_said(said.pop("consortia", ()), own),
        does_without=_said(said.pop("does_without", ()), own),
    )
    assert not said, f"nobody reads {sorted(said)}"
    return facts


def party(said: Mapping[str, Any], did: str = "") -> Party:
    """A participant with a credential of its own; its statements have the source `source(did)`."""
    said = dict(said)
    did = said.pop("did", did)
    own = source(did, said.pop("credential", ""))
    found = Party(
        did=did,
        names=frozenset({did, *said.pop("names", ())}),
        name=said.pop("name", did.removeprefix("did:web:").partition(".")[0].capitalize()),
        seats=_said(_many(said.pop("seat", ())), own),
        headquarters=_said(_many(said.pop("headquarters", ())), own),
        central_administration=_said(_many(said.pop("central_administration", ())), own),
        main_establishment=_said(_many(said.pop("main_establishment", ())), own),
        kinds=_said(said.pop("kinds", ()), own),
        parents=_said(said.pop("parents", ()), own),
        owners=tuple(_share(one, did, own) for one in said.pop("owners", ())),
        members=_said(map(_membership, said.pop("members", ())), own),
        member_of=_said(said.pop("member_of", ()), own),
    )
    assert not said, f"nobody reads {sorted(said)} of a party"
    return found


def source(
    issuer: str,
    name: str = "",
    basis: Basis = Basis.DECLARED,
    start: datetime = START,
    until: datetime | None = None,
) -> Source:
    """The one credential of an issuer, or the one that it has under `name`, always with the same ids."""
    text = f"{issuer} {basis} {name}"
    return Source(
        content_id=hashlib.sha256(text.encode()).hexdigest(),
        digest=hashlib.sha256(text.encode() + b" bytes").hexdigest(),
        issuer=issuer,
        basis=basis,
        valid_from=start,
        valid_until=until,
    )


def _said(values: Any, own: Source) -> tuple[Said[Any], ...]:
    return tuple(Said(value, own) for value in values)


def _many(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _made(type_: Any, said: Mapping[str, Any], names: Mapping[str, str], **fixed: Any) -> Any:
    unknown = set(said) - set(names)
    assert not unknown, f"nobody reads {sorted(unknown)} of {type_.__name__}"
    empty = {field: _EMPTY.get(field, "") for field in names.values()}
    return type_(**{**empty, **{names[key]: value for key, value in said.items()}, **fixed})


# What a field holds that nothing is said of, where that isn't "".
_EMPTY: Mapping[str, Any] = dict.fromkeys(
    (
        *("capital_percent", "voting_percent", "has_veto", "appoints_majority", "as_of"),
        *("sees_customer_data", "sees_metadata", "continues_without_licensor", "updates_vetted_by_provider"),
        *("pue", "renewable_percent", "green_energy_coefficient", "energy_reuse_factor"),
        *("carbon_usage_effectiveness", "water_usage_effectiveness", "start", "end", "site"),
    )
) | {"jurisdictions": (), "standards": ()}


def _share(said: Mapping[str, Any], did: str, own: Source) -> Said[OwnershipShare]:
    said = dict(said)
    named = said.pop("credential", "")
    names = {
        "holder": "holder",
        "name": "holder_name",
        "country": "country",
        "capital": "capital_percent",
        "votes": "voting_percent",
        "veto": "has_veto",
        "majority": "appoints_majority",
        "as_of": "as_of",
    }
    for key in ("capital", "votes"):
        if key in said:
            said[key] = _figure(said[key])
    if "as_of" in said:
        said["as_of"] = _day(said["as_of"])
    return Said(_made(OwnershipShare, said, names), source(did, named) if named else own)


def _membership(said: Mapping[str, Any]) -> Membership:
    found: Membership = _made(
        Membership, said, {name: name for name in ("participant", "role", "part", "service")}
    )
    return found


def _operator(said: Mapping[str, Any]) -> Operator:
    names = {"participant": "participant", "name": "legal_name", "country": "country", "task": "task"}
    found: Operator = _made(Operator, said, names)
    return found


def _place(said: Any) -> Place:
    return Place(said) if isinstance(said, str) else Place(**said)


def _licence(said: Mapping[str, Any]) -> TechnologyLicence:
    names = {
        "technology": "technology",
        "licensor": "licensor",
        "name": "licensor_name",
        "country": "licensor_country",
        "sees_data": "sees_customer_data",
        "sees_metadata": "sees_metadata",
        "continues": "continues_without_licensor",
        "vetted": "updates_vetted_by_provider",
    }
    found: TechnologyLicence = _made(TechnologyLicence, said, names)
    return found


def _sub_contractor(said: Mapping[str, Any]) -> SubContractor:
    said = {**said, "jurisdictions": tuple(said.get("jurisdictions", ()))}
    found: SubContractor = _made(
        SubContractor, said, {name: name for name in ("participant", "name", "jurisdictions")}
    )
    return found


def _energy(said: Mapping[str, Any]) -> EnergyFigures:
    said = dict(said)
    for key in set(said) - {"pue_standard", "standards", "start", "end", "site"}:
        said[key] = _figure(said[key])
    for key in ("start", "end"):
        if key in said:
            said[key] = _day(said[key])
    said["standards"] = tuple(said.get("standards", ()))
    if "site" in said:
        said["site"] = _place(said["site"])
    found: EnergyFigures = _made(
        EnergyFigures, said, {name: name for name in EnergyFigures.__dataclass_fields__}
    )
    return found


def _label(said: Mapping[str, Any]) -> Said[LabelGiven]:
    given = LabelGiven(said["label"], said.get("rules", ""), frozenset(said.get("criteria", ())))
    by = said.get("by", "did:web:clearing.example")
    return Said(given, source(by, given.label, Basis.ATTESTED))


def _attested(said: Any, read: Any, on: date, basis: Basis) -> Iterator[Said[Any]]:
    for one in said:
        one = dict(one)
        issuer = one.pop("by", "did:web:body.example")
        fact = read(one)
        if fact.period.covers(on):
            yield Said(fact, source(issuer, repr(sorted(one.items(), key=str)), basis))


def _certification(said: Mapping[str, Any]) -> CertificationFact:
    unknown = set(said) - {"scheme", "version", "level", "scope", "covers", "number", "body", "from", "until"}
    assert not unknown, f"nobody reads {sorted(unknown)} of a certification"
    version, level = str(said.get("version", "")), said.get("level", "")
    return CertificationFact(
        ids=identifiers(said["scheme"], version, level),
        scheme=said["scheme"],
        version=version,
        level=level,
        scope=said.get("scope", ""),
        covers=tuple(said.get("covers", (SUBJECT,))),
        number=said.get("number", ""),
        body=said.get("body", ""),
        period=_period(said),
    )


def _participation(said: Mapping[str, Any]) -> ParticipationFact:
    unknown = set(said) - {"programme", "participant", "role", "project", "from", "until"}
    assert not unknown, f"nobody reads {sorted(unknown)} of a participation"
    return ParticipationFact(
        programme=said["programme"],
        participant=said.get("participant", DID),
        role=said.get("role", ""),
        project=said.get("project", ""),
        period=_period(said),
    )


def _period(said: Mapping[str, Any]) -> Period:
    return Period(_day(said.get("from")), _day(said.get("until")))


def _figure(value: Any) -> Decimal:
    return Decimal(str(value))


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
