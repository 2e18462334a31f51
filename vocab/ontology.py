"""The vocabulary in RDF: the federation's terms as an ontology and as SHACL shapes, capabilities as SKOS.

Made from the data that the program itself reads. Ontology: RDF Schema and OWL names, with schema.org's
`domainIncludes` since a term may belong to several classes. Shapes: SHACL Core (W3C, 2017). Capabilities:
SKOS (W3C, 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from vocab import capabilities, terms
from vocab.graph import Literal, Ref
from vocab.namespaces import CAPABILITIES, CF, RDF, RDFS, SCHEMA, SHACL, SKOS, V2511, XSD
from vocab.rdf import Items, Resource, Value, named
from vocab.terms import SUBJECTS, Term

OWL = "http://www.w3.org/2002/07/owl#"
#: The documents' own identifiers: the namespaces without their fragments.
ONTOLOGY = CF.rstrip("#")
SCHEME = CAPABILITIES.rstrip("#")
PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "cap": CAPABILITIES,
        "cf": CF,
        "gx": V2511,
        "owl": OWL,
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "sh": SHACL,
        "skos": SKOS,
        "xsd": XSD,
    }
)

_GAIA_X_CLASSES = {"participant": V2511 + "LegalPerson", "offering": V2511 + "ServiceOffering"}
_DATATYPES = {"decimal": XSD + "decimal", "boolean": XSD + "boolean", "date": XSD + "date"}
_NAMES = {"en": "Terms of the federation", "fr": "Termes de la fédération", "de": "Begriffe der Föderation"}
_SCHEME_NAMES = {
    "en": "Capabilities of cloud services",
    "fr": "Capacités des services cloud",
    "de": "Fähigkeiten von Cloud-Diensten",
}
#: What a country code looks like (ISO 3166-1 alpha-2).
_COUNTRY = "^[A-Z]{2}$"


def ontology() -> tuple[Resource, ...]:
    """The ontology with every term of the federation's namespace."""
    head = Resource(ONTOLOGY, ((RDF + "type", (Ref(OWL + "Ontology"),)), (RDFS + "label", named(_NAMES))))
    return (head, *(definition(term) for term in terms.terms() if term.is_own))


def definition(term: Term) -> Resource:
    """One term: what it is called, what it means, where it stands and what it takes."""
    kind = OWL + ("Class" if term.is_class else "DatatypeProperty" if _is_literal(term) else "ObjectProperty")
    own: list[tuple[str, tuple[Value, ...]]] = [
        (RDF + "type", (Ref(kind),)),
        (RDFS + "label", named(term.labels)),
        (RDFS + "comment", named(term.definitions)),
        (RDFS + "isDefinedBy", (Ref(ONTOLOGY),)),
        (SCHEMA + "domainIncludes", tuple(Ref(class_iri(domain)) for domain in term.domain)),
        (SCHEMA + "rangeIncludes", tuple(Ref(iri) for iri in (range_iri(term),) if iri)),
    ]
    return Resource(term.iri, tuple((predicate, values) for predicate, values in own if values))


def class_iri(domain: str) -> str:
    """The class that a domain of the data stands for."""
    return _GAIA_X_CLASSES.get(domain, CF + domain)


def range_iri(term: Term) -> str:
    """The class or datatype of a property's values; "" where any resource will do, or for a class."""
    if term.range in _DATATYPES:
        return _DATATYPES[term.range]
    if term.range == "capability":
        return SKOS + "Concept"
    if term.range in ("text", "country"):
        return XSD + "string"
    return CF + term.range if term.range not in ("", "iri") else ""


def shape_iri(domain: str) -> str:
    """The shape of a class, or of what Gaia-X calls a participant or an offering."""
    return f"{CF}{domain[0].upper()}{domain[1:]}Shape"


def shapes() -> tuple[Resource, ...]:
    """A shape for each class, and one each for the properties of participants and offerings."""
    classes = tuple(term.id for term in terms.terms() if term.is_class)
    return tuple(_shape(domain) for domain in (*SUBJECTS, *classes))


