"""Settings files and variables with anything in them: settings that can be used, or one sentence.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fuzzing import TEXTS, patient, some, spoiled_text, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.config import Settings, load_settings, read_secret
from voicemes.connectors import open_connector
from voicemes.errors import ConfigError, VoicemesError
from voicemes.runtime.wiring import build_catalog

pytestmark = patient
WHOLE = """
[station]
name = "SPP-1"
line = "LINE-1"
operator = "Ana"
check_digits = "12"
session_min = 30.5
shared = "words"
[mes]
url = "http://mes.plant:8800"
connector = "reference"
token_file = "/nowhere/token"
ca_file = "/nowhere/ca.pem"
proxy = "http://proxy:3128"
timeout_s = 3
[outbox]
folder = "/nowhere"
keep_h = 72.0
[audio]
input = "Jabra"
listen = "push"
half_duplex = true
keep_h = 0
[asr]
accept_read = 0.5
[llm]
engine = "none"
threads = 1
[tts]
rate_wpm = 165
[news]
muted = false
[trace]
folder = "/nowhere"
personal = false
[catalog]
lexicon = ["/nowhere/lexicon.dict"]
"""
PART = ["[mes]\nurl = 'http://mes'\n", "[mes]\nproxy = 'http://proxy'\n", "[catalog]\nintents = '/nowhere'\n", WHOLE]
KNOWN = [f"VOICEMES_{name}__{key}".upper() for name, part in Settings() for key in type(part).model_fields]
NAMES = st.one_of(
    st.sampled_from(KNOWN),
    st.text(max_size=12).map(lambda name: f"VOICEMES_{name}"),
    st.sampled_from(["VOICEMES_", "VOICEMES___", "VOICEMES_MES", "VOICEMES_MES__", "VOICEMES__URL", "HOME"]),
)
PLAIN = ["", "-1", "inf", "nan", "1e400", "true", "no", "/", "/nowhere", "none", "1", "[]"]
VALUES = st.one_of(TEXTS, st.sampled_from(PLAIN))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "voicemes.toml"


def use(settings: Settings) -> None:
    """What every command does with them before it does anything else."""
    assert settings.trace_folder.name
    assert settings.outbox_file.suffix == ".sqlite"
    assert settings.audio_folder.name or settings.station.name == ""
    asyncio.run(open_connector(settings.mes).aclose())
    if settings.catalog.intents is not None:
        build_catalog(settings)


@some
@given(text=st.one_of(spoiled_text(PART), TEXTS), environ=st.dictionaries(NAMES, VALUES, max_size=3))
def test_no_settings_break_the_start(file: Path, text: str, environ: dict[str, str]) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    with within():
        try:
            settings = load_settings(file, environ)
        except ConfigError:
            event("refused")
            return
        event("read")
        try:
            use(settings)
        except VoicemesError as exc:
            event(type(exc).__name__)


@some
@given(content=st.binary(max_size=60), name=st.text(max_size=8), value=VALUES)
def test_no_secret_breaks_who_reads_it(file: Path, content: bytes, name: str, value: str) -> None:
    secret = file.with_name("secret")
    secret.write_bytes(content)
    secret.chmod(0o600)
    with within():
        for environ in ({name: value}, {f"{name}_FILE": str(secret)}, {f"{name}_FILE": value}):
            try:
                assert read_secret(name, environ)
                event("read")
            except ConfigError:
                event("refused")
