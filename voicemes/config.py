"""Settings: one TOML file, then the environment. The only reader of both.

Environment variables are VOICEMES_<SECTION>__<KEY>, for example VOICEMES_MES__URL. An unknown key, in the file or in
the environment, is an error that names it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicemes.errors import ConfigError

PREFIX = "VOICEMES_"
MAX_FILE_BYTES = 1_000_000
PACKAGE = Path(__file__).resolve().parent


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StationSettings(Section):
    name: str = "SPP-1"
    """The equipment at which this station stands: it says which order "the order" is."""
    line: str = "LINE-1"
    operator: str = "Ana"
    """Who is clocked on here; empty means nobody, who may only ask."""
    role: str = "operator"
    """Of the operator, where the MES knows none; and whose news is told here: operator, supervisor, or a team."""
    second_person: bool = True
    """What another's role is needed for is listened for, too, and confirmed by their badge and PIN. Off, the grammar is
    smaller, but "hold order 4711" may be heard as "pause order 4711", which the operator may do.
    """
    session_min: float = Field(default=30.0, gt=0, le=1440)
    """So long after the last turn, who showed a badge is gone: the station is its own operator's again, or nobody's."""
    check_digits: str = Field(default="", pattern=r"^[0-9]{0,4}$")
    """Written at the station, and asked for before what touches others; without them the last digits of what it is
    about are asked for.
    """
    language: Literal["en"] = "en"
    shared: Literal["words", "figures", "nothing"] = "figures"
    """What supervisors see of this station while it is worked at: also what was said (ask those who work there),
    only how well it is understood, or nothing."""


class MesSettings(Section):
    url: str = "http://127.0.0.1:8800"
    connector: str = "reference"
    """A connector file that ships with voicemes, or the path of one's own."""
    token_file: Path | None = None
    timeout_s: float = Field(default=3.0, gt=0, le=60)
    """Operators find 1.5 s fine and 4 s broken; past this the answer is "unknown" or "not done"."""
    refresh_s: float = Field(default=10.0, gt=0)
    """How old the snapshot of orders, lots and equipment may be."""


class AudioSettings(Section):
    input: str = ""
    """Part of the name of the microphone, or its number; empty takes the system's default."""
    output: str = ""
    ring_s: float = Field(default=8.0, gt=0, le=60)
    """Microphone audio kept while nobody takes it; then the oldest is dropped and counted."""
    listen: Literal["open", "push", "wake"] = "open"
    """Always; for one utterance after a push of a key or headset button; or from the wake phrase until it is quiet."""
    wake_s: float = Field(default=20.0, gt=0, le=3600)
    """How long it stays awake when nobody says anything."""
    half_duplex: bool = False
    """Hear nothing while we speak: for loudspeakers without echo cancellation. Nobody can interrupt then."""
    barge_in: bool = True
    """Speaking over an answer stops it. Off for loudspeakers that the microphone hears."""


class AsrSettings(Section):
    engine: str = "pocketsphinx"
    deadline_s: float = Field(default=5.0, gt=0)
    accept_read: float = Field(default=0.5, ge=0, le=1)
    """Least confidence at which a query is answered."""
    accept_write: float = Field(default=0.6, ge=0, le=1)
    """Least confidence at which an action is prepared."""


class LlmSettings(Section):
    engine: str = "llama_cpp"
    """"none" does without a language model."""
    model: Path | None = None
    """A GGUF file; none means the small one that ships with voicemes."""
    threads: int = Field(default=1, ge=1, le=64)
    deadline_s: float = Field(default=2.0, gt=0)
    read: float = Field(default=0.35, ge=0, le=1)
    """Least confidence at which its reading of a question is answered."""
    write: float = Field(default=0.6, ge=0, le=1)
    """Least confidence at which its reading of an action is read back."""
    asked: float = Field(default=0.3, ge=0, le=1)
    """Least confidence at which it becomes a question."""


class TtsSettings(Section):
    engine: str = "espeak_ng"
    voice: str = "en-us"
    rate_wpm: int = Field(default=165, ge=80, le=400)
    volume: float = Field(default=1.0, ge=0, le=2)


class NewsSettings(Section):
    listen: bool = True
    """Follow the MES's stream of events, where it has one."""
    muted: bool = False
    """Only show what happens."""


class TraceSettings(Section):
    folder: Path | None = None
    """Where run and demo leave traces; none means the user's state folder."""


class CatalogSettings(Section):
    intents: Path | None = None
    """Folder of intent files; none means the ones that ship with voicemes."""
    lexicon: tuple[Path, ...] = ()
    """More pronunciations, before those that ship with voicemes."""


class Settings(Section):
    station: StationSettings = StationSettings()
    mes: MesSettings = MesSettings()
    audio: AudioSettings = AudioSettings()
    asr: AsrSettings = AsrSettings()
    llm: LlmSettings = LlmSettings()
    tts: TtsSettings = TtsSettings()
    news: NewsSettings = NewsSettings()
    trace: TraceSettings = TraceSettings()
    catalog: CatalogSettings = CatalogSettings()

    @property
    def intents_dir(self) -> Path:
        return self.catalog.intents or shipped("intents")

    @property
    def lexicon_files(self) -> tuple[Path, ...]:
        return (*self.catalog.lexicon, shipped("grammars") / "lexicon.dict")

    @property
    def trace_folder(self) -> Path:
        return self.trace.folder or Path(platformdirs.user_state_dir("voicemes")) / "traces"

    @property
    def cache_dir(self) -> Path:
        return Path(platformdirs.user_cache_dir("voicemes"))


def shipped(name: str) -> Path:
    """A data folder of the product: beside the package in a checkout, inside it in an installed wheel."""
    inside = PACKAGE / "data" / name
    return inside if inside.exists() else PACKAGE.parent / name


def default_file() -> Path:
    return Path(platformdirs.user_config_dir("voicemes")) / "voicemes.toml"


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Reads `file` (or the default one, where it exists) and the environment. Raises ConfigError."""
    environ = os.environ if environ is None else environ
    source = file or (default_file() if default_file().exists() else None)
    data = _read_toml(source) if source else {}
    origin = _overlay(data, environ)
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = origin.get(key) or source or "settings"
        raise ConfigError(_sentence(first, key), file=where, key=key) from error


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 1 MB; this is not a settings file.", file=file)
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("does not exist. Leave out --config to run with the defaults.", file=file) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", file=file) from error


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Puts VOICEMES_SECTION__KEY over the file's values; returns which key came from which variable."""
    origin: dict[str, str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX):
            continue
        if "__" not in variable:
            raise ConfigError(f"is no setting. Write {PREFIX}<SECTION>__<KEY>, with two underscores.", key=variable)
        section, key = variable.removeprefix(PREFIX).lower().split("__", maxsplit=1)
        table = data.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = text
        origin[f"{section}.{key}"] = variable
        origin.setdefault(section, variable)
    return origin


def _sentence(problem: Any, key: str) -> str:
    if problem["type"] == "extra_forbidden":
        known = Settings.model_fields
        section = key.split(".", maxsplit=1)[0]
        if section in known and "." in key:
            fields = getattr(Settings(), section).__class__.model_fields
            return f"is not a setting. Known in [{section}]: {', '.join(fields)}."
        return f"is not a section. Known: {', '.join(known)}."
    return f"{problem['msg']} (got {problem.get('input')!r})."
