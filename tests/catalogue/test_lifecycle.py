"""What supersedes what follows from the set of statements alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalogue.lifecycle import State, Statement, states

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)

statements = st.lists(
    st.builds(
        Statement,
        content_id=st.sampled_from([digit * 64 for digit in "0123456789abcdef"]),
        valid_from=st.integers(-3, 0).map(lambda days: NOW + days * DAY),
        valid_until=st.none() | st.integers(-2, 2).map(lambda days: NOW + days * DAY),
        withdrawn=st.booleans(),
    ),
    unique_by=lambda statement: statement.content_id,
    max_size=6,
)


def statement(content_id: str, **changes: object) -> Statement:
    values = {"valid_from": NOW - DAY, "valid_until": None, "withdrawn": False} | changes
    return Statement(content_id, **values)  # type: ignore[arg-type]


def test_newest_signed_statement_is_listed_and_older_ones_are_superseded() -> None:
    old, new = statement("a", valid_from=NOW - 2 * DAY), statement("b", valid_from=NOW - DAY)
    assert states([new, old], blocked=False, now=NOW) == {"a": State.SUPERSEDED, "b": State.LISTED}


def test_tie_goes_to_the_greater_content_id() -> None:
    assert states([statement("b"), statement("a")], blocked=False, now=NOW) == {
        "a": State.SUPERSEDED,
        "b": State.LISTED,
    }


def test_withdrawing_the_newest_does_not_bring_an_older_one_back() -> None:
    old, new = statement("a", valid_from=NOW - 2 * DAY), statement("b", withdrawn=True)
    assert states([old, new], blocked=False, now=NOW) == {"a": State.SUPERSEDED, "b": State.WITHDRAWN}


def test_validity_ends_at_the_instant_it_names() -> None:
    assert states([statement("a", valid_until=NOW)], blocked=False, now=NOW) == {"a": State.EXPIRED}
    later = NOW - timedelta(microseconds=1)
    assert states([statement("a", valid_until=NOW)], blocked=False, now=later) == {"a": State.LISTED}


def test_blocking_hides_only_what_would_show() -> None:
    old, new = statement("a", valid_from=NOW - 2 * DAY), statement("b")
    gone = statement("c", valid_from=NOW - 3 * DAY, withdrawn=True)
    assert states([old, new, gone], blocked=True, now=NOW) == {
        "a": State.SUPERSEDED,
        "b": State.BLOCKED,
        "c": State.WITHDRAWN,
    }


def test_record_without_statements_has_no_states() -> None:
    assert states([], blocked=False, now=NOW) == {}


@given(statements, st.randoms(), st.booleans())
def test_order_of_arrival_plays_no_part(
    given_statements: list[Statement], random: object, blocked: bool
) -> None:
    shuffled = list(given_statements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert states(given_statements, blocked=blocked, now=NOW) == states(shuffled, blocked=blocked, now=NOW)


@given(statements)
def test_at_most_one_statement_of_a_record_is_not_superseded_or_withdrawn(
    given_statements: list[Statement],
) -> None:
    shown = [
        state
        for state in states(given_statements, blocked=False, now=NOW).values()
        if state not in (State.SUPERSEDED, State.WITHDRAWN)
    ]
    assert len(shown) <= 1


def test_revoked_stays_so_past_its_end_and_what_was_found_otherwise_ends_with_it() -> None:
    past, still = NOW - timedelta(hours=1), NOW + DAY
    for found, ends, state in (
        (State.REVOKED, past, State.REVOKED),
        (State.SUSPENDED, past, State.EXPIRED),
        (State.UNVERIFIABLE, past, State.EXPIRED),
        (State.SUSPENDED, still, State.SUSPENDED),
        (State.UNVERIFIABLE, None, State.UNVERIFIABLE),
    ):
        one = statement("a", valid_until=ends, found=found)
        assert states([one], blocked=False, now=NOW) == {"a": state}
        assert states([one], blocked=True, now=NOW) == {"a": State.BLOCKED}
        gone = statement("a", valid_until=ends, found=found, withdrawn=True)
        assert states([gone], blocked=False, now=NOW) == {"a": State.WITHDRAWN}
        newer = statement("b", valid_from=NOW)
        assert states([one, newer], blocked=False, now=NOW)["a"] is State.SUPERSEDED
