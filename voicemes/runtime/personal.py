"""A trace that names nobody: people have pseudonyms in it, and what was dictated is masked.

Whoever the session, the catalogue or the MES knows is "person one", "person two", … wherever they stand, also inside
what was said and shown, and the same one in all of a trace, so that it runs again. A bystander's name that nobody knows
cannot be found, nor can a short form that is no alias. An id without a letter ("1204") is a number among others: it is
replaced where only a person can stand, and left in texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from voicemes.events import CatalogReloaded, Event, InputReceived, LiveRefreshed, OperatorChanged, SessionStarted
from voicemes.intents import PERSON
from voicemes.nlu.normalize import normalize
from voicemes.numbers import say_cardinal
from voicemes.runtime.secrets import MASK

WORD, ESCAPED = re.compile(r"\w+"), re.compile(r"\\(u[0-9a-f]{4}|.)")
SHARED = "words"
"""Who shares what is said at a station shares it with the names in it."""
PEOPLE = frozenset({PERSON, "people", "operator", "operator_id", "asked_by"})
"""Keys under which only people stand."""
PLAIN = frozenset(
    (
        *("event", "kind", "session_id", "catalog_hash", "event_id", "command_id", "station", "shared", "role"),
        *("scope", "phase", "intent", "slot", "name", "type", "source", "route", "engine", "key", "code", "operation"),
        *("outcome", "ended_by", "urgency", "mes", "clarity", "why", "how", "offered", "steady"),
    )
)
"""Keys of our own words, where nobody is named whatever people are called."""
FREE = frozenset({"values", "fields", "facts", "seen", "current", "cannot"})
"""Under these a MES or a catalogue chose the keys: "name" may be anybody's there, and a key may be a name."""


class Names:
    """Words that are written otherwise: whole ones, in any case of letters, whatever stands between two of them."""

    def __init__(self) -> None:
        self._instead: dict[tuple[str, ...], str] = {}
        """Words -> what is written for them. As many as people and notes."""
        self._lengths: dict[str, list[int]] = {}
        """First word -> how many words such names have, the most first."""

    def learn(self, name: str, instead: str) -> None:
        """The first who has a name keeps it."""
        words = _words(name)
        if not words or words in self._instead:
            return
        self._instead[words] = instead
        lengths = self._lengths.setdefault(words[0], [])
        if len(words) not in lengths:
            lengths.append(len(words))
            lengths.sort(reverse=True)

    def whole(self, text: str) -> str | None:
        """What is written for it, where it is a name and nothing else."""
        return self._instead.get(_words(text))

    def may_be_in(self, words: frozenset[str]) -> bool:
        return not words.isdisjoint(self._lengths)

    def count(self, text: str) -> int:
        return len(self._found(text, 1))

    def hide(self, text: str, least: int = 1) -> str:
        """`least`: names of fewer words are left, unless they are the whole text."""
        parts, end = [], 0
        for start, stop, instead in self._found(text, least):
            parts += [text[end:start], instead]
            end = stop
        return "".join([*parts, text[end:]])

    def _found(self, text: str, least: int) -> list[tuple[int, int, str]]:
        if not self._instead:
            return []
        places = [(match.start(), match.end()) for match in WORD.finditer(text)]
        words = [text[start:stop].casefold() for start, stop in places]
        found, at = [], 0
        while at < len(words):
            n_words = self._n_words_at(words, at, least)
            if n_words:
                instead = self._instead[tuple(words[at : at + n_words])]
                found.append((places[at][0], places[at + n_words - 1][1], instead))
            at += max(1, n_words)
        return found

    def _n_words_at(self, words: list[str], at: int, least: int) -> int:
        """Of the longest name that stands there; 0 where none does."""
        for n_words in self._lengths.get(words[at], ()):
            is_known = at + n_words <= len(words) and tuple(words[at : at + n_words]) in self._instead
            if is_known and (n_words >= least or n_words == len(words)):
                return n_words
        return 0


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in WORD.findall(text))


Rewrite: TypeAlias = Callable[[str], str]


