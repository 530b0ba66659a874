"""One open transaction: a command checks the rules and emits events; projections apply them at once.

A command never writes a table: `Change` lets it read, and emit. So state and events cannot disagree.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from voicemes.plant import event_store, projections
from voicemes.plant.database import Tables, Writer, stamp
from voicemes.plant.event_store import ActorType, Event
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

ROLES = ("operator", "line-lead", "quality", "engineer", "planner", "supervisor")
SAME_ROLE = {"process-engineer": "engineer", "line lead": "line-lead"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person by name, or a machine, a robot or the plant's own planning (an agent)."""

    operator: str | None = None
    kind: ActorType = "human"
    role: str | None = None
    """What the caller's token allows at most; None sets no bound."""


SYSTEM = Actor(kind="remotesystem")


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided without a person: by which rule and from what, so that "why?" has an answer."""

    rule: str
    inputs: Mapping[str, Any]
    outcome: str
    reason: str

    def data(self) -> dict[str, Any]:
        return asdict(self)


class Change(Tables):
    """What a command works with."""

    def __init__(
        self,
        writer: Writer,
        now: datetime,
        actor: Actor = SYSTEM,
        *,
        decision: Decision | None = None,
        **about: str | None,
    ) -> None:
        """`about` may have `key`, the idempotency key, and `cause`, the id of the event that led to this.

        The first event carries the decision.
        """
        super().__init__(writer._connection)  # noqa: SLF001 - the same transaction, without its writing
        self._writer, self._key, self._cause = writer, about.get("key"), about.get("cause")
        self.now, self.time, self.actor = now, stamp(now), actor
        self._correlation, self._decision = self._find_correlation(), decision
        self.events: list[Event] = []
        """What was emitted so far."""

    @property
    def operator(self) -> str | None:
        return self.actor.operator

    def emit(self, event_type: str, subject: str, data: Mapping[str, Any], equipment: str | None = None) -> Event:
        """Appends one event and applies it. Later events of the same command are caused by its first one."""
        sequence = event_store.head(self)[0] + 1
        why = {"decision": self._decision.data()} if self._decision else {}
        line = self.value("SELECT line FROM equipment WHERE id = ?", equipment) if equipment else data.get("line")
        actor_type: ActorType = self.actor.kind if self.actor.operator or self.actor.kind != "human" else "remotesystem"
        event = Event(
            *(sequence, event_type, self.time, subject, line, equipment, self.operator, actor_type),
            *(self._correlation or str(sequence), self._cause, self._key, {**data, **why}),
        )
        event = event_store.append(self._writer, event)
        projections.apply(self._writer, event)
        self.events.append(event)
        self._decision = None
        if len(self.events) == 1:
            self._correlation, self._cause = event.correlationid, str(sequence)
        return event

    @contextmanager
    def because(self, event: Event) -> Iterator[None]:
        """What is emitted in this block was caused by `event`, not by the first event of the command."""
        before, self._cause = self._cause, str(event.sequence)
        try:
            yield
        finally:
            self._cause = before

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is emitted in this block stands for itself: no other event of the command is its cause."""
        before = self._cause, self._correlation
        try:
            yield
        finally:
            self._cause, self._correlation = before

    def next_id(self, table: str) -> int:
        """The number that the next record of a counted resource gets."""
        return int(self.value(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))  # noqa: S608 - our own table names

    def require(self, *roles: str) -> None:
        """Refuses who has none of the roles. Anyone is an operator; a supervisor may do everything."""
        allowed = {*roles, "supervisor"}
        token = {self.actor.role} if self.actor.role else set()
        bounds = [held for held in (self._roles_of_operator(), token) if held]
        if "operator" in roles or all({SAME_ROLE.get(role, role) for role in held} & allowed for held in bounds):
            return
        needed = " or ".join(role.replace("-", " ") for role in roles)
        raise Problem(Code.ROLE_REQUIRED, f"Only a {needed} may do this.")

    def _roles_of_operator(self) -> set[str]:
        """The role of the person who acts, and what they are qualified for; empty for nobody that is known."""
        person = self.one("SELECT role, qualifications FROM person WHERE id = ?", self.operator)
        return {person["role"], *person["qualifications"]} if person else set()

    def _find_correlation(self) -> str | None:
        if self._cause is None:
            return None
        found = self.value("SELECT correlationid FROM event WHERE sequence = ?", self._cause)
        if found is None:
            raise Problem(Code.NOT_FOUND, f"There is no event {self._cause} in the MES.")
        return str(found)
