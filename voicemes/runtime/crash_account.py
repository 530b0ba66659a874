"""What `bench crash` found: what was heard in all lives, held against outbox file and plant. Pure.

The words of the account:

    confirmed    commands that a yes was given for (or own work that needs none was said), and that the outbox file has
    lost         confirmed, or heard saved or done, not in the MES, and nothing else was told of it afterwards
    doubled      commands whose effect is in the MES more than once
    unconfirmed  effects in the MES that no yes belongs to
    untrue       heard "done" of what is not there, or was not there yet; "saved" of what is neither in the outbox nor
                 in the MES; "not done", "refused", "not saved" or "dropped" of what is there
    untold       confirmed, and in no life the operator heard what became of it
    misordered   effects of one subject that came in another order than their commands were confirmed in

An effect belongs to a command by its idempotency key. One whose key nobody knows belongs to the command that says the
same, so that a second one under another key is found, too. What is told of a command that had waited repeats its words.
Almost every sentence has a number that no other has; of recordings that were heard more than once, what is told is
true if it is true of one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from voicemes.outbox.entry import Entry

Line: TypeAlias = Mapping[str, Any]
"""What a life wrote at one moment: see crash_life.py."""
Content: TypeAlias = tuple[str, ...]
"""What a command does, or an event says was done, in the same words."""
Claim: TypeAlias = Literal["done", "saved", "not_done", "unknown"]

CLAIMS: dict[str, Claim] = {
    "done": "done",
    "saved": "saved",
    "rejected": "not_done",
    "not_saved": "not_done",
    "mes_unreachable": "not_done",
    "mes_denied": "not_done",
    "mes_unknown": "unknown",
}
"""Key of a reply, or the end of it -> what it says about the command that was submitted before."""
DROPPED: dict[str, Claim] = {"dropped": "not_done"}
"""The same where that was an undo: refused, it says nothing about what was to be taken back."""
LATE: dict[str, Claim] = {
    "late_done": "done",
    "late_many": "done",
    "late_refused": "not_done",
    "late_expired": "not_done",
    "late_moved": "not_done",
    "late_dropped": "not_done",
    "late_unknown": "unknown",
}
"""The same about one that had waited; the reply repeats its words."""
MANY = "late_many"
"""Of several at once."""
DROP = "outbox.drop"
BROKEN: tuple[str, ...] = ("lost", "doubled", "unconfirmed", "untrue", "untold", "misordered")
"""Counts that must be 0."""
CLOCK_S = 0.002
"""The plant's times are cut to milliseconds."""
MOST_MISSES = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """One event of the plant."""

    sequence: int
    key: str
    content: Content
    at_s: float


