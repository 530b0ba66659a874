"""Nonconformances and test results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _opened(tables: Writer, event: Event) -> None:
    about = {"id": int(event.data["nonconformance"]), "status": "Open", "operator": event.operator, "time": event.time}
    names = ("defect", "serial", "component", "equipment")
    tables.insert("nonconformance", {**about, **{name: event.data[name] for name in names}})


def _dispositioned(tables: Writer, event: Event) -> None:
    number, disposition = int(event.data["nonconformance"]), event.data["disposition"]
    tables.run("UPDATE nonconformance SET disposition = ? WHERE id = ?", disposition, number)


def _closed(tables: Writer, event: Event) -> None:
    number = int(event.data["nonconformance"])
    tables.run("UPDATE nonconformance SET status = 'Closed', closed = ? WHERE id = ?", event.time, number)


def _tested(tables: Writer, event: Event) -> None:
    about = {"id": int(event.data["test_result"]), "operator": event.operator, "time": event.time}
    names = ("characteristic", "value", "unit", "serial", "equipment", "result")
    tables.insert("test_result", {**about, **{name: event.data[name] for name in names}})


def _limits_changed(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run(
        "UPDATE test_specification SET lower = ?, upper = ? WHERE characteristic = ?",
        *(data["lower"], data["upper"], data["characteristic"]),
    )


APPLY = {
    "mes.nonconformance.opened": _opened,
    "mes.nonconformance.dispositioned": _dispositioned,
    "mes.nonconformance.closed": _closed,
    "mes.test-result.recorded": _tested,
    "mes.test-specification.changed": _limits_changed,
}