def rewritten(
    data: Any, text: Rewrite, person: Rewrite | None = None, *, key: str = "", is_free: bool = False, who: bool = False
) -> Any:
    """Plain data with other texts in it; what our own words are stays. `person` is for where only people can stand
    (`who`); with it, keys that are data are rewritten, too.
    """
    of_people = person or text
    if isinstance(data, str):
        return data if key in PLAIN and not is_free else (of_people if who else text)(data)
    if isinstance(data, (list, tuple)):
        return [rewritten(one, text, person, key=key, is_free=is_free, who=who) for one in data]
    if not isinstance(data, Mapping):
        return data
    is_by_person = key == "roles"
    inner = {}
    for name, value in data.items():
        free = is_free or name in FREE or (name == "slots" and isinstance(value, Mapping))
        is_theirs = who or name in PEOPLE or (name in {"value", "spoken"} and is_person_slot(data))
        keys = of_people if is_theirs or is_by_person else text
        own = keys(name) if person and (is_free or is_by_person) else name
        inner[own] = value if is_by_person else rewritten(value, text, person, key=name, is_free=free, who=is_theirs)
    return inner


def is_person_slot(data: Mapping[str, Any]) -> bool:
    return "spoken" in data and PERSON in (data.get("type"), data.get("name"))


class Mask:
    """From an event to what a trace may hold of it. It learns who there is from the events themselves."""

    def __init__(self) -> None:
        self._names, self._dictated = Names(), Names()
        self._numbers: dict[str, str] = {}
        """Ids without a letter -> pseudonym."""
        self._n_people = 0
        self._met: set[tuple[str, ...]] = set()
        self._is_shared = False

    def __call__(self, event: Event) -> dict[str, Any]:
        if isinstance(event, SessionStarted):
            self._is_shared = event.shared == SHARED
        data = event.to_json()
        if self._is_shared:
            return data
        self._learn(event)
        match event:
            case InputReceived(input={"kind": "Heard"}):
                heard = {**data, "input": self._heard(event), "dictated": []}
                return self._nameless(heard)
            case InputReceived():
                return self._hidden({**data, "dictated": []}, 2)
            case LiveRefreshed():
                return {**data, "live": self._live(data["live"])}
            case SessionStarted():
                return {**self._nameless(data), "source": self._names.hide(event.source)}
            case _:
                return self._hidden(data, 1)

    def _learn(self, event: Event) -> None:
        match event:
            case SessionStarted():
                self._meet([event.operator_id], *event.people)
            case CatalogReloaded():
                self._meet(*event.people)
            case OperatorChanged():
                self._meet([event.operator_id])
            case LiveRefreshed():
                known = event.live["references"].get(PERSON, ())
                self._meet(*([one["id"], *one["aliases"]] for one in known))
                self._meet(*([person] for person in event.live["roles"]))
            case InputReceived():
                self._meet(*([name] for name in _people_in(event.input)))
                for text in event.dictated:
                    self._dictated.learn(text, MASK)

    def _meet(self, *people: Iterable[str]) -> None:
        """Each with an id, and further names."""
        for person, *names in people:
            if not person or (person, *names) in self._met:
                continue
            self._met.add((person, *names))
            instead = self._numbers.get(person) or self._names.whole(person)
            if instead is None:
                self._n_people += 1
                instead = f"{PERSON} {say_cardinal(self._n_people)}"
            for name in (person, *names):
                if not any(sign.isalpha() for sign in name):
                    self._numbers.setdefault(name, instead)
                    continue
                self._names.learn(name, instead)
                self._names.learn(" ".join(normalize(name)), instead)

    def _live(self, live: Mapping[str, Any]) -> dict[str, Any]:
        """A plant may have ten thousand orders: what is known of a kind of things is looked through word by word only
        where a name may be in it.
        """
        large = ("references", "facts")
        hidden = self._hidden({name: part for name, part in live.items() if name not in large}, 2)
        for name in large:
            done: dict[str, Any] = {}
            for kind, things in live.get(name, {}).items():
                is_touched = kind == PERSON or self._is_touched(things)
                done |= self._hidden({name: {kind: things}}, 2)[name] if is_touched else {kind: things}
            hidden[name] = done
        return hidden

    def _is_touched(self, data: Any) -> bool:
        words = frozenset(WORD.findall(ESCAPED.sub(" ", json.dumps(data, ensure_ascii=False)).casefold()))
        is_named = self._names.may_be_in(words) or self._dictated.may_be_in(words)
        return is_named or any(not words.isdisjoint(_words(number)) for number in self._numbers)

    def _hidden(self, data: dict[str, Any], least: int) -> dict[str, Any]:
        return self._nameless(self._without_dictated(data, least))

    def _nameless(self, data: dict[str, Any]) -> dict[str, Any]:
        nameless: dict[str, Any] = rewritten(data, self._text, self._person)
        return nameless

    def _text(self, text: str) -> str:
        lead, slash, number = text.rpartition("/")
        is_subject = lead == PERSON and number in self._numbers
        return f"{lead}{slash}{self._numbers[number]}" if is_subject else self._names.hide(text)

    def _person(self, text: str) -> str:
        return self._numbers.get(text) or self._text(text)

    def _without_dictated(self, data: dict[str, Any], least: int) -> dict[str, Any]:
        rest: dict[str, Any] = rewritten(data, lambda text: self._dictated.hide(text, least))
        return rest

    def _heard(self, event: InputReceived) -> dict[str, Any]:
        """What was heard, as a trace may hold it. Where the words do not mean the same any more, what they were taken
        for is kept as a fact: a replay does not read them anew.
        """
        parse = dict(event.input["parse"])
        said, text = set(event.dictated), str(parse["transcript"]["text"])
        candidates = [parse["candidate"]] if "candidate" in parse else parse.get("candidates", [])
        is_strange = any(slot["spoken"] and self._names.whole(slot["spoken"]) is None for slot in _persons(candidates))
        n_names = self._names.count(text)
        if said or is_strange:
            self._dictated.learn(text, MASK)
            ending = "?" if text.rstrip().endswith("?") else ""  # a question is read back
            parse |= {"transcript": {**parse["transcript"], "text": MASK + ending, "words": []}, "kept": True}
            parse |= {"detail": ""} if "detail" in parse else {}
        elif n_names:
            parse |= {"transcript": {**parse["transcript"], "words": []}}
            parse |= {} if self._means_the_same(candidates, n_names) else {"kept": True}
        hidden = [_masked(one, said, is_strange=is_strange) for one in candidates]
        if "candidate" in parse:
            parse["candidate"] = hidden[0]
        elif hidden:
            parse["candidates"] = hidden
        return {**event.input, "parse": parse}

    def _means_the_same(self, candidates: list[Any], n_names: int) -> bool:
        """Whether every name that was said stands for a person: "grace" may be a word of a sentence, too."""
        counted = [sum(self._names.count(slot["spoken"]) for slot in _persons([one])) for one in candidates]
        is_exact = all(one["route"] == "grammar" for one in candidates)
        return is_exact and bool(counted) and all(n == n_names for n in counted)


def _persons(candidates: list[Any]) -> list[Any]:
    return [slot for one in candidates for slot in one["slots"] if is_person_slot(slot)]


def _masked(candidate: Any, said: set[str], *, is_strange: bool) -> Any:
    """A candidate without the texts that were dictated, and without the words for a person that are no name."""
    slots = []
    for slot in candidate["slots"]:
        is_said = slot["value"] in said if isinstance(slot["value"], str) else False
        hidden = {"value": MASK} if is_said else {}
        words = {"spoken": MASK} if is_said or (is_strange and is_person_slot(slot)) else {}
        slots.append({**slot, **hidden, **words})
    return {**candidate, "slots": slots}


def _people_in(data: Any, key: str = "") -> list[str]:
    """Texts where only people stand."""
    if isinstance(data, str):
        return [data] if key in PEOPLE and data else []
    if isinstance(data, Mapping):
        return [found for name, value in data.items() for found in _people_in(value, name)]
    return [found for one in data for found in _people_in(one, key)] if isinstance(data, (list, tuple)) else []
