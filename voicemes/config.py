"""Settings: one TOML file, then the environment. The only reader of both.

Environment variables are VOICEMES_<SECTION>__<KEY>, for example VOICEMES_MES__URL. An unknown key, in the file or in
the environment, is an error that names it.
"""

from __future__ import annotations

import hashlib
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
    name: str = ""
    """Which MES this is, whatever its address: what waits for one never goes to another. Empty: its address."""
    connector: str = "reference"
    """A connector file that ships with voicemes, or the path of one's own."""
    token_file: Path | None = None
    ca_file: Path | None = None
    """Certificates of the plant's own authority (PEM), for https."""
    proxy: str = ""
    """Such as http://proxy:3128. None is taken from the environment."""
    timeout_s: float = Field(default=3.0, gt=0, le=60)
    """Operators find 1.5 s fine and 4 s broken; past this the answer is "unknown" or "not done"."""
    refresh_s: float = Field(default=10.0, gt=0)
    """How old the snapshot of orders, lots and equipment may be."""


class OutboxSettings(Section):
    folder: Path | None = None
    """Where what was confirmed waits for the MES; none means the user's state folder."""
    keep_h: float = Field(default=72.0, gt=0, le=10_000)
    """So long something waits to be sent, where its intent does not say less; then a person decides."""


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
    keep_h: float = Field(default=0.0, ge=0, le=10_000)
    """What was heard is kept so long, as WAV files, to find out why it was misheard; 0 keeps nothing. It has voices of
    whoever was near in it: ask them.
    """


class AsrSettings(Section):
    engine: str = "pocketsphinx"
    deadline_s: float = Field(default=5.0, gt=0)
    accept_read: float = Field(default=0.5, ge=0, le=1)
    """Least confidence at which a query is answered."""
    accept_write: float = Field(default=0.75, ge=0, le=1)
    """Least confidence at which an action is prepared."""
    write_above_db: float = Field(default=6.0, ge=0, le=40)
    """Where speech stands out of the noise by less, nothing is written by voice, and that is said."""
    second: str = "none"
    """Looks again at what was refused, or would be written in doubt: "faster_whisper", or "ngram", which needs no model
    file. What it finds is read back."""
    second_model: Path | None = None
    """The folder of a Whisper model."""
    second_s: float = Field(default=3.0, gt=0, le=30)
    """The longest that it may take."""
    context_s: float = Field(default=30.0, ge=1, le=30)
    """To which Whisper fills up what it hears: less is quicker, and may lose words."""


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
    model: Path | None = None
    """The voice file of an engine that needs one: for "piper", an .onnx with its .onnx.json beside it."""
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
    personal: bool = False
    """People stand in traces by their names, and what was dictated by its words. Off, a trace has "person one" and a
    mask, and runs again all the same."""


class CatalogSettings(Section):
    intents: Path | None = None
    """Folder of intent files; none means the ones that ship with voicemes."""
    lexicon: tuple[Path, ...] = ()
    """More pronunciations, before those that ship with voicemes."""


class Settings(Section):
    station: StationSettings = StationSettings()
    mes: MesSettings = MesSettings()
    outbox: OutboxSettings = OutboxSettings()
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
    def audio_folder(self) -> Path:
        """Of this station alone, as its outbox."""
        return Path(platformdirs.user_state_dir("voicemes")) / "audio" / self._station

    @property
    def voices_dir(self) -> Path:
        """Of everybody who enrolled at this machine."""
        return Path(platformdirs.user_state_dir("voicemes")) / "voices"

    @property
    def outbox_file(self) -> Path:
        """Of this station and this MES alone."""
        folder = self.outbox.folder or Path(platformdirs.user_state_dir("voicemes")) / "outbox"
        which = hashlib.sha256((self.mes.name or self.mes.url.rstrip("/")).encode()).hexdigest()[:8]
        return folder / f"{self._station}-{which}.sqlite"

    @property
    def _station(self) -> str:
        """Its name as that of a file."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.station.name)

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
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", file=file) from error
    except (OSError, ValueError, RecursionError) as error:  # a number of 5,000 digits, or lists within lists
        raise ConfigError(f"cannot be read: {error}", file=file) from error


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Puts VOICEMES_SECTION__KEY over the file's values; returns which key came from which variable."""
    origin: dict[str, str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX):
            continue
        section, underscores, key = variable.removeprefix(PREFIX).lower().partition("__")
        if not underscores:
            raise ConfigError(f"is no setting. Write {PREFIX}<SECTION>__<KEY>, with two underscores.", key=variable)
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


def read_secret(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The secret `name` of a connector: an environment variable, or the file that the variable NAME_FILE names.

    Raises ConfigError where there is none, or where others may read the file.
    """
    environ = os.environ if environ is None else environ
    if environ.get(name):
        return environ[name]
    place = environ.get(f"{name}_FILE")
    if not place:
        raise ConfigError(f"is not set. Set it, or {name}_FILE to a file that only voicemes can read.", key=name)
    return read_secret_file(Path(place), f"{name}_FILE")


def read_secret_file(file: Path, key: str) -> str:
    """The first line that is not empty and no comment. Raises ConfigError, also where others may read it."""
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError("may be read by others. Make it private: chmod 600.", file=file, key=key)
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file, key=key) from error
    secret = next((line for line in lines if line and not line.startswith("#")), "")
    if not secret:
        raise ConfigError("has no token in it.", file=file, key=key)
    return secret
