"""What a refusing answer means, by the rules of the connector file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.connectors import extract
from voicemes.connectors.exchange import NonsenseError, Request, Response
from voicemes.errors import MesBusy, MesDenied, MesUncertain
from voicemes.model import Rejected

if TYPE_CHECKING:
    from voicemes.connectors.spec import ErrorMap, Meaning

RETRY_AFTER_S = 5.0
"""For a MES that is busy and does not say for how long."""
MAX_RETRY_AFTER_S = 3600.0
MAX_REASON_CHARS = 300
"""More than that nobody listens to."""


def judge(errors: ErrorMap, request: Request, response: Response, command_id: str) -> Rejected:
    """A "no" with its sentence. Raises MesDenied, MesBusy or MesUncertain, and NonsenseError where no rule fits."""
    code = extract.search(errors.code, response.data)
    reason = extract.search(errors.reason, response.data)
    sentence = reason[:MAX_REASON_CHARS] if isinstance(reason, str) else ""
    about = f"{request} was answered with status {response.status}. {sentence}".strip()
    meaning = _meaning(errors, response.status, code)
    if meaning == "denied":
        raise MesDenied(about)
    if meaning == "busy":
        raise MesBusy(about, retry_after_s=_retry_after_s(response.retry_after))
    if meaning == "uncertain":
        raise MesUncertain(about)
    if meaning is None or not isinstance(code, str) or not sentence:
        raise NonsenseError(about)
    return Rejected(command_id, code, sentence)


def _meaning(errors: ErrorMap, status: int, code: object) -> Meaning | None:
    for rule in errors.rules:
        if (not rule.status or status in rule.status) and (rule.code is None or rule.code == code):
            return rule.means
    return None


def _retry_after_s(header: str | None) -> float:
    """Seconds; the form with a date is rare and counts as no answer."""
    text = (header or "").strip()
    return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else RETRY_AFTER_S
