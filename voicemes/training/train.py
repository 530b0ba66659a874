"""Trains the site's own model: sentences of the catalogue in, a network out. Can be stopped and taken up again."""

from __future__ import annotations

import hashlib
import math
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from voicemes.nlu.glance import Glance
from voicemes.nlu.match import Matcher
from voicemes.training.glance import train_glance
from voicemes.training.network import Network
from voicemes.training.noise import Noise
from voicemes.training.samples import Pair, Sampler
from voicemes.training.shape import Shape
from voicemes.training.tokens import Tokenizer
from voicemes.training.wordings import Wordings

DRAWING_SHARE, GLANCE_SHARE = 0.2, 0.1
"""Of the time limit, the most that drawing sentences and training the second reader may take."""
WARM_UP_STEPS = 100
LEAST_RATE = 0.02
"""Of the learning rate, at the end of its cosine."""
WEIGHT_DECAY = 0.1
MOST_TOKENS = 128
"""Of a prompt with its answer; longer sentences are left out."""
SORTED_BATCHES = 20
"""Batches whose sentences are sorted by length, so that little is padded."""
SAVED_EVERY_S = 60.0
NO_TARGET = -100
"""Where cross_entropy looks away."""


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int = 1
    steps: int = 6_000
    pairs: int = 100_000
    """Sentences drawn; each is seen several times, every time with other noise."""
    batch: int = 128
    rate: float = 2e-3
    limit_s: float = math.inf
    """The learning rate falls to its least by then, however many steps were made."""
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    stage: str
    """drawing, second reader, training"""
    done: float
    """0-1"""
    loss: float = math.nan
    """Mean negative log-likelihood of an answer's token, in nats, over the last steps."""


@dataclass(slots=True)
class Run:
    """One training, from the first sentence to the last step."""

    matcher: Matcher
    wordings: Wordings
    plan: Plan
    now_s: Callable[[], float]
    tell: Callable[[Progress], None]
    checkpoint: Path | None = None
    """Where the state is kept between interruptions."""
    steps: int = 0
    spent_s: float = 0.0
    """In this run and those before it."""
    loss: float = math.nan
    glance: Glance | None = None
    """The second reader, of the same sentences."""
    _started_s: float = field(init=False)
    _saved_s: float = field(init=False)
    _tokens: str = ""
    """Of the tokenizer: with other wordings, or drawn in less time, numbers stand for other pieces."""

    def train(self) -> tuple[Network, Tokenizer]:
        torch.manual_seed(self.plan.seed)
        torch.set_num_threads(self.plan.threads)
        self._started_s = self._saved_s = self.now_s()
        sampler = Sampler(self.matcher, self.wordings, self.plan.seed)
        pairs = self._draw(sampler)
        noise = Noise((piece for pair in pairs for piece in pair.pieces), self.plan.seed)
        tokenizer = Tokenizer.learn((_written(pair) for pair in pairs), whole_tokens(sampler))
        self.tell(Progress("second reader", 0.0))
        self.glance = train_glance(pairs, noise, self.plan.seed, self._glanced(self.now_s()))
        self._tokens = hashlib.sha256(tokenizer.to_json().encode()).hexdigest()
        network = Network(Shape(tokenizer.size))
        optimizer = _optimizer(network, self.plan)
        self._resume(network, optimizer)
        self._run(network, optimizer, _batches(pairs, noise, tokenizer, self.plan, self.steps))
        network.eval()
        self.spent_s = self.elapsed_s
        return network, tokenizer

    def forget(self) -> None:
        """The model is written: nobody will go on with this training."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)

    @property
    def elapsed_s(self) -> float:
        return self.spent_s + self.now_s() - self._started_s

    def _glanced(self, began_s: float) -> Callable[[], float]:
        """Which share of its time the second reader has spent."""
        most_s = GLANCE_SHARE * self.plan.limit_s
        return lambda: (self.now_s() - began_s) / most_s

    def _draw(self, sampler: Sampler) -> list[Pair]:
        most_s = DRAWING_SHARE * self.plan.limit_s
        pairs: list[Pair] = []
        for pair in sampler.pairs(self.plan.pairs):
            pairs.append(pair)
            if len(pairs) % 1_000 == 0:
                self.tell(Progress("drawing", len(pairs) / self.plan.pairs))
                if self.now_s() - self._started_s > most_s:
                    break
        return pairs

    def _run(
        self, network: Network, optimizer: torch.optim.Optimizer, batches: Iterator[tuple[Tensor, Tensor]]
    ) -> None:
        network.train()
        while (done := max(self.steps / self.plan.steps, self.elapsed_s / self.plan.limit_s)) < 1:
            for group in optimizer.param_groups:
                group["lr"] = self.plan.rate * _rate(self.steps, done)
            self._step(network, optimizer, *next(batches))
            if self.steps % 20 == 0:
                self.tell(Progress("training", done, self.loss))
            self._save(network, optimizer)

    def _step(self, network: Network, optimizer: torch.optim.Optimizer, tokens: Tensor, targets: Tensor) -> None:
        wanted = targets != NO_TARGET
        loss = cross_entropy(network(tokens, wanted), targets[wanted])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        self.steps += 1
        self.loss = loss.item() if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * loss.item()

    def _save(self, network: Network, optimizer: torch.optim.Optimizer) -> None:
        if self.checkpoint is None or self.now_s() - self._saved_s < SAVED_EVERY_S:
            return
        self._saved_s = self.now_s()
        state = {
            "of": self._identity(network),
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "steps": self.steps,
            "spent_s": self.elapsed_s,
            "loss": self.loss,
        }
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _resume(self, network: Network, optimizer: torch.optim.Optimizer) -> None:
        """Goes on where the same training was interrupted; of another one nothing is used."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        try:
            state = torch.load(self.checkpoint, weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError):
            return  # nothing that can be gone on with
        if not isinstance(state, dict) or state.get("of") != self._identity(network):
            return
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        self.steps, self.spent_s, self.loss = state["steps"], state["spent_s"], state["loss"]

    def _identity(self, network: Network) -> str:
        return repr((self.matcher.catalog.hash, self._tokens, asdict(self.plan), asdict(network.shape)))


