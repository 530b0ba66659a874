"""Every answer that can come, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from voicemes.plant.problems import MEDIA_TYPE, STATUS, Code

Responses: TypeAlias = dict[int | str, dict[str, Any]]


class ProblemBody(BaseModel):
    """problem+json (RFC 9457). `detail` is one sentence that can be read to an operator."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: Code = Field(description="Closed: what programs may branch on.")
    detail: str


READ = {
    *(Code.UNAUTHENTICATED, Code.NOT_FOUND, Code.NO_DATA, Code.INVALID_INPUT, Code.TOO_LARGE, Code.RATE_LIMITED),
    Code.INTERNAL,
}
WRITE = set(Code) - {Code.METHOD_NOT_ALLOWED}


def problems(codes: set[Code]) -> Responses:
    """Each status with the codes it may carry."""
    found: Responses = {}
    schema = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    for status in sorted({STATUS[code].value for code in codes}):
        names = ", ".join(sorted(code for code in codes if STATUS[code].value == status))
        found[status] = {"description": f"{names}.", "content": schema}
    return found


NOT_MODIFIED: Responses = {304: {"description": "It is as If-None-Match says."}}
