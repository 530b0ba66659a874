"""A yes counts for what was just read back, and for nothing else."""

from __future__ import annotations

import pytest
from talk import LIVE, Talk, understood

from voicemes.dialogue.policy import YES_MAX_AGE_S
from voicemes.model import Ambiguous, Forget, Heard, Live, Reference, Reply, SlotValue, TimedOut

SCRAP = {"quantity": 2, "defect": "solder-bridge", "job": "4711"}


@pytest.fixture
def asked(talk: Talk) -> Talk:
    """Whether to scrap two."""
    talk.hear("scrap two solder bridge")
    assert talk.keys == ["scrap.report/confirm"]
    assert talk.replies[0].values == SCRAP
    return talk


@pytest.mark.parametrize("yes", ["yes", "affirm", "that's correct"])
def test_a_yes_submits_what_was_read_back_once(asked: Talk, yes: str) -> None:
    asked.hear(yes)
    assert asked.command is not None
    assert asked.command.fields == SCRAP
    asked.hear(yes)
    assert asked.command is None


def test_the_yes_key_is_a_yes_even_while_the_system_speaks(asked: Talk) -> None:
    asked.press("yes")
    assert asked.command is not None


def test_a_yes_while_the_system_speaks_is_none(asked: Talk) -> None:
    before = asked.state
    asked.hear("yes", while_speaking=True)
    assert (asked.effects, asked.state) == ((), before)
    asked.hear("yes")
    assert asked.command is not None


def test_a_yes_to_a_read_back_that_was_cut_off_is_asked_for_again(asked: Talk) -> None:
    asked.hear("yes", is_cut=True, by="ear")
    assert (asked.command, asked.keys) == (None, ["answered_early", "scrap.report/confirm"])
    asked.hear("yes", by="ear")
    assert asked.command is not None


@pytest.mark.parametrize("between", ["something else", "help", "louder please"])
def test_what_is_said_in_between_is_not_the_read_back(asked: Talk, between: str) -> None:
    asked.hear(between, is_cut=True, by="ear")
    assert asked.keys
    asked.hear("yes", by="ear")
    assert (asked.command, asked.keys) == (None, ["answered_early", "scrap.report/confirm"])


def test_whoever_reads_it_on_the_screen_need_not_hear_it(asked: Talk) -> None:
    asked.hear("something else", is_cut=True, by="ear")
    asked.press("yes")
    assert asked.command is not None


def test_a_yes_to_half_a_question_what_was_meant_is_read_back(talk: Talk) -> None:
    talk.take(_either(understood("job.start", SlotValue("job", "4712", "4712"))))
    assert talk.keys == ["this"]
    talk.hear("yes", is_cut=True, by="ear")
    assert (talk.state.phase, talk.command) == ("confirming", None)


@pytest.mark.parametrize(("said", "key"), [("no", "denied"), ("no, four", "scrap.report/confirm")])
def test_anything_else_counts_though_it_was_cut_off(asked: Talk, said: str, key: str) -> None:
    asked.hear(said, is_cut=True)
    assert (asked.command, asked.keys) == (None, [key])


def test_an_answer_over_our_own_voice_is_read_back(talk: Talk) -> None:
    """"Stencil clog" can have been said by us; alone it would be written at once."""
    talk.hear("printer one is down")
    assert talk.state.phase == "filling"
    talk.hear("stencil clog", while_speaking=True)
    assert (talk.state.phase, talk.command) == ("confirming", None)
    talk.hear("yes")
    assert talk.command is not None
    assert talk.command.fields["reason"] == "stencil-clog"


def test_a_choice_over_our_own_voice_is_read_back(talk: Talk) -> None:
    """We say "first" and "second" ourselves."""
    first, second = (understood("job.start", SlotValue("job", job, job)) for job in ("4712", "4713"))
    talk.take(_either(first, second))
    talk.hear("the second one", while_speaking=True)
    assert (talk.state.phase, talk.command) == ("confirming", None)


def test_a_no_while_the_system_speaks_is_one(asked: Talk) -> None:
    asked.hear("no", while_speaking=True)
    assert asked.keys == ["denied"]


