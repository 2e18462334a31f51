"""Signed notes and checkpoints: C2SP signed-note, tlog-checkpoint and tlog-cosignature."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hostile_logs import KEY, ORIGIN, OTHER_KEY, START
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.keys import KeyUnusable
from credentials.signing import generate_key
from credentials.transparency.checkpoints import (
    Checkpoint,
    origin_key,
    sign_checkpoint,
    verify_checkpoint,
)
from credentials.transparency.merkle import EMPTY_ROOT
from credentials.transparency.notes import (
    MAX_NOTE,
    MAX_SIGNATURES,
    MAX_TEXT,
    NoteKey,
    NoteSignature,
    SignedNote,
    check_note,
    cosign_text,
    parse_note,
    sign_text,
)
from credentials.transparency.refusals import (
    BadSignature,
    LogRefused,
    NoteMalformed,
    WouldContradict,
    WrongOrigin,
)

#: The example of golang.org/x/mod/sumdb/note's documentation (BSD-3-Clause): a key and a note it signed.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"
    "E6RyyBwJnAM=\n"
).encode()
PINNED = origin_key(ORIGIN, KEY)
NOTE = sign_checkpoint(ORIGIN, 7, bytes(32), KEY, START)


def test_the_example_of_go_verifies() -> None:
    key = NoteKey.parse(GO_KEY)
    assert (key.name, key.id().hex(), key.text()) == ("PeterNeumann", "c74f20a3", GO_KEY)
    note = parse_note(GO_NOTE)
    assert [signed.key for signed in check_note(note, [key])] == [key]
    assert note.to_bytes() == GO_NOTE


def test_the_example_of_the_specification_is_read() -> None:
    """The note of C2SP tlog-cosignature (CC BY 4.0), whose keys it doesn't give."""
    example = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
        "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2o"
        "yin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    note = parse_note(example)
    assert note.to_bytes() == example
    assert Checkpoint.parse(note.text).size == 20_852_163
    log, witness = note.signatures
    assert (log.name, len(log.signature)) == ("example.com/behind-the-sofa", 64)
    assert (witness.name, len(witness.signature)) == ("witness.example.com/w1", 72)
    assert int.from_bytes(witness.signature[:8], "big") == 1_679_315_147


def test_a_checkpoint_is_signed_plainly_and_with_its_time() -> None:
    signed = verify_checkpoint(NOTE, ORIGIN, [PINNED])
    assert signed.checkpoint == Checkpoint(ORIGIN, 7, bytes(32))
    assert (signed.signed_at, signed.key, signed.note) == (START, PINNED, NOTE)
    text, _, below = NOTE.decode().partition("\n\n")
    assert text == f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()}"
    lengths = [len(base64.b64decode(line.split(" ")[2])) for line in below.splitlines()]
    assert lengths == [4 + 64, 4 + 72]
    assert {line.split(" ")[1] for line in below.splitlines()} == {ORIGIN}


def test_the_newest_time_counts() -> None:
    text = Checkpoint(ORIGIN, 7, bytes(32)).text()
    later = START + timedelta(hours=1)
    signatures = (
        cosign_text(text, ORIGIN, KEY, later),
        sign_text(text, ORIGIN, KEY),
        cosign_text(text, ORIGIN, KEY, START),
    )
    assert verify_checkpoint(SignedNote(text, signatures).to_bytes(), ORIGIN, [PINNED]).signed_at == later


def test_signatures_of_others_are_passed_over() -> None:
    text = Checkpoint(ORIGIN, 7, bytes(32), ("extension line",)).text()
    own = (sign_text(text, ORIGIN, KEY), cosign_text(text, ORIGIN, KEY, START))
    witness = cosign_text(text, "witness.example/w1", OTHER_KEY, START + timedelta(days=1))
    unknown = NoteSignature("post-quantum.example", b"\1\2\3\4", bytes(2432))
    # The log's name with another key, and another name with the log's key id: not the pinned key.
    namesake = sign_text(text, ORIGIN, OTHER_KEY)
    same_id = NoteSignature("other.example", PINNED.id(), bytes(64))
    note = SignedNote(text, (witness, unknown, namesake, same_id, *own)).to_bytes()
    signed = verify_checkpoint(note, ORIGIN, [PINNED])
    assert (signed.signed_at, signed.checkpoint.extensions) == (START, ("extension line",))


