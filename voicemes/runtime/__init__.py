"""Async: owns tasks, threads, wiring and time. `session.open_session` is where everything is put together."""
