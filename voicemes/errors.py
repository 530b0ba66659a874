"""Everything that can go wrong.

VoicemesError
  ConfigError             names file and key
  CatalogError            names file, line and intent
    TemplateError         also names the column
  AudioError              a file or a stream that cannot be used
    DeviceMissing         there is no such sound device
    DeviceFailed          it was there and stopped
  EngineError
    EngineMissing         a library, model or voice is not installed: says what to install
    EngineFailed          it was given work and broke
    EngineStalled         it did not answer within its deadline
  MesError
    MesUnreachable        not sent: nothing was changed
    MesUncertain          sent, no answer: repeat with the same id if that is safe, else look, else ask a person
    MesBusy               not done, try again after `retry_after_s`
    MesDenied             not allowed, now and later
    MesProtocolError      an answer that makes no sense
  OutboxError             nothing was recorded, and the operator must hear that
  TraceError              a trace that cannot be read or does not fit

Silence, no match, ambiguity, "cancel" and a MES that says no are values (see model.py), not errors.
Each class names the reply that the operator hears (`reply`) and the exit code of a command that ends with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class VoicemesError(Exception):
    """Root of the tree. The message is one sentence, or two: what is wrong, and what to do."""

    reply: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1


class ConfigError(VoicemesError):
    exit_code = 2

    def __init__(
        self, message: str, *, file: Path | str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        self.file, self.line, self.key = file, line, key
        where = f"{file or ''}{f':{line}' if line else ''}"
        place = ", ".join(part for part in (where, f"key '{key}'" if key else "") if part)
        super().__init__(f"{place}: {message}" if place else message)


class CatalogError(VoicemesError):
    exit_code = 2

    def __init__(
        self, message: str, *, file: Path | str | None = None, line: int | None = None, intent: str | None = None
    ) -> None:
        self.file, self.line, self.intent = file, line, intent
        place = f"{file or '<catalogue>'}{f':{line}' if line else ''}"
        super().__init__(f"{place}: {f'intent {intent}: ' if intent else ''}{message}")


class TemplateError(CatalogError):
    def __init__(
        self,
        message: str,
        *,
        column: int,
        file: Path | str | None = None,
        line: int | None = None,
        intent: str | None = None,
    ) -> None:
        self.column = column
        super().__init__(f"column {column}: {message}", file=file, line=line, intent=intent)


class AudioError(VoicemesError):
    reply = "audio_failed"
    exit_code = 3


class DeviceMissing(AudioError):
    pass


class DeviceFailed(AudioError):
    pass


class EngineError(VoicemesError):
    exit_code = 4


class EngineMissing(EngineError):
    def __init__(self, what: str, *, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what} is missing. {install}")


class EngineFailed(EngineError):
    pass


class EngineStalled(EngineError):
    pass


class MesError(VoicemesError):
    reply = "mes_unreachable"
    exit_code = 5


class MesUnreachable(MesError):
    pass


class MesUncertain(MesError):
    reply = "mes_unknown"

    def __init__(self, message: str, *, can_ask_again: bool = True) -> None:
        self.can_ask_again = can_ask_again
        """False where neither a repetition is safe nor a look can tell: only a person can."""
        super().__init__(message)


class MesBusy(MesError):
    def __init__(self, message: str, *, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class MesDenied(MesError):
    reply = "mes_denied"


class MesProtocolError(MesError):
    reply = "mes_unknown"


class OutboxError(VoicemesError):
    reply = "not_saved"
    exit_code = 6


class TraceError(VoicemesError):
    exit_code = 2
