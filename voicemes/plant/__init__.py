"""The reference MES: a separate server that voicemes reaches over HTTP only.

It holds the reference plant (`seed.yaml`) in SQLite and answers in the words of ISA-95, ISO 22400 and SEMI E10.
A request goes server -> routes -> calls (once per idempotency key, one transaction) -> job_orders, quality, floor.
"""
