"""Fetching a general model: whole, checked, gone on with, and clear about what is wrong."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voicemes.errors import EngineMissing
from voicemes.runtime.models import WEIGHTS, Weights, fetch

CONTENT = bytes(range(256)) * 4_000


class Hub(BaseHTTPRequestHandler):
    """Serves CONTENT, whole or from a place on; what it was asked for is remembered."""

    content = CONTENT
    takes_ranges = True
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("range")
        self.asked.append((self.path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.takes_ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("content-length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    handler = type("OwnHub", (Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def weights(sha256: str = "") -> Weights:
    digest = sha256 or hashlib.sha256(CONTENT).hexdigest()
    return Weights("tiny", "A test", "some/body", "rev1", "tiny.gguf", len(CONTENT), digest, "CC0-1.0")


def quiet(_done: int, _all: int) -> None:
    pass


def test_a_model_is_fetched_from_its_revision_and_told_of(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    url, handler = hub
    far: list[int] = []
    file = fetch(weights(), tmp_path, lambda done, _: far.append(done), url)
    assert file.read_bytes() == CONTENT
    assert handler.asked == [("/some/body/resolve/rev1/tiny.gguf", None)]
    assert far[-1] == len(CONTENT)
    assert [one.name for one in tmp_path.iterdir()] == ["tiny.gguf"]


def test_what_is_there_is_not_fetched_again(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    url, handler = hub
    fetch(weights(), tmp_path, quiet, url)
    fetch(weights(), tmp_path, quiet, url)
    assert len(handler.asked) == 1


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_what_was_begun_is_gone_on_with(hub: tuple[str, type[Hub]], tmp_path: Path, *, takes_ranges: bool) -> None:
    url, handler = hub
    handler.takes_ranges = takes_ranges
    (tmp_path / "tiny.part").write_bytes(CONTENT[:300_000])
    assert fetch(weights(), tmp_path, quiet, url).read_bytes() == CONTENT
    assert handler.asked[0][1] == "bytes=300000-"


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"more", b"<html>Sign in</html>", b"x" * len(CONTENT)])
def test_what_is_not_the_file_is_not_kept(hub: tuple[str, type[Hub]], tmp_path: Path, content: bytes) -> None:
    url, handler = hub
    handler.content = content
    with pytest.raises(EngineMissing, match="not the file"):
        fetch(weights(), tmp_path, quiet, url)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="HTTPS_PROXY") as caught:
        fetch(weights(), tmp_path, quiet, "http://127.0.0.1:9")
    assert str(tmp_path / "tiny.gguf") in str(caught.value)


def test_the_environment_names_the_proxy(
    hub: tuple[str, type[Hub]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub itself plays the proxy: it is asked for a host that does not exist."""
    url, handler = hub
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("NO_PROXY", "")
    assert fetch(weights(), tmp_path, quiet, "http://no-such-host.invalid").read_bytes() == CONTENT
    assert handler.asked[0][0] == "http://no-such-host.invalid/some/body/resolve/rev1/tiny.gguf"


def test_every_model_is_pinned_and_may_be_used() -> None:
    names = [one.name for one in WEIGHTS]
    assert names[:3] == ["small", "medium", "large"]
    assert names[3:] == ["en_US-lessac-medium", "en_GB-alba-medium", "whisper-base.en", "whisper-small.en"]
    for one in [part for weights in WEIGHTS for part in weights.files]:
        assert len(one.revision) == 40
        assert len(one.sha256) == 64
        assert one.licence.startswith(("Apache-2.0", "MIT"))
        assert one.url().startswith("https://")
    assert len({file.place(Path()) for one in WEIGHTS for file in one.files}) == 3 + 2 * 2 + 2 * 4


def test_a_voice_is_two_files_of_the_hub_and_whisper_four(tmp_path: Path) -> None:
    by_name = {one.name: one for one in WEIGHTS}
    alba, base = by_name["en_GB-alba-medium"], by_name["whisper-base.en"]
    places = "en/en_GB/alba/medium/en_GB-alba-medium.onnx"
    assert [file.url().partition("voices/resolve/")[2][41:] for file in alba.files] == [places, f"{places}.json"]
    assert [file.place(tmp_path).name for file in alba.files] == [f"{alba.name}.onnx", f"{alba.name}.onnx.json"]
    assert {file.file for file in base.files} == {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}
    assert {file.place(tmp_path).parent.name for file in base.files} == {"faster-whisper-base.en"}
    assert "Systran/faster-whisper-base.en/resolve/" in base.url()
    assert 'engine = "piper"' in alba.settings(tmp_path)
    assert f'second_model = "{tmp_path}"' in base.settings(tmp_path / "model.bin")


def test_all_files_of_a_model_are_fetched_and_counted_together(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    url, handler = hub
    second = replace(weights(), file="tiny.gguf.json", there="far/away")
    both, far = replace(weights(), beside=(second,), folder="own"), []
    assert fetch(both, tmp_path, lambda done, total: far.append((done, total)), url) == tmp_path / "own" / "tiny.gguf"
    assert (tmp_path / "tiny.gguf.json").read_bytes() == CONTENT
    assert handler.asked[1][0] == "/some/body/resolve/rev1/far/away/tiny.gguf.json"
    assert far[-1] == (2 * len(CONTENT), 2 * len(CONTENT))
    assert far == sorted(far)


def test_without_a_hash_the_size_has_to_be_right(hub: tuple[str, type[Hub]], tmp_path: Path) -> None:
    url, handler = hub
    unknown = replace(weights(), sha256="")
    assert fetch(unknown, tmp_path, quiet, url).read_bytes() == CONTENT
    (tmp_path / "tiny.gguf").unlink()
    handler.content = CONTENT[:-1]
    with pytest.raises(EngineMissing, match="not the file"):
        fetch(unknown, tmp_path, quiet, url)
