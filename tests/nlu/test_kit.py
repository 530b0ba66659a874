"""The integrator's kit: what a file promises is checked, what nobody ever said is found, a skeleton loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema_rs import Draft202012Validator, ValidationError

from voicemes.errors import CatalogError
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.kit.coverage import cover
from voicemes.nlu.kit.lint import lint
from voicemes.nlu.kit.proof import meant, prove, read
from voicemes.nlu.kit.sampling import samples
from voicemes.nlu.kit.schema import TITLES, schema
from voicemes.nlu.kit.skeleton import NewIntent, written
from voicemes.nlu.match import Matcher

ROOT = Path(__file__).resolve().parents[2]
FILE = """\
intent: tea.order
summary: Order tea
risk: R1
slots:
  quantity: {type: quantity}
  size: {type: size}
sentences:
  - "[{quantity}] {size} tea"
  - "tea please"
examples:
%s
not_examples:
  - "%s"
"""
SIZES = "list: size\nvalues: [small, large]\n"


def catalog_of(folder: Path, *examples: str, other: str = "coffee please") -> Matcher:
    (folder / "_lists").mkdir()
    (folder / "_lists" / "size.yaml").write_text(SIZES, encoding="utf-8")
    lines = "\n".join(f"  - {example}" for example in examples)
    (folder / "tea.yaml").write_text(FILE % (lines, other), encoding="utf-8")
    return Matcher(load_catalog(folder, base=ROOT / "intents"))


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ('{say: "two large tea", slots: {quantity: 2, size: large}}', ""),
        ('{say: "two large tea", slots: {size: large}}', "quantity is 2, wanted nothing"),
        ('{say: "large tea", slots: {quantity: 1, size: large}}', "quantity is missing, wanted 1"),
        ('{say: "two huge tea", slots: {}}', "not understood: no sentence of the catalogue"),
        ('{say: "two huge tea", slots: {}, fails: "huge is no size yet"}', ""),
        ('{say: "tea please", slots: {}, fails: "too short"}', "understood now; take out 'fails: too short'"),
    ],
)
def test_an_example_is_held_against_what_is_understood(tmp_path: Path, example: str, fault: str) -> None:
    first, second = prove(catalog_of(tmp_path, example))
    assert (first.kind, first.fault, first.line) == ("example", fault, 11)
    assert (second.kind, second.fault) == ("not_example", "")


def test_a_not_example_that_is_taken_is_a_fault(tmp_path: Path) -> None:
    proofs = list(prove(catalog_of(tmp_path, '{say: "tea please"}', other="small tea")))
    assert [one.fault for one in proofs] == ["", "taken for tea.order"]


def test_coverage_names_what_was_never_said(tmp_path: Path) -> None:
    (found,) = cover(catalog_of(tmp_path, '{say: "large tea", slots: {size: large}}'))
    assert [template.text for template in found.unsaid] == ["tea please"]
    assert found.combinations == {frozenset(), frozenset({"size"}), frozenset({"quantity", "size"})}
    assert found.unsaid_combinations == {frozenset(), frozenset({"quantity", "size"})}


def test_every_template_that_ships_is_said_by_an_example(matcher: Matcher) -> None:
    assert {one.intent: [template.text for template in one.unsaid] for one in cover(matcher) if one.unsaid} == {}


def test_samples_are_understood_and_come_again_with_their_seed(matcher: Matcher) -> None:
    drawn = list(samples(matcher, 200, seed=7))
    assert drawn == list(samples(matcher, 200, seed=7))
    assert drawn != list(samples(matcher, 200, seed=8))
    assert [one for one in drawn if one.intent not in meant(read(matcher, one.say))] == []


def test_samples_of_one_intent(matcher: Matcher) -> None:
    assert {one.intent for one in samples(matcher, 20, 1, "job.next")} == {"job.next"}
    with pytest.raises(CatalogError, match=r"tea\.order"):
        next(samples(matcher, 1, 1, "tea.order"))


@pytest.mark.parametrize("risk", ["R0", "R1", "R2", "R3"])
def test_a_skeleton_loads_and_is_understood(tmp_path: Path, risk: str) -> None:
    new = NewIntent(
        "tea.brew", 'Brew "good" tea: now', risk, "cook", {"quantity": "quantity"}, ["brew {quantity} [cups of] tea"]
    )
    (tmp_path / "tea.brew.yaml").write_text(written(new), encoding="utf-8")
    matcher = Matcher(load_catalog(tmp_path, base=ROOT / "intents"))
    intent = matcher.catalog.intent("tea.brew")
    assert (intent.summary, intent.risk, intent.role) == ('Brew "good" tea: now', risk, "cook")
    assert ("confirm" in intent.say) == (risk in {"R2", "R3"})
    assert meant(read(matcher, "brew three cups of tea")) == {"tea.brew"}


SOUNDS = {
    "small": "S M AO L", "large": "L AA R JH", "tea": "T IY", "please": "P L IY Z", "lard": "L AA R D",
    "coffee": "K AA F IY", "teas": "T IY Z", "the": "DH AH", "show": "SH OW", "now": "N AW",
    "size": "S AY Z", "fifteen": "F IH F T IY N", "fifty": "F IH F T IY",
}


def findings(folder: Path, intents: dict[str, str], lists: str = SIZES, accepted: str = "") -> list[str]:
    """What lint says of a few intents, given as their sentences."""
    (folder / "_lists").mkdir()
    (folder / "_lists" / "size.yaml").write_text(lists, encoding="utf-8")
    (folder / "_dialogue.yaml").write_text("words: {}\n", encoding="utf-8")
    if accepted:
        (folder / "_lint.yaml").write_text(accepted, encoding="utf-8")
    for name, sentences in intents.items():
        text = f"intent: {name}\nsummary: x\nrisk: R1\nslots:\n  size: {{type: size}}\nsentences: {sentences}\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    matcher = Matcher(load_catalog(folder, base=ROOT / "intents"))
    found = lint(matcher, lambda word: SOUNDS.get(word, "").split())
    return [f"{one.rule}: {one.about}" + (f" ({one.reason})" if one.reason else "") for one in found]


FINE = {"tea.order": '["small tea please", "{size} tea"]', "coffee.order": '["coffee please now"]'}
ACCEPTED = "accepted:\n  - {rule: too-short, about: tea, reason: everybody says it}\n"


@pytest.mark.parametrize(
    ("intents", "lists", "accepted", "expected"),
    [
        (FINE, SIZES, "", []),
        ({**FINE, "tea.large": '["large tea"]'}, SIZES, "", ["over-match: tea.large and tea.order"]),
        ({**FINE, "tea.show": '["large tea show now"]'}, SIZES, "", ["beginning: tea.order begins tea.show"]),
        ({**FINE, "coffee.now": '["coffee tea now"]'}, SIZES, "", []),
        (
            {**FINE, "teas.order": '["small teas please"]'}, SIZES, "",
            ["sounds-alike: small tea please / small teas please"],
        ),
        (FINE, "list: size\nvalues: [small, large, lard]\n", "", ["sounds-alike: size: lard / large"]),
        (
            {"tea.show": '["please show the {size} now"]', "teas.show": '["please show tea {size} now"]'},
            SIZES, "",
            ["sounds-alike: please show tea {size} now / please show the {size} now"],
        ),
        (
            FINE, "list: size\nvalues: [size fifteen, size fifty]\n", "",
            [f"{rule}: size: size fifteen / size fifty" for rule in ("sounds-alike", "teen-ty")],
        ),
        ({**FINE, "tea.now": '["tea"]'}, SIZES, "", ["too-short: tea"]),
        ({**FINE, "tea.now": '["tea"]'}, SIZES, ACCEPTED, ["too-short: tea (everybody says it)"]),
        (FINE, SIZES, ACCEPTED, ["stale: tea"]),
        ({**FINE, "milk.order": '["show the milk"]'}, SIZES, "", ["no-pronunciation: milk"]),
    ],
    ids=[
        "fine", "both", "beginning", "other words", "alike", "list", "alike with a value", "teen", "short", "accepted",
        "stale", "unknown word",
    ],
)  # fmt: skip
def test_lint_finds(tmp_path: Path, intents: dict[str, str], lists: str, accepted: str, expected: list[str]) -> None:
    assert findings(tmp_path, intents, lists, accepted) == expected


def test_lint_finds_what_nothing_uses(tmp_path: Path) -> None:
    (tmp_path / "_rules.yaml").write_text('polite: "[please]"\n', encoding="utf-8")
    intents = {name: text.replace("{size}", "large") for name, text in FINE.items()}
    assert findings(tmp_path, intents) == ["unused: rule polite"]


def files() -> list[tuple[str, Path]]:
    folder = ROOT / "intents"
    own = [("intent", file) for file in folder.glob("[!_]*/*.yaml")]
    lists = [("list", file) for file in folder.glob("_lists/*.yaml")]
    return [*own, *lists, *((name, folder / f"_{name}.yaml") for name in ("rules", "replies", "dialogue", "lint"))]


@pytest.mark.parametrize(("kind", "file"), files(), ids=lambda value: getattr(value, "name", value))
def test_the_schema_takes_every_file_that_ships(kind: str, file: Path) -> None:
    assert Draft202012Validator(schema(kind)).is_valid(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", sorted(TITLES))
def test_the_schema_refuses_what_the_loader_refuses(kind: str) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(schema(kind)).validate({"intent": 7, "words": 7, "values": 7, "accepted": 7})