def _shape(domain: str) -> Resource:
    properties = terms.properties_of(domain)
    # Participants and offerings have many types: whoever uses one of the terms is meant.
    target = (
        (SHACL + "targetSubjectsOf", tuple(Ref(term.iri) for term in properties if term.is_own))
        if domain in SUBJECTS
        else (SHACL + "targetClass", (Ref(class_iri(domain)),))
    )
    constraints = tuple(_constraint(term, domain) for term in properties)
    return Resource(
        shape_iri(domain),
        (
            (RDF + "type", (Ref(SHACL + "NodeShape"),)),
            target,
            *(((SHACL + "property", constraints),) if constraints else ()),
        ),
    )


def _constraint(term: Term, domain: str) -> Resource:
    return Resource(
        "",
        (
            (SHACL + "path", (Ref(term.iri),)),
            (SHACL + "name", named(term.labels)),
            *_cardinality(term, domain),
            *_kind(term),
            *_bounds(term, domain),
        ),
    )


def _cardinality(term: Term, domain: str) -> Iterator[tuple[str, tuple[Value, ...]]]:
    if domain in term.required:
        yield SHACL + "minCount", (Literal(1, XSD + "integer"),)
    if term.range == "text" and domain not in term.values:
        # A text may be there in several languages.
        yield SHACL + "uniqueLang", (Literal(True, XSD + "boolean"),)
    elif not term.many:
        yield SHACL + "maxCount", (Literal(1, XSD + "integer"),)


def _kind(term: Term) -> Iterator[tuple[str, tuple[Value, ...]]]:
    if term.range in _DATATYPES:
        yield SHACL + "datatype", (Ref(_DATATYPES[term.range]),)
    elif term.range in ("text", "country"):
        yield SHACL + "nodeKind", (Ref(SHACL + "Literal"),)
    elif term.range in ("iri", "capability"):
        yield SHACL + "nodeKind", (Ref(SHACL + "IRI"),)
    else:
        yield SHACL + "nodeKind", (Ref(SHACL + "BlankNodeOrIRI"),)
        yield SHACL + "node", (Ref(shape_iri(term.range)),)


def _bounds(term: Term, domain: str) -> Iterator[tuple[str, tuple[Value, ...]]]:
    for name, bound in (("minInclusive", term.minimum), ("maxInclusive", term.maximum)):
        if bound is not None:
            yield SHACL + name, (Literal(bound, XSD + "decimal"),)
    if term.range == "country":
        yield SHACL + "pattern", (Literal(_COUNTRY),)
    if term.range == "capability":
        yield SHACL + "pattern", (Literal(f"^{CAPABILITIES}"),)
    if domain in term.values:
        yield SHACL + "in", (Items(tuple(Literal(value) for value in term.values[domain])),)


def _is_literal(term: Term) -> bool:
    return term.range in ("text", "country", *_DATATYPES)


def capability_scheme() -> tuple[Resource, ...]:
    """The capability taxonomy as a SKOS concept scheme."""
    concepts = capabilities.concepts()
    top = tuple(Ref(concept.iri) for concept in concepts if concept.broader is None)
    head = Resource(
        SCHEME,
        (
            (RDF + "type", (Ref(SKOS + "ConceptScheme"),)),
            (SKOS + "prefLabel", named(_SCHEME_NAMES)),
            (SKOS + "hasTopConcept", top),
        ),
    )
    return (head, *map(_concept, concepts))


def _concept(concept: capabilities.Concept) -> Resource:
    synonyms = tuple(
        value
        for language, names in concept.synonyms.items()
        for name in names
        for value in named({language: name})
    )
    narrower = tuple(Ref(CAPABILITIES + below) for below in capabilities.narrower(concept.id))
    broader = (Ref(CAPABILITIES + concept.broader),) if concept.broader else ()
    found: tuple[tuple[str, tuple[Value, ...]], ...] = (
        (RDF + "type", (Ref(SKOS + "Concept"),)),
        (SKOS + "prefLabel", named(concept.labels)),
        (SKOS + "altLabel", synonyms),
        (SKOS + "inScheme", (Ref(SCHEME),)),
        (SKOS + "broader", broader),
        (SKOS + "narrower", narrower),
        (SKOS + "topConceptOf", () if broader else (Ref(SCHEME),)),
    )
    return Resource(concept.iri, tuple((predicate, values) for predicate, values in found if values))