@dataclass(slots=True)
class Command:
    """Everything that is known of one command."""

    command_id: str
    content: Content
    spoken_text: str = ""
    submitted_s: float = float("inf")
    is_consented: bool = False
    entry: Entry | None = None
    claims: list[tuple[float, Claim]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @property
    def is_confirmed(self) -> bool:
        return self.is_consented and self.entry is not None

    @property
    def last_claim(self) -> Claim | None:
        return max(self.claims)[1] if self.claims else None

    def is_told(self, at_s: float) -> bool:
        """Whether the operator knew by then what had become of it."""
        return any(before_s < at_s and claim != "saved" for before_s, claim in self.claims)


@dataclass(slots=True)
class Account:
    counts: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    """What is wrong, in words; the first ones."""

    def miss(self, what: str, about: str) -> None:
        self.counts[what] += 1
        if len(self.misses) < MOST_MISSES:
            self.misses.append(f"{what}: {about}")


def settle(lives: Sequence[Sequence[Line]], entries: Iterable[Entry], effects: Iterable[Effect]) -> Account:
    """`effects` in the order of the plant."""
    commands = {entry.command.command_id: _of_entry(entry) for entry in entries}
    late = [told for lines in lives for told in Life(commands).read(lines)]
    account = Account()
    for effect in effects:
        owner = commands.get(effect.key) or _saying_the_same(commands.values(), effect)
        if owner is None or not owner.is_consented or owner.content != effect.content:
            account.miss("unconfirmed", f"event {effect.sequence} {effect.content} under {effect.key or 'no key'}")
        else:
            owner.effects.append(effect)
    for at_s, key, shown in late:
        for about in _meant(commands.values(), at_s, key, shown):
            about.claims.append((at_s, LATE[key]))
    for command in commands.values():
        _judge(account, command)
    _check_order(account, commands.values())
    return account


def _judge(account: Account, command: Command) -> None:
    about = f"{command.content} {command.command_id}, heard {[claim for _, claim in sorted(command.claims)]}"
    is_there, last = bool(command.effects), command.last_claim
    heard = {claim for _, claim in command.claims}
    account.counts["confirmed"] += command.is_confirmed
    account.counts["in_the_mes"] += is_there
    account.counts["refused"] += not is_there and last == "not_done"
    if (command.is_confirmed or heard & {"saved", "done"}) and not is_there and last not in {"not_done", "unknown"}:
        account.miss("lost", about)
    if len(command.effects) > 1:
        account.miss("doubled", about)
    if command.is_confirmed and last in {None, "saved"}:
        account.miss("untold", about)
    for at_s, claim in command.claims:
        if not _is_true(command, at_s, claim):
            account.miss("untrue", f"{claim}: {about}")


def _is_true(command: Command, at_s: float, claim: Claim) -> bool:
    match claim:
        case "done":
            return bool(command.effects) and command.effects[0].at_s <= at_s + CLOCK_S
        case "saved":
            return bool(command.effects) or command.entry is not None
        case "not_done":
            return not command.effects
        case "unknown":
            return True


def _check_order(account: Account, commands: Iterable[Command]) -> None:
    newest: dict[str, int] = {}
    there = [one for one in commands if one.entry is not None and one.effects and one.entry.command.subject]
    for command in sorted(there, key=lambda one: one.entry.seq if one.entry else 0):
        assert command.entry is not None
        subject, sequence = command.entry.command.subject, command.effects[0].sequence
        if sequence < newest.get(subject, 0):
            account.miss("misordered", f"{subject}: event {sequence} {command.content}")
        newest[subject] = max(sequence, newest.get(subject, 0))


class Life:
    """Reads what one life wrote, line by line, into what is known of the commands."""

    def __init__(self, commands: dict[str, Command]) -> None:
        self._commands = commands
        self._has_consent = False
        """There is a yes that no command has used up."""
        self._about: Command | None = None
        """The write whose answer comes next, or what is to be taken back."""
        self._is_undo = False

    def read(self, lines: Iterable[Line]) -> Iterator[tuple[float, str, str]]:
        """Yields what was told of commands that had waited: when, the key of the reply, and its words."""
        for line in lines:
            match line["k"]:
                case "said":
                    self._has_consent, self._about = bool(line["is_consent"]), None
                case "yes":
                    self._has_consent = True
                case "no" | "silence":
                    self._has_consent = False
                case "submitted":
                    self._submitted(line)
                case "heard" if line["key"] in LATE:
                    yield line["t"], line["key"], line["shown"]
                case "heard":
                    self._heard(line["t"], line["key"])

    def _submitted(self, line: Line) -> None:
        self._about, self._is_undo = None, line["operation"] == DROP
        if self._is_undo:
            self._about = self._commands.get(line["fields"]["command"])
        elif line["is_write"]:
            content = content_of(line["operation"], line["fields"])
            command = self._commands.setdefault(line["id"], Command(line["id"], content))
            command.submitted_s = line["t"]
            command.is_consented, self._has_consent = self._has_consent, False
            self._about = command

    def _heard(self, at_s: float, key: str) -> None:
        moment = key.rpartition("/")[2]
        if moment == "confirm":  # it is asked about, so what was said before was no yes
            self._has_consent = False
        elif self._about is not None:
            says = DROPPED.get(key) if self._is_undo else CLAIMS.get(moment)
            self._about.claims += [(at_s, says)] if says else []


def _of_entry(entry: Entry) -> Command:
    command = entry.command
    content = content_of(command.operation, command.fields)
    return Command(command.command_id, content, command.spoken_text, entry=entry)


def _saying_the_same(commands: Iterable[Command], effect: Effect) -> Command | None:
    """One that has no effect yet before one that has."""
    same = [command for command in commands if command.content == effect.content]
    return min(same, key=lambda command: len(command.effects), default=None)


def _meant(commands: Iterable[Command], at_s: float, key: str, shown: str) -> Iterator[Command]:
    """Whose words are repeated: of each sentence the first whose end was not told yet, of those of which it is true, if
    there are.
    """
    named: dict[str, list[Command]] = {}
    for command in commands:
        if command.submitted_s <= at_s and _has_words(shown, command.spoken_text):
            named.setdefault(command.spoken_text if key == MANY else "", []).append(command)
    for same in named.values():
        fitting = [one for one in same if _is_true(one, at_s, LATE[key])] or same
        yield min(fitting, key=lambda one: (one.is_told(at_s), one.submitted_s))


def _has_words(text: str, words: str) -> bool:
    return bool(words) and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


def content_of(operation: str, fields: Mapping[str, Any]) -> Content:
    """What a command does."""
    match operation:
        case "quantity.report":
            return "good", str(fields["job"]), f"{fields['quantity']:g}"
        case "scrap.report":
            return "scrap", str(fields["job"]), f"{fields['quantity']:g}", str(fields["defect"])
        case "note.add":
            return "note", str(fields["text"])
        case _:
            return (operation,)


def effect_of(event: Mapping[str, Any]) -> Effect:
    """A CloudEvent of the plant."""
    content, at_s = _content_in(event["type"], event["data"]), datetime.fromisoformat(event["time"]).timestamp()
    return Effect(int(event["sequence"]), event["idempotencykey"] or "", content, at_s)


def _content_in(kind: str, data: Mapping[str, Any]) -> Content:
    match kind:
        case "mes.quantity.reported" if data["scrap"]:
            return "scrap", str(data["job"]), f"{data['scrap']:g}", str(data["defect"])
        case "mes.quantity.reported":
            return "good", str(data["job"]), f"{data['good']:g}"
        case "mes.note.added":
            return "note", str(data["text"])
        case _:
            return (kind,)
