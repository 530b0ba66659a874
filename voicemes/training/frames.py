"""Sentences that hold a whole command and do not give it: "he said we'd never {do} on a Friday".

What is said decides nothing there; what is said around it does. So any command is put into any frame.
"""

from __future__ import annotations

from collections.abc import Sequence

DO, DOING = "{do}", "{doing}"
VERBS = frozenset(
    """
    abandon acknowledge add adjust allow approve ask assign attach begin block book bring bump call cancel carry change
    charge clear clock close complete confirm consume continue create cut declare deduct delete dial disable divert
    document drop end enter fetch file finish flag forward free freeze get give grant halt hand hang hold increase
    interrupt jot keep kick knock launch leave lift load lock log lower make mark move note open park pass pause pick
    place plan post pull punch push put quarantine raise record redo reduce refuse register reject release remove reopen
    repair replan report reroute resolve resume run schedule scrap seal send set shut sign stamp start stick stop strike
    suspend swap switch tag take tell throw tick transfer trim turn tweak unblock unfreeze unlock unpause update wave
    withdraw withhold write
    """.split()  # noqa: SIM905 - words, to be read
)
"""With which a command begins that fits into a frame."""
DOUBLED = frozenset(
    ("begin", "cut", "drop", "flag", "get", "jot", "put", "run", "scrap", "set", "shut", "stop", "swap", "tag", "trim")
)


def is_frame(line: str) -> bool:
    """Whether it has one place for a command, and words of its own."""
    words = line.split()
    return len(words) > 1 and sum(words.count(mark) for mark in (DO, DOING)) == 1


def framed(frame: str, command: Sequence[str]) -> list[str] | None:
    """The command in its frame; None for one that does not begin with its verb."""
    if not command or command[0] not in VERBS:
        return None
    words: list[str] = []
    for word in frame.split():
        words += command if word == DO else [_doing(command[0]), *command[1:]] if word == DOING else [word]
    return words


def _doing(verb: str) -> str:
    if verb in DOUBLED:
        return f"{verb}{verb[-1]}ing"
    is_silent = verb.endswith("e") and not verb.endswith("ee")
    return f"{verb[:-1] if is_silent else verb}ing"
