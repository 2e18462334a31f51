"""What the credentials of one presentation bear on each other: they were put together by its holder."""

from __future__ import annotations

from credentials.checks import Statement
from credentials.envelope import Envelope, own_id
from credentials.integrity import Held, HeldDocument
from credentials.shapes.bridging import Statements
from credentials.shapes.checking import types_in


class Beside:
    """Types of what they describe, for references to it, and the credentials themselves by their own ids."""

    def __init__(self) -> None:
        self.types: dict[str, list[str]] = {}
        self._documents: dict[str, list[HeldDocument]] = {}

    def add(self, statement: Statement | None, envelope: Envelope | None, stated: Statements) -> None:
        """Take in one of them, as far as it could be read."""
        if statement is None or envelope is None or statement.signer is None:
            return
        self.types.update(types_in(stated))
        name = own_id(envelope.claims)
        if isinstance(name, str):
            document = HeldDocument(statement.signer, envelope.document, None)
            self._documents.setdefault(name, []).append(document)

    def held_too(self, held: Held | None) -> Held | None:
        """What is held already, and these."""
        if not self._documents:
            return held
        return lambda name: [*self._documents.get(name, ()), *(held(name) if held else ())]
