"""The likeliest way through a network of phones: a Viterbi search with beams, frame by frame over whole columns.

Every active phone holds three states; each state holds its score and where it came from: the word before (an entry of
the history) and, once it is known, the word itself, in one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from voicemes.engines.asr.network import Network
    from voicemes.engines.asr.senones import Scores

    Keys = NDArray[np.int64]

NEVER = np.float32(-1e30)


@dataclass(frozen=True, slots=True)
class Beams:
    """How far behind the best something may be, nats, and how many phones are looked at in a frame."""

    phone: float = 161.0
    word: float = 124.0
    n_active: int = 1500


@dataclass(frozen=True, slots=True)
class Segment:
    word: str
    first_frame: int
    last_frame: int
    score: float
    """Of its sounds: nats against the best senone of each frame, over all its frames; never above 0."""


@dataclass(slots=True)
class _History:
    """Ends of words: each with what came before (its entry and the label of the word), when, and how likely."""

    codes: list[Keys]
    scores: list[Scores]
    frames: list[int]
    finals: list[NDArray[np.bool_]]
    n: int = 0

    def add(self, codes: Keys, scores: Scores, finals: NDArray[np.bool_], frame: int) -> Keys:
        self.codes.append(codes)
        self.scores.append(scores)
        self.finals.append(finals)
        self.frames.append(frame)
        self.n += len(codes)
        return np.arange(self.n - len(codes), self.n, dtype="i8")


def search(network: Network, log_transitions: Scores, scores: Scores, beams: Beams) -> tuple[Segment, ...]:
    """The likeliest words for `scores`, (frames, senones); a whole sentence where there is one."""
    return _Search(network, log_transitions, beams).run(scores)


class _Search:
    def __init__(self, network: Network, log_transitions: Scores, beams: Beams) -> None:
        self.net, self.beams = network, beams
        loops = np.stack([log_transitions[:, n, n] for n in range(3)], axis=1)
        steps = np.stack([log_transitions[:, n, n + 1] for n in range(3)], axis=1)
        self.loops, self.steps = loops, steps
        n = len(network.phones)
        self.arriving = np.full(n, NEVER, "f4")
        self.arriving_code = np.zeros(n, "i8")
        self.at_joint = np.full(len(network.entries.starts) - 1, NEVER, "f4")
        self.joint_code = np.zeros(len(self.at_joint), "i8")
        self.is_active = np.zeros(n, bool)
        self.n_labels = len(network.words)
        self.history = _History([], [], [], [])

    def run(self, scores: Scores) -> tuple[Segment, ...]:
        net = self.net
        root = self.history.add(np.zeros(1, "i8"), np.zeros(1, "f4"), np.zeros(1, bool), -1)
        active = np.zeros(0, "i8")
        values, codes = np.zeros((0, 3), "f4"), np.zeros((0, 3), "i8")
        n_start = len(net.start)
        entered = self._enter(net.start.astype("i8"), np.zeros(n_start, "f4"), np.repeat(root, n_start), NEVER)
        for frame, row in enumerate(scores):
            active, values, codes = self._join(active, values, codes, entered)
            values = values + row[net.senones[active]]
            values, codes, leaving, code_out = self._step(net.phones[active], values, codes)
            best_of = np.maximum(values.max(axis=1), leaving)
            best = best_of.max()
            entered = self._propagate(active, leaving, code_out, best, frame)
            least = best - self.beams.phone
            if len(active) > self.beams.n_active:
                least = max(least, np.partition(best_of, -self.beams.n_active)[-self.beams.n_active])
            kept = best_of >= least
            self.is_active[active[~kept]] = False
            active, values, codes = active[kept], values[kept], codes[kept]
        return self._words()

    def _join(self, active: Keys, values: Scores, codes: Keys, entered: Keys) -> tuple[Keys, Scores, Keys]:
        new = np.unique(entered[~self.is_active[entered]])
        self.is_active[new] = True
        active = np.concatenate([active, new])
        values = np.concatenate([values, np.full((len(new), 3), NEVER, "f4")])
        codes = np.concatenate([codes, np.zeros((len(new), 3), "i8")])
        arriving = self.arriving[active]
        better = arriving > values[:, 0]
        values[:, 0] = np.where(better, arriving, values[:, 0])
        codes[:, 0] = np.where(better, self.arriving_code[active], codes[:, 0])
        self.arriving[entered] = NEVER
        return active, values, codes

    def _step(self, phones: NDArray[np.int32], values: Scores, codes: Keys) -> tuple[Scores, Keys, Scores, Keys]:
        stepping = values + self.steps[phones]
        values = values + self.loops[phones]
        moved = stepping[:, :2] > values[:, 1:]
        new_values, new_codes = values.copy(), codes.copy()
        new_values[:, 1:] = np.where(moved, stepping[:, :2], values[:, 1:])
        new_codes[:, 1:] = np.where(moved, codes[:, :2], codes[:, 1:])
        return new_values, new_codes, stepping[:, 2], codes[:, 2]

    def _propagate(self, active: Keys, leaving: Scores, codes: Keys, best: float, frame: int) -> Keys:
        net, least = self.net, best - self.beams.phone
        going = np.flatnonzero(leaving > least)
        nodes = active[going]
        which, at = net.inside.rows(nodes)
        labels = net.labels[at]
        entered = self._arrive(
            net.inside.targets[at].astype("i8"), leaving[going][which] + net.costs[labels], codes[going][which] + labels, least
        )
        ends = np.flatnonzero(net.is_last[active] & (leaving > best - self.beams.word))
        nodes, out = active[ends], leaving[ends]
        entries = self.history.add(codes[ends] + net.label_of[nodes], out, net.is_final[nodes], frame)
        which, at = net.behind.rows(nodes)
        joints = net.behind.targets[at].astype("i8")
        return np.concatenate([entered, self._enter(joints, out[which], entries[which], least)])

    def _enter(self, joints: Keys, scores: Scores, entries: Keys, least: float) -> Keys:
        winners = _best(self.at_joint, joints, scores)
        joints, scores, entries = joints[winners], scores[winners], entries[winners]
        self.at_joint[joints] = NEVER
        which, at = self.net.entries.rows(joints)
        nodes = self.net.entries.targets[at].astype("i8")
        costs = self.net.costs[self.net.label_of[nodes]]
        return self._arrive(nodes, scores[which] + costs, entries[which] * self.n_labels, least)

    def _arrive(self, nodes: Keys, scores: Scores, codes: Keys, least: float) -> Keys:
        good = scores > least
        nodes, scores, codes = nodes[good], scores[good], codes[good]
        winners = _best(self.arriving, nodes, scores)
        self.arriving_code[nodes[winners]] = codes[winners]
        return nodes[winners]

    def _words(self) -> tuple[Segment, ...]:
        history = self.history
        last = len(history.codes) - 1
        while last > 0 and not len(history.codes[last]):
            last -= 1
        if last <= 0:
            return ()
        scores, finals = history.scores[last], history.finals[last]
        at = int(np.where(finals, scores, scores + NEVER).argmax()) if finals.any() else int(scores.argmax())
        codes = np.concatenate(history.codes)
        values = np.concatenate(history.scores)
        frames = np.repeat(history.frames, [len(one) for one in history.codes])
        entry = sum(len(one) for one in history.codes[:last]) + at
        found = []
        while entry > 0:
            before, label = divmod(int(codes[entry]), self.n_labels)
            score = float(values[entry] - values[before] - self.net.costs[label])
            found.append(Segment(self.net.words[label], int(frames[before]) + 1, int(frames[entry]), score))
            entry = before
        return tuple(reversed(found))


def _best(table: Scores, places: Keys, scores: Scores) -> Keys:
    """Which of `scores` are the highest at their place, and higher than what stands there; they are put there."""
    np.maximum.at(table, places, scores)
    return np.flatnonzero(table[places] == scores)