def test_a_wrong_signature_of_a_known_key_refuses_the_whole_note() -> None:
    text = Checkpoint(ORIGIN, 7, bytes(32)).text()
    plain, timed = sign_text(text, ORIGIN, KEY), cosign_text(text, ORIGIN, KEY, START)
    # Signed by the key, for a time that nobody can write.
    late = KEY.sign(f"cosignature/v1\ntime {2**63}\n{text}".encode())
    for wrong, problem in (
        (NoteSignature(ORIGIN, PINNED.id(), bytes(64)), "doesn't fit"),
        (NoteSignature(ORIGIN, timed.key_id, bytes(8) + timed.signature[8:]), "doesn't fit"),
        (NoteSignature(ORIGIN, timed.key_id, timed.signature[:-1]), "71 bytes instead of 72"),
        (NoteSignature(ORIGIN, timed.key_id, (2**63).to_bytes(8, "big") + late), "no year"),
    ):
        with pytest.raises(BadSignature, match=problem):
            verify_checkpoint(SignedNote(text, (plain, timed, wrong)).to_bytes(), ORIGIN, [PINNED])


def test_a_checkpoint_without_its_time_or_without_a_plain_signature_is_refused() -> None:
    text = Checkpoint(ORIGIN, 7, bytes(32)).text()
    plain, timed = sign_text(text, ORIGIN, KEY), cosign_text(text, ORIGIN, KEY, START)
    with pytest.raises(BadSignature, match="the time"):
        verify_checkpoint(SignedNote(text, (plain,)).to_bytes(), ORIGIN, [PINNED])
    with pytest.raises(BadSignature, match="none of the known keys"):
        verify_checkpoint(SignedNote(text, (timed,)).to_bytes(), ORIGIN, [PINNED])
    # The time of another key says nothing about when this one signed.
    other = cosign_text(text, ORIGIN, OTHER_KEY, START)
    with pytest.raises(BadSignature, match="the time"):
        verify_checkpoint(
            SignedNote(text, (plain, other)).to_bytes(), ORIGIN, [PINNED, origin_key(ORIGIN, OTHER_KEY)]
        )


def test_another_key_and_another_log_are_refused() -> None:
    with pytest.raises(BadSignature, match="none of the known keys"):
        verify_checkpoint(NOTE, ORIGIN, [origin_key(ORIGIN, OTHER_KEY)])
    with pytest.raises(BadSignature):
        verify_checkpoint(NOTE, ORIGIN, [])
    with pytest.raises(WrongOrigin) as refusal:
        verify_checkpoint(NOTE, "node-b.example/log", [PINNED])
    assert (refusal.value.expected, refusal.value.found) == ("node-b.example/log", ORIGIN)


def test_several_keys_sign_while_followers_change() -> None:
    note = sign_checkpoint(ORIGIN, 7, bytes(32), OTHER_KEY, START, further_keys=[KEY])
    for key in (KEY, OTHER_KEY):
        assert verify_checkpoint(note, ORIGIN, [origin_key(ORIGIN, key)]).key == origin_key(ORIGIN, key)


def test_any_changed_letter_of_a_checkpoint_refuses_it() -> None:
    for place in range(len(NOTE)):
        changed = bytearray(NOTE)
        changed[place] ^= 1
        with pytest.raises(LogRefused):
            verify_checkpoint(bytes(changed), ORIGIN, [PINNED])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n1\n",
        f"origin\n01\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"origin\n+1\n{'A' * 43}=\n",
        f"origin\n1_0\n{'A' * 43}=\n",
        f"origin\n٣\n{'A' * 43}=\n",
        f"origin\n9223372036854775808\n{'A' * 43}=\n",
        f"origin\n{'9' * 5000}\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}\n",
        f"origin\n1\n{'A' * 42}B=\n",
        f"origin\n1\n{'A' * 42}==\n",
        f"origin\n1\n{'A' * 44}\n",
        f"origin\n1\n {'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}=",
        f"origin\n1\n{'A' * 43}=\n\nextension\n",
        f"\n1\n{'A' * 43}=\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(text)


