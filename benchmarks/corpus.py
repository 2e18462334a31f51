"""Distinct, signed ServiceOfferings of about 40 claims: what is published and indexed in every measurement.

They are like what providers publish, in English, French and German, from a few issuers with a `did:web` each.
Their texts differ as real ones do: a few words are in a quarter of them, most of the vocabulary is in one of
a hundred, and each has a word in its name that nobody else has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from credentials.contexts import ContextStore
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.signing import PrivateKey, did_document, generate_key, sign_credential
from credentials.times import to_rfc3339
from vocab.capabilities import concepts
from vocab.graph import Ref
from vocab.namespaces import CF_CONTEXT, DEVELOPMENT

Form = Literal["vc-jwt", "ed25519-2020"]

#: Each form with the key that goes with it; ES256 is the slowest to verify of those that JWTs use here.
KEYS: dict[Form, Literal["P-256", "Ed25519"]] = {"vc-jwt": "P-256", "ed25519-2020": "Ed25519"}
MEDIA_TYPES: dict[Form, str] = {"vc-jwt": "application/vc+jwt", "ed25519-2020": "application/vc+ld+json"}
#: Providers among whom the offerings are spread.
ISSUERS = 20
_PROCESSES = 2
_CHUNK = 250
#: Words of each language: the common ones below and made-up rarer ones.
VOCABULARY = 2_000
#: The frequency of the word of rank n goes with 1 / (n + this): without stop words, a text has no word that
#: is in every other place.
_FLATNESS = 20
_TEXT_WORDS = 30

V2 = "https://www.w3.org/ns/credentials/v2"
_WORDS = {
    "en": "managed storage compute platform regional backup archive sovereign encrypted monitoring gateway "
    "analytics container network database private support certified resilient measured open hosting review "
    "recovery identity message queue workload transfer migration audit portable records",
    "fr": "stockage calcul plateforme régional sauvegarde archive souverain chiffré surveillance passerelle "
    "analyse conteneur réseau données privé assistance certifié résilient mesuré ouvert hébergement reprise "
    "identité message file charge transfert migration audit portable dossiers étude",
    "de": "Speicher Rechenleistung Plattform regional Sicherung Archiv souverän verschlüsselt Überwachung "
    "Auswertung Behälter Netz Datenbank privat Betreuung zertifiziert belastbar gemessen offen Betrieb "
    "Identität Nachricht Warteschlange Last Umzug Prüfung übertragbar Akten Gebäude Straße",
}


_SYLLABLES = [
    first + vowel + last for first in "bdfglmprst" for vowel in "aeiou" for last in ("", "n", "r", "s")
]
#: Where the issuers have their seat, one after the other.
_SEATS = ("DE", "FR", "IT", "NL", "ES", "PL", "HU", "BE")


@dataclass(frozen=True, slots=True)
class Issuer:
    """A provider that signs: its DID, its key and the form it signs in."""

    did: str
    jwk: dict[str, Any]
    form: Form

    @property
    def base(self) -> str:
        """The https address below which its identifiers lie."""
        return "https://" + self.did.removeprefix("did:web:")


@cache
def vocabulary(language: str) -> tuple[str, ...]:
    """The words of a language, the most frequent first."""
    common = _WORDS[language].split()
    draw = random.Random(language)
    made = ("".join(draw.choice(_SYLLABLES) for _ in range(draw.randint(2, 5))) for _ in range(VOCABULARY))
    return tuple(dict.fromkeys((*common, *made)))


@cache
def weights(language: str) -> tuple[float, ...]:
    return tuple(accumulate(1 / (rank + _FLATNESS) for rank in range(1, len(vocabulary(language)) + 1)))


def issuers(form: Form) -> tuple[Issuer, ...]:
    """New issuers with new keys."""
    return tuple(
        Issuer(f"did:web:{form}-{number:02}.bench.example", generate_key(KEYS[form]).to_jwk(), form)
        for number in range(ISSUERS)
    )


def write_did_documents(folder: Path, who: Sequence[Issuer]) -> None:
    """Put the issuers' DID documents where CATALOGUE_DID_DOCUMENTS can point to."""
    folder.mkdir(parents=True, exist_ok=True)
    for issuer in who:
        key = PrivateKey.from_jwk(issuer.jwk).public()
        name = issuer.did.rpartition(":")[2]
        (folder / f"{name}.json").write_text(json.dumps(did_document(issuer.did, {"key-1": key})))


