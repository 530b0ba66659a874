"""What is wrong with a catalogue file is said with its file and line, and costs neither memory nor time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tea_catalog import SIZES, TEA, Compile, Write

from voicemes.errors import CatalogError
from voicemes.model import Scope
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher
from voicemes.nlu.yamlfile import Document

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""A few hundred characters that stand for 9 to the power of 9 words."""


@pytest.mark.parametrize(
    ("tea", "line", "says"),
    [
        pytest.param("", 1, "empty", id="empty file"),
        pytest.param("# later\n", 1, "empty", id="only a comment"),
        pytest.param(TEA.replace("summary", " summary"), 2, "not YAML", id="wrong indentation"),
        pytest.param(TEA.replace("  size", "\tsize"), 5, "not YAML", id="tab"),
        pytest.param(TEA + "exmaples: []\n", 8, "unknown key 'exmaples'", id="unknown key"),
        pytest.param(TEA.replace("required", "requird"), 5, "unknown key 'requird'", id="unknown key of a slot"),
        pytest.param(TEA.replace("type: size, ", ""), 5, "'type' is missing", id="missing key"),
        pytest.param(TEA.split("sentences")[0], 1, "'sentences' is missing", id="no sentences"),
        pytest.param(TEA.split("sentences")[0] + "sentences: []\n", 6, "sentences", id="empty sentences"),
        pytest.param(TEA.split("sentences")[0] + "sentences: tea\n", 6, "valid list", id="one sentence, not a list"),
        pytest.param(TEA + '  - ""\n', 8, "sentences.1", id="empty sentence"),
        pytest.param(TEA + '  - "?!"\n', 8, "says nothing", id="sentence without words"),
        pytest.param(TEA.replace("R0", "R9"), 3, "'R0', 'R1', 'R2'", id="risk that does not exist"),
        pytest.param(TEA.replace("risk", "rsik"), 3, "unknown key 'rsik'", id="risk misspelt"),
        pytest.param(TEA.replace(', ask: "Which size?"', ""), 5, "question", id="required slot without question"),
        pytest.param(TEA + "risk: R1\n", 8, "'risk' stands twice", id="duplicate key"),
        pytest.param(TEA.replace("tea.make", "Make Tea"), 1, "intent", id="name with a blank"),
        pytest.param(TEA.replace("tea.make", "12"), 1, "valid string", id="name that is a number"),
        pytest.param(TEA.replace("type: size", "type: sise"), 1, "neither built in nor", id="missing list"),
        pytest.param(TEA.replace("true", "'yes'"), 5, "slots.size.required", id="a word where true or false stands"),
        pytest.param(TEA.replace("required: true", "implied_by: {cup: 1}"), 5, "'cup'", id="implied by no slot"),
        pytest.param(TEA.replace("required: true", "at_most: cup.left"), 5, "must name a slot", id="fact of no slot"),
        pytest.param(TEA.replace("required: true", "within: size.left"), 5, "must name a slot", id="within a fact"),
        pytest.param(TEA + "why: tea.cold\n", 1, "which is no intent", id="why leads nowhere"),
        pytest.param(TEA.replace("R0", "R1") + "why: tea.make\n", 1, "which writes", id="why leads to a write"),
        pytest.param(TEA + "---\n" + TEA, 8, "not YAML", id="two documents"),
        pytest.param("- a\n- b\n", 1, "dictionary", id="a list"),
        pytest.param("hello", 1, "dictionary", id="a word"),
        pytest.param("a: *nothing\n", 1, "not YAML", id="unknown alias"),
        pytest.param("!!python/object/apply:os.getcwd []", 1, "dictionary", id="a tag that would run code"),
        pytest.param(BOMB, 1, "too much", id="alias bomb"),
        pytest.param("a: &a [*a]\n", 1, "too much", id="an alias of itself"),
        pytest.param("a: " + "{b: " * 200 + "1" + "}" * 200, 1, "too much", id="nested 200 deep"),
        pytest.param("[" * 5_000, None, "nested too deeply", id="nested 5000 deep"),
        pytest.param("#" * 10_000_000, None, "larger than 1 MB", id="10 MB"),
        pytest.param(b"intent: \xff\xfe", None, "cannot be read", id="not UTF-8"),
        pytest.param("a: \x00", None, "not YAML", id="control characters"),
    ],
)
def test_a_faulty_intent_file_is_named_with_its_line(
    write: Write, tea: str | bytes, line: int | None, says: str
) -> None:
    folder = write(tea=tea)
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    assert caught.value.file is not None
    assert Path(caught.value.file) == folder / "tea" / "make.yaml"
    assert caught.value.line == line
    assert says in str(caught.value)
    assert "make.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "file", "line", "says"),
    [
        ("size", "list: size\nvalues: [small,\n", "_lists/size.yaml", 3, "not YAML"),
        ("size", "list: size\nvalues:\n  small: ['?!']\n", "_lists/size.yaml", 3, "says nothing"),
        ("size", "list: size\nvalue: [small]\n", "_lists/size.yaml", 2, "unknown key 'value'"),
        ("size", "list: job\nvalues: [small]\n", "_lists/size.yaml", 1, "built-in"),
        ("rules", "a: [x]\n", "_rules.yaml", 1, "name: template"),
        ("dialogue", "words:\n  go:\n    phases: [idel]\n    sentences: [go]\n", "_dialogue.yaml", 3, "'idle'"),
        ("other", "# the same again\n\n" + TEA, "tea/other.yaml", 3, "taken"),
    ],
)
def test_a_faulty_shared_file_is_named_with_its_line(
    write: Write, name: str, text: str, file: str, line: int, says: str
) -> None:
    folder = write(**{name: text})
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    assert caught.value.file is not None
    assert Path(caught.value.file) == folder / file
    assert caught.value.line == line
    assert says in str(caught.value)


