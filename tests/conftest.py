"""What every test may share: the shipped catalogue and its matcher, read once, and hypothesis without deadlines."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from multiprocessing.util import get_temp_dir
from pathlib import Path

import httpx
import pytest
from forked_plant import ForkedPlant
from hypothesis import settings
from virtual_card import Card

from voicemes.engines.audio import portaudio
from voicemes.engines.audio.sounddevice import list_devices
from voicemes.intents import Catalog
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher

settings.register_profile("voicemes", deadline=None, max_examples=100)
settings.load_profile("voicemes")

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # A hundred processes that are started would compile all that they import, in a second or two each: they do it once,
    # and not in the folders that nothing shall be written into.
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="voicemes-tests-")
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background never sees Ctrl-C, nor does what it starts: the tests of that would wait.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
INTENTS = ROOT / "intents"
DRINKS = Path(__file__).resolve().parent / "catalogs" / "drinks"


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are processors: a sixth of the time a test waits for processes that it has started."""
    given = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    return None if given else len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """A client of httpx reads all that the world trusts, in 30 ms; the tests open a few thousand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def state_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What serves several tests, such as a session of a module, keeps out of the state of the person who tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        yield


@pytest.fixture(scope="session", autouse=True)
def plants_are_forked() -> Iterator[None]:
    get_temp_dir()  # of multiprocessing, before a test looks what is left in a folder of its own
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("voicemes.plant.process.run_plant", ForkedPlant)
        yield


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces and outbox of one test are nobody else's. The folder is made by who writes into it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{uuid.uuid4()}"))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(INTENTS)


@pytest.fixture(scope="session")
def matcher(catalog: Catalog) -> Matcher:
    """Without a MES: any well-formed identifier counts."""
    return Matcher(catalog)


@pytest.fixture(scope="session")
def drinks_catalog() -> Catalog:
    """The foreign catalogue: its dialogue words and replies come from the shipped one."""
    return load_catalog(DRINKS, base=INTENTS)


@pytest.fixture(scope="session")
def drinks(drinks_catalog: Catalog) -> Matcher:
    return Matcher(drinks_catalog)


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Card]:
    """A virtual sound card that is plugged in, and the only one that this process can see."""
    card = Card(tmp_path_factory.mktemp("card"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in card.environment.items():
            patch.setenv(name, value)
        card.plug_in()
        portaudio.load().refresh()
        if not any(device.name == "pulse" for device in list_devices()):
            card.unplug()
            pytest.skip("PortAudio does not reach PulseAudio: libasound2-plugins is not installed")
        yield card
        card.unplug()
    portaudio.load().refresh()
