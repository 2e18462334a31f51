"""Why a rule is answered as it is: the credentials it rests on, and in words what would satisfy it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vocab import certifications
from vocab.answers import Outcome, Source
from vocab.labels import below
from vocab.limits import NOTHING, held, in_words, value_in_words
from vocab.profiles.model import (
    AllOf,
    AnyOf,
    AtLeast,
    AttestedCriterion,
    AttestedLabel,
    Certified,
    DeclaredCertification,
    DeclaredClaim,
    DeclaredCriterion,
    FactRule,
    First,
    Rule,
)
from vocab.strengths import (
    ATTESTED,
    CERTIFIED,
    COMPUTED,
    DECLARED,
    NOT_MET,
    Asked,
    Prepared,
    attests,
    fits,
    outcome,
)

#: Credentials named for one criterion: more would not convince anybody further.
MAX_EVIDENCE = 20
#: Characters of what would satisfy a criterion; long lists of certificates stay below.
MAX_NEEDED = 2_000

#: Sentences about one offering are English, as all that the catalogue makes; names stand in them so.
_LANGUAGE = "en"


def evidence(prepared: Prepared, asked: Asked) -> tuple[Source, ...]:
    """The credentials that the answer to a rule rests on, strongest first, then by issuer and content."""
    found = sorted(
        _evidence(prepared, asked), key=lambda one: (-one[0], one[1].issuer, one[1].content_id, one[1].digest)
    )
    return tuple(dict.fromkeys(source for _, source in found))[:MAX_EVIDENCE]


def _evidence(prepared: Prepared, asked: Asked) -> Iterator[tuple[int, Source]]:
    strength = prepared.strength(asked)
    if not prepared.parts:
        yield from ((strength, source) for source in _sources(prepared.rule, asked))
    answer = outcome(strength)
    for part in _heard(prepared, asked):
        # A yes rests on what says yes, a no on what says no, and what is open on all that is known.
        if answer in (Outcome.UNKNOWN, outcome(part.strength(asked))):
            yield from _evidence(part, asked)


def _heard(prepared: Prepared, asked: Asked) -> Iterator[Prepared]:
    """The rules in a rule; of `first` those up to a plain no: what stands behind it isn't asked."""
    for part in prepared.parts:
        yield part
        if isinstance(prepared.rule, First) and part.strength(asked) == NOT_MET:
            return


def _sources(rule: Rule, asked: Asked) -> Iterable[Source]:
    facts = asked.facts
    match rule:
        case Certified():
            return [one.source for one in facts.certifications if fits(rule, one.value.ids)]
        case DeclaredCertification(wanted):
            return [one.source for one in facts.declared_certifications if fits(wanted, one.value.ids)]
        case AttestedCriterion():
            return [one.source for one in facts.labels if attests(rule, one.value)]
        case AttestedLabel(name):
            return [one.source for one in facts.labels if name in (one.value.label, *below(one.value.label))]
        case DeclaredClaim(claim):
            return [facts.claims[claim]] if claim in facts.claims else []
        case DeclaredCriterion(criterion):
            said = facts.declared_criteria
            return [said[criterion]] if criterion in said else []
        case FactRule(name):
            return asked.fact(name).sources
        case _:
            return []


def needed(prepared: Prepared, asked: Asked, floor: int = DECLARED) -> str:
    """What would satisfy a rule where nothing weaker than `floor` will do; "" when it is satisfied."""
    text = _needed(prepared, asked, floor)
    return text if len(text) <= MAX_NEEDED else text[: MAX_NEEDED - 1] + "…"


def _needed(prepared: Prepared, asked: Asked, floor: int) -> str:
    if prepared.strength(asked) >= floor:
        return ""
    match prepared.rule:
        case AllOf():
            missing = [*filter(None, (_needed(part, asked, floor) for part in prepared.parts))]
            return "; and ".join(map(_bracketed, missing))
        case AtLeast(number):
            missing = [*filter(None, (_needed(part, asked, floor) for part in prepared.parts))]
            more = number - (len(prepared.parts) - len(missing))
            return f"{more} more of these: " + ", ".join(map(_bracketed, missing))
        case _:
            ways = [*_ways(prepared, asked, floor)]
            return "; or ".join(ways) or "evidence of a kind that no rule of this criterion asks for"


def _bracketed(text: str) -> str:
    return f"({text})" if "; " in text else text


def _ways(prepared: Prepared, asked: Asked, floor: int) -> Iterator[str]:
    """The ways in which one of several alternatives would do; alike ones share a phrase."""
    alternatives = [*_alternatives(prepared, asked)]
    rules = [one.rule for one in alternatives]
    if floor <= ATTESTED:
        yield from _attestations(rules, floor)
    if floor <= CERTIFIED:
        wanted = [_certificate(rule) for rule in rules if isinstance(rule, Certified)]
        if wanted:
            yield f"a certificate by a trusted body, valid today: {_either(wanted)}"
    if floor <= COMPUTED:
        for rule in rules:
            if isinstance(rule, FactRule):
                yield _fact(rule, asked)
    if floor <= DECLARED:
        said = [*filter(None, map(_declaration, rules))]
        if said:
            yield f"the provider's declaration: {_either(said)}"
    for one in alternatives:
        if one.parts and (text := _needed(one, asked, floor)):
            yield _bracketed(text)


def _alternatives(prepared: Prepared, asked: Asked) -> Iterator[Prepared]:
    if not isinstance(prepared.rule, AnyOf | First):
        yield prepared
        return
    for part in _heard(prepared, asked):
        yield from _alternatives(part, asked)


def _attestations(rules: list[Rule], floor: int) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, AttestedLabel):
            yield f"label {rule.label} or one above it, given by a trusted clearing house"
        elif isinstance(rule, AttestedCriterion):
            labels = f" for {_either(rule.certified_for)}" if rule.certified_for and floor > DECLARED else ""
            yield f"validation of {rule.criterion} by a trusted clearing house{labels}"


def _certificate(rule: Certified) -> str:
    def either(parts: tuple[str, ...]) -> str:
        return _either([certifications.name(f"{rule.scheme}:{part}", _LANGUAGE) for part in parts])

    if rule.versions and rule.levels:
        return f"{either(rule.versions)} as {either(rule.levels)}"
    return either(rule.versions or rule.levels) or certifications.name(rule.scheme, _LANGUAGE)


def _declaration(rule: Rule) -> str:
    match rule:
        case DeclaredClaim(claim):
            return claim
        case DeclaredCriterion(criterion):
            return f"cf:declaresCriterion {criterion}"
        case DeclaredCertification(wanted):
            return f"cf:certification {_certificate(wanted)}"
        case _:
            return ""


def _fact(rule: FactRule, asked: Asked) -> str:
    fact = asked.fact(rule.name)
    value = value_in_words(fact.value)
    known = f" (known: {value})" if value != NOTHING else ""
    # Where the answer is no already, nothing that is still missing would change it.
    is_open = held(rule, fact.value, asked.day) is Outcome.UNKNOWN
    missing = f": {fact.missing.rstrip('.')}" if is_open and fact.missing else ""
    return f"{in_words(rule, asked.day)}{known}{missing}"


def _either(texts: Iterable[str]) -> str:
    *most, last = dict.fromkeys(texts) or [""]
    return f"{', '.join(most)} or {last}" if most else last
