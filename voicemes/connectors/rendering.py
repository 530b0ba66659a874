"""From a part of the connector file and values to the request that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicemes.connectors.messages import Request
from voicemes.connectors.template import ABSENT, MissingValueError, Template, Values, render, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicemes.connectors.parts import Ask
    from voicemes.connectors.spec import Envelope


def request_of(ask: Ask, values: Values, envelope: Envelope | None = None) -> Request:
    """What a template names and nobody gave leaves its key out; a path must have everything. Raises MissingValueError,
    and FilterError for a value that a filter cannot take.
    """
    if ask.call is None:
        assert ask.path is not None
        headers, body = texts(dict(ask.headers), values), _body(ask.body, values)
        return Request(ask.method, ask.path.path(values), query_of(ask.query, values), body, headers)
    assert envelope is not None
    held = {**values, "_call": _whole(ask.call, values), "_args": render(ask.args, values)}
    headers = texts(dict(envelope.headers), held)
    return Request(envelope.method, envelope.path.path(held), {}, _body(envelope.body, held), headers)


def query_of(query: Mapping[str, Any], values: Values) -> dict[str, str]:
    return {name: text_of(value) for name, value in render(dict(query), values).items()}


def texts(tree: Mapping[str, Template], values: Values) -> dict[str, str]:
    """Headers and the like. Raises MissingValueError for one without its value."""
    return {name: _whole(template, values) for name, template in tree.items()}


def _body(tree: Any, values: Values) -> Any:
    """None where the whole of it is absent."""
    body = render(tree, values)
    return None if body is ABSENT else body


def _whole(template: Template, values: Values) -> str:
    value = template.value(values)
    if value is ABSENT:
        raise MissingValueError(", ".join(sorted(template.names)))
    return text_of(value)
