"""The shelves of the design, the one place for threads and for time, and the size guides: read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "voicemes"
FILES = sorted(file for file in PACKAGE.rglob("*.py") if "data" not in file.relative_to(PACKAGE).parts)

SHELVES = {
    "words": ("model", "command", "happening", "events", "ports", "errors", "clock", "config", "intents", "numbers"),
    "thought": ("nlu", "dialogue", "endpoint", "respond"),
    "edges": ("connectors", "outbox", "engines"),
    "runtime": ("runtime",),
    "faces": ("tui", "testing"),
    "commands": ("cli",),
}
"""Lowest first. Commands open the screens.
`testing` is the public face for integrators' tests: it wires a session as the faces do."""
RANK = {unit: rank for rank, units in enumerate(SHELVES.values()) for unit in units}
BESIDE = ("plant", "training")
PLANT_MAY_USE = {"voicemes", "errors", "config", "clock", "intents", "numbers"}
"""The plant is another server: it shares settings, errors and the way numbers are said, never the stages."""

BROAD_EXCEPT = {
    "runtime/bus.py": "observers fail alone: what one raises must not end the turn",
    "runtime/threads.py": "an engine thread hands whatever happened to the loop as EngineFailed",
    "runtime/session.py": "top of the session: the operator must hear that it failed",
}
"""Where everything may be caught, and why."""

