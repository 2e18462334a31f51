"""What a failed check means, and what its author can do about it, in the reader's language.

One sentence of each for every check and kind of failure. The kind is read from the check's evidence, never
from its English detail, which stays beside them and tells the particulars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue.web.language import gettext as _
from credentials.report import Check, Outcome, Report

Evidence = Mapping[str, Any]
#: What it means, and what to do.
Told = tuple[str, str]
#: Failures that are told at length; who has put these right sees the others.
MAX_TOLD = 40


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that didn't pass. `credential` is its number in a presentation, 0 for the whole.

    `weight`: "required", "may not fail" or "reported", by the policy. `fields` are the shapes' problems and
    terms without meaning: where, what is wrong, what is expected.
    """

    credential: int
    check: Check
    weight: str
    meaning: str
    action: str
    fields: tuple[tuple[str, str, str], ...]


def failures(report: Report) -> tuple[Failure, ...]:
    """What went wrong in a report and in those inside it: what speaks against acceptance comes first."""
    found = [
        _failure(number, one, check)
        for number, one in enumerate((report, *report.credentials))
        for check in one.checks
        if check.outcome is Outcome.FAILED
    ]
    return tuple(sorted(found, key=lambda one: (one.weight == "reported", one.credential))[:MAX_TOLD])


def missed(report: Report) -> tuple[str, ...]:
    """The checks that had to pass and weren't reached: they follow from what failed before them."""
    return tuple(
        check.name
        for one in (report, *report.credentials)
        for check in one.checks
        if check.outcome is Outcome.NOT_CHECKED and check.name in one.required
    )


def _failure(number: int, report: Report, check: Check) -> Failure:
    weight = "reported"
    if check.name in report.required:
        weight = "required"
    elif check.name in report.may_not_fail:
        weight = "may not fail"
    meaning, action = advice(check)
    return Failure(number, check, weight, meaning, action, tuple(_fields(check)))


def _fields(check: Check) -> Iterator[tuple[str, str, str]]:
    for one in check.evidence.get("problems", ()):
        yield f"{one['field']} · {one['node']}", one["problem"], one["action"]
    for one in check.evidence.get("unmapped", ()):
        yield one["path"] or one["term"], one["term"], ""


def advice(check: Check) -> Told:
    """What a failed check means and what to do. A check that isn't known here is told by its detail alone."""
    told = _TOLD.get(check.name)
    return told(check.evidence) if told else ("", "")


def _parse(_evidence: Evidence) -> Told:
    return (
        _("It can't be read: it is neither well-formed JSON nor a well-formed token."),
        _("Take the signed file itself, as the signing tool wrote it, without anything before or after it."),
    )


def _context(evidence: Evidence) -> Told:
    if "first" in evidence:
        return (
            _("The list @context begins with something else than the W3C's credentials context."),
            _("Put https://www.w3.org/ns/credentials/v2 first in @context, then sign anew."),
        )
    return (
        _("It uses a vocabulary that this node doesn't know, or one that it may not use like this."),
        _("Use contexts that this node knows. None is ever fetched, so that its meaning can't change later."),
    )


def _terms(evidence: Evidence) -> Told:
    if "unmapped" in evidence:
        return (
            _("Some members mean nothing under the contexts, so that the signature doesn't cover them."),
            _(
                "Correct their spelling, add the context that defines them, or leave them out. Then sign "
                "anew."
            ),
        )
    return (
        _("An address or a language is written in a way that no reader can take."),
        _("Correct it as the detail says, then sign anew."),
    )


def _structure(evidence: Evidence) -> Told:
    if evidence.get("proofs") == 0:
        return (
            _("It isn't signed."),
            _(
                "Sign it with your key first, and check what comes out. Unsigned, anybody could have written "
                "it."
            ),
        )
    return (
        _("Something that every credential needs is missing, or stands there more than once."),
        _(
            "It needs one issuer, one start of validity and at least one subject. Put that right, then sign "
            "anew."
        ),
    )


def _validity(evidence: Evidence) -> Told:
    if evidence.get("state") == "expired":
        return (
            _("Its validity has ended."),
            _("Give it a later end (validUntil), and sign anew."),
        )
    return (
        _("It isn't valid at this moment: it begins later, or its dates can't be read."),
        _("Look at its dates and at the clock of the machine that signed it, then sign anew."),
    )


