"""Namespace IRIs, the prefixes of this project's own tables, and the predicates read under several names.

Gaia-X published the same vocabulary under three namespaces (Tagus, Loire's development line and Loire
25.11) and, before that, under three "gax" ones. A reader that wants `providedBy` wants it under each:
`gaia_x("providedBy")` and the predicate groups below give all of them, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Gaia-X, as published today.
TAGUS = (
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"
)
DEVELOPMENT = "https://w3id.org/gaia-x/development#"
V2511 = "https://w3id.org/gaia-x/2511#"
GAIA_X = (V2511, DEVELOPMENT, TAGUS)
"""The three current Gaia-X namespaces, newest first."""

# Gaia-X before Tagus; real credentials still carry them. `participant` was published under plain http.
GAX_PARTICIPANT = "http://w3id.org/gaia-x/participant#"
GAX_CORE = "https://w3id.org/gaia-x/core#"
GAX_TRUST_FRAMEWORK = "https://w3id.org/gaia-x/gax-trust-framework#"
GAX = (GAX_TRUST_FRAMEWORK, GAX_PARTICIPANT, GAX_CORE)
"""The older Gaia-X namespaces, newest first."""

# Our own.
CF = "https://w3id.org/cloud-federation/ns/v1#"
CF_CONTEXT = "https://w3id.org/cloud-federation/v1"
CAPABILITIES = "https://w3id.org/cloud-federation/capabilities#"

# W3C and neighbours.
CREDENTIALS = "https://www.w3.org/2018/credentials#"
SECURITY = "https://w3id.org/security#"
BITSTRING_STATUS = "https://www.w3.org/ns/credentials/status#"
STATUS_LIST_2021 = "https://w3id.org/vc/status-list#"
DID = "https://www.w3.org/ns/did#"
ACTIVITY_STREAMS = "https://www.w3.org/ns/activitystreams#"
IANA_JWT = "https://www.iana.org/assignments/jwt#"
IANA_JOSE = "https://www.iana.org/assignments/jose#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SHACL = "http://www.w3.org/ns/shacl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
XSD_HTTPS = "https://www.w3.org/2001/XMLSchema#"  # what credentials/v2 writes for its integer datatypes
SKOS = "http://www.w3.org/2004/02/skos/core#"
SCHEMA = "https://schema.org/"
SCHEMA_HTTP = "http://schema.org/"
DCTERMS = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
ODRL = "http://www.w3.org/ns/odrl/2/"
QUDT = "http://qudt.org/schema/qudt/"
QUDT_QUANTITY_KIND = "http://qudt.org/vocab/quantitykind/"
LINKML = "https://w3id.org/linkml/"

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "as": ACTIVITY_STREAMS,
        "cap": CAPABILITIES,
        "cf": CF,
        "cred": CREDENTIALS,
        "dcat": DCAT,
        "dcterms": DCTERMS,
        "did": DID,
        "jose": IANA_JOSE,
        "jwt": IANA_JWT,
        "linkml": LINKML,
        "odrl": ODRL,
        "qk": QUDT_QUANTITY_KIND,
        "qudt": QUDT,
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "schema-http": SCHEMA_HTTP,
        "sec": SECURITY,
        "sh": SHACL,
        "skos": SKOS,
        "sl2021": STATUS_LIST_2021,
        "status": BITSTRING_STATUS,
        "vcard": VCARD,
        "xsd": XSD,
        "xsd-https": XSD_HTTPS,
    }
)
"""Abbreviations of the tables in `vocab/contexts`; `gx` is added there, bound as the index says."""


def gaia_x(*local_names: str) -> tuple[str, ...]:
    """The IRIs of `local_names` in each current Gaia-X namespace: name by name, newest namespace first."""
    return tuple(namespace + name for name in local_names for namespace in GAIA_X)


def gax(*local_names: str) -> tuple[str, ...]:
    """The IRIs of `local_names` in each of the older Gaia-X namespaces, newest first."""
    return tuple(namespace + name for name in local_names for namespace in GAX)


def schema_org(*local_names: str) -> tuple[str, ...]:
    """The schema.org IRIs of `local_names`, with https and with http: both are in use."""
    return tuple(namespace + name for name in local_names for namespace in (SCHEMA, SCHEMA_HTTP))


# Predicates by what they say, best first. A name differs between releases where two stand side by side
# (Tagus `headquarterAddress`, Loire `headquartersAddress`, and so on).
NAME = (
    *schema_org("name"),
    *gaia_x("name"),
    *gax("name", "serviceTitle"),
    DCTERMS + "title",
    RDFS + "label",
)
DESCRIPTION = (
    *schema_org("description"),
    *gaia_x("description"),
    *gax("description"),
    DCTERMS + "description",
)
KEYWORD = (CF + "keyword", *gaia_x("keyword"), *gax("keyword"), DCAT + "keyword", *schema_org("keywords"))
LEGAL_NAME = (*gaia_x("legalName"), *gax("legalName"), *schema_org("legalName"))
LEGAL_ADDRESS = (*gaia_x("legalAddress"), *gax("legalAddress"))
HEADQUARTERS_ADDRESS = (
    *gaia_x("headquartersAddress", "headquarterAddress"),
    *gax("headquartersAddress", "headquarterAddress"),
)
COUNTRY_CODE = gaia_x("countryCode")
COUNTRY_SUBDIVISION = gaia_x("countrySubdivisionCode", "subdivisionCountryCode")
COUNTRY_NAME = (
    VCARD + "country-name",
    *gaia_x("countryName", "country"),
    *gax("country"),
    *schema_org("addressCountry"),
)
PROVIDED_BY = (*gaia_x("providedBy"), *gax("providedBy", "offeredBy"))
REGISTRATION_NUMBER = (
    *gaia_x("registrationNumber", "legalRegistrationNumber"),
    *gax("registrationNumber"),
)
PARENTS = (*gaia_x("subOrganisationOf", "parentOrganization"), *gax("parentOrganization"))
SUB_CONTRACTORS = gaia_x("subContractors")
APPLICABLE_JURISDICTION = gaia_x("applicableJurisdiction")
LABEL_LEVEL = gaia_x("labelLevel")
COMPLIANT_CREDENTIALS = gaia_x("compliantCredentials")
CAPABILITY = (CF + "capability",)
CERTIFICATION = CF + "Certification"
PROGRAMME_PARTICIPATION = CF + "ProgrammeParticipation"
CONSORTIUM = CF + "Consortium"

# Classes by what they make of a subject. The Loire names are those of its class hierarchy below
# ServiceOffering and Participant; `DigitalServiceOffering` has a root of its own there.
OFFERING_TYPES = frozenset(
    gaia_x(
        "ServiceOffering",
        "BareMetalServiceOffering",
        "BlockStorageServiceOffering",
        "ComputeFunctionServiceOffering",
        "ComputeServiceOffering",
        "ConnectivityServiceOffering",
        "ContainerServiceOffering",
        "DataProduct",
        "DataProductCatalogue",
        "DigitalServiceOffering",
        "FileStorageServiceOffering",
        "InfrastructureServiceOffering",
        "InterconnectionServiceOffering",
        "LinkConnectivityServiceOffering",
        "NetworkConnectivityServiceOffering",
        "ObjectStorageServiceOffering",
        "PhysicalConnectivityServiceOffering",
        "StorageServiceOffering",
        "VirtualMachineServiceOffering",
    )
    + gax("ServiceOffering")
)
PARTICIPANT_TYPES = frozenset(
    gaia_x("LegalPerson", "LegalParticipant", "Participant", "InternetServiceProvider")
    + gax("LegalPerson", "Participant", "Provider")
    + (CONSORTIUM,)
)
REGISTRATION_NUMBER_TYPES = frozenset(
    gaia_x(
        "RegistrationNumber",
        "legalRegistrationNumber",
        "CountryCompanyNumber",
        "EORI",
        "EUID",
        "LeiCode",
        "LocalRegistrationNumber",
        "TaxID",
        "VatID",
    )
)
LABEL_CREDENTIAL_TYPES = frozenset(gaia_x("LabelCredential"))
COMPLIANCE_TYPES = frozenset(gaia_x("compliance"))
