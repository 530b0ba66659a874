"""What a connector file may say. An unknown key, a broken template or a broken JMESPath names the file and the key."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voicemes.connectors.template import Template, names_in, parse, parse_tree
from voicemes.happening import Urgency

MAX_STEPS = 4
"""Reads that come before the request itself; an operator waits for all of them."""


def _to_expression(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a JMESPath in quotes")  # noqa: TRY004 - pydantic reports ValueError with its key
    try:
        return jmespath.compile(value)
    except JMESPathError as error:
        raise ValueError(f"is not a JMESPath: {' '.join(str(error).split())}") from error


def _to_template(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic reports ValueError with its key
    return parse(value)


Expression = Annotated[ParsedResult, BeforeValidator(_to_expression)]
Text = Annotated[Template, BeforeValidator(_to_template)]
Tree = Annotated[Any, BeforeValidator(parse_tree)]
Names: TypeAlias = tuple[str, ...]
Meaning: TypeAlias = Literal["rejected", "denied", "busy", "uncertain"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Refusal(Part):
    """An answer that means "no" although its status does not say so."""

    when: Expression
    """Refused where this is true."""
    code: str
    reason: Text
    """One sentence that can be read to the operator."""


class Fetch(Part):
    """A read: what to get, and the names under which parts of the answer are known afterwards."""

    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    refuse: tuple[Refusal, ...] = ()
    answer: dict[str, Expression]
    may_be_absent: Names = ()

    @property
    def uses(self) -> frozenset[str]:
        refusals = (refusal.reason.names for refusal in self.refuse)
        return frozenset().union(self.path.names, names_in(dict(self.query)), *refusals)


class Operation(Part):
    """One thing that can be asked of the MES, named like the intent it serves, or `<intent>.undo`."""

    needs: Names = ()
    """Fields without which the request makes no sense."""
    takes: Names = ()
    """Fields that may be there. A field that is named in neither is not sent."""
    steps: Annotated[tuple[Fetch, ...], Field(max_length=MAX_STEPS)] = ()
    """Reads that come before; what they answer can be used like a field."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    body: Tree = None
    reads: bool = False
    """A request that changes nothing, whatever its method: a PIN goes into a body, not into an address."""
    on_behalf_of: bool = True
    idempotency: Literal["header", "none"] = "none"
    """`header`: the MES does a repeated request once, so a lost answer may be asked for again."""
    refuse: tuple[Refusal, ...] = ()
    answer: dict[str, Expression] = Field(default_factory=dict)
    may_be_absent: Names = ()
    """Answers that the MES does not always give. Without any other one the answer makes no sense."""
    note: str = ""

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and not self.reads

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        known = {*self.needs, *self.takes}
        for step in self.steps:
            _check_known(step.uses, known)
            known |= set(step.answer)
        used = self.path.names | names_in(dict(self.query)) | names_in(self.body)
        _check_known(used, known)
        _check_known(frozenset().union(*(refusal.reason.names for refusal in self.refuse)), known)
        unknown = sorted(set(self.may_be_absent) - set(self.answer))
        if unknown:
            raise ValueError(f"may_be_absent names {unknown[0]!r}, which is no answer")
        return self


class ErrorRule(Part):
    """What a refusing answer means. The first rule that fits counts; what is given must fit."""

    status: tuple[int, ...] = ()
    code: str | None = None
    means: Meaning


class ErrorMap(Part):
    code: Expression
    """Where the body of a refusal has its code."""
    reason: Expression
    """Where it has the sentence for the operator."""
    rules: tuple[ErrorRule, ...]


class Listing(Part):
    """Where the things of one slot type are listed."""

    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    items: Expression
    id: Expression
    aliases: Expression | None = None


class Facts(Part):
    """What is known of the things of one slot type: what is said is held against it."""

    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    items: Expression
    id: Expression
    values: Annotated[dict[str, Expression], Field(min_length=1)]


class People(Part):
    """Where it says what people may do."""

    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    items: Expression
    id: Expression
    roles: Expression
    """A list of roles, qualifications and teams; the word `team` is for everybody who is in one."""


