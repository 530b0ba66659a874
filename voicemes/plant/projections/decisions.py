"""What was decided by a rule: any event may carry its decision, with the inputs, so that "why?" has an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def apply(tables: Writer, event: Event) -> None:
    """`decision` has rule, inputs, outcome and reason."""
    about = {"id": event.sequence, "type": event.type, "subject": event.subject, "line": event.line}
    tables.insert("decision", {**about, **event.data["decision"], "time": event.time})
