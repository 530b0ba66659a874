"""Resolve, guard, act and verify: what is sent, in which order, and what is true when one of it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab import DEAD, HTML, LOST, NO, WALL_S, Answer, laboratory, operation, play, refusal

from voicemes.errors import MesBusy, MesDenied, MesError, MesProtocolError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, Rejected

FIND = {"path": "/find", "resolve": {"items": "items", "id": "id", "label": "name", "name": "key", "what": "order"}}


def named(*names: str) -> dict[str, Any]:
    return {"items": [{"id": number, "name": name} for number, name in enumerate(names, start=7)]}


async def test_a_name_becomes_the_id_of_the_only_thing_with_it(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(steps=[FIND], body={"order": "{key}"}), named("one"), {}) as lab:
        assert await lab.ask() == Accepted("id-1")
    assert lab.body() == {"order": 7}, "a number stays one"


@pytest.mark.parametrize(
    ("names", "code", "sentence"),
    [
        ([], "not_found", "There is no such order."),
        (["one", "two"], "ambiguous", "There are several: one, two."),
        (["one", "two", "three", "four"], "ambiguous", "There are several: one, two, three."),
    ],
)
async def test_none_and_several_are_refused_with_what_people_call_them(
    tmp_path: Path, names: list[str], code: str, sentence: str
) -> None:
    outcome, asked = await play(tmp_path, operation(steps=[FIND], path="/act/{key}"), named(*names))
    assert (outcome, asked) == (Rejected("id-1", code, sentence), ["GET /find"])


GUARD: dict[str, Any] = {
    "path": "/look",
    "answer": {"state": "state", "n": "n"},
    "may_be_absent": ["n"],
    "refuse": [{"when": "state == 'closed'", "code": "closed", "reason": "{job} is {state}."}],
    "done_when": "state == 'running'",
}


@pytest.mark.parametrize(
    ("state", "outcome", "n_asked"),
    [
        ("waiting", Accepted("id-1"), 2),
        ("running", Accepted("id-1", {"job": "4711"}), 1),
        ("closed", Rejected("id-1", "closed", "4711 is closed."), 1),
    ],
)
async def test_a_guard_lets_through_refuses_or_says_that_it_is_so(
    tmp_path: Path, state: str, outcome: object, n_asked: int
) -> None:
    spec = operation(needs=["job"], steps=[GUARD])
    answers: list[Answer] = [{"state": state}, {}]
    found, asked = await play(tmp_path, spec, *answers[:n_asked], job="4711")
    assert (found, len(asked)) == (outcome, n_asked)


@pytest.mark.parametrize(("scrap", "n_asked"), [(None, 1), (0, 1), (2, 2)])
async def test_a_step_is_left_out_where_its_condition_is_false(tmp_path: Path, scrap: Any, n_asked: int) -> None:
    spec = operation(takes=["scrap"], steps=[{"path": "/scrap", "when": "scrap > `0`"}])
    said = {} if scrap is None else {"scrap": scrap}
    _, asked = await play(tmp_path, spec, *[{}] * n_asked, **said)
    assert asked == (["GET /scrap", "POST /act"] if n_asked == 2 else ["POST /act"])


FAILURES: list[tuple[Answer, type[MesError], type[MesError]]] = [
    # what happens to the second request; what is true if the first changed nothing, and if it changed something
    (DEAD, MesUnreachable, MesUncertain),
    (LOST, MesUncertain, MesUncertain),
    (500, MesUncertain, MesUncertain),
    (401, MesDenied, MesUncertain),
    (429, MesBusy, MesUncertain),
    (HTML, MesProtocolError, MesProtocolError),
]


@pytest.mark.parametrize(("failure", "before", "after"), FAILURES)
async def test_after_a_step_that_wrote_nobody_says_that_nothing_was_done(
    tmp_path: Path, failure: Answer, before: type[MesError], after: type[MesError]
) -> None:
    for writes, expected in ((False, before), (True, after)):
        spec = operation(steps=[{"method": "PUT", "path": "/first", "writes": writes}])
        outcome, asked = await play(tmp_path, spec, {}, failure)
        assert type(outcome) is expected
        assert asked == ["PUT /first", "POST /act"]


@pytest.mark.parametrize(
    ("failure", "reads", "writes"),
    [
        (DEAD, MesUnreachable, MesUnreachable),
        (LOST, MesUnreachable, MesUncertain),
        (HTML, MesProtocolError, MesProtocolError),
    ],
)
async def test_a_step_without_an_answer_is_in_doubt_only_where_it_writes(
    tmp_path: Path, failure: Answer, reads: type[MesError], writes: type[MesError]
) -> None:
    for does, expected in ((False, reads), (True, writes)):
        spec = operation(steps=[{"method": "PUT", "path": "/first", "writes": does}])
        outcome, asked = await play(tmp_path, spec, failure)
        assert (type(outcome), asked) == (expected, ["PUT /first"])


async def test_a_step_that_is_refused_ends_it(tmp_path: Path) -> None:
    spec = operation(steps=[{"path": "/a", "writes": True}, {"path": "/b"}])
    outcome, asked = await play(tmp_path, spec, {}, refusal(409))
    assert (outcome, asked) == (Rejected("id-1", "precondition_failed", "It is so."), ["GET /a", "GET /b"])


@pytest.mark.parametrize(("writes", "expected"), [(False, Rejected), (True, MesUncertain)])
async def test_a_request_that_lacks_a_value_says_nothing_was_done_only_where_that_is_so(
    tmp_path: Path, writes: bool, expected: type
) -> None:
    made = {"method": "PUT", "path": "/make", "writes": writes, "answer": {"made": "id"}, "may_be_absent": ["made"]}
    outcome, asked = await play(tmp_path, operation(steps=[made], path="/act/{made}"), {})
    assert type(outcome) is expected
    assert asked == ["PUT /make"]
    assert getattr(outcome, "can_ask_again", False) is False


VERIFY: dict[str, Any] = {
    "path": "/proof",
    "proves": "state == 'running'",
    "answer": {"status": "state"},
    "refuse": [{"when": "lack", "code": "lack", "reason": "There is no {lack}."}],
}
VERIFY["answer"]["lack"] = "lack"
VERIFY["may_be_absent"] = ["lack", "status"]
RUNS, WAITS, LACKS = {"state": "running"}, {"state": "waiting"}, {"state": "waiting", "lack": "paste"}
DONE = Accepted("id-1", {"status": "running"})
LACKING = Rejected("id-1", "lack", "There is no paste.")


@pytest.mark.parametrize(
    ("act", "proof", "expected"),
    [
        ({}, RUNS, DONE),
        ({}, WAITS, MesProtocolError),
        ({}, LACKS, LACKING),
        ({}, LOST, MesUncertain),
        ({}, DEAD, MesUncertain),
        (LOST, RUNS, DONE),
        (LOST, WAITS, MesUncertain),
        (LOST, LACKS, LACKING),
        (LOST, LOST, MesUncertain),
        (LOST, refusal(409), MesUncertain),
        (HTML, RUNS, DONE),
        (HTML, WAITS, MesProtocolError),
        (refusal(409), RUNS, DONE),
        (refusal(409), WAITS, Rejected("id-1", "precondition_failed", "It is so.")),
        (refusal(409), LACKS, LACKING),
        (refusal(409), LOST, Rejected("id-1", "precondition_failed", "It is so.")),
    ],
)
async def test_what_is_done_is_what_a_read_proves(tmp_path: Path, act: Answer, proof: Answer, expected: object) -> None:
    async with laboratory(tmp_path, operation(verify=VERIFY), act, proof, proof) as lab:
        outcome = await lab.ask()
        lab.answers.clear()
    assert (type(outcome) if isinstance(expected, type) else outcome) == expected
    assert lab.asked[:2] == ["POST /act", "GET /proof"]
    assert lab.asked.count("POST /act") == 1, "it may look twice, and acts once"


@pytest.mark.parametrize(("rows", "expected"), [(["a"], MesProtocolError), (["a", "b"], Accepted)])
async def test_a_proof_may_compare_with_what_was_known_before(tmp_path: Path, rows: list[str], expected: type) -> None:
    count = {"path": "/rows", "answer": {"n": "length(rows)"}}
    spec = operation(steps=[count], verify={"path": "/rows", "proves": "length(rows) > _.n"})
    async with laboratory(tmp_path, spec, {"rows": ["a"]}, {}, *[{"rows": rows}] * 2) as lab:
        assert type(await lab.ask()) is expected
        lab.answers.clear()


NATURAL = {"idempotency": "natural_key", "find": {"path": "/seek/{_id}", "proves": "items", "answer": {"n": "n"}}}


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([{"items": [1], "n": 4}], ["GET /seek/id-1"]),
        ([{"items": []}, {"n": 4}], ["GET /seek/id-1", "POST /act"]),
        ([refusal(404), {"n": 4}], ["GET /seek/id-1", "POST /act"]),
    ],
)
async def test_a_repetition_looks_for_what_an_earlier_attempt_left(
    tmp_path: Path, answers: list[Answer], asked: list[str]
) -> None:
    outcome, seen = await play(tmp_path, operation(**NATURAL, answer={"n": "n"}), *answers, again=True)
    assert (outcome, seen) == (Accepted("id-1", {"n": 4}), asked)


@pytest.mark.parametrize("failure", [DEAD, LOST, HTML, 401, 429])
async def test_a_repetition_that_cannot_look_does_not_act(tmp_path: Path, failure: Answer) -> None:
    outcome, asked = await play(tmp_path, operation(**NATURAL), failure, again=True)
    assert isinstance(outcome, MesError)
    assert asked == ["GET /seek/id-1"]


async def test_a_repetition_resolves_what_its_look_needs_and_changes_nothing(tmp_path: Path) -> None:
    find = {"path": "/seek/{key}", "proves": "items"}
    steps = [FIND, {"method": "PUT", "path": "/first", "writes": True}]
    spec = operation(idempotency="natural_key", steps=steps, find=find)
    outcome, asked = await play(tmp_path, spec, named("one"), {"items": [1]}, again=True)
    assert (outcome, asked) == (Accepted("id-1"), ["GET /find", "GET /seek/7"])


async def test_a_repetition_whose_look_lacks_a_value_is_left_to_a_person(tmp_path: Path) -> None:
    """What was to be looked for may be done: it is not said to lack anything."""
    spec = operation(idempotency="natural_key", steps=[FIND], find={"path": "/seek/{key}", "proves": "items"})
    outcome, asked = await play(tmp_path, spec, named(), again=True)
    assert isinstance(outcome, MesUncertain)
    assert (outcome.can_ask_again, asked) == (False, ["GET /find"])


@pytest.mark.parametrize(("state", "n_asked"), [("running", 1), ("waiting", 2)])
async def test_a_guarded_operation_may_be_repeated(tmp_path: Path, state: str, n_asked: int) -> None:
    spec = operation(needs=["job"], idempotency="state_guard", steps=[GUARD])
    answers: list[Answer] = [{"state": state}, {}]
    outcome, asked = await play(tmp_path, spec, *answers[:n_asked], again=True, job="4711")
    assert type(outcome) is Accepted
    assert len(asked) == n_asked


async def test_with_none_nothing_is_ever_repeated(tmp_path: Path) -> None:
    outcome, asked = await play(tmp_path, operation(), again=True)
    assert isinstance(outcome, MesUncertain)
    assert (outcome.can_ask_again, asked) == (False, [])


@pytest.mark.parametrize(("proof", "expected"), [(RUNS, Accepted), (WAITS, MesUncertain)])
async def test_with_none_a_repetition_still_looks(tmp_path: Path, proof: Answer, expected: type) -> None:
    outcome, asked = await play(tmp_path, operation(verify=VERIFY), proof, again=True)
    assert type(outcome) is expected
    assert (getattr(outcome, "can_ask_again", False), asked) == (False, ["GET /proof"])


async def test_a_header_is_the_same_at_every_attempt(tmp_path: Path) -> None:
    spec = {**operation(idempotency="header"), "idempotency_header": "X-Once"}
    async with laboratory(tmp_path, spec, LOST, {}, {}) as lab:
        assert isinstance(await lab.ask(), Accepted)
        assert isinstance(await lab.ask(again=True), Accepted)
    assert [request.headers["X-Once"] for request in lab.requests] == ["id-1"] * 3


@pytest.mark.parametrize(
    ("spec", "can"),
    [
        (operation(), False),
        (operation(verify=VERIFY), True),
        (operation(**NATURAL), True),
        (operation(idempotency="header"), True),
    ],
)
async def test_a_lost_answer_says_whether_it_can_be_asked_again(tmp_path: Path, spec: Any, can: bool) -> None:
    async with laboratory(tmp_path, spec, LOST, LOST) as lab:
        outcome = await lab.ask()
        lab.answers.clear()
    assert isinstance(outcome, MesUncertain)
    assert outcome.can_ask_again is can


POLL: dict[str, Any] = {
    "answer": {"ticket": "ticket"},
    "poll": {"ask": {"path": "/t/{ticket}", "answer": {"n": "n"}, "may_be_absent": ["n"]}, "until": "over"},
}


async def test_a_ticket_is_asked_for_until_it_is_over(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(**POLL), {"ticket": 5}, {}, {}, {"over": 1, "n": 3}) as lab:
        assert await lab.ask() == Accepted("id-1", {"ticket": 5, "n": 3})
    assert lab.asked == ["POST /act", *["GET /t/5"] * 3]
    assert lab.clock.now_s() == 2 * 0.5, "it waits between"


async def test_past_its_time_a_ticket_is_unknown(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(**POLL), {"ticket": 5}, *[{}] * 9, timeout_s=1.2) as lab:
        assert isinstance(await lab.ask(), MesUncertain)
        lab.answers.clear()
    assert lab.clock.now_s() == pytest.approx(1.2)


@pytest.mark.parametrize("answer", [LOST, DEAD, 500, 401, 429, refusal(404)])
async def test_a_ticket_that_cannot_be_asked_for_is_unknown(tmp_path: Path, answer: Answer) -> None:
    outcome, _ = await play(tmp_path, operation(**POLL), {"ticket": 5}, answer)
    assert isinstance(outcome, MesUncertain)


@pytest.mark.parametrize(("left", "partial"), [([], None), (["R1", "R2"], "2 of 3 left")])
async def test_what_was_done_only_in_part_is_told(tmp_path: Path, left: list[str], partial: str | None) -> None:
    spec = operation(
        needs=["quantity"], answer={"n": "length(left)"}, partial_when="left", partial="{n} of {quantity} left"
    )
    outcome, _ = await play(tmp_path, spec, {"left": left}, quantity=3)
    assert isinstance(outcome, Accepted)
    assert outcome.values.get("partial") == partial


async def test_what_steps_found_is_told_where_the_file_says_so(tmp_path: Path) -> None:
    step = {"path": "/look", "answer": {"product": "product", "secret": "key"}}
    outcome, _ = await play(tmp_path, operation(steps=[step], tells=["product"]), {"product": "flip", "key": 9}, {})
    assert outcome == Accepted("id-1", {"product": "flip"})


async def test_every_request_may_name_who_spoke_what_and_when(tmp_path: Path) -> None:
    body = {"by": "{_operator}", "said": "{_said}", "id": "{_id}", "at": "{_now|epoch_ms}"}
    async with laboratory(tmp_path, operation(body=body), {}) as lab:
        await lab.ask()
    assert lab.body() == {"by": "Ana", "said": "words", "id": "id-1", "at": round(WALL_S * 1000)}


async def test_a_refusal_without_its_word_is_still_a_refusal(tmp_path: Path) -> None:
    step = {"path": "/look", "answer": {"why": "why"}, "refuse": [{"when": "no", "code": "no", "reason": "So: {why}."}]}
    outcome, _ = await play(tmp_path, operation(steps=[step]), {"no": 1})
    assert outcome == Rejected("id-1", "no", "The MES says no, and not why.")
    assert NO["code"] == "no"
