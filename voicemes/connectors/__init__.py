"""Talking to a MES: a YAML file describes it, `declarative.py` interprets the file over HTTP.

`open_connector(settings)` is the way in, and `open_board(settings)` for a screen.
Another MES is another YAML file; see `spec.py` for what it may say.
"""

from __future__ import annotations

from voicemes.connectors.load import open_board, open_connector

__all__ = ["open_board", "open_connector"]
