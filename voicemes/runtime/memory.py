"""How much memory this process has."""

from __future__ import annotations

import os
from pathlib import Path


def resident_bytes() -> int:
    """Memory of this process now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
