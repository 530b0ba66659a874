"""What was said, held against what is known: doubts are told before the read-back, and decide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicemes.dialogue.state import Rules
from voicemes.intents import Intent, SlotSpec
from voicemes.model import Reply, SlotData, SlotValue
from voicemes.numbers import TEENS, TENS

PAIRS = {word: (10 + n, 10 * n) for n in range(3, 10) for word in (TEENS[n], TENS[n - 2])}
"""thirteen and thirty, to nineteen and ninety: what a hall makes of one is the other."""
COUNTED = frozenset({"quantity", "value"})
"""Slot types that are numbers said as one."""


def doubts(intent: Intent, slots: Mapping[str, SlotValue], rules: Rules) -> tuple[Reply, ...]:
    """Why a person should look twice at what they said; empty where nothing speaks against it."""
    said = [spec for spec in intent.slots.values() if spec.name in slots]
    return tuple(doubt for spec in said for doubt in _of(spec, slots, intent, rules))


def _of(spec: SlotSpec, slots: Mapping[str, SlotValue], intent: Intent, rules: Rules) -> Iterator[Reply]:
    value = slots[spec.name].value
    most = _fact(spec.at_most, slots, intent, rules)
    if isinstance(value, int | float) and isinstance(most, int | float) and value > most:
        of, _, fact = spec.at_most.partition(".")
        yield Reply(f"more_than_{fact}", {"value": value, "most": most, of: slots[of].value})
    if spec.within in slots and _is_number(value):
        yield from _outside(spec, value, slots, intent, rules)
    same = _fact(spec.same_as, slots, intent, rules)
    if same is not None and value != same:
        of = spec.same_as.partition(".")[0]
        yield Reply(f"another_{spec.name}", {"value": value, "known": same, of: slots[of].value})
    yield from _elsewhere(spec, value, slots, rules)


def _outside(
    spec: SlotSpec, value: SlotData, slots: Mapping[str, SlotValue], intent: Intent, rules: Rules
) -> Iterator[Reply]:
    known = rules.live.facts_of(intent.slots[spec.within].type, str(slots[spec.within].value))
    unit = slots["unit"].value if "unit" in slots else known.get("unit")
    if unit != known.get("unit"):
        return  # another unit has other limits, and is doubted itself
    named = {"value": value, spec.within: slots[spec.within].value, **({"unit": unit} if unit else {})}
    lower, upper = known.get("lower"), known.get("upper")
    if _is_number(lower) and value < lower:  # type: ignore[operator]
        yield Reply("below_limit", {**named, "limit": lower})  # type: ignore[dict-item]
    if _is_number(upper) and value > upper:  # type: ignore[operator]
        yield Reply("above_limit", {**named, "limit": upper})  # type: ignore[dict-item]


def _elsewhere(spec: SlotSpec, value: SlotData, slots: Mapping[str, SlotValue], rules: Rules) -> Iterator[Reply]:
    if not spec.belongs_to:
        return
    there = rules.live.facts_of(spec.type, str(value)).get(spec.belongs_to)
    said = slots.get(spec.belongs_to)
    here = said.value if said else rules.live.current.get(spec.belongs_to)
    if there and here and there != here:
        yield Reply(f"belongs_to_another_{spec.belongs_to}", {spec.name: value, "known": there})


def _fact(path: str, slots: Mapping[str, SlotValue], intent: Intent, rules: Rules) -> SlotData | None:
    slot, _, fact = path.partition(".")
    if not fact or slot not in slots:
        return None
    return rules.live.facts_of(intent.slots[slot].type, str(slots[slot].value)).get(fact)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sounds_like_another(spec: SlotSpec, slot: SlotValue) -> tuple[int, int] | None:
    """A heard number and the one that sounds like it, the smaller first: (15, 50). None where there is none: digit by
    digit nothing sounds alike.
    """
    last = slot.spoken.rpartition(" ")[2]
    if spec.type not in COUNTED or last not in PAIRS or not isinstance(slot.value, int | float):
        return None
    teen, ten = PAIRS[last]
    rest = slot.value - (teen if last in TEENS else ten)
    return (int(rest) + teen, int(rest) + ten) if rest >= 0 and rest == int(rest) else None
