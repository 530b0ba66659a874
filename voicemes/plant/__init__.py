"""The reference MES: a separate server that voicemes reaches over HTTP only.

Every fact is an event (`event_store.py`); every other table is a view of the events (`projections/`, one file for each
aggregate), which `rebuild.py` makes again. The first event is the reference plant as `seed.yaml` has it.

A request goes http/commands.py -> http/calls.py (once per idempotency key, one transaction) -> commands/ (checks the
rules, emits events through `Change`) -> projections/ (apply them in the same transaction). Questions go http/routes.py
-> queries/. In process, `plant.Plant.change(actor, cause=...)` is the door: the simulation and the tests use it.
"""