def whole_tokens(sampler: Sampler) -> list[str]:
    """Intent names and tags of slot types: tokens of their own."""
    types = sampler.types.union(*sampler.slot_types.values())
    return [*sampler.catalog.intents, *(f"<{name}>" for name in sorted(types))]


def _written(pair: Pair) -> str:
    return f"{' '.join(pair.pieces)}\n{pair.answer}"


def _optimizer(network: Network, plan: Plan) -> torch.optim.Optimizer:
    """AdamW; norms are not pulled towards zero."""
    matrices = [weight for weight in network.parameters() if weight.dim() > 1]
    norms = [weight for weight in network.parameters() if weight.dim() == 1]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": norms, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))


def _rate(steps: int, done: float) -> float:
    """Share of the learning rate: a short warm-up, then a cosine."""
    cosine = 0.5 * (1 + math.cos(math.pi * done))
    return min(1.0, (steps + 1) / WARM_UP_STEPS) * (LEAST_RATE + (1 - LEAST_RATE) * cosine)


def _batches(
    pairs: Sequence[Pair], noise: Noise, tokenizer: Tokenizer, plan: Plan, steps: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches without end: tokens and targets (batch, length). `steps` made before give another order."""
    rng = random.Random(plan.seed * 1_000_003 + steps)  # noqa: S311 - an order, no secret
    while True:
        order = list(range(len(pairs)))
        rng.shuffle(order)
        for first in range(0, len(order), plan.batch * SORTED_BATCHES):
            chosen = (pairs[number] for number in order[first : first + plan.batch * SORTED_BATCHES])
            encoded = [_encoded(pair, noise, tokenizer) for pair in chosen]
            fitting = sorted((one for one in encoded if len(one[0]) <= MOST_TOKENS), key=lambda one: len(one[0]))
            batches = [fitting[at : at + plan.batch] for at in range(0, len(fitting), plan.batch)]
            rng.shuffle(batches)
            yield from map(_padded, batches)


def _encoded(pair: Pair, noise: Noise, tokenizer: Tokenizer) -> tuple[list[int], int]:
    """The tokens, and where the answer begins."""
    prompt = tokenizer.encode(f"{' '.join(noise(pair))}\n")
    return [*prompt, *tokenizer.encode(pair.answer), tokenizer.end], len(prompt)


def _padded(batch: Sequence[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
    length = max(len(tokens) for tokens, _ in batch)
    given = torch.zeros(len(batch), length, dtype=torch.long)
    targets = torch.full((len(batch), length), NO_TARGET)
    for row, (tokens, start) in enumerate(batch):
        given[row, : len(tokens)] = torch.tensor(tokens)
        targets[row, start - 1 : len(tokens) - 1] = torch.tensor(tokens[start:])
    return given, targets
