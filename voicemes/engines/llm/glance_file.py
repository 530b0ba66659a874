"""The file of the second reader, beside the model that it was trained with."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from voicemes.errors import EngineFailed
from voicemes.nlu.glance import Glance

SUFFIX = ".glance.npz"
MAX_FILE_BYTES = 50_000_000


def beside(model: Path) -> Path:
    return model.with_name(model.stem + SUFFIX)


def save(glance: Glance, file: Path) -> None:
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        names, scale = np.array(glance.names), np.float32(glance.scale)
        np.savez_compressed(
            stream, names=names, table=glance.table, scale=scale, weights=glance.weights, bias=glance.bias
        )
    part.replace(file)


def load(file: Path) -> Glance:
    """Raises EngineFailed for a file that is none."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise EngineFailed(f"{file} is too large to be a second reader.")
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            table, weights, bias = found["table"], found["weights"], found["bias"]
            names, scale = tuple(str(name) for name in found["names"]), float(found["scale"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as exc:
        raise EngineFailed(f"{file} cannot be read as a second reader: {exc}. Train or fetch the model again.") from exc
    fits = table.ndim == 2 and table.dtype == np.int8 and weights.shape == (table.shape[1], len(names))
    if not fits or bias.shape != (len(names),) or not len(table):
        raise EngineFailed(f"{file} is no second reader: its tables do not fit together. Train the model again.")
    return Glance(names, table, scale, weights.astype(np.float32), bias.astype(np.float32))
