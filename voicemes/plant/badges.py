"""Who is who: badge numbers, and PINs of which only salted hashes are kept, in a file of their own.

They are no event and no table: whoever may read the plant's history learns nothing of them. After a few wrong PINs a
badge is locked for a while, whoever asks.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from voicemes.errors import ConfigError
from voicemes.plant.problems import Code, Problem

FILE = Path(__file__).with_name("badges.yaml")
COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""Of scrypt: 16 MiB and some 50 ms for each try, as RFC 7914 has it for what people wait for."""
MAX_WRONG, LOCKED_S = 5, 60.0
MAX_FILE_BYTES = 1_000_000
UNKNOWN = "Badge and PIN do not fit together."
LOCKED = "This badge is locked for a minute, there were too many wrong PINs."


@dataclass(frozen=True, slots=True)
class Badge:
    person: str
    salt: bytes
    digest: bytes


NOBODY = Badge("", b"nobody has this salt", b"")
"""Checked for badges that do not exist, so that they take as long."""


@dataclass(slots=True)
class Badges:
    known: dict[str, Badge]
    now_s: Callable[[], float] = time.monotonic
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Badge -> wrong PINs in a row, and when the last one was."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def person(self, badge: str, pin: str) -> str:
        """Whose badge it is. Raises Problem where the PIN is another, or was too often."""
        with self._turn:
            n_wrong, last_s = self._wrong.get(badge, (0, 0.0))
            if n_wrong >= MAX_WRONG and self.now_s() - last_s < LOCKED_S:
                raise Problem(Code.IDENTITY_REFUSED, LOCKED)
            found = self.known.get(badge, NOBODY)
            if hmac.compare_digest(digest_of(pin, found.salt), found.digest):
                self._wrong.pop(badge, None)
                return found.person
            if badge in self.known:  # of the others there are too many to remember
                self._wrong[badge] = (n_wrong % MAX_WRONG + 1, self.now_s())
            raise Problem(Code.IDENTITY_REFUSED, UNKNOWN)


def digest_of(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **COST)


def entry(badge: str, person: str, pin: str) -> str:
    """A line for the file."""
    salt = os.urandom(16)
    return f'- {{badge: "{badge}", person: {person}, salt: {salt.hex()}, digest: {digest_of(pin, salt).hex()}}}'


def read_badges(file: Path = FILE) -> Badges:
    """Raises ConfigError that names the file and the entry."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 1 MB; this is no file of badges.", file=file)
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    if not isinstance(entries, list):
        raise ConfigError("is not a list of badges.", file=file)
    known: dict[str, Badge] = {}
    for number, one in enumerate(entries, start=1):
        try:
            badge = Badge(str(one["person"]), bytes.fromhex(str(one["salt"])), bytes.fromhex(str(one["digest"])))
            name = str(one["badge"])
        except (TypeError, KeyError, ValueError) as error:
            why = "needs badge, person, salt and digest; `voicemes plant badge` writes one."
            raise ConfigError(f"entry {number} {why}", file=file) from error
        if name in known:
            raise ConfigError(f"has the badge {name} twice.", file=file)
        known[name] = badge
    return Badges(known)
