"""What may be said as a network of phones: the words of a graph, each phone in the context of its neighbours.

Words that leave a state share their first phones, words that lead to a state all that follows the first one. Between
two words stands a joint, named by the state, the last phone before and the first after it: so both know each other. At
every state a silence or another noise may stand. It accepts what pocketsphinx's fsg_lextree.c accepts.

Everything is done by whole columns: 30,000 arcs one by one would take seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.senones import BEGIN, END, INSIDE, SINGLE

if TYPE_CHECKING:
    from voicemes.engines.asr.senones import Indices, Keys, Phones, Scores
    from voicemes.model import WordGraph

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
NO_LABEL = 0
"""Of what is no word yet."""


@dataclass(frozen=True, slots=True)
class Links:
    """From each of many to some of many: those of `n` are `targets[starts[n] : starts[n + 1]]`."""

    starts: Keys
    targets: Keys

    @classmethod
    def of(cls, n: int, sources: Keys, targets: Keys) -> Links:
        return cls(starts_of(n, sources), targets[np.argsort(sources, kind="stable")])

    def places(self, sources: Keys) -> tuple[Keys, Keys]:
        """All links of `sources`: which of them each comes from, and its place in `targets`."""
        first = self.starts.take(sources)
        counts = self.starts.take(sources + 1) - first
        ends = counts.cumsum()
        which = np.arange(len(sources)).repeat(counts)
        first += counts
        first -= ends
        return which, first.take(which) + np.arange(len(which))

    def follow(self, sources: Keys) -> tuple[Keys, Keys]:
        """All links of `sources`: which of them each comes from, and where it leads."""
        which, places = self.places(sources)
        return which, self.targets.take(places)


def starts_of(n: int, sources: Keys) -> Keys:
    """Where the links of each of `n` start, sorted by their source; and the end of all."""
    starts = np.zeros(n + 1, "i8")
    np.cumsum(np.bincount(sources, minlength=n), out=starts[1:])
    return starts


@dataclass(frozen=True, slots=True)
class Network:
    """Phones by number, words by label."""

    words: tuple[str, ...]
    """By label; fillers as `<sil>` and such."""
    costs: Scores
    """By label: the log probability of the word."""
    senones: Keys
    """(3, phones)"""
    phones: Keys
    """Which, for its transitions."""
    label_of: Keys
    """The word that a phone is alone."""
    is_last: NDArray[np.bool_]
    """Whether a word ends with it."""
    is_final: NDArray[np.bool_]
    """Whether a sentence may end with it."""
    links: Links
    """To the next phones: of the word, or of the words behind it."""
    labels: Keys
    """By place of these links: the word that is known then."""
    link_costs: Scores
    """By place of these links: the log probability of the word that is known then."""
    start: Keys
    """First phones where a sentence begins."""


def network_of(graph: WordGraph, pronunciations: Callable[[str], Iterable[str]], phones: Phones) -> Network:
    """Raises what `pronunciations` raises for a word that cannot be said."""
    return _Builder(_Said.of(graph, pronunciations, phones), phones).build()


_ROW = ("begin", "end", "label", "n_phones", "first", "second", "before_last", "last", "rest")


@dataclass(frozen=True, slots=True)
class _Said:
    """Every way to say every arc of a graph, a row each; and the rests: a phone inside a word, with the one before it
    and all that follow.
    """

    n_states: int
    finals: Keys
    labels: dict[tuple[str, float], int]
    """Word and log probability -> label."""
    begin: Keys
    end: Keys
    label: Keys
    n_phones: Keys
    first: Keys
    second: Keys
    before_last: Keys
    last: Keys
    rest: Keys
    """What follows the first phone; -1 where that is the last one."""
    next_rest: Keys
    """By rest: the next one; -1 where the last phone follows."""
    rest_phones: Keys
    """(rests, 3): the one before, itself, the next."""

    @classmethod
    def of(cls, graph: WordGraph, pronunciations: Callable[[str], Iterable[str]], phones: Phones) -> _Said:
        number = {name: n for n, name in enumerate(phones.names)}
        sounds = {
            word: [tuple(number[sound] for sound in one.split()) for one in pronunciations(word)]
            for word in sorted(graph.words)
        }
        rests: dict[tuple[int, ...], int] = {}
        for one in (one for ways in sounds.values() for one in ways):
            for at in range(len(one) - 2):
                rests.setdefault(one[at:], len(rests))
        labels = {("", 0.0): NO_LABEL} | {filler: n for n, filler in enumerate(_filler_words(phones), start=1)}
        rows = []
        for begin, end, word, weight in graph.arcs:
            label = labels.setdefault((word, WORD + math.log(weight) * LANGUAGE_WEIGHT), len(labels))
            for one in sounds[word]:
                second, before_last = one[min(1, len(one) - 1)], one[max(len(one) - 2, 0)]
                rows.append((begin, end, label, len(one), one[0], second, before_last, one[-1], rests.get(one, -1)))
        columns = dict(zip(_ROW, np.array(rows, dtype="i8").reshape(-1, len(_ROW)).T, strict=True))
        after = np.array([rests[one[1:]] if len(one) > 3 else -1 for one in rests], dtype="i8")
        middles = np.array([one[:3] for one in rests], dtype="i8").reshape(-1, 3)
        finals = np.array(sorted(graph.finals), dtype="i8")
        return cls(graph.n_states, finals, labels, **columns, next_rest=after, rest_phones=middles)


def _filler_words(phones: Phones) -> list[tuple[str, float]]:
    """In the order of `_fillers`."""
    silence = phones.silence
    fillers = phones.fillers.tolist()
    return [("<sil>", SILENCE) if one == silence else (f"[{phones.names[one].strip('+')}]", NOISE) for one in fillers]


@dataclass(slots=True)
class _Columns:
    """Phones of the network as they come."""

    senones: list[Indices] = field(default_factory=list)
    phones: list[Keys] = field(default_factory=list)
    label_of: list[Keys] = field(default_factory=list)
    ends: list[Keys] = field(default_factory=list)
    """The state behind a word; -1 inside."""
    n: int = 0


class _Builder:
    def __init__(self, said: _Said, phones: Phones) -> None:
        self.said, self.sounds = said, phones
        self.states = np.arange(said.n_states, dtype="i8")
        silent = np.full_like(self.states, phones.silence)
        self.lasts = _sets(said.n_states, np.append(said.end, self.states), np.append(said.last, silent))
        self.firsts = _sets(said.n_states, np.append(said.begin, self.states), np.append(said.first, silent))
        which, before = self.lasts.follow(self.states)
        row, after = self.firsts.follow(which)
        self.joints = _key(which[row], before[row], after)
        self.columns = _Columns()
        self.entries: list[tuple[Keys, Keys]] = []
        self.behind: list[tuple[Keys, Keys]] = []
        self.inside: list[tuple[Keys, Keys, Keys]] = []

    def build(self) -> Network:
        self._fillers()
        self._singles()
        many = np.flatnonzero(self.said.n_phones > 1)
        self._insides(many, *self._beginnings(many), *self._endings(many))
        columns, said = self.columns, self.said
        ends, label_of = np.concatenate(columns.ends), np.concatenate(columns.label_of)
        costs = np.array([cost for _, cost in said.labels], dtype="f4")
        entries = Links.of(len(self.joints), *_joined(self.entries))
        sources, targets, labels = _joined(self.inside)
        last, joints = _joined(self.behind)
        which, first = entries.follow(joints)
        known = np.concatenate([labels, label_of[first]])
        sources = np.append(sources, last[which])
        order = np.argsort(sources, kind="stable")
        return Network(
            words=tuple(word for word, _ in said.labels),
            costs=costs,
            senones=np.ascontiguousarray(np.concatenate(columns.senones).T.astype("i8")),
            phones=np.concatenate(columns.phones),
            label_of=label_of,
            is_last=ends >= 0,
            is_final=np.isin(ends, said.finals),
            links=Links(starts_of(columns.n, sources), np.append(targets, first)[order]),
            labels=np.append(labels, np.zeros_like(first))[order],
            link_costs=costs[known][order],
            start=entries.follow(self._start())[1],
        )

    def _start(self) -> Keys:
        """Joints where a sentence begins: behind silence."""
        _, first = self.firsts.follow(self.states[:1])
        return self._joint(self.states[:1], np.full(1, self.sounds.silence, "i8"), first)

    def _add(self, sequences: Keys, phones: Keys, labels: Keys, ends: Keys) -> Keys:
        columns, n = self.columns, len(sequences)
        columns.senones.append(self.sounds.senones[sequences])
        columns.phones.append(phones)
        columns.label_of.append(labels)
        columns.ends.append(ends)
        columns.n += n
        return np.arange(columns.n - n, columns.n, dtype="i8")

    def _joint(self, states: Keys, before: Keys, after: Keys) -> Keys:
        return np.searchsorted(self.joints, _key(states, before, after))

    def _leave(self, nodes: Keys, ends: Keys, lasts: Keys) -> None:
        """Links from last phones to all joints behind them."""
        which, after = self.firsts.follow(ends)
        self.behind.append((nodes[which], self._joint(ends[which], lasts[which], after)))

    def _fillers(self) -> None:
        """Both neighbours hear them as silence."""
        states, silence = self.states, self.sounds.silence
        for label, filler in enumerate(self.sounds.fillers.tolist(), start=1):
            sequences, phones = np.full_like(states, self.sounds.alone[filler]), np.full_like(states, filler)
            nodes = self._add(sequences, phones, np.full_like(states, label), states)
            which, before = self.lasts.follow(states)
            self.entries.append((self._joint(which, before, np.full_like(which, silence)), nodes[which]))
            self._leave(nodes, states, np.full_like(states, silence))

    def _singles(self) -> None:
        """Words of one phone: whatever follows is heard by them as silence, as in the library."""
        said = self.said
        one = np.flatnonzero(said.n_phones == 1)
        which, before = self.lasts.follow(said.begin[one])
        phones = said.first[one]
        silence = np.full_like(before, self.sounds.silence)
        sequences = self.sounds.sequences(SINGLE, phones[which], before, silence)
        row, sequence, back = self._variants(which, sequences)
        nodes = self._add(sequence, phones[row], said.label[one][row], said.end[one][row])
        self.entries.append((self._joint(said.begin[one][which], before, phones[which]), nodes[back]))
        self._leave(nodes, said.end[one][row], phones[row])

    def _beginnings(self, many: Keys) -> tuple[Links, Keys]:
        """First phones; which of them stand for each (state, phone, next phone), and for each row which of those."""
        said = self.said
        keys, row_of = np.unique(_key(said.begin[many], said.first[many], said.second[many]), return_inverse=True)
        state, phone, after = _unkey(keys)
        which, before = self.lasts.follow(state)
        sequences = self.sounds.sequences(BEGIN, phone[which], before, after[which])
        row, sequence, back = self._variants(which, sequences)
        nodes = self._add(sequence, phone[row], np.zeros_like(row), np.full_like(row, -1))
        self.entries.append((self._joint(state[which], before, phone[which]), nodes[back]))
        return Links.of(len(keys), row, nodes), row_of

    def _endings(self, many: Keys) -> tuple[Links, Keys]:
        """Last phones; which of them stand for each (state, phone before, phone), and those keys."""
        said = self.said
        keys = np.unique(_key(said.end[many], said.before_last[many], said.last[many]))
        state, before, phone = _unkey(keys)
        which, after = self.firsts.follow(state)
        sequences = self.sounds.sequences(END, phone[which], before[which], after)
        row, sequence, back = self._variants(which, sequences)
        nodes = self._add(sequence, phone[row], np.zeros_like(row), state[row])
        self.behind.append((nodes[back], self._joint(state[which], phone[which], after)))
        return Links.of(len(keys), row, nodes), keys

    def _insides(self, many: Keys, first_of: Links, row_of: Keys, last_of: Links, lasts: Keys) -> None:
        """Phones between the first and the last one, and the links between all of them."""
        said = self.said
        end, rest, label = said.end[many], said.rest[many], said.label[many]
        n_rests = max(len(said.next_rest), 1)
        keys = self._rests(end, rest, n_rests)
        state, now = np.divmod(keys, n_rests)
        left, phone, right = said.rest_phones[now].T
        nothing = np.zeros_like(phone)
        nodes = self._add(self.sounds.sequences(INSIDE, phone, left, right), phone, nothing, nothing - 1)
        after = said.next_rest[now]
        on, last = np.flatnonzero(after >= 0), np.flatnonzero(after < 0)
        self.inside.append((nodes[on], nodes[np.searchsorted(keys, (state * n_rests + after)[on])], nothing[on]))
        which, target = last_of.follow(np.searchsorted(lasts, _key(state, phone, right)[last]))
        self.inside.append((nodes[last][which], target, nothing[which]))
        # From the first phone on the word is known.
        on, last = np.flatnonzero(rest >= 0), np.flatnonzero(rest < 0)
        which, source = first_of.follow(row_of[on])
        self.inside.append((source, nodes[np.searchsorted(keys, (end * n_rests + rest)[on])][which], label[on][which]))
        which, source = first_of.follow(row_of[last])
        ending = np.searchsorted(lasts, _key(end, said.before_last[many], said.last[many])[last])
        again, target = last_of.follow(ending[which])
        self.inside.append((source[again], target, label[last][which][again]))

    def _rests(self, end: Keys, rest: Keys, n_rests: int) -> Keys:
        """All rests that lead to a state, each as one number."""
        levels = [np.unique((end * n_rests + rest)[rest >= 0])]
        while len(levels[-1]):
            state, now = np.divmod(levels[-1], n_rests)
            after = self.said.next_rest[now]
            levels.append(np.unique((state * n_rests + after)[after >= 0]))
        return np.unique(np.concatenate(levels))

    def _variants(self, which: Keys, sequences: Keys) -> tuple[Keys, Keys, Keys]:
        """The different pairs of a row and a sequence: their rows, their sequences, and the pair that each was."""
        n = len(self.sounds.senones)
        pairs, back = np.unique(which * n + sequences, return_inverse=True)
        row, sequence = np.divmod(pairs, n)
        return row, sequence, back


def _joined(columns: Sequence[tuple[Keys, ...]]) -> tuple[Keys, ...]:
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


def _key(first: Keys, second: Keys, third: Keys) -> Keys:
    return np.asarray((first << 2 * BITS) | (second << BITS) | third)


def _unkey(keys: Keys) -> tuple[Keys, Keys, Keys]:
    low = (1 << BITS) - 1
    return keys >> 2 * BITS, (keys >> BITS) & low, keys & low


def _sets(n: int, sources: Keys, values: Keys) -> Links:
    pairs = np.unique((sources << BITS) | values)
    return Links.of(n, pairs >> BITS, pairs & ((1 << BITS) - 1))
