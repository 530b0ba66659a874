"""What may be said as a network of phones: the words of a graph, each phone in the context of its neighbours.

Words that leave a state share their first phones, words that lead to a state their last ones. Between two words stands
a joint, named by the state, the last phone before and the first after it, so that both phones know each other. At every
state a silence or another noise may stand. What it accepts is what pocketsphinx's fsg_lextree.c accepts, with a third of
its phones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.senones import BEGIN, END, INSIDE, SINGLE

if TYPE_CHECKING:
    from voicemes.engines.asr.senones import Indices, Phones, Scores
    from voicemes.model import WordGraph

    Keys = NDArray[np.int64]

LANGUAGE_WEIGHT = 6.5
"""How much the probabilities of words count against those of sounds (lw)."""
WORD = math.log(0.65) * LANGUAGE_WEIGHT
"""Of each word (wip)."""
SILENCE = math.log(0.005) * LANGUAGE_WEIGHT
"""Of each silence (silprob)."""
NOISE = math.log(1e-8) * LANGUAGE_WEIGHT
"""Of each other sound that is no word (fillprob)."""
BITS = 6
"""Of the number of a phone."""
NONE = 0
"""The label of what is no word yet."""


@dataclass(frozen=True, slots=True)
class Links:
    """From each of many to some of many: those of `n` are at `starts[n]` to `starts[n + 1]` of `targets`."""

    starts: Indices
    targets: Indices

    @classmethod
    def of(cls, n: int, sources: Keys, targets: Keys) -> Links:
        order = np.argsort(sources, kind="stable")
        starts = np.zeros(n + 1, "i4")
        np.cumsum(np.bincount(sources, minlength=n), out=starts[1:])
        return cls(starts, targets[order].astype("i4"))

    def rows(self, sources: NDArray[np.integer]) -> tuple[Keys, Keys]:
        """All links of `sources`: which of them each comes from, and where it stands in `targets`."""
        counts = self.starts[sources + 1] - self.starts[sources]
        which = np.repeat(np.arange(len(sources)), counts)
        first = np.repeat(self.starts[sources] - (np.cumsum(counts) - counts), counts)
        return which, first + np.arange(len(which))


@dataclass(frozen=True, slots=True)
class Network:
    """Phones by number."""

    words: tuple[str, ...]
    """By label; fillers as `<sil>` and such, nothing for NONE."""
    costs: Scores
    """By label: the log probability of the word."""
    senones: Indices
    """(phones, 3)"""
    phones: Indices
    """(phones,): which, for its transitions."""
    label_of: Indices
    """(phones,): the word that it is alone."""
    is_last: NDArray[np.bool_]
    """(phones,): whether a word ends with it."""
    is_final: NDArray[np.bool_]
    """(phones,): whether a sentence may end with it."""
    inside: Links
    """To the next phones of a word."""
    labels: Indices
    """Of each of these links: the word that is known then."""
    behind: Links
    """From the last phone of a word to joints."""
    entries: Links
    """From joints to first phones."""
    start: Indices
    """Joints where a sentence begins."""


def network_of(graph: WordGraph, pronunciations: Callable[[str], Iterable[str]], phones: Phones) -> Network:
    return _Builder(graph, pronunciations, phones).build()


class _Builder:
    """Everything by whole columns: 30,000 arcs one by one would take seconds."""

    def __init__(self, graph: WordGraph, pronunciations: Callable[[str], Iterable[str]], phones: Phones) -> None:
        self.phones, self.graph = phones, graph
        self.sil = phones.silence
        self._read(pronunciations)
        states = np.arange(graph.n_states, dtype="i8")
        self.lasts = _sets(graph.n_states, np.append(self.end, states), np.append(self.p_last[self.said], states * 0 + self.sil))
        self.firsts = _sets(graph.n_states, np.append(self.begin, states), np.append(self.p_first[self.said], states * 0 + self.sil))
        self.joints = self._all_joints()
        self.senones: list[Indices] = []
        self.bases: list[Keys] = []
        self.label_of: list[Keys] = []
        self.is_last: list[Keys] = []
        self.final: list[Keys] = []
        self.n = 0
        self.entries: list[tuple[Keys, Keys]] = []
        self.behind: list[tuple[Keys, Keys]] = []
        self.inside: list[tuple[Keys, Keys, Keys]] = []

    def _read(self, pronunciations: Callable[[str], Iterable[str]]) -> None:
        """Rows of one pronunciation of one arc, and the table of pronunciations."""
        number = {name: n for n, name in enumerate(self.phones.names)}
        sounds: list[tuple[int, ...]] = []
        said_as: dict[str, list[int]] = {}
        for word in sorted(self.graph.words):
            said_as[word] = []
            for one in pronunciations(word):
                said_as[word].append(len(sounds))
                sounds.append(tuple(number[sound] for sound in one.split()))
        labels: dict[tuple[str, float], int] = {("", 0.0): NONE}
        for name, cost in self.filler_words():
            labels[name, cost] = len(labels)
        begin, end, said, label = [], [], [], []
        for start, to, word, weight in self.graph.arcs:
            number_of = labels.setdefault((word, WORD + math.log(weight) * LANGUAGE_WEIGHT), len(labels))
            for one in said_as[word]:
                begin.append(start)
                end.append(to)
                said.append(one)
                label.append(number_of)
        self.begin, self.end, self.said, self.label = (np.array(row, dtype="i8") for row in (begin, end, said, label))
        self.labels = labels
        self.p_first = np.array([one[0] for one in sounds], dtype="i8")
        self.p_last = np.array([one[-1] for one in sounds], dtype="i8")
        self.length = np.array([len(one) for one in sounds], dtype="i8")
        self.p_second = np.array([one[1] if len(one) > 1 else 0 for one in sounds], dtype="i8")
        self.p_before = np.array([one[-2] if len(one) > 1 else 0 for one in sounds], dtype="i8")
        self._suffixes(sounds)

    def _suffixes(self, sounds: list[tuple[int, ...]]) -> None:
        """Each phone inside a word with all that follows it and the one before it: words share them."""
        numbers: dict[tuple[int, ...], int] = {}
        self.rest = np.full(len(sounds), -1, "i8")
        for n, one in enumerate(sounds):
            for at in range(len(one) - 2):
                numbers.setdefault(one[at:], len(numbers))
            if len(one) > 2:
                self.rest[n] = numbers[one]
        self.next_rest = np.array([numbers.get(one[1:], -1) if len(one) > 3 else -1 for one in numbers], dtype="i8")
        self.rest_phones = np.array([one[:3] for one in numbers], dtype="i8").reshape(-1, 3)

    def filler_words(self) -> list[tuple[str, float]]:
        names = self.phones.names
        others = sorted(self.phones.fillers - {self.sil})
        return [("<sil>", SILENCE), *((f"[{names[other].strip('+')}]", NOISE) for other in others)]

    def _all_joints(self) -> Keys:
        states = np.arange(self.graph.n_states, dtype="i8")
        which, last = self.lasts.rows(states)
        before = self.lasts.targets[last].astype("i8")
        row, first = self.firsts.rows(which)
        return _key(which[row], before[row], self.firsts.targets[first].astype("i8"))

    def build(self) -> Network:
        self._fillers()
        first_of, n_first = self._beginnings()
        self._singles()
        last_of, n_last = self._endings()
        self._insides(first_of, n_first, last_of, n_last)
        sources, targets, labels = (np.concatenate(column) for column in zip(*self.inside, strict=True))
        order = np.argsort(sources, kind="stable")
        n_joints = len(self.joints)
        starts = _key(np.zeros(1, "i8"), np.full(1, self.sil), self.firsts.targets[: self.firsts.starts[1]].astype("i8"))
        entries = tuple(np.concatenate(column) for column in zip(*self.entries, strict=True))
        behind = tuple(np.concatenate(column) for column in zip(*self.behind, strict=True))
        return Network(
            tuple(word for word, _ in self.labels),
            np.array([cost for _, cost in self.labels], dtype="f4"),
            np.concatenate(self.senones),
            np.concatenate(self.bases).astype("i4"),
            np.concatenate(self.label_of).astype("i4"),
            np.concatenate(self.is_last).astype(bool),
            np.concatenate(self.final).astype(bool),
            Links.of(self.n, sources, targets),
            labels[order].astype("i4"),
            Links.of(self.n, behind[0], behind[1]),
            Links.of(n_joints, entries[0], entries[1]),
            self._joint(starts).astype("i4"),
        )

    def _add(self, sequences: Keys, bases: Keys, labels: Keys, ends: Keys | None) -> Keys:
        """New phones; `ends`: the states behind, where a word ends."""
        n = len(sequences)
        self.senones.append(self.phones.senones[sequences])
        self.bases.append(bases)
        self.label_of.append(labels)
        self.is_last.append(np.full(n, ends is not None))
        finals = np.array(sorted(self.graph.finals), dtype="i8")
        self.final.append(np.isin(ends, finals) if ends is not None else np.zeros(n, bool))
        self.n += n
        return np.arange(self.n - n, self.n, dtype="i8")

    def _joint(self, keys: Keys) -> Keys:
        return np.searchsorted(self.joints, keys)

    def _fillers(self) -> None:
        """Heard as silence by both neighbours."""
        states = np.arange(self.graph.n_states, dtype="i8")
        for label, filler in enumerate((self.sil, *sorted(self.phones.fillers - {self.sil})), start=1):
            nodes = self._add(
                np.full(len(states), self.phones.alone[filler]), states * 0 + filler, states * 0 + label, states
            )
            which, at = self.lasts.rows(states)
            self.entries.append((self._joint(_key(which, self.lasts.targets[at], states[which] * 0 + self.sil)), nodes[which]))
            self._leave(nodes, states, states * 0 + self.sil)

    def _leave(self, nodes: Keys, ends: Keys, lasts: Keys) -> None:
        """Links from the last phones to all joints behind."""
        which, at = self.firsts.rows(ends)
        self.behind.append((nodes[which], self._joint(_key(ends[which], lasts[which], self.firsts.targets[at]))))

    def _beginnings(self) -> tuple[Links, Keys]:
        """First phones of words of at least two; which of them stand for each (state, phone, next phone)."""
        many = self.length[self.said] > 1
        said = self.said[many]
        self.first_key = _key(self.begin[many], self.p_first[said], self.p_second[said])
        pairs, self.first_row = np.unique(self.first_key, return_inverse=True)
        state, phone, after = _unkey(pairs)
        which, at = self.lasts.rows(state)
        before = self.lasts.targets[at].astype("i8")
        sequences = self._sequences(BEGIN, phone[which], before, after[which])
        variants, node = np.unique(which * len(self.phones.senones) + sequences, return_inverse=True)
        pair, sequence = np.divmod(variants, len(self.phones.senones))
        nodes = self._add(sequence, phone[pair], pair * 0, None)
        self.entries.append((self._joint(_key(state[which], before, phone[which])), nodes[node]))
        return Links.of(len(pairs), pair, nodes), pairs

    def _singles(self) -> None:
        one = self.length[self.said] == 1
        begin, end, label, phone = self.begin[one], self.end[one], self.label[one], self.p_first[self.said[one]]
        which, at = self.lasts.rows(begin)
        before = self.lasts.targets[at].astype("i8")
        sequences = self._sequences(SINGLE, phone[which], before, before * 0 + self.sil)
        variants, node = np.unique(which * len(self.phones.senones) + sequences, return_inverse=True)
        row, sequence = np.divmod(variants, len(self.phones.senones))
        nodes = self._add(sequence, phone[row], label[row], end[row])
        self.entries.append((self._joint(_key(begin[which], before, phone[which])), nodes[node]))
        self._leave(nodes, end[row], phone[row])

    def _endings(self) -> tuple[Links, Keys]:
        """Last phones of words of at least two; which of them stand for each (state, phone before, phone)."""
        many = self.length[self.said] > 1
        said = self.said[many]
        pairs = np.unique(_key(self.end[many], self.p_before[said], self.p_last[said]))
        state, before, phone = _unkey(pairs)
        which, at = self.firsts.rows(state)
        after = self.firsts.targets[at].astype("i8")
        sequences = self._sequences(END, phone[which], before[which], after)
        variants, node = np.unique(which * len(self.phones.senones) + sequences, return_inverse=True)
        pair, sequence = np.divmod(variants, len(self.phones.senones))
        nodes = self._add(sequence, phone[pair], pair * 0, state[pair])
        self.behind.append((nodes[node], self._joint(_key(state[which], phone[which], after))))
        return Links.of(len(pairs), pair, nodes), pairs

    def _insides(self, first_of: Links, firsts: Keys, last_of: Links, lasts: Keys) -> None:
        many = np.flatnonzero(self.length[self.said] > 1)
        end, rest, label = self.end[many], self.rest[self.said[many]], self.label[many]
        n_rests = max(len(self.next_rest), 1)
        keys = np.unique((end * n_rests + rest)[rest >= 0])
        levels = [keys]
        while len(levels[-1]):
            state, now = np.divmod(levels[-1], n_rests)
            after = self.next_rest[now]
            levels.append(np.unique((state * n_rests + after)[after >= 0]))
        keys = np.unique(np.concatenate(levels))
        state, now = np.divmod(keys, n_rests)
        left, phone, right = self.rest_phones[now].T if len(keys) else (now, now, now)
        nodes = self._add(self._sequences(INSIDE, phone, left, right), phone, phone * 0, None)
        after = self.next_rest[now]
        goes_on = after >= 0
        following = nodes[np.searchsorted(keys, (state * n_rests + after)[goes_on])]
        self.inside.append((nodes[goes_on], following, following * 0))
        pair = np.searchsorted(lasts, _key(state, phone, right)[~goes_on])
        which, at = last_of.rows(pair)
        self.inside.append((nodes[~goes_on][which], last_of.targets[at].astype("i8"), which * 0))
        self._first_links(first_of, last_of, lasts, many, end, rest, label, nodes, keys, n_rests)

    def _first_links(self, first_of, last_of, lasts, many, end, rest, label, nodes, keys, n_rests) -> None:
        """From first phones to second ones: there the word is known."""
        short = rest < 0
        targets = np.zeros(len(many), "i8")
        targets[~short] = nodes[np.searchsorted(keys, (end * n_rests + rest)[~short])]
        which, at = first_of.rows(self.first_row[~short])
        self.inside.append((first_of.targets[at].astype("i8"), targets[~short][which], label[~short][which]))
        said = self.said[many][short]
        pair = np.searchsorted(lasts, _key(end[short], self.p_before[said], self.p_last[said]))
        which, at = first_of.rows(self.first_row[short])
        row, to = last_of.rows(pair[which])
        self.inside.append((first_of.targets[at][row].astype("i8"), last_of.targets[to].astype("i8"), label[short][which][row]))

    def _sequences(self, place: int, phone: Keys, left: Keys, right: Keys) -> Keys:
        keys, back = np.unique(_key(phone, left, right), return_inverse=True)
        found = [self.phones.sequence(place, *one) for one in zip(*(part.tolist() for part in _unkey(keys)), strict=True)]
        return np.array(found, dtype="i8")[back]


def _key(first: Keys, second: Keys, third: Keys) -> Keys:
    return np.asarray((first << 2 * BITS) | (second << BITS) | third)


def _unkey(keys: Keys) -> tuple[Keys, Keys, Keys]:
    low = (1 << BITS) - 1
    return keys >> 2 * BITS, (keys >> BITS) & low, keys & low


def _sets(n: int, sources: Keys, values: Keys) -> Links:
    pairs = np.unique((sources << BITS) | values)
    return Links.of(n, pairs >> BITS, pairs & ((1 << BITS) - 1))
