"""Every text of the pages, as the templates and modules have it, and every translation of the catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

WEB = Path(__file__).parents[2] / "catalogue" / "web"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

#: What identifies a message: its context ("" for none), its text, and its plural ("" for none).
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Translation:
    """One entry of a catalogue, and the file that it is in."""

    file: str
    message: Message


def used() -> dict[Key, str]:
    """Every text that is shown, with the place where it is."""
    found: dict[Key, str] = {}
    for file, line, message, _, context in extract_from_dir(
        str(WEB), method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        text, plural = message if isinstance(message, tuple) else (message, "")
        found.setdefault((context or "", text, plural), f"{file}:{line}")
    return found


def translated(language: str) -> dict[Key, list[Translation]]:
    """Every entry of the catalogues of one language; one text may stand in several files."""
    found: dict[Key, list[Translation]] = {}
    for file in sorted((WEB / "locale" / language).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    found.setdefault(_key(message), []).append(Translation(file.name, message))
    return found


def _key(message: Message) -> Key:
    text, plural = message.id if isinstance(message.id, tuple | list) else (message.id, "")
    return (message.context or "", str(text), str(plural))


def missing(language: str) -> Iterator[str]:
    """An entry to fill in for every text that a language lacks, in the form of a .po file."""
    there = translated(language)
    for (context, text, plural), place in used().items():
        if (context, text, plural) not in there:
            lines = [f"#: {place}"]
            if context:
                lines.append(f"msgctxt {_quoted(context)}")
            lines.append(f"msgid {_quoted(text)}")
            if plural:
                lines += [f"msgid_plural {_quoted(plural)}", 'msgstr[0] ""', 'msgstr[1] ""']
            else:
                lines.append('msgstr ""')
            yield "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    import sys

    print("\n\n".join(missing(sys.argv[1])))
