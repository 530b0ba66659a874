"""What a connector file may say. An unknown key, a broken template or a broken JMESPath names file, line and key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from voicemes.connectors.auth_spec import AuthSpec, NoAuth
from voicemes.connectors.exchanges import Exchanges
from voicemes.connectors.parts import (
    Ask,
    Expression,
    Method,
    Names,
    Paging,
    Part,
    Reads,
    Text,
    Tree,
    check_known,
    to_expression,
)
from voicemes.connectors.pattern import to_pattern
from voicemes.connectors.template import names_in, parse
from voicemes.happening import Urgency

MAX_STEPS = 6
"""Requests beside the one that acts; an operator waits for all of them."""

Meaning: TypeAlias = Literal[
    "rejected", "not_found", "ambiguous", "invalid_input", "precondition_failed", "needs_confirmation",
    "conflict_stale", "duplicate", "forbidden", "unauthenticated", "rate_limited", "unavailable", "unsupported",
    "outcome_unknown", "backend_error",
]  # fmt: skip
"""What a refusing answer can mean. `rejected` leaves the code to the MES; unauthenticated is about this station, and
forbidden about the person; rate_limited and unavailable were not done and may be later; of outcome_unknown and
backend_error nobody knows.
"""


class Resolve(Part):
    """A name of people's becomes an id of the MES: of what was found exactly one must be it."""

    items: Expression
    id: Expression
    label: Expression
    """What people call it; read aloud where there are several."""
    name: str
    """The name under which the id is known afterwards."""
    what: str
    """What it is, for the sentence that says that there is none: "order"."""


class Poll(Part):
    """The answer is only that it has begun: it is asked for until it is over."""

    ask: Reads
    until: Expression
    every_s: Annotated[float, Field(gt=0, le=60)] = 0.5


class Step(Reads):
    """A request that comes before the one that acts, and is no part of what is answered."""

    when: Expression | None = None
    """On the values known so far; where it is false the step is left out."""
    resolve: Resolve | None = None
    done_when: Expression | None = None
    """On the answer: what was asked for is so already. That is success, and nothing is sent."""
    writes: bool = False
    """It changes something, as the operation does: a lost answer leaves the outcome open."""

    @property
    def gives(self) -> frozenset[str]:
        return frozenset(self.answer) | ({self.resolve.name} if self.resolve else frozenset())


class Verify(Reads):
    """A read that proves what was done, after the act, and after an act whose answer was lost."""

    proves: Expression
    """On the answer; where that is a mapping, `_` has the values that were known before: `length(result) > _.n`."""


