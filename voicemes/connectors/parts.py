"""The small parts of a connector file: expressions, templates, requests, and how their answers are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voicemes.connectors.template import Template, lookups_in, names_in, parse, parse_tree

MAX_PAGES = 50
BUILT_IN = frozenset({"_id", "_n", "_operator", "_asked_by", "_said", "_now", "_offset", "_limit", "_page"})
"""What every template may name: the command's id, a number that is new for each request, who confirmed and who asked,
the words, the time in seconds since 1970 UTC, and in lists the first row of the page, its size and its number.
"""


MAX_NESTED, MAX_GROWTH = 50, 100
"""Of a JMESPath: `[@, @] | [@, @] | …` doubles what it is given each time. Ours grow sixteenfold at most."""
MULTIPLIED = frozenset(
    ("pipe", "subexpression", "index_expression", "projection", "value_projection", "flatten")
)


def to_expression(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a JMESPath in quotes")  # noqa: TRY004 - pydantic reports ValueError with its key
    try:
        expression = jmespath.compile(value)
    except JMESPathError as error:
        raise ValueError(f"is not a JMESPath: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    if _growth(expression.parsed) > MAX_GROWTH:
        raise ValueError("makes too much of what it is given")
    return expression


def _growth(node: Mapping[str, Any], depth: int = 0) -> int:
    """How many times the size of its data an expression can give."""
    if depth > MAX_NESTED:
        raise ValueError("is nested too deeply")
    parts = [_growth(part, depth + 1) for part in node.get("children", ()) if isinstance(part, Mapping)]
    together, multiplied = max(1, sum(parts)), math.prod(parts)
    match node["type"]:
        case "function_expression":
            return max(together, multiplied)
        case "filter_projection":
            return math.prod(parts[:2])  # the third only says yes or no
        case kind:
            return multiplied if kind in MULTIPLIED else together


def _to_template(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic reports ValueError with its key
    return parse(value)


Expression = Annotated[ParsedResult, BeforeValidator(to_expression)]
Text = Annotated[Template, BeforeValidator(_to_template)]
Tree = Annotated[Any, BeforeValidator(parse_tree)]
Names: TypeAlias = tuple[str, ...]
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Paging(Part):
    """How a list goes on. The templates of its request name `{_offset}`, `{_limit}` or `{_page}` where they belong."""

    size: Annotated[int, Field(gt=0, le=10_000)] = 200
    first_page: int = 1
    """The number of the first page, for a MES that counts pages."""
    more: Expression | None = None
    """On the answer: whether there is more. Without it, a page that is not full is the last."""
    next: Expression | None = None
    """On the answer: the address of the next page, on the same host."""
    ranges: bool = False
    """Asks with `Range: items=0-199`; the answer's Content-Range says how many there are."""
    max_pages: Annotated[int, Field(gt=0, le=MAX_PAGES)] = 20

    @property
    def is_by_number(self) -> bool:
        """Whether a request must name its page."""
        return self.next is None and not self.ranges and self.max_pages > 1


class Ask(Part):
    """One request: a method and a path, or a call that goes into the envelope of the connector."""

    method: Method = "GET"
    path: Text | None = None
    query: dict[str, Tree] = Field(default_factory=dict)
    headers: dict[str, Text] = Field(default_factory=dict)
    body: Tree = None
    call: Text | None = None
    """What the envelope calls, such as the name of a method, or a GraphQL document."""
    args: Tree = None

    @property
    def names(self) -> frozenset[str]:
        """Every name in its templates."""
        texts = [text for text in (self.path, self.call) if text is not None]
        trees = [dict(self.query), dict(self.headers), self.body, self.args]
        return frozenset().union(*(text.names for text in texts), *(names_in(tree) for tree in trees))

    @property
    def uses(self) -> frozenset[str]:
        """Every name that its templates need from outside."""
        return self.names - BUILT_IN

    @property
    def lookups(self) -> frozenset[str]:
        trees: list[Any] = [self.path, self.call, dict(self.query), dict(self.headers), self.body, self.args]
        return frozenset().union(*(lookups_in(tree) for tree in trees))

    @model_validator(mode="after")
    def _is_one_request(self) -> Self:
        if (self.path is None) == (self.call is None) and self._must_ask():
            raise ValueError("needs either a path or a call")
        if self.call is not None and (self.query or self.body is not None or self.headers):
            raise ValueError("has a call, whose values go into args")
        return self

    def _must_ask(self) -> bool:
        return True


class Refusal(Part):
    """An answer that means "no" although its status does not say so."""

    when: Expression
    """Refused where this is true."""
    code: str
    reason: Text
    """One sentence that can be read to the operator; it may name what this answer says, too."""


class Conversion(Part):
    """What a value of an answer becomes."""

    to: Literal["number", "integer", "text"] = "number"
    times: float = 1.0
    """By what a number is multiplied: millimetres of a MES that has metres are 1000 times its value."""
    plus: float = 0.0


class Reads(Ask):
    """A request, and the names under which parts of its answer are known afterwards."""

    refuse: tuple[Refusal, ...] = ()
    answer: dict[str, Expression] = Field(default_factory=dict)
    may_be_absent: Names = ()
    """Answers that the MES does not always give. Without any other one the answer makes no sense."""
    translate: dict[str, str] = Field(default_factory=dict)
    """Answer -> the map by which the word of the MES becomes ours. A word that is not in it stays as it is."""
    convert: dict[str, Conversion] = Field(default_factory=dict)

    @property
    def uses(self) -> frozenset[str]:
        sentences = frozenset().union(*(refusal.reason.names for refusal in self.refuse))
        return super().uses | (sentences - self.answer.keys() - BUILT_IN)

    @model_validator(mode="after")
    def _answers_are_known(self) -> Self:
        for key in ("may_be_absent", "translate", "convert"):
            unknown = sorted(set(getattr(self, key)) - set(self.answer))
            if unknown:
                raise ValueError(f"{key} names {unknown[0]!r}, which is no answer")
        return self


def check_known(used: frozenset[str], known: set[str]) -> None:
    """Raises ValueError for a name that nothing gives."""
    unknown = sorted(used - known - BUILT_IN)
    if unknown and unknown[0].startswith("$"):
        raise ValueError(f"{unknown[0]} is a secret; secrets belong into auth")
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not known here; known are: {', '.join(sorted(known)) or 'none'}")