MAX_FUNCTION_LINES = 60
P90_FUNCTION_LINES = 30
MAX_FILE_LINES = 400


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def unit_of(module: str) -> str:
    """`engines.asr.pocketsphinx` -> `engines.asr`, every other module -> its first part."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "engines" else parts[0]


def module_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def imports_of(tree: ast.Module, module: str, *, is_package: bool = False) -> Iterator[tuple[str, int]]:
    """Every module of voicemes that is imported, anywhere in the file, without the leading `voicemes.`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "voicemes":
                    yield alias.name.removeprefix("voicemes").removeprefix("."), node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package=is_package)
            if base == "voicemes":
                yield from ((alias.name, node.lineno) for alias in node.names if is_part(alias.name))
            elif base.startswith("voicemes."):
                yield base.removeprefix("voicemes."), node.lineno


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = ["voicemes", *module.split(".")] if module else ["voicemes"]
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def is_part(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()


def breach(importer: str, imported: str) -> str:
    """Why `importer` may not import `imported`; empty where it may."""
    source, target = unit_of(importer), unit_of(imported)
    first, second = source.split(".")[0], target.split(".")[0]
    if source == target or first in {"", "__main__"}:
        return ""
    if second in BESIDE or first in BESIDE:
        return _breach_beside(importer, imported, first, second)
    if second not in RANK or first not in RANK:
        return f"{first if first not in RANK else second} stands on no shelf"
    if RANK[second] > RANK[first]:
        return f"{first} is below {second}"
    if RANK[second] == RANK[first] and first not in SHELVES["words"]:
        return f"{source} and {target} stand on one shelf"
    return ""


def _breach_beside(importer: str, imported: str, first: str, second: str) -> str:
    if first == "plant":
        return "" if second in PLANT_MAY_USE else f"the plant is a separate server; it may not use {second}"
    if second == "plant":
        runs_it = first in {"cli", "tui", "testing"} or (first == "runtime" and imported == "plant.process")
        return "" if runs_it else f"{importer} may not import the plant"
    return "" if second != "training" or first == "cli" else "training is never imported at run time"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_only_go_down(file: Path) -> None:
    module = module_of(file)
    found = imports_of(tree_of(file), module, is_package=file.name == "__init__.py")
    breaches = [f"line {line}: {imported}: {why}" for imported, line in found if (why := breach(module, imported))]
    assert not breaches


@pytest.mark.parametrize(
    ("importer", "imported", "is_allowed"),
    [
        ("nlu.match", "model", True),
        ("nlu.match", "nlu.network", True),
        ("nlu.match", "dialogue.policy", False),
        ("model", "nlu.match", False),
        ("ports", "model", True),
        ("engines.asr.x", "engines.asr.y", True),
        ("engines.asr.x", "engines.tts.y", False),
        ("engines.asr.x", "runtime.threads", False),
        ("runtime.session", "connectors", True),
        ("runtime.session", "plant.process", True),
        ("runtime.session", "plant.server", False),
        ("connectors.load", "plant.process", False),
        ("plant.server", "errors", True),
        ("plant.server", "nlu.match", False),
        ("cli.main", "tui.app", True),
        ("tui.app", "cli.main", False),
        ("cli.main", "plant.server", True),
        ("runtime.session", "training.corpus", False),
        ("nlu.match", "helpers", False),
    ],
)
def test_the_rule_itself_tells_allowed_from_forbidden(importer: str, imported: str, *, is_allowed: bool) -> None:
    assert (breach(importer, imported) == "") is is_allowed


def test_imports_are_found_in_every_form() -> None:
    source = (
        "import voicemes.nlu.match\nimport voicemes.respond\nfrom voicemes.model import Live\n"
        "from . import spec\nfrom ..nlu import values\ndef f():\n    from voicemes.config import Settings\n"
    )
    found = [imported for imported, _ in imports_of(ast.parse(source), "connectors.load")]
    assert sorted(found) == ["config", "connectors", "model", "nlu", "nlu.match", "respond"]


THREAD_STARTERS = {
    "threading.Thread", "threading.Timer", "_thread.start_new_thread", "concurrent.futures.ThreadPoolExecutor",
    "futures.ThreadPoolExecutor", "ThreadPoolExecutor", "Thread", "Timer", "asyncio.to_thread", "to_thread",
    "concurrent.futures.ProcessPoolExecutor", "ProcessPoolExecutor", "anyio.to_thread.run_sync",
}  # fmt: skip


def calls_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every call and base class, by its dotted name as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno
        elif isinstance(node, ast.ClassDef):
            yield from ((ast.unparse(base), node.lineno) for base in node.bases)


def starts_thread(call: str) -> bool:
    return call in THREAD_STARTERS or call.endswith(".run_in_executor")


@pytest.mark.parametrize("file", [file for file in FILES if not name_of(file).startswith("plant/")], ids=name_of)
def test_only_runtime_threads_starts_threads(file: Path) -> None:
    if name_of(file) == "runtime/threads.py":
        return
    assert not [(call, line) for call, line in calls_of(tree_of(file)) if starts_thread(call)]


def reads_time(tree: ast.Module) -> list[str]:
    """Uses of the time and datetime modules that look at a clock or wait."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in {"time", "sched"}]
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            found.append(ast.unparse(node))
    return [name for name in found if name.split(".")[0] not in {"self", "clock"}]


PURE = [file for file in FILES if unit_of(module_of(file)) in (*SHELVES["words"], *SHELVES["thought"])]


@pytest.mark.parametrize("file", PURE, ids=name_of)
def test_only_the_clock_reads_the_time_below_the_edges(file: Path) -> None:
    found = reads_time(tree_of(file))
    assert bool(found) is (name_of(file) == "clock.py"), found


def catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in kinds)


@pytest.mark.parametrize("file", [file for file in FILES if name_of(file) not in BROAD_EXCEPT], ids=name_of)
def test_everything_is_caught_only_in_the_named_places(file: Path) -> None:
    handlers = [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.ExceptHandler)]
    broad = [handler.lineno for handler in handlers if catches_all(handler) and not _raises_again(handler)]
    assert not broad


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """A handler that only tidies up and ends with a bare `raise` hides nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(file: Path) -> list[Function]:
    return [node for node in ast.walk(tree_of(file)) if isinstance(node, Function)]


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_and_functions_stay_small(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    assert not [(node.name, length(node)) for node in functions_of(file) if length(node) > MAX_FUNCTION_LINES]


def test_nine_functions_in_ten_fit_thirty_lines() -> None:
    lengths = sorted(length(node) for file in FILES for node in functions_of(file))
    assert lengths[int(len(lengths) * 0.9)] <= P90_FUNCTION_LINES


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_function_says_what_it_returns(file: Path) -> None:
    assert not [f"{node.name}, line {node.lineno}" for node in functions_of(file) if node.returns is None]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_file_begins_with_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(tree_of(file))
