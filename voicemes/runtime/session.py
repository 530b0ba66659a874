"""A session: it owns the state, hears, decides and speaks.

One loop, no locks: audio is taken from the source's thread, heard in the hearing thread, and decided on here.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicemes.clock import Clock, SystemClock
from voicemes.config import Settings
from voicemes.dialogue.news import Quiet
from voicemes.dialogue.policy import SIGNED
from voicemes.dialogue.state import DialogueState, beginning
from voicemes.errors import EngineError, MesError, VoicemesError
from voicemes.events import (
    CatalogReloaded,
    EngineTroubled,
    HypothesisChanged,
    LevelMeasured,
    LiveRefreshed,
    MicrophoneMuted,
    OperatorChanged,
    SessionStarted,
    SpeechCancelled,
    SpeechEnded,
    SpeechStarted,
    TurnEnded,
)
from voicemes.model import (
    Candidate,
    Change,
    Heard,
    Identified,
    Input,
    Key,
    Live,
    MesCommand,
    MesReply,
    Parse,
    Pressed,
    Reply,
    Scope,
    SlotData,
    SlotValue,
    TimedOut,
    Told,
    Transcript,
    Understood,
    Utterance,
)
from voicemes.nlu.match import Matcher
from voicemes.ports import AudioSource, MesConnector
from voicemes.respond import respond
from voicemes.runtime.bus import Bus
from voicemes.runtime.codec import to_json
from voicemes.runtime.courier import Courier
from voicemes.runtime.gate import Gate
from voicemes.runtime.hearing import Ears, Guessed, Loud, Sound, SpeechBegan, SpeechOver
from voicemes.runtime.late import telling
from voicemes.runtime.listening import Listening
from voicemes.runtime.mes import execute
from voicemes.runtime.microphone import blamed
from voicemes.runtime.news import NewsDesk
from voicemes.runtime.reader import Reader
from voicemes.runtime.reload import LOOK_S, CatalogWatch
from voicemes.runtime.second import SecondLook, surely
from voicemes.runtime.secrets import MASK, asks_for_secret, people_of
from voicemes.runtime.speaker import Speaker
from voicemes.runtime.threads import EngineThread
from voicemes.runtime.turn import Turn, take_turn


@dataclass(slots=True)
class Session:
    settings: Settings
    matcher: Matcher
    speaker: Speaker
    connector: MesConnector | None
    bus: Bus
    clock: Clock = field(default_factory=SystemClock)
    ears: Ears | None = None
    """Where nothing is heard (typed input only) there are none."""
    desk: NewsDesk | None = None
    """Where the plant's news is not followed there is none."""
    reader: Reader = field(default_factory=Reader)
    second: SecondLook | None = None
    """Where the grammar has the only word there is none."""
    courier: Courier | None = None
    """Where nothing is saved before it is sent (tests) there is none."""
    watch: CatalogWatch | None = None
    """Where the catalogue's files are not followed there is none."""
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: DialogueState = field(init=False)
    _model: EngineThread = field(init=False)
    listening: Listening = field(init=False)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Voice, keys and the clock may come together; each turn is finished before the next one begins."""
    _turns: int = 0
    _timeout_s: float | None = None
    """How long the last question waits; None where nothing was asked."""
    _waiting_since_s: float = 0.0
    _refreshed_s: float = float("-inf")
    _looked_s: float = float("-inf")
    _noise_db: float | None = None
    _last_voice_s: float = 0.0
    """When anybody last spoke, the operator or we."""

    def __post_init__(self) -> None:
        gate = Gate(self.settings.audio.listen, self.settings.audio.half_duplex)
        self.listening = Listening(self.ears, gate, self.clock, self.bus, self.settings.asr.deadline_s)
        self.state = beginning(self.session_id, self.settings)
        self._model = EngineThread("language model", 2 * self.settings.llm.deadline_s)

    async def start(self, source_name: str) -> None:
        """Announces the session, reads what exists in the MES, and gets ready to hear."""
        station, catalog, now_s = self.settings.station, self.matcher.catalog, self.clock.now_s()
        here = (station.name, station.operator, catalog.hash, self.clock.wall_s(), source_name, station.role)
        self.bus.publish(SessionStarted(now_s, self.session_id, *here, station.shared, people_of(catalog)))
        await self.refresh()
        if self.courier is not None:
            await self.courier.open()
        if self.desk is not None and self.connector is not None:
            self.desk.open(self.connector)
        if self.second is not None:
            self.second.expect(self.matcher)
        await self.listen(self.state.scope, None)

    async def refresh(self) -> None:
        """Reads again what exists now. When the MES does not answer, what was known stays known."""
        self._refreshed_s = self.clock.now_s()
        if self.connector is None:
            return
        try:
            live = await self.connector.live(self.settings.station.name)
        except MesError as exc:
            self.bus.publish(EngineTroubled(self.clock.now_s(), "mes", str(exc)))
            return
        if live != self.matcher.live:
            self.matcher = self._here(self.matcher, live)
            self.bus.publish(LiveRefreshed(self.clock.now_s(), to_json(live)))

    def _here(self, matcher: Matcher, live: Live) -> Matcher:
        """What can be said at this station, by who works at it."""
        risks = SIGNED if self.settings.station.second_person else ()
        return matcher.with_live(live).heard_by(self.state.roles(live), risks)

    async def reload(self) -> None:
        """Takes up a catalogue that was edited, between two actions. One that cannot be used leaves the old one."""
        now_s = self.clock.now_s()
        if self.watch is None or self.state.phase != "idle" or now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        try:
            matcher = await self.watch.changed()
        except VoicemesError as exc:
            self.bus.publish(EngineTroubled(self.clock.now_s(), "catalogue", f"{exc} The old one stays in use."))
            return
        if matcher is not None:
            self.matcher = self._here(matcher, self.matcher.live)
            if self.desk is not None:
                self.desk.use(matcher.catalog)
            self.bus.publish(CatalogReloaded(self.clock.now_s(), matcher.catalog.hash, people_of(matcher.catalog)))
            await self._get_ready(self.state.scope)

    async def hear(self, source: AudioSource) -> list[TurnEnded]:
        """Listens until the source ends, and takes a turn for each utterance."""
        ended: list[TurnEnded] = []
        try:
            async for sounds in self.listening.sounds(source, self.speaker.was_speaking):
                ended += await self._react(sounds)
                ended += await self.look_at_clock()
                if not source.traits.is_live:
                    await self.speaker.finish()
        except VoicemesError as exc:
            await self._tell(exc)
            raise
        finally:
            source.close()
        return ended

    def push(self) -> None:
        """The key or headset button for talking: what we say stops, and the next utterance counts."""
        self._fall_silent()
        self.listening.gate.push(self.clock.now_s())

    async def _tell(self, exc: VoicemesError) -> None:
        """The operator hears that it failed, where speaking still works."""
        self.bus.publish(EngineTroubled(self.clock.now_s(), "session", str(exc)))
        with contextlib.suppress(VoicemesError):
            await self.speaker.say(respond(Reply(exc.reply), self.matcher.catalog).said)
            await self.speaker.finish()

    async def type(self, text: str) -> TurnEnded:
        """The same sentence from a keyboard."""
        return await self.read(Transcript(text, "keyboard"))

    async def read(self, transcript: Transcript, *, while_speaking: bool = False) -> TurnEnded:
        """Words that somebody else wrote down: a keyboard, or another recogniser."""
        await self.reload()
        return await self._turn_of_text(transcript, {}, while_speaking=while_speaking)

    async def identify(self, operator_id: str) -> TurnEnded:
        """Somebody showed who they are; an open dialogue of somebody else is dropped. Empty: nobody is here."""
        async with self._one_at_a_time:
            return await self._take(Identified(operator_id, self.settings.station.role), {})

    async def press(self, key: Key) -> TurnEnded:
        async with self._one_at_a_time:
            await self._look_again()
            return await self._take(Pressed(key, self.speaker.is_cut), {})

    async def choose(self, intent: str, slots: Mapping[str, SlotData]) -> TurnEnded:
        """The same as a sentence, pointed at on a screen. It is read back before anything is written."""
        shown = " ".join((intent, *(str(value) for value in slots.values())))
        values = tuple(SlotValue(name, value, str(value)) for name, value in slots.items())
        candidate = Candidate(self.matcher.catalog.intent(intent).name, values, 1.0, "screen")
        async with self._one_at_a_time:
            return await self._take(Heard(Understood(candidate, Transcript(shown, "screen"))), {})

    @property
    def is_muted(self) -> bool:
        return self.listening.gate.is_muted

    def mute(self, *, is_muted: bool) -> None:
        self.listening.gate.is_muted = is_muted
        self.bus.publish(MicrophoneMuted(self.clock.now_s(), is_muted))

    async def submit(self, command: MesCommand) -> MesReply:
        if command.is_write and self.courier is not None:
            return await self.courier.submit(command)
        return await execute(self.connector, command)

    async def say(self, text: str) -> None:
        await self.speaker.say(text)

    def adjust(self, how: Change) -> None:
        self.speaker.adjust(how)

    @property
    def left_s(self) -> float | None:
        """How long the question at hand still waits; None where nothing was asked."""
        waited_s = self.clock.now_s() - self._waiting_since_s
        return None if self._timeout_s is None else max(0.0, self._timeout_s - waited_s)

    async def listen(self, scope: Scope, timeout_s: float | None) -> None:
        """Gets ready for what may be said now, while the question is still being spoken."""
        self._timeout_s, self._waiting_since_s = timeout_s, self.clock.now_s()
        await self._get_ready(scope)

    async def _get_ready(self, scope: Scope) -> None:
        matcher = self.matcher
        await self.listening.tune(scope, lambda: matcher.graph(scope), self.state.operator_id)

    async def close(self) -> None:
        if self.desk is not None:
            await self.desk.close()
        if self.courier is not None:
            await self.courier.heard()
            await self.courier.close()
        if self.watch is not None:
            self.watch.close()
        self.listening.close()
        self._model.close(self.reader.close)
        if self.second is not None:
            await self.second.close()
        await self.speaker.close()
        if self.connector is not None:
            await self.connector.aclose()

    async def _react(self, sounds: list[Sound]) -> list[TurnEnded]:
        ended = []
        for sound in sounds:
            match sound:
                case SpeechBegan(source_s):
                    self.bus.publish(SpeechStarted(self.clock.now_s(), source_s))
                    self._fall_silent()
                case Loud(level_db, noise_db):
                    self._noise_db = noise_db
                    self.bus.publish(LevelMeasured(self.clock.now_s(), level_db, noise_db))
                case Guessed(text):
                    is_secret = asks_for_secret(self.state.scope, self.matcher.catalog)
                    self.bus.publish(HypothesisChanged(self.clock.now_s(), MASK if is_secret else text))
                case SpeechOver():
                    ended.append(await self._heard(sound))
        return ended

    def _fall_silent(self) -> None:
        """Barge-in: the operator's voice stops ours. What is said over it, or to half of it, is no "yes"."""
        if self.speaker.is_speaking and self.settings.audio.barge_in:
            self.speaker.stop()
            self.bus.publish(SpeechCancelled(self.clock.now_s()))

    async def _heard(self, over: SpeechOver) -> TurnEnded:
        said = over.utterance
        self.listening.gate.close()
        self.bus.publish(SpeechEnded(self.clock.now_s(), said.ended_s, said.lasted_s, said.ended_by, self._noise_db))
        timings = {"endpoint": over.endpoint_s, "asr": over.asr_s}
        is_over_ours = self.listening.is_over_ours or self.speaker.is_early(self.listening.began_s)
        sure = await surely(over, self.state.scope, self.matcher, self.reader, self.listening)
        return await self._turn_of_text(sure, timings, while_speaking=is_over_ours, said=said)

    async def _turn_of_text(
        self, heard: Transcript, timings_s: dict[str, float], *, while_speaking: bool, said: Utterance | None = None
    ) -> TurnEnded:
        async with self._one_at_a_time:
            await self._look_again()
            started_s = self.clock.now_s()
            parse = await self._read(heard)
            if said is not None and self.second is not None:
                parse = await self.second.reconsider(parse, said, self.state.scope, self.matcher, self._read)
            timings_s["nlu"] = self.clock.now_s() - started_s
            if said is not None:
                parse = blamed(parse, said, self.speaker.echo if self.listening.may_be_echo else None, self.matcher)
                await self.listening.learn(heard, parse, self.state.operator_id)
            return await self._take(Heard(parse, while_speaking, self.speaker.is_cut), timings_s)

    async def _look_again(self) -> None:
        """What must not have changed since it was read back is looked at again before the yes."""
        if self.state.phase in {"confirming", "checking"} and self.state.pending and self.state.pending.seen:
            await self.refresh()

    async def _read(self, transcript: Transcript) -> Parse:
        """By every route. A language model that breaks or hangs is told of, and the other routes go on."""
        parse = self.reader.first(transcript, self.state.scope, self.matcher)
        if not self.reader.wants_second(parse, self.state.scope, self.matcher):
            return parse
        try:
            return await self._model.call(self.reader.second, parse, self.matcher)
        except EngineError as exc:
            self.bus.publish(EngineTroubled(self.clock.now_s(), "language model", str(exc)))
            return parse

    async def _take(self, given: Input, timings_s: dict[str, float]) -> TurnEnded:
        self._turns += 1
        self._last_voice_s, operator_id = self.clock.now_s(), self.state.operator_id
        ended = await take_turn(self, given, turn := Turn(self._turns, timings_s))
        if turn.wrote or self.clock.now_s() - self._refreshed_s > self.settings.mes.refresh_s:
            await self.refresh()
            await self._get_ready(self.state.scope)
        await self._greet(operator_id)
        return ended

    async def _greet(self, before: str) -> None:
        """Somebody else is here than before the turn: what can be said, and what news is told, is theirs."""
        operator_id = self.state.operator_id
        if operator_id == before:
            return
        self.bus.publish(OperatorChanged(self.clock.now_s(), operator_id))
        if self.desk is not None:
            self.desk.tell_to(operator_id)
        self.matcher = self._here(self.matcher, self.matcher.live)
        await self._get_ready(self.state.scope)

    async def look_at_clock(self) -> list[TurnEnded]:
        """A question that nobody answers times out, and news is told where it is quiet. While we speak, or the
        operator does, the time does not run.
        """
        now_s = self.clock.now_s()
        if self.speaker.is_speaking or self.listening.is_hearing:
            self._waiting_since_s = self._last_voice_s = now_s
            return []
        if self._one_at_a_time.locked():
            return []
        if self.courier is not None:
            await self.courier.heard()
        if self._is_gone(now_s):
            return [await self.identify(self.settings.station.operator)]
        await self.reload()
        async with self._one_at_a_time:
            if self._timeout_s is None or now_s - self._waiting_since_s < self._timeout_s:
                return await self._tell_late(now_s) or await self._tell_news(now_s)
            self._timeout_s = None
            return [await self._take(TimedOut(), {})]

    def _is_gone(self, now_s: float) -> bool:
        """Whether who showed a badge said nothing for so long that it may be another by now."""
        is_guest = self.state.operator_id != self.settings.station.operator
        return is_guest and now_s - self._last_voice_s > self.settings.station.session_min * 60

    async def _tell_late(self, now_s: float) -> list[TurnEnded]:
        """What became of what had to wait. What has moved meanwhile is asked about, as if it was said again."""
        if self.courier is None or (late := self.courier.next(self._quiet(now_s))) is None:
            return []
        if late.state == "moved":  # it is asked about as things are now
            await self.refresh()
        self.courier.saying(*(together := self.courier.together(late)))
        told = telling(together, self.matcher.catalog, self.state.operator_id)
        return [await self._take(given, {}) for given in told]

    async def _tell_news(self, now_s: float) -> list[TurnEnded]:
        news = self.desk and self.desk.next(self._quiet(now_s))
        return [await self._take(Told(news.reply), {})] if news else []

    def _quiet(self, now_s: float) -> Quiet:
        return Quiet(self.state.phase, now_s - self._last_voice_s)