def test_a_list_that_is_defined_twice_is_refused(write: Write) -> None:
    folder = write()
    (folder / "_lists" / "again.yaml").write_text(SIZES, encoding="utf-8")
    with pytest.raises(CatalogError, match="defined twice"):
        load_catalog(folder)


def test_a_faulty_intent_is_named_by_its_intent_too(write: Write) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write(tea=TEA.replace("R0", "R9")))
    assert caught.value.intent == "tea.make"


def test_words_that_yaml_takes_for_truth_values_stay_words(compiled: Compile) -> None:
    matcher = compiled(size="list: size\nvalues: [yes, no, on, off, y, n]\n")
    assert [value.id for value in matcher.catalog.lists["size"]] == ["yes", "no", "on", "off", "y", "n"]
    (found,) = matcher.match(["make", "no", "tea"], Scope())
    assert found.values == {"size": "no"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4711", 4711), ("-18", -18), ("1.5", 1.5), ("'4711'", "4711"), ("0123", "0123"), ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-03-03", "2026-03-03"), ("12:30", "12:30"), ("true", True), ("null", None), (".inf", ".inf"),
        ("U7", "U7"),
    ],
)  # fmt: skip
def test_a_scalar_is_a_number_only_where_people_see_one(tmp_path: Path, text: str, value: object) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"a: {text}\n", encoding="utf-8")
    assert Document(file).data == {"a": value}


def test_every_part_of_a_file_knows_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a:\n  b:\n    - x\n    - y\nc: {d: 1}\n", encoding="utf-8")
    document = Document(file)
    lines = {("a",): 1, ("a", "b"): 2, ("a", "b", 1): 4, ("c", "d"): 5, ("a", "b", 1, "deeper"): 4, ("nowhere",): 1}
    assert {path: document.line(path) for path in lines} == lines


def test_a_folder_that_is_none_or_holds_no_intent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not a folder"):
        load_catalog(tmp_path / "nowhere")
    with pytest.raises(CatalogError, match="no intent file"):
        load_catalog(tmp_path)


def test_a_catalogue_borrows_the_dialogue_that_it_lacks(write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("base")
    (base / "_dialogue.yaml").write_text("words: {go: {phases: [idle], sentences: [go on]}}\n", encoding="utf-8")
    (base / "_replies.yaml").write_text("hello: Hello.\n", encoding="utf-8")
    catalog = load_catalog(write(), base=base)
    assert set(catalog.dialogue) == {"go"}
    assert catalog.replies == {"hello": "Hello."}


def test_a_catalogue_borrows_each_reply_that_it_lacks(write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("base")
    (base / "_replies.yaml").write_text("hello: Hello.\nbye: Bye.\n", encoding="utf-8")
    folder = write()
    (folder / "_replies.yaml").write_text("hello: Good morning.\n", encoding="utf-8")
    catalog = load_catalog(folder, base=base)
    assert catalog.replies == {"hello": "Good morning.", "bye": "Bye."}


def test_the_hash_changes_with_any_file(write: Write) -> None:
    before = load_catalog(write()).hash
    assert load_catalog(write()).hash == before
    assert load_catalog(write(size=SIZES.replace("large", "big"))).hash != before


@pytest.mark.parametrize("risk", ["R1", "R2", "R3", "R4"])
def test_an_intent_that_risks_something_writes_whatever_its_action_says(write: Write, risk: str) -> None:
    tea = TEA.replace("R0", risk) + "action: {operation: brew, write: false}\n"
    assert load_catalog(write(tea=tea)).intent("tea.make").action.is_write


def test_asking_for_an_unknown_intent_names_it(write: Write) -> None:
    with pytest.raises(CatalogError, match=r"coffee\.make"):
        Matcher(load_catalog(write())).catalog.intent("coffee.make")