class Current(Part):
    """What stands for a slot that was not said: a text, or a part of something that is read."""

    path: Text | None = None
    query: dict[str, Tree] = Field(default_factory=dict)
    value: str
    """With `path` a JMESPath on the answer, else a template."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.path is not None:
            _to_expression(self.value)
        else:
            _check_known(parse(self.value).names, {"station"})
        return self


class LiveSpec(Part):
    """The snapshot for one station; `{station}` is the equipment at which it stands."""

    references: dict[str, Listing] = Field(default_factory=dict)
    current: dict[str, Current] = Field(default_factory=dict)
    people: People | None = None
    facts: dict[str, Facts] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        parts: list[Listing | Current | People | Facts] = [*self.references.values(), *self.current.values()]
        parts += self.facts.values()
        parts += [self.people] if self.people else []
        for part in parts:
            names: frozenset[str] = part.path.names if part.path else frozenset()
            _check_known(names | names_in(dict(part.query)), {"station"})
        return self


class NewsRule(Part):
    """What one kind of event is to a station."""

    event: str
    """The CloudEvent's type."""
    when: Expression | None = None
    """On the event; without it every event of the type is news."""
    reply: str
    """The sentence, in the catalogue's replies."""
    values: dict[str, Expression] = Field(default_factory=dict)
    """What the sentence names, from the event. One that is absent leaves its part of the sentence out."""
    needs: Names = ()
    """Values without which there is no sentence."""
    urgency: Urgency
    audience: Annotated[Names, Field(min_length=1)]
    """`station`, `line`, or roles."""
    team: Expression | None = None
    """One more role, which the event names."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _check_known(frozenset(self.needs), set(self.values))
        return self


class StreamSpec(Part):
    """Server-sent events that carry CloudEvents. After a break the last id goes into Last-Event-ID."""

    path: Annotated[str, Field(pattern=r"^/[^{}?#]*$")]
    from_now_on: dict[str, str] = Field(default_factory=dict)
    """The query that asks for what happens from now on, where there is no id to go on from."""
    news: tuple[NewsRule, ...] = ()


class Table(Part):
    """Rows that a screen shows."""

    takes: Names = ()
    """What may be asked for; a value that is absent leaves its key out of the query."""
    path: Text
    query: dict[str, Tree] = Field(default_factory=dict)
    rows: Expression
    """Where the rows are: a list of mappings."""
    columns: Annotated[dict[str, Expression], Field(min_length=1)]
    """The names of columns that a screen knows, on a row. What is absent is left blank."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _check_known(self.path.names | names_in(dict(self.query)), set(self.takes))
        return self


TableName: TypeAlias = Literal["stations", "people", "orders", "calls", "requests", "figure", "report", "past", "chain"]


class BoardSpec(Part):
    """What a supervisor's screen shows of this MES. What is left out is not shown.

    A request or a call with the status `Open` waits; one with another status was decided or taken.
    """

    tables: dict[TableName, Table]
    event: dict[str, Expression] = Field(default_factory=dict)
    """Columns of an event of the stream, as `past` and `chain` have them."""


class ConnectorSpec(Part):
    name: str
    base_path: Annotated[str, Field(pattern=r"^(/[^{}?#]*)?$")] = ""
    auth: Literal["none", "bearer"] = "none"
    """`bearer`: the token of the settings, where there is one, goes into Authorization."""
    idempotency_header: str = "Idempotency-Key"
    on_behalf_of_header: str | None = None
    errors: ErrorMap
    operations: dict[str, Operation]
    live: LiveSpec = LiveSpec()
    stream: StreamSpec | None = None
    """Where the MES tells what happens; without it a station is told nothing by itself."""
    board: BoardSpec = BoardSpec(tables={})

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for name, operation in self.operations.items():
            if not operation.is_write and operation.idempotency == "header":
                raise ValueError(f"operation {name!r} reads, so it needs no idempotency key")
        return self


def _check_known(used: frozenset[str], known: set[str]) -> None:
    unknown = sorted(used - known)
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not known here; known are: {', '.join(sorted(known)) or 'none'}")
