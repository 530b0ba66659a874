"""Runs hostile inputs through templates, replies, catalogue and language-model route while all doors are shut.

A process of its own: `python sealed.py FOLDER` warms everything up, then lets an audit hook (PEP 578) stop and note
whatever opens a file, a socket or a process, and whatever compiles, executes or imports code. FOLDER alone may be read:
it has the hostile files. `--break` tries each door instead, to show that the hook sees it. Prints one JSON object.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from voicemes.connectors import extract
from voicemes.connectors.filters import FilterError
from voicemes.connectors.load import load_spec
from voicemes.connectors.messages import NonsenseError
from voicemes.connectors.parts import to_expression
from voicemes.connectors.template import MAPS, MissingValueError, parse, render
from voicemes.errors import EngineError, VoicemesError
from voicemes.model import Reply, Scope, Transcript
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher
from voicemes.ports import Asked, CompleterTraits, Completion
from voicemes.respond import respond
from voicemes.runtime.reader import Reader

ROOT = Path(__file__).resolve().parents[2]
INTENTS = ROOT / "intents"
SHUT = (
    *("open", "os.", "socket.", "subprocess.", "exec", "compile", "import", "ctypes.", "shutil.", "pickle."),
    *("marshal.", "builtins.input", "tempfile.", "glob.", "pathlib.", "urllib.", "ftplib."),
    *("http.", "smtplib.", "mmap.", "pty."),
    *("sqlite3.", "webbrowser.", "code.", "cpython.run_"),
)
MAY_LOOK = frozenset({"open", "os.listdir", "os.scandir", "pathlib.Path.glob", "pathlib.Path.rglob", "glob.glob"})
"""At the hostile files."""
LIMIT_S = 20.0
"""For one input; generous, because other tests run beside."""


class Breach(BaseException):
    """Nothing that is tested catches it."""


class Guard:
    def __init__(self, folder: Path) -> None:
        self.folder, self.is_shut = folder.resolve(), False
        self.breaches: list[str] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_shut and event.startswith(SHUT) and not self._is_own(event, arguments):
            self.breaches.append(f"{event} {arguments!r}"[:200])
            raise Breach(event)

    def _is_own(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event not in MAY_LOOK or not isinstance(arguments[0], str | bytes | os.PathLike):
            return False
        is_read = event != "open" or (arguments[1] in {"r", "rb", None} and not (arguments[2] or 0) & os.O_WRONLY)
        return is_read and os.fsdecode(arguments[0]).startswith(str(self.folder))

    @contextlib.contextmanager
    def shut(self) -> Iterator[None]:
        self.is_shut = True
        try:
            yield
        finally:
            self.is_shut = False


class Trap:
    """A value that gives nothing away by its attributes."""

    def __getattr__(self, name: str) -> Any:
        raise Breach(f"the attribute {name} was taken")


TEMPLATES = (
    *("{__class__}", "{a.b.c}", "{a.__class__}", "{a.__init__.__globals__}", "{a!r}", "{a:>999999999}", "{0}"),
    *("{a[0]}", "${HOME}", "${PATH}", "{{{a}}}"),
    *("{a|eval}", "{a|__import__:os}", "{a|lookup:__builtins__}", "{a|default:{b}}"),
    *("%(a)s", "{a.b}", "{a}", "{trap.secret}", "x{trap}", "{" * 5_000, "{a" + "|b64" * 100 + "}", "{n|decimal}"),
    *("{a" + "|json" * 60 + "}", "{trap|json}", "{trap|b64}", "{a|upper|text|json}", "`id`", "$(id)", "{a}; import os"),
)
VALUES = {"a": "{__class__} ${HOME}", "b": {"c": "[x]"}, "trap": Trap(), "n": "1e999999999", MAPS: {}}
EXPRESSIONS = (
    *("(" * 3_000 + "a" + ")" * 3_000, "!" * 5_000 + "a", " | ".join(["[@, @]"] * 40), "a" + ".a" * 20_000),
    *(" | ".join(["{x: @, y: @}"] * 40), "map(&[@, @, @, @, @], @) | " * 20 + "@", "__class__.__init__"),
    "to_string(@)",
    *("join(@, [@, @, @])", "sort_by(@, &x)", "max_by(@, &x)", "ceil(huge)", "@ | @" * 3_000, "`" + "[" * 5_000 + "`"),
    *("[*].*[*].*[*].*", "a[?contains(@, a)]", "not_a_function(@)", "env('HOME')", "to_number(a)", "[::0]", "[-1e9]"),
)
REPLIES = (
    *("__class__/__init__", "../../etc/passwd", "scrap.report/confirm", "scrap.report/ask.__class__", "late_done", ""),
    *("scrap.report/each", "help_idle", "x" * 100_000, "note.add/done", "which_of_two"),
)
TEXTS = (
    *("{quantity}", "[{quantity}]", "{__class__}", "<speak><audio src='file:///etc/passwd'/></speak>", "[[_^_]]"),
    *("\x1b]0;title\x07", "\u202e\ud800", "x" * 1_000_000, "$(id)", "a\nb\rc", "__import__('os').system('id')"),
)
SENTENCES = (
    *("__import__('os').system('id')", "scrap {quantity} [x] <rule>", "note that ${HOME} {__class__}", "\x00\x1b[31m"),
    *("start order " + "9" * 5_000, "scrap " * 400, "((((((((", "note: " + "\u017f" * 400),
    "!!python/object/apply:os.system",
)
ANSWERS = (
    *("__import__('os')", "scrap.report quantity A; import os", "scrap.report" + " quantity A" * 5_000, "none", ""),
    *("../../etc/passwd", "scrap.report __class__ A", "{__class__}", "\x00", "note.add text A" * 3, "admin.shutdown"),
)
FILES = {
    "apply.yaml": "!!python/object/apply:os.system ['touch {mark}']\n",
    "module.yaml": "intent: !!python/name:os.system x\nsummary: x\n",
    "new.yaml": "- !!python/object/new:subprocess.Popen [[touch, {mark}]]\n",
    "laughs.yaml": "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) or 'x'}]\n" for n in range(20)),
    "self.yaml": "a: &a\n  b: *a\n",
    "deep.yaml": "a: " + "[" * 3_000,
    "large.yaml": "a: " + "x" * 2_000_000,
    "merge.yaml": "a: &a {x: 1}\nb:\n  <<: [*a, *a]\n",
    "template.yaml": (
        "intent: hostile.one\nsummary: x\nrisk: R0\nrole: operator\nslots: {}\nsentences:\n"
        '  - "{__class__}"\naction: {operation: x}\nsay: {done: "{__class__}"}\n'
    ),
    "rule.yaml": (
        "intent: hostile.two\nsummary: x\nrisk: R0\nrole: operator\nslots: {}\nsentences:\n"
        '  - "<../../etc/passwd> ' + "(a|b)" * 600 + '"\naction: {operation: x}\nsay: {done: x}\n'
    ),
    "nul.yaml": "intent: \0\n",
    "reply.yaml": (
        "intent: hostile.three\nsummary: x\nrisk: R0\nrole: operator\nslots: {}\nsentences: [take it away]\n"
        'action: {operation: ../../x}\nsay: {done: "{__class__.__init__} [{a}] ${HOME}"}\n'
        "examples: [{say: take it away}]\n"
    ),
}  # fmt: skip
CONNECTORS = {
    "apply": "!!python/object/apply:os.system ['touch {mark}']\n",
    "secret": 'name: x\nerrors: &e {code: a, reason: b, rules: []}\noperations: {x: {path: "/a/${HOME}"}}\n',
    "include": "name: !include /etc/passwd\n",
    "signer": "name: x\nsigner: os.system\nerrors: {code: a, reason: b, rules: []}\noperations: {x: {path: /a}}\n",
}


class Parrot:
    """A language model that answers what it was told."""

    traits = CompleterTraits("parrot", {})

    def __init__(self) -> None:
        self.answer = ""

    def complete(self, _asked: Asked, _is_late: Callable[[], bool]) -> Completion:
        return Completion(self.answer, ((self.answer, 1.0),), is_complete=True)

    def close(self) -> None: ...


def quietly(function: Callable[[], object], *errors: type[Exception]) -> None:
    """What it says to such an input is for other tests."""
    with contextlib.suppress(*errors):
        function()


def inputs(folder: Path, matcher: Matcher) -> Iterator[tuple[str, Callable[[], object], tuple[type[Exception], ...]]]:
    """(which part, what is done, what it may say to it)"""
    for text in TEMPLATES:
        yield "template", lambda text=text: render(parse(text), VALUES), (ValueError, FilterError, TypeError)
        refusals = (ValueError, FilterError, MissingValueError, TypeError)
        yield "path", lambda text=text: parse(text).path(VALUES), refusals
    data = {"a": [1, {"b": "x"}], "huge": 1e308, "x": "y" * 1000}
    for text in EXPRESSIONS:
        yield "expression", lambda text=text: extract.search(to_expression(text), data), (ValueError, NonsenseError)
    for key in REPLIES:
        for text in TEXTS:
            reply = Reply(key, {"quantity": text, "text": text, "said": text, "items": (text, {"a": text}), text: text})
            yield "reply", lambda reply=reply: respond(reply, matcher.catalog), ()
    for text in SENTENCES:
        yield "sentence", lambda text=text: interpret(Transcript(text, "keyboard"), Scope(), matcher), ()
    parrot = Parrot()
    reader = Reader(completer=parrot)
    for answer in ANSWERS:
        for text in ("somebody threw three boards away", *SENTENCES):
            yield "model", lambda a=answer, t=text: ask(parrot, reader, matcher, a, t), (EngineError,)
    for name in FILES:
        place = folder / name.removesuffix(".yaml")
        yield "catalogue", lambda place=place: Matcher(load_catalog(place)), (VoicemesError,)
    for name in CONNECTORS:
        yield "connector", lambda name=name: load_spec(folder / f"{name}.connector"), (VoicemesError,)


def ask(parrot: Parrot, reader: Reader, matcher: Matcher, answer: str, text: str) -> None:
    parrot.answer = answer
    parse = reader.first(Transcript(text, "keyboard"), Scope(), matcher)
    if reader.wants_second(parse, Scope(), matcher):
        reader.second(parse, matcher)


def write(folder: Path) -> None:
    """Each hostile file in a catalogue of its own, which has all that a catalogue must have."""
    mark = folder / "mark"
    for name, text in FILES.items():
        place = folder / name.removesuffix(".yaml")
        (place / "area").mkdir(parents=True)
        (place / "area" / name).write_text(text.replace("{mark}", str(mark)), encoding="utf-8")
        for shared in ("_replies.yaml", "_rules.yaml", "_dialogue.yaml"):
            if (INTENTS / shared).exists():
                (place / shared).write_bytes((INTENTS / shared).read_bytes())
    for name, text in CONNECTORS.items():
        (folder / f"{name}.connector").write_text(text.replace("{mark}", str(mark)), encoding="utf-8")


def warm(folder: Path, matcher: Matcher) -> None:
    """Whatever is loaded on first use, is loaded now: once with inputs as people give them."""
    render(parse("{a|json|b64|decimal|default:x} {t|iso8601} {t|epoch_ms}"), {"t": 1.0})
    extract.search(to_expression("a[?b == `1`].{c: d} | sort_by(@, &c) | length(@)"), {"a": [{"b": 1, "d": 2}]})
    respond(Reply("help_idle", {"examples": "x"}), matcher.catalog)
    parrot = Parrot()
    for text in ("scrap three solder bridge", "would be nice to scrap three boards of 4711", "somebody threw it away"):
        ask(parrot, Reader(completer=parrot), matcher, "none", text)
    load_spec(ROOT / "voicemes" / "connectors" / "reference.yaml")
    for broken in ("a: [", "a: !!python/name:os x", "name: x\noperations: 3\n", "a: \0"):
        (folder / "warm.connector").write_text(broken, encoding="utf-8")
        quietly(lambda: load_spec(folder / "warm.connector"), VoicemesError)
        place = folder / "warm" / "area"
        place.mkdir(parents=True, exist_ok=True)
        (place / "one.yaml").write_text(broken, encoding="utf-8")
        quietly(lambda: load_catalog(folder / "warm"), VoicemesError)


DOORS: dict[str, Callable[[], object]] = {
    "open": lambda: Path("/etc/hostname").read_bytes(),
    "write": lambda: Path(__file__).write_text("gone"),
    "list": lambda: next(Path("/").iterdir()),
    "socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "resolve": lambda: socket.getaddrinfo("localhost", 9),
    "process": lambda: subprocess.run(["true"], check=False),
    "system": lambda: os.system("true"),
    "fork": os.fork,
    "eval": lambda: eval("1"),
    "compile": lambda: compile("1", "x", "eval"),
    "import": lambda: importlib.import_module("this"),
}


def main(folder: Path, *, breaks: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    guard, seen, slowest = Guard(folder), {}, ("", 0.0)
    matcher = Matcher(load_catalog(INTENTS))
    write(folder)
    warm(folder, matcher)
    found: dict[str, Any] = {}
    for part, function, errors in (
        ((name, door, (Exception,)) for name, door in DOORS.items()) if breaks else inputs(folder, matcher)
    ):
        started = time.monotonic()
        with guard.shut():
            try:
                quietly(function, *errors)
            except Breach:
                pass
            except BaseException as exc:  # noqa: BLE001 - whatever it is, it is told
                found.setdefault("surprises", []).append(f"{part}: {type(exc).__name__}: {exc}"[:300])
        took_s = time.monotonic() - started
        slowest = max(slowest, (part, took_s), key=lambda one: one[1])
        seen[part] = seen.get(part, 0) + 1
    has_mark = (folder / "mark").exists()
    found |= {"n": seen, "breaches": guard.breaches, "slowest_s": slowest[1], "slowest": slowest[0], "mark": has_mark}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), breaks="--break" in sys.argv)
