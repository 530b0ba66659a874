"""A minute of sentences that are known becomes what is known of a voice: how large the speaker is, and the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicemes.engines.asr.adaptation import Statistics, adapted
from voicemes.engines.asr.alignment import align
from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.own_voice import OwnVoice
from voicemes.engines.asr.search import FRAME_S
from voicemes.engines.asr.warp import WARPS, fitting_cepstra
from voicemes.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.gaussians import Mixture
    from voicemes.engines.asr.search import GrammarSearch
    from voicemes.engines.asr.senones import AcousticModel

ROUNDS = 2
"""Of alignment and estimation."""
LEAST_S = 12.0
"""Of words: with less the map is more guess than measurement."""


@dataclass(frozen=True, slots=True)
class Spoken:
    words: Sequence[str]
    pcm: bytes
    """What was heard of them, in the `SPEECH` format."""


def voice_of(spoken: Sequence[Spoken], search: GrammarSearch, speech: Mixture) -> OwnVoice:
    """What fits these sentences best. Raises AudioError where too little was said, or something else."""
    sentences = [_Sentence(one.words, _by_size(one.pcm, speech)) for one in spoken]
    model = search.model
    size = max(WARPS, key=lambda each: _fit(sentences, each, search, model))
    for _ in range(ROUNDS):
        statistics, n_frames = Statistics.of_prior(search.model), 0
        for one in sentences:
            aligned = align(model, search.vocabulary.pronunciations, one.words, one.cepstra[size])
            if aligned is not None:
                statistics.add(model, one.cepstra[size], aligned)
                n_frames += len(aligned.frames)
        if n_frames * FRAME_S < LEAST_S:
            raise AudioError(f"{n_frames * FRAME_S:.0f} s of speech fit their sentences; {LEAST_S:.0f} s are needed.")
        transforms = statistics.transforms(search.model)
        model = adapted(search.model, transforms)
    return OwnVoice(size, transforms)


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: Sequence[str]
    cepstra: dict[float, Array]


def _by_size(pcm: bytes, speech: Mixture) -> dict[float, Array]:
    _, samples = spoken_part(to_samples(pcm))
    return dict(fitting_cepstra(whole(samples), speech))


def _fit(sentences: Sequence[_Sentence], size: float, search: GrammarSearch, model: AcousticModel) -> float:
    """Nats per frame, over all sentences that fit at all; -100 for one that does not."""
    found = [align(model, search.vocabulary.pronunciations, one.words, one.cepstra[size]) for one in sentences]
    return sum(one.score if one is not None else -100.0 for one in found)
