"""Settings come from one file and the environment, and whatever is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from voicemes import config
from voicemes.config import MAX_FILE_BYTES, MesSettings, Settings, load_settings, shipped
from voicemes.errors import ConfigError


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    file = tmp_path / "voicemes.toml"
    file.write_text('[mes]\nurl = "http://file:1"\ntimeout_s = 2.5\n[audio]\nbarge_in = false\n', encoding="utf-8")
    return file


def fault(file: Path | None, environ: dict[str, str]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, environ)
    return caught.value


def with_text(file: Path, text: str | bytes) -> Path:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.fixture(autouse=True)
def no_file_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "default_file", lambda: tmp_path / "user" / "voicemes.toml")


def test_without_file_and_environment_the_defaults_hold() -> None:
    assert load_settings(environ={}) == Settings()
    assert load_settings(environ={"HOME": "/x", "VOICE": "1"}).mes.url == "http://127.0.0.1:8800"


def test_a_write_needs_more_confidence_than_a_read_by_default() -> None:
    assert Settings().asr.accept_write > Settings().asr.accept_read


def test_the_file_is_read_and_the_rest_stays_default(toml: Path) -> None:
    settings = load_settings(toml, {})
    assert (settings.mes.url, settings.mes.timeout_s, settings.audio.barge_in) == ("http://file:1", 2.5, False)
    assert settings.tts == Settings().tts


def test_the_file_of_the_user_is_read_where_none_is_named(tmp_path: Path, toml: Path) -> None:
    (tmp_path / "user").mkdir()
    toml.rename(tmp_path / "user" / "voicemes.toml")
    assert load_settings(environ={}).mes.url == "http://file:1"


def test_the_environment_stands_over_the_file(toml: Path) -> None:
    settings = load_settings(toml, {"VOICEMES_MES__URL": "http://env:2", "VOICEMES_AUDIO__RING_S": "4.5"})
    assert (settings.mes.url, settings.mes.timeout_s, settings.audio.ring_s) == ("http://env:2", 2.5, 4.5)


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEMES_STATION__NAME", "AOI-2")
    assert load_settings().station.name == "AOI-2"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[mse]\nurl = 'x'\n", "mse", "is not a section. Known: station, mes"),
        ("[mes]\nulr = 'x'\n", "mes.ulr", "is not a setting. Known in [mes]: url, name, connector"),
        ("[mes]\ntimeout_s = 'soon'\n", "mes.timeout_s", "'soon'"),
        ("[mes]\ntimeout_s = 0\n", "mes.timeout_s", "greater than 0"),
        ("[asr]\naccept_write = 1.5\n", "asr.accept_write", "less than or equal to 1"),
        ("[audio]\nbarge_in = 'perhaps'\n", "audio.barge_in", "'perhaps'"),
        ("[station]\nlanguage = 'de'\n", "station.language", "'en'"),
        ("mes = 3\n", "mes", "got 3"),
        ("[[mes]]\nurl = 'x'\n", "mes", "MesSettings"),
    ],
)
def test_a_faulty_setting_names_file_and_key(toml: Path, text: str, key: str, says: str) -> None:
    error = fault(with_text(toml, text), {})
    assert (error.file, error.key) == (toml, key)
    assert says in str(error)
    assert str(toml) in str(error)
    assert f"'{key}'" in str(error)


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("VOICEMES_MES__ULR", "x", "mes.ulr"),
        ("VOICEMES_MSE__URL", "x", "mse"),
        ("VOICEMES_MES__TIMEOUT_S", "soon", "mes.timeout_s"),
        ("VOICEMES_AUDIO__BARGE_IN", "perhaps", "audio.barge_in"),
    ],
)
def test_a_faulty_variable_is_named_instead_of_the_file(toml: Path, variable: str, value: str, key: str) -> None:
    error = fault(toml, {variable: value})
    assert (error.file, error.key) == (variable, key)
    assert variable in str(error)
    assert str(toml) not in str(error)


def test_a_fault_in_the_file_is_not_blamed_on_the_environment(toml: Path) -> None:
    error = fault(with_text(toml, "[mes]\ntimeout_s = 'soon'\n"), {"VOICEMES_MES__URL": "http://env:2"})
    assert error.file == toml


def test_a_variable_with_one_underscore_too_few_is_an_error_not_ignored() -> None:
    error = fault(None, {"VOICEMES_MES_URL": "http://env:2"})
    assert "VOICEMES_MES_URL" in str(error)
    assert "two underscores" in str(error)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[mes\nurl = 'x'\n", "is not TOML"),
        ("[mes]\nurl = 'x'\nurl = 'y'\n", "is not TOML"),
        (b"[mes]\nurl = '\xff'\n", "cannot be read"),
        ("#" * (MAX_FILE_BYTES + 1), "larger than 1 MB"),
    ],
    ids=["open bracket", "key twice", "not UTF-8", "too large"],
)
def test_a_file_that_cannot_be_read_is_named(toml: Path, content: str | bytes, says: str) -> None:
    error = fault(with_text(toml, content), {})
    assert error.file == toml
    assert says in str(error)


def test_a_file_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "does not exist" in str(fault(tmp_path / "none.toml", {}))


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert fault(tmp_path, {}).file == tmp_path


def test_a_settings_error_ends_a_command_with_its_own_code() -> None:
    assert ConfigError("x").exit_code == 2


def test_settings_never_change() -> None:
    with pytest.raises(ValidationError):
        Settings().mes.url = "x"  # type: ignore[misc]


def test_the_shipped_catalogue_is_used_unless_another_is_named(tmp_path: Path) -> None:
    assert (Settings().intents_dir / "_dialogue.yaml").is_file()
    settings = load_settings(environ={"VOICEMES_CATALOG__INTENTS": str(tmp_path)})
    assert settings.intents_dir == tmp_path


def test_ones_own_pronunciations_come_before_the_shipped_ones(toml: Path) -> None:
    settings = load_settings(with_text(toml, "[catalog]\nlexicon = ['mine.dict']\n"), {})
    assert settings.lexicon_files == (Path("mine.dict"), shipped("grammars") / "lexicon.dict")


def test_traces_go_where_the_settings_say(tmp_path: Path) -> None:
    assert load_settings(environ={"VOICEMES_TRACE__FOLDER": str(tmp_path)}).trace_folder == tmp_path
    assert Settings().trace_folder.name == "traces"


def test_data_inside_an_installed_package_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "PACKAGE", tmp_path / "voicemes")
    assert shipped("intents") == tmp_path / "intents"
    (tmp_path / "voicemes" / "data" / "intents").mkdir(parents=True)
    assert shipped("intents") == tmp_path / "voicemes" / "data" / "intents"


def test_what_waits_for_one_mes_never_goes_to_another() -> None:
    trial = Settings(mes=MesSettings(url="http://trial:8800"))
    real, moved = (Settings(mes=MesSettings(name="plant", url=url)) for url in ("http://one", "http://two"))
    assert trial.outbox_file != real.outbox_file == moved.outbox_file
    assert trial.outbox_file == Settings(mes=MesSettings(url="http://trial:8800/")).outbox_file