def test_a_yes_is_good_for_a_while(asked: Talk) -> None:
    asked.now_s += YES_MAX_AGE_S
    asked.hear("yes")
    assert asked.command is not None


def test_a_yes_too_old_is_asked_again(asked: Talk) -> None:
    asked.now_s += YES_MAX_AGE_S + 0.1
    asked.hear("yes")
    assert asked.command is None
    assert asked.keys == ["yes_too_old", "scrap.report/confirm"]
    assert asked.replies[1].values == SCRAP
    asked.now_s += YES_MAX_AGE_S
    asked.hear("yes")
    assert asked.command is not None


def test_say_again_does_not_make_the_question_younger(asked: Talk) -> None:
    asked.now_s += 6
    asked.hear("mumble")
    asked.now_s += 6
    asked.hear("yes")
    assert asked.keys == ["yes_too_old", "scrap.report/confirm"]


def test_a_yes_to_what_is_gone_meanwhile_does_nothing(asked: Talk) -> None:
    asked.live = Live({"job": (Reference("4712"),)}, LIVE.current)
    asked.hear("yes")
    assert asked.command is None
    assert asked.keys == ["no_such"]
    assert asked.forgotten == [Forget("scrap.report", "replaced")]
    assert asked.state.phase == "idle"


@pytest.mark.parametrize(
    ("said", "key", "why"),
    [("no", "denied", "denied"), ("negative", "denied", "denied"), ("cancel", "cancelled", "cancelled")],
)
def test_a_no_and_a_cancel_write_nothing(asked: Talk, said: str, key: str, why) -> None:
    asked.hear(said)
    assert asked.keys == [key]
    assert asked.forgotten == [Forget("scrap.report", why)]
    assert (asked.command, asked.state.phase, asked.state.pending) == (None, "idle", None)
    asked.hear("yes")
    assert asked.command is None


@pytest.mark.parametrize("key", ["no", "cancel"])
def test_so_do_their_keys(asked: Talk, key: str) -> None:
    asked.press(key)
    assert asked.forgotten[0].intent == "scrap.report"
    assert asked.command is None


def test_cancel_ends_a_question_too(talk: Talk) -> None:
    talk.say("scrap four", "cancel")
    assert talk.forgotten == [Forget("scrap.report", "cancelled")]
    assert talk.state.phase == "idle"


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [
        ("no, three", "quantity", 3),
        ("no make it forty two", "quantity", 42),
        ("three not two", "quantity", 3),
        ("correction crack", "defect", "crack"),
        ("correction order 4712", "job", "4712"),
        ("no, not solder bridge, void", "defect", "void"),
    ],
)
def test_a_correction_is_read_back_again_before_it_is_written(asked: Talk, said: str, slot: str, value) -> None:
    asked.hear(said)
    assert asked.command is None
    assert asked.keys == ["scrap.report/confirm"]
    assert asked.replies[0].values == {**SCRAP, slot: value}
    asked.hear("yes")
    assert asked.command is not None
    assert asked.command.fields == {**SCRAP, slot: value}


def test_what_was_corrected_says_so(asked: Talk) -> None:
    asked.hear("no, three")
    assert asked.state.pending is not None
    assert asked.state.pending.slots["quantity"] == SlotValue("quantity", 3, "three", "corrected", "quantity")


def test_a_correction_to_an_order_that_does_not_exist_writes_nothing(asked: Talk) -> None:
    asked.hear("correction order 4799")
    assert asked.keys == ["no_such"]
    assert asked.forgotten == [Forget("scrap.report", "replaced")]


def test_another_intent_does_not_slip_in_between(asked: Talk) -> None:
    before = asked.state.pending
    asked.take(understood("job.next"))
    assert (asked.command, asked.state.pending) == (None, before)


def test_a_number_that_could_be_two_things_means_the_one_that_was_said(talk: Talk) -> None:
    talk.say("finished fifty good", "no, forty")
    assert talk.replies[0].values == {"quantity": 40, "job": "4711"}