def offering(issuer: Issuer, number: int, valid_from: datetime) -> dict[str, Any]:
    """The unsigned credential of one offering, the same for the same number."""
    draw = random.Random(number)
    name = f"{draw.choice(_WORDS['en'].split())} {word_of(number)}"
    capabilities = draw.sample([concept.id for concept in concepts()], 2)
    return {
        "@context": [V2, DEVELOPMENT, CF_CONTEXT],
        "id": f"{issuer.base}/offerings/{number}.json",
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": issuer.did,
        "validFrom": to_rfc3339(valid_from),
        "validUntil": to_rfc3339(valid_from + timedelta(days=365)),
        "credentialSubject": {
            "id": f"{issuer.base}/offerings/{number}.json#service",
            "type": "gx:ServiceOffering",
            "name": [{"@value": name, "@language": language} for language in _WORDS],
            "description": [
                {
                    "@value": " ".join(
                        draw.choices(vocabulary(language), cum_weights=weights(language), k=_TEXT_WORDS)
                    ),
                    "@language": language,
                }
                for language in _WORDS
            ],
            "gx:providedBy": {"id": issuer.did},
            "gx:keyword": draw.sample(_WORDS["en"].split(), 7),
            "capability": [f"cap:{capability}" for capability in capabilities],
            "gx:serviceOfferingTermsAndConditions": {
                "type": "gx:TermsAndConditions",
                "gx:url": f"{issuer.base}/terms.html",
                "gx:hash": f"{draw.getrandbits(256):064x}",
            },
            "gx:dataAccountExport": {
                "type": "gx:DataAccountExport",
                "gx:requestType": "API",
                "gx:accessType": "digital",
                "gx:formatType": "application/json",
            },
            "gx:dataProtectionRegime": ["GDPR2016"],
            "gx:provisionType": "public",
            "gx:subContractors": [
                {
                    "type": "gx:SubContractor",
                    "gx:legalName": f"{draw.choice(_WORDS['en'].split())} partner {draw.randrange(1000)}",
                    "gx:applicableJurisdiction": draw.choice(("DE", "FR", "IT", "NL", "ES")),
                    "gx:communicationMethods": "tickets",
                    "gx:informationDocuments": f"{issuer.base}/subcontractors.html",
                }
                for _ in range(2)
            ],
        },
    }


def participant(issuer: Issuer, place: int, valid_from: datetime) -> dict[str, Any]:
    """The unsigned credential by which an issuer says who it is; `place` tells it from the others."""
    address = {"type": "gx:Address", "gx:countryCode": _SEATS[place % len(_SEATS)]}
    return {
        "@context": [V2, DEVELOPMENT, CF_CONTEXT],
        "id": f"{issuer.base}/participant.json",
        "type": ["VerifiableCredential", "gx:LegalPerson"],
        "issuer": issuer.did,
        "validFrom": to_rfc3339(valid_from),
        "validUntil": to_rfc3339(valid_from + timedelta(days=365)),
        "credentialSubject": {
            "id": issuer.did,
            "type": "gx:LegalPerson",
            "name": f"Bench {word_of(place)} GmbH",
            "gx:legalAddress": address,
            "gx:headquartersAddress": address,
        },
    }


def word_of(number: int) -> str:
    """A word that is in the name of this offering and of no other."""
    digits = [int(digit, 16) for digit in f"{number:06x}"]
    return "".join("bcdfghklmnprstvz"[digit] + "aeiou"[digit % 5] for digit in digits)


def claims(document: dict[str, Any]) -> int:
    """How many RDF statements are about the offering: its own and those of the nodes embedded in it."""
    graph = interpret(document, JsonLd(ContextStore()))
    count = 0
    waiting, seen = [document["credentialSubject"]["id"]], set[str]()
    while waiting:
        node = graph.node(waiting.pop())
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        objects = [item for items in node.properties.values() for item in items]
        count += len(node.types) + len(objects)
        waiting += [item.id for item in objects if isinstance(item, Ref)]
    return count


def made_now() -> datetime:
    """A start of validity that no clock takes for the future."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def signed(who: Sequence[Issuer], start: int, count: int) -> Iterator[bytes]:
    """`count` signed offerings numbered from `start`, spread over the issuers, signed in two processes."""
    made_at = made_now()
    with ProcessPoolExecutor(_PROCESSES) as pool:
        starts = range(start, start + count, _CHUNK)
        jobs = [
            pool.submit(sign_offerings, tuple(who), first, min(_CHUNK, start + count - first), made_at)
            for first in starts
        ]
        for job in jobs:
            yield from job.result()


def sign_offerings(who: Sequence[Issuer], start: int, count: int, made_at: datetime) -> list[bytes]:
    """`count` signed offerings numbered from `start`, signed here."""
    sign = _Signing(made_at)
    numbers = range(start, start + count)
    return [
        sign(issuer, offering(issuer, number, made_at))
        for number, issuer in ((number, who[number % len(who)]) for number in numbers)
    ]


def sign_participants(who: Sequence[Issuer], made_at: datetime) -> list[bytes]:
    """What each issuer says of itself, signed."""
    sign = _Signing(made_at)
    return [sign(issuer, participant(issuer, place, made_at)) for place, issuer in enumerate(who)]


def sign_documents(documents: Sequence[tuple[Issuer, dict[str, Any]]], made_at: datetime) -> list[bytes]:
    """Any documents, each signed by its issuer."""
    sign = _Signing(made_at)
    return [sign(issuer, document) for issuer, document in documents]


class _Signing:
    """Signs documents of any issuer; what that needs is made once."""

    def __init__(self, made_at: datetime) -> None:
        self._made_at = made_at
        self._jsonld = JsonLd(ContextStore())
        self._keys: dict[str, PrivateKey] = {}

    def __call__(self, issuer: Issuer, document: dict[str, Any]) -> bytes:
        if issuer.did not in self._keys:
            self._keys[issuer.did] = PrivateKey.from_jwk(issuer.jwk)
        data = sign_credential(
            document,
            self._keys[issuer.did],
            f"{issuer.did}#key-1",
            form=issuer.form,
            created=self._made_at,
            jsonld=self._jsonld,
        )
        # One line each, as programs send them; what is signed doesn't depend on it.
        return data if issuer.form == "vc-jwt" else json.dumps(json.loads(data)).encode()