def _key(evidence: Evidence) -> Told:
    if evidence.get("temporary") is True:
        return (
            _("The DID document with your key can't be reached at the moment."),
            _("Open the document's address in a browser. If it shows, try again in some minutes."),
        )
    if evidence.get("temporary") is False:
        return (
            _("The DID document with your key isn't where the DID says, or can't be used."),
            _("Put the document at the address that goes with your DID, over https, readable by everybody."),
        )
    return (
        _("The key that the signature names can't be found or used."),
        _("Compare the key's id in the signature with those in your DID document. They must be the same."),
    )


def _issuer_binding(_evidence: Evidence) -> Told:
    return (
        _("It is signed with a key of somebody else than its issuer."),
        _("Sign with your own key, and name yourself as the issuer."),
    )


def _purpose(_evidence: Evidence) -> Told:
    return (
        _("Your DID document doesn't give this key for statements like this."),
        _("List the key under assertionMethod (for presentations: authentication) in your DID document."),
    )


def _signature(_evidence: Evidence) -> Told:
    return (
        _(
            "The signature doesn't belong to this text and this key. Something was changed after signing, "
            "perhaps."
        ),
        _(
            "Sign anew, and don't edit or format what comes out. See that the key in the DID document is "
            "yours."
        ),
    )


def _chain(evidence: Evidence) -> Told:
    match evidence.get("missing"):
        case "date":
            return (
                _("A certificate of the key has ended, or isn't valid yet."),
                _("Renew the certificate, put the new chain where the old one was, and check again."),
            )
        case "revocation":
            return (
                _("A certificate of the key was revoked, or nobody can say that it wasn't."),
                _("Ask the authority that issued it. A revoked certificate has to be replaced."),
            )
        case "root" | "intermediate":
            return (
                _("The certificates of the key don't lead to an authority that this node trusts."),
                _("Put the whole chain there, with every certificate in between, from a trusted authority."),
            )
        case "key":
            return (
                _("The certificate is one for another key than the one that signed."),
                _(
                    "Name the chain that was issued for this very key, or sign with the key it was issued "
                    "for."
                ),
            )
        case "chain":
            return (
                _("The certificate chain that the key names can't be had or read."),
                _("Open its address in a browser. It must be certificates in PEM, the key's own one first."),
            )
        case _:
            return (
                _("The certificates of the key don't hold."),
                _("The detail says which rule isn't met. Have the certificate issued anew accordingly."),
            )


def _host_binding(_evidence: Evidence) -> Told:
    return (
        _("The certificate is for other hosts than the one in your DID."),
        _("Have a certificate issued that names the host of your DID."),
    )


def _status(evidence: Evidence) -> Told:
    if evidence.get("state") == "revoked":
        return (
            _("Its issuer has revoked it."),
            _("A revocation is final. Ask the issuer for a new credential."),
        )
    return (
        _("The list that says whether it was revoked can't be used."),
        _("The keeper of the list has to put it right: it must be signed, complete and in force."),
    )


def _integrity(_evidence: Evidence) -> Told:
    return (
        _("A credential that this one names is here with another content than it says."),
        _("Have what has changed examined and named anew by whoever issued this."),
    )


def _shapes(_evidence: Evidence) -> Told:
    return (
        _("Some fields aren't as this node's schemas ask."),
        _("Correct the fields below, then sign anew."),
    )


def _trust(_evidence: Evidence) -> Told:
    return (
        _("This node doesn't trust the issuer with statements of this kind."),
        _("Ask the node's operator whose word counts here, or have somebody on the trust list say it."),
    )


_TOLD: Mapping[str, Callable[[Evidence], Told]] = {
    "parse": _parse,
    "context": _context,
    "terms": _terms,
    "structure": _structure,
    "validity": _validity,
    "key": _key,
    "issuer_binding": _issuer_binding,
    "purpose": _purpose,
    "signature": _signature,
    "chain": _chain,
    "host_binding": _host_binding,
    "status": _status,
    "integrity": _integrity,
    "shapes": _shapes,
    "trust": _trust,
}
