"""What a refusing answer means, by the rules of the connector file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import TYPE_CHECKING, assert_never

from voicemes.connectors import extract
from voicemes.connectors.messages import NonsenseError, Request, Response
from voicemes.errors import MesBusy, MesDenied, MesUncertain
from voicemes.model import Rejected

if TYPE_CHECKING:
    from voicemes.connectors.spec import ErrorMap, ErrorRule

RETRY_AFTER_S = 5.0
"""For a MES that is busy and does not say for how long."""
MAX_RETRY_AFTER_S = 3600.0
MAX_REASON_CHARS = 300
"""More than that nobody listens to."""
MAX_CODE_CHARS = 100
TAG = re.compile(r"<[^<>]{0,500}>")
TRACE = re.compile(r"\bTraceback\b|\n\s+at |File \"")
"""Words that no operator should hear."""


def refuses(errors: ErrorMap, response: Response) -> bool:
    """Whether an answer says no, by its status or by what is in it."""
    if not response.is_success:
        return True
    return errors.failed_when is not None and bool(extract.search(errors.failed_when, response.data))


def judge(errors: ErrorMap, request: Request, response: Response, command_id: str, wall_s: float = 0.0) -> Rejected:
    """A "no" with its sentence. Raises MesDenied, MesBusy or MesUncertain, and NonsenseError where no rule fits.

    `wall_s`: now, for an answer that says until when it is busy.
    """
    code = extract.search(errors.code, response.data)
    sentence = sayable(extract.search(errors.reason, response.data))
    about = f"{request} was answered with status {response.status}. {sentence}".strip()
    rule = _rule(errors, response.status, code, sentence)
    if rule is None:
        raise NonsenseError(about)
    sentence = rule.say or sentence
    match rule.means:
        case "unauthenticated":
            raise MesDenied(about)
        case "rate_limited" | "unavailable":
            raise MesBusy(about, retry_after_s=retry_after_s(response.retry_after, wall_s))
        case "outcome_unknown" | "backend_error":
            raise MesUncertain(about)
        case "rejected":
            if not isinstance(code, str) or not sentence:
                raise NonsenseError(about)
            return Rejected(command_id, code[:MAX_CODE_CHARS], sentence)
        case (
            "not_found" | "ambiguous" | "invalid_input" | "precondition_failed" | "needs_confirmation"
            | "conflict_stale" | "duplicate" | "forbidden" | "unsupported"
        ):  # fmt: skip
            return Rejected(command_id, rule.means, sentence or "The MES says no, and not why.")
        case _ as never:
            assert_never(never)


def sayable(reason: object) -> str:
    """A sentence of a MES as it may be read aloud: no HTML, no traceback, not too long."""
    if not isinstance(reason, str) or TRACE.search(reason):
        return ""
    words = unescape(TAG.sub(" ", reason[: 20 * MAX_REASON_CHARS])).split()
    return "".join(letter for letter in " ".join(words) if letter.isprintable())[:MAX_REASON_CHARS]


def retry_after_s(header: str | None, wall_s: float) -> float:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), MAX_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return RETRY_AFTER_S
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - datetime.fromtimestamp(wall_s, UTC)).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def _rule(errors: ErrorMap, status: int, code: object, sentence: str) -> ErrorRule | None:
    for rule in errors.rules:
        fits_status = not rule.status or status in rule.status
        fits_code = rule.code is None or rule.code == code
        if fits_status and fits_code and (rule.pattern is None or rule.pattern.search(sentence)):
            return rule
    return None