def test_where_both_were_said_it_is_asked_and_yes_is_no_answer_to_that(talk: Talk) -> None:
    talk.say("finished fifty good and two scrap", "no, five")
    assert talk.keys == ["which"]
    assert set(talk.replies[0].values.values()) == {"quantity five", "scrap five"}
    talk.hear("yes")
    assert talk.command is None
    assert talk.keys == ["job.complete/confirm"]
    assert talk.replies[0].values == {"quantity": 50, "scrap": 2, "job": "4711"}
    talk.hear("yes")
    assert talk.command is not None


def test_two_readings_of_a_sentence_are_asked_in_words(talk: Talk) -> None:
    job, kpi = understood("job.next"), understood("kpi.get", SlotValue("kpi", "oee", "OEE"))
    talk.take(_either(job, kpi))
    assert talk.keys == ["which_of_two"]
    assert talk.replies[0].values == {
        "first": "what comes next at this station",
        "second": "ask for a key figure of a machine or a line, OEE",
    }
    assert talk.state.phase == "choosing"
    talk.hear("the first one")
    assert talk.command is not None
    assert talk.command.operation == "job.next"


def test_neither_of_two_readings_is_nothing(talk: Talk) -> None:
    talk.take(_either(understood("job.next"), understood("job.pause")))
    talk.hear("neither")
    assert (talk.state.phase, talk.command, talk.keys[-1]) == ("idle", None, "not_meant")


def test_a_yes_to_one_of_two_readings_asks_again(talk: Talk) -> None:
    talk.take(_either(understood("job.next"), understood("job.pause")))
    talk.hear("yes")
    assert (talk.state.phase, talk.command, talk.keys[-1]) == ("choosing", None, "which_of_two")


def test_a_choice_that_nobody_makes_is_dropped(talk: Talk) -> None:
    talk.take(_either(understood("job.next"), understood("job.pause")))
    talk.take(TimedOut())
    assert talk.state.phase == "choosing"
    talk.take(TimedOut())
    assert (talk.state.phase, talk.command) == ("idle", None)


def test_the_chosen_reading_is_a_guess_and_is_read_back(talk: Talk) -> None:
    job = SlotValue("job", "4712", "4712", type="job")
    talk.take(_either(understood("job.start", job), understood("job.pause", job)))
    talk.hear("number one")
    assert (talk.state.phase, talk.command) == ("confirming", None)


def _either(*heard):
    return Heard(Ambiguous(tuple(each.parse.candidate for each in heard), heard[0].parse.transcript))


def test_a_guess_at_own_work_is_read_back_before_it_is_done(talk: Talk) -> None:
    """In the catalogue's words "start order 4712" is done at once; in others it is a guess."""
    talk.hear("could you please start order 4712 for me")
    assert (talk.state.phase, talk.command) == ("confirming", None)
    assert talk.replies[-1] == Reply("job.start/confirm", {"job": "4712", "equipment": "SPP-1"})
    talk.hear("affirm")
    assert talk.command is not None
    assert talk.command.fields["job"] == "4712"


def test_a_guess_at_a_question_is_answered_at_once(talk: Talk) -> None:
    talk.hear("so what do I have to do next please")
    assert talk.state.command is not None
    assert not talk.state.command.is_write


def test_a_doubtful_order_is_asked_about_once(talk: Talk) -> None:
    talk.take(_either(understood("job.start", SlotValue("job", "4712", "four seven one two"))))
    assert (talk.state.phase, talk.command, talk.keys) == ("choosing", None, ["this"])
    assert talk.replies[0].values["first"] == "start a job order at this station, four seven one two"
    talk.hear("yes")
    assert talk.command is not None
    assert (talk.command.operation, talk.command.fields["job"]) == ("job.start", "4712")


def test_a_question_about_a_doubtful_order_is_asked_back(talk: Talk) -> None:
    talk.take(_either(understood("job.status", SlotValue("job", "4712", "four seven one two"))))
    assert (talk.state.phase, talk.command, talk.keys) == ("choosing", None, ["this"])
    talk.hear("no")
    assert (talk.state.phase, talk.command, talk.keys) == ("idle", None, ["not_meant"])


def test_what_is_heard_over_our_own_voice_is_read_back(talk: Talk) -> None:
    talk.hear("start order 4712", while_speaking=True)
    assert (talk.state.phase, talk.command) == ("confirming", None)
    talk.hear("yes")
    assert talk.command is not None
