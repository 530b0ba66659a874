"""Job orders: their status, their place in the sequence, and what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _changed(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run(
        "UPDATE job_order SET status = ?, equipment = ?, reason = ? WHERE id = ?",
        *(data["status"], data["equipment"], data.get("reason"), data["job"]),
    )


def _started(tables: Writer, event: Event) -> None:
    _changed(tables, event)
    tables.run("UPDATE job_order SET started = ? WHERE id = ?", event.time, event.data["job"])


def _ended(tables: Writer, event: Event) -> None:
    _changed(tables, event)
    tables.run("UPDATE job_order SET ended = ? WHERE id = ?", event.time, event.data["job"])


def _dispatched(tables: Writer, event: Event) -> None:
    """A new order, or one whose start was taken back."""
    data = event.data
    if "work_master" not in data:
        _changed(tables, event)
        tables.run("UPDATE job_order SET started = NULL WHERE id = ?", data["job"])
        return
    names = ("work_master", "equipment", "status", "position", "quantity", "work_request")
    tables.insert("job_order", {"id": data["job"], **{name: data[name] for name in names}})


def _plan_changed(tables: Writer, event: Event) -> None:
    """`jobs` has the new position or quantity of each order that changes."""
    for job, change in event.data.get("jobs", {}).items():
        tables.run(
            "UPDATE job_order SET position = coalesce(?, position), quantity = coalesce(?, quantity) WHERE id = ?",
            *(change.get("position"), change.get("quantity"), job),
        )


def _reported(tables: Writer, event: Event) -> None:
    data = event.data
    names = ("job", "good", "scrap", "rework", "defect", "serial")
    about = {"id": int(data["material_actual"]), "operator": event.operator, "time": event.time}
    tables.insert("material_actual", {**about, **{name: data[name] for name in names}})
    tables.run(
        "UPDATE job_order SET good = good + ?, scrap = scrap + ?, rework = rework + ? WHERE id = ?",
        *(data["good"], data["scrap"], data["rework"], data["job"]),
    )


def _requested(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["work_request"]), "operator": event.operator, "time": event.time, "status": "Planned"}
    tables.insert("work_request", {**about, **{name: data[name] for name in ("product", "quantity", "period")}})


APPLY = {
    "mes.job-order.dispatched": _dispatched,
    "mes.job-order.started": _started,
    "mes.job-order.paused": _changed,
    "mes.job-order.resumed": _changed,
    "mes.job-order.held": _changed,
    "mes.job-order.completed": _ended,
    "mes.job-order.aborted": _ended,
    "mes.plan.changed": _plan_changed,
    "mes.quantity.reported": _reported,
    "mes.work-request.received": _requested,
}
