"""How each event changes the views. The only code that writes a view, and it depends on nothing but the event and
the views before it, so that the same events always make the same views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from voicemes.plant.projections import (
    alerts,
    change_requests,
    decisions,
    downtime,
    equipment,
    job_orders,
    kpis,
    labor,
    materials,
    quality,
    requests,
    robots,
    seed,
    telemetry,
    units,
)

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event

Apply: TypeAlias = Callable[["Writer", "Event"], None]

AGGREGATES: tuple[Mapping[str, Apply], ...] = (
    kpis.APPLY,  # first: it counts the time in the state that ends
    seed.APPLY,
    job_orders.APPLY,
    equipment.APPLY,
    downtime.APPLY,
    quality.APPLY,
    materials.APPLY,
    units.APPLY,
    alerts.APPLY,
    requests.APPLY,
    change_requests.APPLY,
    labor.APPLY,
    telemetry.APPLY,
    robots.APPLY,
)


def apply(tables: Writer, event: Event) -> None:
    """Brings every view up to this event."""
    for aggregate in AGGREGATES:
        handler = aggregate.get(event.type)
        if handler is not None:
            handler(tables, event)
    if "decision" in event.data:
        decisions.apply(tables, event)


def known_types() -> frozenset[str]:
    """Events that change a view; others are kept, shown, and change nothing."""
    return frozenset(name for aggregate in AGGREGATES for name in aggregate)
