"""What a "no" means, what of it may be said, and what a file that is wrong says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from lab import ERRORS, HTML, WALL_S, Answer, laboratory, operation, play, refusal, write

from voicemes.connectors.load import load_spec
from voicemes.connectors.spec import Meaning
from voicemes.errors import ConfigError, MesBusy, MesDenied, MesProtocolError, MesUncertain
from voicemes.model import Accepted, Rejected

MEANINGS: dict[str, tuple[type, str]] = {
    # what comes of it, and the code that is told
    "rejected": (Rejected, "no"),
    "not_found": (Rejected, "not_found"),
    "ambiguous": (Rejected, "ambiguous"),
    "invalid_input": (Rejected, "invalid_input"),
    "precondition_failed": (Rejected, "precondition_failed"),
    "needs_confirmation": (Rejected, "needs_confirmation"),
    "conflict_stale": (Rejected, "conflict_stale"),
    "duplicate": (Rejected, "duplicate"),
    "forbidden": (Rejected, "forbidden"),
    "unsupported": (Rejected, "unsupported"),
    "unauthenticated": (MesDenied, ""),
    "rate_limited": (MesBusy, ""),
    "unavailable": (MesBusy, ""),
    "outcome_unknown": (MesUncertain, ""),
    "backend_error": (MesUncertain, ""),
}


def with_rules(*rules: dict[str, Any], **errors: Any) -> dict[str, Any]:
    return {**operation(), "errors": {**ERRORS, "rules": list(rules), **errors}}


def test_every_meaning_is_in_the_table() -> None:
    assert set(MEANINGS) == set(get_args(Meaning))


@pytest.mark.parametrize("meaning", MEANINGS)
async def test_a_no_means_what_its_rule_says(tmp_path: Path, meaning: str) -> None:
    kind, code = MEANINGS[meaning]
    outcome, asked = await play(tmp_path, with_rules({"status": [409], "means": meaning}), refusal(409))
    assert type(outcome) is kind
    assert asked == ["POST /act"], "a no is not asked again"
    if isinstance(outcome, Rejected):
        assert (outcome.code, outcome.reason) == (code, "It is so.")


RULES: list[dict[str, Any]] = [
    {"status": [404], "code": "gone", "means": "not_found"},
    {"pattern": "too (many|much)", "means": "invalid_input"},
    {"code": "busy", "means": "unavailable"},
    {"status": [409, 410], "means": "conflict_stale", "say": "Say it again."},
    {"status": [422], "means": "rejected"},
]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(404, code="gone"), "not_found"),
        (refusal(404), "MesProtocolError"),
        (refusal(404, detail="That is too much."), "invalid_input"),
        (refusal(409, code="busy"), "MesBusy"),
        (refusal(410), "conflict_stale"),
        (refusal(422), "no"),
        (refusal(422, code=None), "MesProtocolError"),
        (refusal(422, detail=None), "MesProtocolError"),
        (httpx.Response(409, text=HTML), "conflict_stale"),
    ],
)
async def test_the_first_rule_that_fits_counts(tmp_path: Path, answer: httpx.Response, expected: str) -> None:
    outcome, _ = await play(tmp_path, with_rules(*RULES), answer)
    assert getattr(outcome, "code", type(outcome).__name__) == expected
    if expected == "conflict_stale":
        assert outcome.reason == "Say it again.", "in place of what the MES says"


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"success": False, "code": "no", "detail": "It is so."}, "invalid_input"), ({"success": True}, None)],
)
async def test_a_no_may_come_with_status_200(tmp_path: Path, body: Answer, expected: str | None) -> None:
    spec = with_rules({"code": "no", "means": "invalid_input"}, failed_when="success == `false`")
    outcome, _ = await play(tmp_path, spec, body)
    assert (isinstance(outcome, Accepted), getattr(outcome, "code", None)) == (expected is None, expected)


TRACES = (
    "Traceback (most recent call last): File x",
    'Oops.\n  File "/srv/mes/app.py", line 3, in run',
    "NullPointerException\n\tat com.mes.Order.start(Order.java:12)",
)


@pytest.mark.parametrize("trace", TRACES)
async def test_a_traceback_is_never_said(tmp_path: Path, trace: str) -> None:
    spec = with_rules({"means": "precondition_failed"})
    outcome, _ = await play(tmp_path, spec, refusal(417, detail=trace))
    assert outcome == Rejected("id-1", "precondition_failed", "The MES says no, and not why.")


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("<b>Order</b> 4711<br/>waits", "Order 4711 waits"),
        ("a &lt; b &amp; c&nbsp;d", "a < b & c d"),
        ("1 < 2 and 3 > 2", "1 2"),
        ("bell\x07 and \u200bnothing", "bell and nothing"),
        ("  two\n lines\t", "two lines"),
        (["a", "list"], "The MES says no, and not why."),
        ("<br>", "The MES says no, and not why."),
    ],
)
async def test_of_a_reason_only_words_are_said(tmp_path: Path, detail: Any, said: str) -> None:
    outcome, _ = await play(tmp_path, with_rules({"means": "invalid_input"}), refusal(422, detail=detail))
    assert outcome == Rejected("id-1", "invalid_input", said)


@pytest.mark.parametrize("detail", ["x" * 100_000, "<" * 100_000, "<b>" * 50_000, "word " * 20_000])
async def test_a_long_reason_is_cut(tmp_path: Path, detail: str) -> None:
    outcome, _ = await play(tmp_path, with_rules({"means": "invalid_input"}), refusal(422, detail=detail))
    assert isinstance(outcome, Rejected)
    assert len(outcome.reason) <= 300


def in_(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(WALL_S, UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        (in_(90), 90),
        (in_(-90), 0),
        (in_(10**6), 3600),
        ("999999", 3600),
        ("-1", 5),
        ("Wed, 99 Foo 2026", 5),
        ("soon", 5),
        ("", 5),
        (None, 5),
    ],
)
async def test_a_busy_mes_says_for_how_long_or_until_when(tmp_path: Path, header: str | None, seconds: float) -> None:
    answer = httpx.Response(429, headers={} if header is None else {"Retry-After": header})
    outcome, _ = await play(tmp_path, operation(), answer)
    assert isinstance(outcome, MesBusy)
    assert outcome.retry_after_s == seconds


async def test_a_snapshot_that_is_refused_is_none(tmp_path: Path) -> None:
    listing = {"path": "/orders", "items": "items", "id": "id"}
    spec = {"operations": {}, "live": {"references": {"job": listing}}}
    async with laboratory(tmp_path, spec, refusal(404)) as lab:
        with pytest.raises(MesProtocolError, match="It is so"):
            await lab.live()


BROKEN = [
    # what stands in the operation, and in the file beside it; where `#` is the line that is named; and what is said
    ("path: /act\n    speed: 3  #", "", "not permitted"),
    ("path: /{order}", "", "{order} is not known here"),
    ('path: "/{job|shout}"  #', "", "known are"),
    ("path: /act\n    body: {a: '${KEY}'}", "", "secrets belong into auth"),
    ("call: do", "", "no envelope"),
    ("path: /act\n    call: do", "", "either a path or a call"),
    ("call: do\n    query: {a: b}", "", "values go into args"),
    ("path: /act\n    answer: {a: 'b['}  #", "", "is not a JMESPath"),
    ("path: /act\n    translate: {a: b}", "", "which is no answer"),
    ("path: /act\n    convert: {a: {}}", "", "which is no answer"),
    ("path: /act\n    answer: {a: a}\n    translate: {a: words}", "", "no map 'words'"),
    ("path: /act\n    body: {a: '{job|lookup:words}'}", "", "no map 'words'"),
    ("path: /act\n    answer: {a: a}\n    convert: {a: {to: date}}  #", "", "Input should be"),
    ("path: /act\n    partial_when: a", "", "needs the sentence partial"),
    ("path: /act\n    tells: [a]", "", "{a} is not known here"),
    ("path: /act\n    idempotency: natural_key", "", "needs find"),
    ("path: /act\n    find: {path: /f, proves: a}", "", "needs find"),
    ("path: /act\n    idempotency: state_guard", "", "step with done_when"),
    ("path: /act\n    steps: [{path: '/{made}'}]", "", "{made} is not known here"),
    ("path: /act\n    steps: [{path: /s, answer: {job: id}}]", "", "was said"),
    ("path: /act\n    steps: [" + "{path: /s}, " * 7 + "]  #", "", "at most 6"),
    ("path: /act\n    verify: {path: /v}  #", "", "Field required"),
    ("path: /act\n    poll: {ask: {path: '/{ticket}'}, until: a}", "", "{ticket} is not known here"),
    ("path: /act\n    poll: {ask: {path: /t}, until: a, every_s: 0}  #", "", "greater than 0"),
    ("path: /act", "cannot: {x: 'No.'}", "in operations and in cannot"),
    ("path: /act", "auth: guess  #", "does not match"),
    ("path: /act", "auth: {kind: basic, user: u}  #", "Field required"),
    ("path: /act", "auth: {kind: oauth2, grant: password, path: /t, client: c, secret: s}  #", "needs user"),
    ("path: /act", "envelope: {path: '/{job}', body: {}}  #", "{job} is not known here"),
    ("path: /act", "limits: {per_second: 0}  #", "greater than 0"),
    ("path: /act", "paging: {size: 0}  #", "greater than 0"),
    ("path: /act", "live: {references: {job: {path: /o, items: i}}}  #", "Field required"),
    ("path: /act", "live: {facts: {job: {path: /o, items: i, id: i, values: {a: a}, steady: [b]}}}  #", "{b} is not"),
    ("path: /act", "live: {current: {job: {value: '{job}'}}}  #", "{job} is not known here"),
    ("path: /act", "live: {current: {job: {path: /o, value: 'a['}}}  #", "is not a JMESPath"),
    ("path: /act", "exchanges: {source: s, cases: [{about: a, ask: {}, http: [], reply: {}}]}  #", "has one of"),
]


@pytest.mark.parametrize(("inside", "beside", "words"), BROKEN)
def test_a_broken_file_names_its_line(tmp_path: Path, inside: str, beside: str, words: str) -> None:
    text = (
        "name: lab\nerrors: {code: c, reason: r, rules: [{means: backend_error}]}\n"
        f"operations:\n  x:\n    needs: [job]\n    method: POST\n    {inside}\n{beside}\n"
    )
    file = tmp_path / "lab.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        load_spec(file)
    assert caught.value.file == file
    assert caught.value.line is not None
    marked = [number for number, line in enumerate(text.splitlines(), start=1) if line.endswith("#")]
    assert marked in ([], [caught.value.line])
    about_all = caught.value.key is None  # it takes two places to be wrong
    assert str(caught.value).startswith(f"{file}:{caught.value.line}{':' if about_all else ', key '}")
    assert not (marked and about_all)


@pytest.mark.parametrize(
    ("rule", "words"),
    [({"means": "sorry"}, "Input should be"), ({"pattern": "(", "means": "rejected"}, "not a regular expression")],
)
def test_a_broken_rule_names_its_key(tmp_path: Path, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_spec(write(tmp_path, with_rules({"means": "rejected"}, rule)))
    assert str(caught.value.key).startswith("errors.rules.1.")
