"""The likeliest way through a network of phones: a Viterbi search with beams, frame by frame, over whole columns.

Every active phone has three states; each holds its score and where it came from: the last end of a word (an entry of
the history) and, once it is known, the label of the word since then, both in one number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.senones import N_STATES

if TYPE_CHECKING:
    from voicemes.engines.asr.network import Network
    from voicemes.engines.asr.senones import Keys, Scores

    Flags = NDArray[np.bool_]

NEVER = -1e30
"""The score of what cannot be."""


@dataclass(frozen=True, slots=True)
class Beams:
    """What is looked at in a frame."""

    phone: float = 161.0
    """How far behind the best, in nats. A number word enters 45 behind (nlu/spoken.py) and must not be lost: at 6 dB,
    of 60 human orders 28 are right with 100, 35 with 130, 39 with 161, 40 with 250.
    """
    word: float = 124.0
    """The same, where a word ends."""
    n_active: int = 1_500
    """Phones, at most: of 124 fixtures at 9 dB 109 are right, with 1,000 only 105; clean, 800 are enough."""


@dataclass(frozen=True, slots=True)
class Segment:
    word: str
    first_frame: int
    last_frame: int
    score: float
    """Of its sounds, over all its frames: nats against the best senone of each; never above 0."""


@dataclass(slots=True)
class _History:
    """Ends of words, frame by frame; the first is the beginning of all."""

    codes: list[Keys] = field(default_factory=list)
    """What came before (its entry), times the number of labels, and the label of the word."""
    scores: list[Scores] = field(default_factory=list)
    finals: list[Flags] = field(default_factory=list)
    """Whether a sentence may end there."""
    n: int = 0

    def add(self, codes: Keys, scores: Scores, finals: Flags) -> Keys:
        self.codes.append(codes)
        self.scores.append(scores)
        self.finals.append(finals)
        self.n += len(codes)
        return np.arange(self.n - len(codes), self.n, dtype="i8")

    def best_last(self) -> int:
        """The likeliest entry of the last frame that has any, the end of a sentence if one is there; 0 if none has."""
        frame = max((n for n, codes in enumerate(self.codes) if len(codes)), default=0)
        scores, finals = self.scores[frame], self.finals[frame]
        first = sum(len(codes) for codes in self.codes[:frame])
        return first + int(np.where(finals | ~finals.any(), scores, NEVER).argmax())


def search(network: Network, log_transitions: Scores, scores: Scores, beams: Beams) -> tuple[Segment, ...]:
    """The likeliest words for `scores`, (frames, senones); a whole sentence where one can have ended."""
    return _Search(network, log_transitions, beams).run(scores)


class _Search:
    def __init__(self, network: Network, log_transitions: Scores, beams: Beams) -> None:
        self.net, self.beams = network, beams
        self.loops = np.stack([log_transitions[:, n, n] for n in range(N_STATES)])
        self.steps = np.stack([log_transitions[:, n, n + 1] for n in range(N_STATES)])
        n_phones = len(network.phones)
        self.reach = np.where(network.is_last, np.float32(beams.word), np.float32(beams.phone))
        self.arriving, self.arriving_code = np.full(n_phones, NEVER, "f4"), np.zeros(n_phones, "i8")
        self.seats = np.zeros(n_phones, "i8")
        self.is_active = np.zeros(n_phones, bool)
        self.n_labels = len(network.words)
        self.history = _History()
        self.active = np.zeros(1, "i8")
        self.values, self.codes = np.full((N_STATES, 1), NEVER, "f4"), np.zeros((N_STATES, 1), "i8")
        self.kept = np.zeros(0, "i8")
        """Columns of these that go on: at first none."""

    def run(self, scores: Scores) -> tuple[Segment, ...]:
        start = self.net.start
        self.history.add(np.zeros(1, "i8"), np.zeros(1, "f4"), np.zeros(1, bool))
        costs = self.net.costs.take(self.net.label_of.take(start))
        entered = self._arrive(start, costs, np.zeros_like(start), NEVER)
        for row in scores:
            self._take_in(entered)
            self.values += row.take(self.net.senones.take(self.active, axis=1))
            leaving, left_from = self._step()
            height = np.maximum(self.values.max(axis=0), leaving)
            best = float(height.max())
            entered = self._spread(leaving, left_from, best)
            self._prune(height, best - self.beams.phone)
        return self._traced()

    def _take_in(self, entered: Keys) -> None:
        """What has arrived at phones becomes their first state, where it is better than what is there."""
        new = entered[~self.is_active[entered]]
        self.is_active[new] = True
        n_old = len(self.kept)
        columns = np.concatenate([self.kept, np.zeros_like(new)])
        active, codes = self.active.take(columns), self.codes.take(columns, axis=1)
        values = self.values.take(columns, axis=1)
        active[n_old:], values[:, n_old:] = new, NEVER
        arriving = self.arriving.take(active)
        better = (arriving > values[0]).nonzero()[0]
        values[0][better] = arriving[better]
        codes[0][better] = self.arriving_code[active[better]]
        self.arriving[entered] = NEVER
        self.active, self.values, self.codes = active, values, codes

    def _step(self) -> tuple[Scores, Keys]:
        """A frame inside every phone; what leaves it, and where that came from."""
        phones = self.net.phones.take(self.active)
        values, codes = self.values, self.codes
        stepping = self.steps.take(phones, axis=1)
        stepping += values
        values += self.loops.take(phones, axis=1)
        left_from = codes[-1].copy()
        moved = stepping[:-1] > values[1:]
        np.maximum(values[1:], stepping[:-1], out=values[1:])
        np.copyto(codes[1:], codes[:-1], where=moved)
        return stepping[-1], left_from

    def _spread(self, leaving: Scores, left_from: Keys, best: float) -> Keys:
        """From the ends of phones to the next ones; those that were reached."""
        net = self.net
        going = (leaving > best - self.reach.take(self.active)).nonzero()[0]
        nodes, scores, codes = self.active.take(going), leaving.take(going), left_from.take(going)
        ends = net.is_last.take(nodes).nonzero()[0]
        last = nodes.take(ends)
        entries = self.history.add(
            codes.take(ends) + net.label_of.take(last), scores.take(ends), net.is_final.take(last)
        )
        codes[ends] = entries * self.n_labels
        which, links = net.links.places(nodes)
        values, codes = scores.take(which) + net.link_costs.take(links), codes.take(which) + net.labels.take(links)
        return self._arrive(net.links.targets.take(links), values, codes, best - self.beams.phone)

    def _arrive(self, nodes: Keys, scores: Scores, codes: Keys, least: float) -> Keys:
        """What is best at each of `nodes` waits there; those that were reached, each once."""
        good = (scores > least).nonzero()[0]
        nodes, scores = nodes.take(good), scores.take(good)
        np.maximum.at(self.arriving, nodes, scores)
        best = (self.arriving.take(nodes) == scores).nonzero()[0]
        nodes = nodes.take(best)
        self.arriving_code[nodes] = codes.take(good.take(best))
        # Of several that are as good the last one counts.
        self.seats[nodes] = best
        return np.asarray(nodes[self.seats.take(nodes) == best])

    def _prune(self, height: Scores, least: float) -> None:
        surplus = len(height) - self.beams.n_active
        if surplus > 0:
            least = max(least, float(np.partition(height, surplus)[surplus]))
        is_kept = height >= least
        self.is_active[self.active] = is_kept
        self.kept = is_kept.nonzero()[0]

    def _traced(self) -> tuple[Segment, ...]:
        history = self.history
        codes, values = np.concatenate(history.codes), np.concatenate(history.scores)
        frames = np.arange(-1, len(history.codes) - 1).repeat([len(one) for one in history.codes])
        found, entry = [], history.best_last()
        while entry > 0:
            before, label = divmod(int(codes[entry]), self.n_labels)
            score = float(values[entry] - values[before] - self.net.costs[label])
            found.append(Segment(self.net.words[label], int(frames[before]) + 1, int(frames[entry]), score))
            entry = before
        return tuple(reversed(found))
