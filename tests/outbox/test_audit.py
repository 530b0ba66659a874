"""The chain of records: whoever changes the past is found."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters import chain_of

from voicemes.outbox.audit import START, Record, Verdict, following, verify

CONTENTS = st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.booleans(), max_size=4)
CHAINS = st.lists(CONTENTS, min_size=3, max_size=8).map(chain_of)
places = st.integers(0, 10**6)


def numbered(records: list[Record]) -> list[Record]:
    """As somebody would number them who covers up a change."""
    return [replace(record, seq=number) for number, record in enumerate(records, start=1)]


@given(st.lists(CONTENTS, max_size=8))
def test_a_chain_that_nobody_touched_is_whole(contents: list[dict]) -> None:
    records = chain_of(contents)
    assert verify(records) == Verdict(len(contents), records[-1].hash if records else START)
    assert [record.content for record in records] == contents


def test_the_hash_is_what_is_written_in_the_docstring() -> None:
    """Anybody can check it with other tools."""
    first, second = chain_of([{"what": "confirmed"}, {"what": "done"}])
    assert first.hash == hashlib.sha256(f"{START}\n{first.body}".encode()).hexdigest()
    assert second.hash == hashlib.sha256(f"{first.hash}\n{second.body}".encode()).hexdigest()
    assert (first.body, first.seq, second.seq) == ('{"what": "confirmed"}', 1, 2)


@given(CHAINS, places, CONTENTS)
def test_a_changed_record_is_found(records: list[Record], place: int, content: dict) -> None:
    place %= len(records)
    body = following(None, content).body
    changed = [*records]
    changed[place] = replace(records[place], body=body)
    found = verify(changed)
    assert found.broken_at == (records[place].seq if body != records[place].body else None)


@given(CHAINS, places, CONTENTS)
def test_a_changed_record_with_a_new_hash_is_found_by_the_next(
    records: list[Record], place: int, content: dict
) -> None:
    place %= len(records) - 1
    forged = following(records[place - 1] if place else None, content)
    found = verify([*records[:place], forged, *records[place + 1 :]])
    assert found.broken_at == (records[place + 1].seq if forged != records[place] else None)


@pytest.mark.parametrize("is_covered_up", [False, True])
@given(CHAINS, places)
def test_a_removed_record_is_found(is_covered_up: bool, records: list[Record], place: int) -> None:
    place %= len(records) - 1
    left = [*records[:place], *records[place + 1 :]]
    found = verify(numbered(left) if is_covered_up else left)
    assert found.broken_at == (numbered(left) if is_covered_up else left)[place].seq


@pytest.mark.parametrize("is_covered_up", [False, True])
@given(CHAINS, places, CONTENTS)
def test_an_inserted_record_is_found(is_covered_up: bool, records: list[Record], place: int, content: dict) -> None:
    place %= len(records)
    forged = following(records[place - 1] if place else None, content)
    more = [*records[:place], forged, *records[place:]]
    more = numbered(more) if is_covered_up else more
    broken = verify(more).broken_at
    assert broken is not None
    assert broken in {more[place].seq, more[place + 1].seq}


@pytest.mark.parametrize("is_covered_up", [False, True])
@given(CHAINS, places, places)
def test_swapped_records_are_found(is_covered_up: bool, records: list[Record], one: int, other: int) -> None:
    one, other = sorted((one % len(records), other % len(records)))
    swapped = [*records]
    swapped[one], swapped[other] = records[other], records[one]
    swapped = numbered(swapped) if is_covered_up else swapped
    assert verify(swapped).broken_at == (swapped[one].seq if one != other else None)


@given(CHAINS, places)
def test_a_cut_off_end_changes_the_head_and_nothing_else(records: list[Record], place: int) -> None:
    """So who wrote down the head finds that it is missing."""
    place %= len(records)
    found, whole = verify(records[:place]), verify(records)
    assert found.broken_at is None
    assert found.n_records == place
    assert found.head != whole.head
    assert whole.head not in {record.hash for record in records[:place]}


@pytest.mark.parametrize("body", ["", "{", "[1]", "null", '"text"'])
def test_a_body_that_is_no_record_has_no_content(body: str) -> None:
    assert Record(1, body, START).content == {}
