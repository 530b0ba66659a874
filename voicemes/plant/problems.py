"""Every way in which the reference MES says no: problem+json (RFC 9457) with a closed `code`.

`detail` is one sentence that can be read to an operator.
"""

from __future__ import annotations

import re
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Code(StrEnum):
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    ROLE_REQUIRED = "role_required"
    IDENTITY_REFUSED = "identity_refused"
    NOT_FOUND = "not_found"
    NO_DATA = "no_data"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TRANSITION_REFUSED = "transition_refused"
    EQUIPMENT_BUSY = "equipment_busy"
    ALREADY_DOWN = "already_down"
    ALREADY_CLOSED = "already_closed"
    ALREADY_SCRAPPED = "already_scrapped"
    EQUIPMENT_LOCKED = "equipment_locked"
    LOT_NOT_USABLE = "lot_not_usable"
    PRECONDITION_FAILED = "precondition_failed"
    RATE_LIMITED = "rate_limited"
    REQUEST_IN_PROGRESS = "request_in_progress"
    TOO_LARGE = "too_large"
    INVALID_INPUT = "invalid_input"
    UNIT_MISMATCH = "unit_mismatch"
    KEY_REUSED = "key_reused"
    INTERNAL = "internal"


STATUS: dict[Code, HTTPStatus] = {
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.ROLE_REQUIRED: HTTPStatus.FORBIDDEN,
    Code.IDENTITY_REFUSED: HTTPStatus.FORBIDDEN,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.NO_DATA: HTTPStatus.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.TRANSITION_REFUSED: HTTPStatus.CONFLICT,
    Code.EQUIPMENT_BUSY: HTTPStatus.CONFLICT,
    Code.ALREADY_DOWN: HTTPStatus.CONFLICT,
    Code.ALREADY_CLOSED: HTTPStatus.CONFLICT,
    Code.ALREADY_SCRAPPED: HTTPStatus.CONFLICT,
    Code.EQUIPMENT_LOCKED: HTTPStatus.CONFLICT,
    Code.LOT_NOT_USABLE: HTTPStatus.CONFLICT,
    Code.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.REQUEST_IN_PROGRESS: HTTPStatus.CONFLICT,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.INVALID_INPUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.UNIT_MISMATCH: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Problem(Exception):
    """A refusal. Raised anywhere below a route, it rolls the change back and becomes the answer."""

    def __init__(self, code: Code, detail: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.more = code, detail, dict(more or {})

    @property
    def status(self) -> int:
        return STATUS[self.code].value

    def body(self) -> dict[str, Any]:
        title = STATUS[self.code].phrase
        known = {"type": "about:blank", "title": title, "status": self.status, "code": self.code, "detail": self.detail}
        return {**known, **self.more}

    def response(self) -> JSONResponse:
        headers = {Code.UNAUTHENTICATED: {"WWW-Authenticate": "Bearer"}, Code.RATE_LIMITED: {"Retry-After": "1"}}.get(
            self.code
        )
        return JSONResponse(self.body(), status_code=self.status, media_type=MEDIA_TYPE, headers=headers)


def add_handlers(app: FastAPI) -> None:
    """Turns everything that can be raised into problem+json."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_broken)


def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return Problem(Code.INVALID_INPUT, _sentence(error.errors()[0])).response()


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer = Problem(Code.METHOD_NOT_ALLOWED, "That cannot be done with this resource.").response()
        answer.headers["Allow"] = ", ".join(sorted(_allowed(request)))
        return answer
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem(Code.NOT_FOUND, "There is no such resource.").response()
    return Problem(Code.INVALID_INPUT, "The request cannot be read.").response()


def _allowed(request: Request) -> set[str]:
    """All methods of this path, as the OpenAPI document has them; the framework names those of its first route only."""
    operations: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    for template, methods in operations.items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.scope["path"]):
            return {method.upper() for method in methods}
    return set()


def _on_broken(_request: Request, _error: Exception) -> Response:
    """The server logs the cause; the caller learns nothing of the inside."""
    return Problem(Code.INTERNAL, "The MES broke while it did this; check the screen.").response()


def _sentence(problem: Mapping[str, Any]) -> str:
    """One sentence for one pydantic error."""
    names = [part for part in problem["loc"][1:] if isinstance(part, str)]
    name = names[-1].replace("_", " ").replace("-", " ") if names else "request"
    limits = problem.get("ctx", {})
    sentences = {
        "missing": f"The {name} is missing.",
        "extra_forbidden": f"The field {name} is not known here.",
        "json_invalid": "The request is not JSON.",
        "less_than_equal": f"The {name} must be at most {limits.get('le')}.",
        "greater_than_equal": f"The {name} must be at least {limits.get('ge')}.",
        "value_error": f"{limits.get('error')}",
    }
    return sentences.get(problem["type"], f"The {name} is not valid.")