class Operation(Reads):
    """One thing that can be asked of the MES, named like the intent it serves, or `<intent>.undo`."""

    needs: Names = ()
    """Fields without which the request makes no sense."""
    takes: Names = ()
    """Fields that may be there. A field that is named in neither is not sent."""
    steps: Annotated[tuple[Step, ...], Field(max_length=MAX_STEPS)] = ()
    """Requests that come before; what they answer can be used like a field."""
    reads: bool = False
    """A request that changes nothing, whatever its method: a PIN goes into a body, not into an address."""
    on_behalf_of: bool = True
    idempotency: Literal["header", "natural_key", "state_guard", "none"] = "none"
    """Why it may be sent again after a lost answer. `header`: the MES does a request with the same id once.
    `natural_key`: `find` sees whether it is there. `state_guard`: its steps see it (`done_when`).
    """
    find: Verify | None = None
    """Looks for what an earlier attempt may have left."""
    verify: Verify | None = None
    poll: Poll | None = None
    tells: Names = ()
    """Values of the steps that go into the answer, too."""
    partial_when: Expression | None = None
    """On the answer: only a part of it was done. The reply then says so."""
    partial: Text | None = None
    note: str = ""

    @property
    def is_write(self) -> bool:
        return not self.reads and (self.method != "GET" or self.call is not None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        known = {*self.needs, *self.takes}
        for step in self.steps:
            check_known(step.uses, known)
            said = sorted(step.gives & {*self.needs, *self.takes})
            if said:
                raise ValueError(f"a step answers {{{said[0]}}}, which was said: it must have a name of its own")
            known |= step.gives
        check_known(self.uses, known)
        for part in (self.verify, self.find, self.poll.ask if self.poll else None):
            check_known(part.uses if part is not None else frozenset(), {*known, *self.answer})
        check_known(frozenset(self.tells), known)
        if self.partial is not None:
            check_known(self.partial.names, {*known, *self.answer})
        if (self.partial is None) != (self.partial_when is None):
            raise ValueError("partial_when needs the sentence partial, and the other way round")
        if (self.idempotency == "natural_key") != (self.find is not None):
            raise ValueError("idempotency natural_key, and no other, needs find")
        if self.idempotency == "state_guard" and not any(step.done_when for step in self.steps):
            raise ValueError("idempotency state_guard needs a step with done_when")
        return self


class ErrorRule(Part):
    """What a refusing answer means. The first rule that fits counts; what is given must fit."""

    status: tuple[int, ...] = ()
    code: str | None = None
    pattern: Annotated[re.Pattern[str] | None, BeforeValidator(to_pattern)] = None
    """Searched in the reason."""
    means: Meaning
    say: str = ""
    """The sentence for the operator, where that of the MES is none for people."""


class ErrorMap(Part):
    failed_when: Expression | None = None
    """On an answer whose status says that all is well: it refuses all the same."""
    code: Expression
    """Where the body of a refusal has its code."""
    reason: Expression
    """Where it has the sentence for the operator."""
    rules: tuple[ErrorRule, ...]


class Envelope(Part):
    """Into what every call is put: `{_call}` and `{_args}` stand for it."""

    method: Method = "POST"
    path: Text
    headers: dict[str, Text] = Field(default_factory=dict)
    body: Tree

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        check_known(self.path.names | names_in(self.body) | names_in(dict(self.headers)), {"_call", "_args"})
        return self


class Limits(Part):
    """What this MES can stand."""

    per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Requests; more of them wait."""
    connections: Annotated[int, Field(gt=0, le=50)] = 8
    max_answer_kb: Annotated[int, Field(gt=0, le=20_000)] = 1_000


class List(Ask):
    """A list that feeds the recogniser or a check."""

    paging: Paging | None = None
    every_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """How old it may be; what hardly changes needs no look every few seconds."""
    items: Expression


class Listing(List):
    """Where the things of one slot type are listed."""

    id: Expression
    aliases: Expression | None = None


class Facts(List):
    """What is known of the things of one slot type: what is said is held against it."""

    id: Expression
    values: Annotated[dict[str, Expression], Field(min_length=1)]
    steady: Names = ()
    """Of the values, those that must not have changed when a command that had to wait is sent."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        check_known(frozenset(self.steady), set(self.values))
        return self


class People(List):
    """Where it says what people may do."""

    id: Expression
    roles: Expression
    """A list of roles, qualifications and teams; the word `team` is for everybody who is in one."""


class Current(Ask):
    """What stands for a slot that was not said: a text, or a part of something that is read."""

    value: str
    """With a request a JMESPath on its answer, else a template."""

    @property
    def is_read(self) -> bool:
        return self.path is not None or self.call is not None

    def _must_ask(self) -> bool:
        return self.is_read

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.is_read:
            to_expression(self.value)
        else:
            check_known(parse(self.value).names, {"station"})
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
            check_known(part.uses, {"station"})
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
        check_known(frozenset(self.needs), set(self.values))
        return self


class StreamSpec(Part):
    """Server-sent events that carry CloudEvents. After a break the last id goes into Last-Event-ID."""

    path: Annotated[str, Field(pattern=r"^/[^{}?#]*$")]
    from_now_on: dict[str, str] = Field(default_factory=dict)
    """The query that asks for what happens from now on, where there is no id to go on from."""
    news: tuple[NewsRule, ...] = ()


class Table(Ask):
    """Rows that a screen shows."""

    takes: Names = ()
    """What may be asked for; a value that is absent leaves its key out of the query."""
    rows: Expression
    """Where the rows are: a list of mappings."""
    columns: Annotated[dict[str, Expression], Field(min_length=1)]
    """The names of columns that a screen knows, on a row. What is absent is left blank."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        check_known(self.uses, set(self.takes))
        return self


TableName: TypeAlias = Literal[
    "stations", "people", "orders", "calls", "requests", "figure", "figures", "report", "past", "chain"
]
"""Key figures are read one by one, or, where a MES can tell those of all lines at once, as `figures`."""


class BoardSpec(Part):
    """What a supervisor's screen shows of this MES. What is left out is not shown.

    A request or a call with the status `Open` waits; one with another status was decided or taken.
    """

    tables: dict[TableName, Table]
    event: dict[str, Expression] = Field(default_factory=dict)
    """Columns of an event of the stream, as `past` and `chain` have them."""


def _to_auth(value: Any) -> Any:
    """`auth: bearer` is short for a part with that kind."""
    return {"kind": value} if isinstance(value, str) else value


class ConnectorSpec(Part):
    name: str
    about: str = ""
    """Which MES, which version, and what was looked at when this was written."""
    base_path: Annotated[str, Field(pattern=r"^(/([^/\\{}?#][^{}?#]*)?)?$")] = ""
    """With one slash in front: two would name another host."""
    auth: Annotated[AuthSpec, BeforeValidator(_to_auth)] = NoAuth(kind="none")
    signer: str = ""
    """A hook that signs requests, by its name among the entry points `voicemes.signers`."""
    idempotency_header: str = "Idempotency-Key"
    on_behalf_of_header: str | None = None
    limits: Limits = Limits()
    envelope: Envelope | None = None
    paging: Paging | None = None
    """Of every list that has none of its own."""
    maps: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Our word -> that of the MES."""
    errors: ErrorMap
    operations: dict[str, Operation]
    cannot: dict[str, str] = Field(default_factory=dict)
    """Operation -> the sentence that says why this MES cannot do it."""
    live: LiveSpec = LiveSpec()
    stream: StreamSpec | None = None
    """Where the MES tells what happens; without it a station is told nothing by itself."""
    board: BoardSpec = BoardSpec(tables={})
    exchanges: Exchanges | None = None
    """Questions and answers that prove this file: `voicemes connector check`."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for name, operation in self.operations.items():
            if not operation.is_write and operation.idempotency == "header":
                raise ValueError(f"operation {name!r} reads, so it needs no idempotency key")
        both = sorted(self.operations.keys() & self.cannot.keys())
        if both:
            raise ValueError(f"{both[0]!r} stands in operations and in cannot")
        asks = list(self._asks())
        for part in asks:
            paging = (part.paging or self.paging) if isinstance(part, List) else None
            if paging is not None and paging.is_by_number and not part.names & {"_offset", "_page"}:
                raise ValueError("a list has pages, but its request names neither {_offset} nor {_page}")
        if self.envelope is None and any(ask.call is not None for ask in asks):
            raise ValueError("there is a call, but no envelope")
        used = frozenset().union(*(ask.lookups for ask in asks))
        used |= {name for ask in asks if isinstance(ask, Reads) for name in ask.translate.values()}
        unknown = sorted(used - self.maps.keys())
        if unknown:
            raise ValueError(f"there is no map {unknown[0]!r}")
        return self

    def _asks(self) -> list[Ask]:
        """Every request that this file can make, but for the login."""
        parts: list[Ask | None] = [*self.live.references.values(), *self.live.current.values(), self.live.people]
        parts += [*self.live.facts.values(), *self.board.tables.values()]
        for operation in self.operations.values():
            parts += [operation, *operation.steps, operation.find, operation.verify]
            parts += [operation.poll.ask] if operation.poll else []
        return [part for part in parts if part is not None]