def test_the_largest_size_is_read() -> None:
    text = Checkpoint(ORIGIN, 2**63 - 1, bytes(32)).text()
    assert Checkpoint.parse(text).size == 2**63 - 1


LINE = sign_text("text\n", "a", KEY).line()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n{LINE}",
        f"text\n\n{LINE}".removesuffix("\n"),
        f"text\n\n{LINE}\n",
        f"text\n\n{LINE}more",
        f"text\r\n\n{LINE}",
        f"te\txt\n\n{LINE}",
        f"text\n\n- a {'A' * 92}\n",
        f"text\n\n\u2014a {'A' * 92}\n",
        f"text\n\n\u2014 a  {'A' * 92}\n",
        f"text\n\n\u2014 a+b {'A' * 92}\n",
        f"text\n\n\u2014 a\u00a0b {'A' * 92}\n",
        f"text\n\n\u2014  {'A' * 92}\n",
        "text\n\n\u2014 a AAAA\n",
        "text\n\n\u2014 a A===\n",
        "text\n\n\u2014 a AAAAAAB=\n",
        f"text\n\n{LINE * (MAX_SIGNATURES + 1)}",
        f"{'t' * MAX_TEXT}\n\n{LINE}",
        "t" * (MAX_NOTE + 1),
    ],
)
def test_bytes_that_are_no_note_are_refused(note: str) -> None:
    with pytest.raises(NoteMalformed):
        parse_note(note.encode())


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(NoteMalformed, match="UTF-8"):
        parse_note(b"\xff\n\n" + LINE.encode())


def test_as_many_signatures_as_the_specification_asks_for_are_read() -> None:
    note = parse_note(f"text\n\nwith an empty line\n\n{LINE * MAX_SIGNATURES}".encode())
    assert (note.text, len(note.signatures)) == ("text\n\nwith an empty line\n", 16)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(NOTE)), st.integers(0, 60))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes, place: int, length: int) -> None:
    for note in (data, NOTE[:place] + data + NOTE[place + length :]):
        with contextlib.suppress(LogRefused):
            assert verify_checkpoint(note, ORIGIN, [PINNED]).checkpoint.size == 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        GO_KEY[:-1],
        GO_KEY + "=",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("Peter", "Paul"),
        GO_KEY.replace("+AR", "+BR"),
        " " + GO_KEY,
        "a" * 5_000 + "+c74f20a3+" + GO_KEY[22:],
    ],
)
def test_a_key_that_was_changed_is_refused(text: str) -> None:
    with pytest.raises(KeyUnusable):
        NoteKey.parse(text)


def test_a_log_signs_with_ed25519_and_under_a_name_that_can_be_written() -> None:
    with pytest.raises(KeyUnusable, match="Ed25519"):
        origin_key(ORIGIN, generate_key("P-256"))
    for origin in ("", "two words", "a+b", "line\nbreak", "o" * 256, "right\u202eto-left"):
        with pytest.raises((ValueError, KeyUnusable)):
            sign_checkpoint(origin, 0, EMPTY_ROOT, KEY, START)
    with pytest.raises(ValueError, match="32 bytes"):
        sign_checkpoint(ORIGIN, 0, b"", KEY, START)


def test_a_signer_refuses_to_contradict_itself() -> None:
    previous = verify_checkpoint(NOTE, ORIGIN, [PINNED])
    for size, root, at, problem in (
        (6, bytes(32), START + timedelta(hours=1), "the log has 6 now"),
        (7, EMPTY_ROOT, START + timedelta(hours=1), "another root"),
        (8, EMPTY_ROOT, START - timedelta(seconds=1), "later time"),
    ):
        with pytest.raises(WouldContradict, match=problem):
            sign_checkpoint(ORIGIN, size, root, KEY, at, previous=previous)
    with pytest.raises(WouldContradict, match="is of the log"):
        sign_checkpoint("node-b.example/log", 8, EMPTY_ROOT, KEY, START, previous=previous)
    # To the second: what is left of a second can't be told from the time that was signed.
    again = sign_checkpoint(ORIGIN, 7, bytes(32), KEY, START.replace(microsecond=900_000), previous=previous)
    assert (
        verify_checkpoint(again, ORIGIN, [PINNED]).signed_at == START == datetime(2026, 6, 1, 12, tzinfo=UTC)
    )
