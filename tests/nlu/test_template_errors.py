"""What is wrong with a sentence template is said with file, line and column, when the catalogue is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from tea_catalog import TEA, Compile

from voicemes.errors import TemplateError
from voicemes.intents import Template
from voicemes.nlu.phrase import Phrase, Seq, Slot
from voicemes.nlu.template import MAX_DEPTH, MAX_DIGITS, MAX_PARTS, Templates


def read(text: str, **rules: str) -> Phrase:
    known = {name: Template(rule, "rules.yaml", line) for line, (name, rule) in enumerate(rules.items(), 1)}
    return Templates(known).phrase(Template(text, "tea.yaml", 7), {"job": "job"}, intent="tea.make")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("start (a|b", 7, "'(' is never closed; add ')'"),
        ("start [now", 7, "'[' is never closed; add ']'"),
        ("start {job", 7, "'{' is never closed; add '}'"),
        ("start <order", 7, "'<' is never closed; add '>'"),
        ("start a)", 8, "')' closes nothing"),
        ("start [now) ok", 11, "')' closes nothing"),
        ("((a) b", 1, "never closed"),
        ("start {jib}", 7, "{jib} is not a slot of this intent. Its slots: {job}"),
        ("start {jib:job}", 7, "no type 'jib'. Known: job, serial"),
        ("start <oder>", 7, "no rule <oder>. Known: none"),
        ("job(s|)", 1, "a group touches a word"),
        ("{job}{job}", 1, "a group touches a word"),
        ("x (a;b;c;d;e)", 5, "any order"),
        ("start <>", 1, "cannot be read"),
        ("{}", 1, "cannot be read"),
        ("", 1, "cannot be read"),
        ("no " + "1" * (MAX_DIGITS + 1), 4, "longer than anybody says"),
        ("[" * (MAX_DEPTH + 1) + "a" + "]" * (MAX_DEPTH + 1), MAX_DEPTH + 1, "brackets inside each other"),
        ("a " * 1_001, 1, "longer than"),
    ],
)
def test_a_faulty_template_is_named_with_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(text)
    error = caught.value
    assert (error.file, error.line, error.column, error.intent) == ("tea.yaml", 7, column, "tea.make")
    assert says in str(error)
    assert f"tea.yaml:7: intent tea.make: column {column}: " in str(error)


def test_a_circle_of_rules_is_shown_as_a_circle() -> None:
    with pytest.raises(TemplateError, match="a -> b -> c -> a") as caught:
        read("<a>", a="x <b>", b="y <c>", c="z <a>")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("rules.yaml", 3, 3)


def test_a_rule_of_itself_is_a_circle() -> None:
    with pytest.raises(TemplateError, match="a -> a"):
        read("<a>", a="[<a>] x")


def test_a_slot_can_be_of_a_narrower_type_in_one_place() -> None:
    parts = read("number {quantity:job}")
    assert isinstance(parts, Seq)
    slot = parts.items[-1]
    assert isinstance(slot, Slot)
    assert (slot.name, slot.type) == ("job", "quantity")


def test_a_fault_in_a_rule_is_named_where_the_rule_stands() -> None:
    with pytest.raises(TemplateError) as caught:
        read("start <b>", a="fine", b="not (fine")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("rules.yaml", 2, 5)


def test_a_template_can_be_read_again_after_a_fault_in_a_rule() -> None:
    templates = Templates({"bad": Template("(x"), "good": Template("<bad>"), "fine": Template("x")})
    for _ in range(2):
        with pytest.raises(TemplateError, match="never closed"):
            templates.phrase(Template("<good>"), {})
    assert templates.phrase(Template("<fine>"), {})


@pytest.mark.parametrize(
    "text",
    [
        "(a;b;(c;d;(e;f;(g;h;(i;j;(k;l;(m;n;(o;p;q))))))))",
        "<r12>",
    ],
    ids=["orders inside orders", "rules that double each other"],
)
def test_a_template_that_stands_for_millions_is_refused(text: str) -> None:
    rules = {"r0": "x"} | {f"r{n}": f"(<r{n - 1}>|y <r{n - 1}> <r{n - 1}>)" for n in range(1, 13)}
    with pytest.raises(TemplateError, match=f"more than {MAX_PARTS:,} words"):
        read(text, **rules)


def test_a_long_chain_of_rules_is_refused() -> None:
    rules = {"r0": "x"} | {f"r{n}": f"y <r{n - 1}>" for n in range(1, 500)}
    with pytest.raises(TemplateError, match=f"more than {MAX_DEPTH} rules"):
        read("<r499>", **rules)


def test_a_long_template_that_people_might_write_is_no_problem(compiled: Compile) -> None:
    options = "|".join(" ".join(f"word{chr(97 + n)}{chr(97 + m)}" for m in range(10)) for n in range(12))
    matcher = compiled(tea=TEA + f'  - "({options}) [({options})]"\n')
    assert matcher.words


@pytest.mark.parametrize(
    ("broken", "file", "line"),
    [
        ({"tea": TEA.replace("[a]", "[a")}, "tea/make.yaml", 7),
        ({"size": "list: size\nvalues:\n  small: [small]\n  large: ['(large|big']\n"}, "_lists/size.yaml", 4),
        ({"size": "list: size\nvalues:\n  small: [small]\n  large: ['{size}']\n"}, "_lists/size.yaml", 4),
        ({"tea": TEA.replace('size?"', 'size?", answers: ["{sise} please"]')}, "tea/make.yaml", 5),
        ({"dialogue": "words:\n  go:\n    phases: [idle]\n    sentences: ['(go']\n"}, "_dialogue.yaml", 4),
        ({"dialogue": "words:\n  yes:\n    phases: [confirming]\n    sentences: ['(go']\n"}, "_dialogue.yaml", 4),
        ({"dialogue": "words: {}\nleads:\n  size: '(the'\n"}, "_dialogue.yaml", 3),
    ],
    ids=["sentence", "alias", "slot in an alias", "answer", "word for idle", "word for confirming", "lead"],
)
def test_a_faulty_template_anywhere_stops_the_start_not_the_shift(
    compiled: Compile, tmp_path: Path, broken: dict[str, str], file: str, line: int
) -> None:
    words = "words:\n  answer:\n    phases: [filling]\n    sentences: ['{value}']\n"
    with pytest.raises(TemplateError) as caught:
        compiled(**{"dialogue": words, **broken})
    assert caught.value.file is not None
    assert Path(caught.value.file) == tmp_path / file
    assert caught.value.line == line
