"""`voicemes audit`: the chain of records of who said what, and what was done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.text import Text

from voicemes.cli.options import ConfigFile, Json, Plain, StationName, outbox_of
from voicemes.cli.output import BAD, GOOD, console, local_time, print_json, show_table
from voicemes.errors import ConfigError
from voicemes.outbox.audit import Record, verify
from voicemes.outbox.store import Looker

app = typer.Typer(
    help="Who said what, and what was done: a chain of records that cannot be changed unseen.", no_args_is_help=True
)
HEADERS = ("no", "when", "what", "id", "who", "said, or why")
LEAST_CHARS = 8
"""Of a hash: fewer are in too many chains."""


@app.callback()
def options() -> None:
    pass


@app.command("list")
def list_records(
    last: Annotated[int | None, typer.Option("--last", help="So many from the end; without it, all.", min=1)] = None,
    station: StationName = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """The records, the oldest first."""
    with outbox_of(config, station) as looker:
        records = deque(looker.records(), maxlen=last)
    if as_json:
        for one in records:
            print_json({**one.content, "seq": one.seq, "hash": one.hash})
    elif records:
        show_table(console(plain=plain), HEADERS, [_row(one) for one in records], plain=plain)
    else:
        console(plain=plain).print("Nothing was written yet.")


@app.command("verify")
def verify_records(
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="A head of this chain that was written down earlier, elsewhere."),
    ] = None,
    station: StationName = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Check that no record was changed, removed or added, and print the head. Write it down elsewhere: only who knows
    an earlier head can tell that the end was cut off since. Exit 1 with the number of the first record that is wrong.
    """
    if head is not None and len(head) < LEAST_CHARS:
        raise ConfigError(f"give {LEAST_CHARS} characters of the hash or more.", key="--head")
    with outbox_of(config, station) as looker:
        passing = _Passing(looker, (head or "").lower())
        found = verify(passing)
    is_whole = found.broken_at is None
    about = {"records": found.n_records, "head": found.head, "broken_at": found.broken_at}
    if as_json:
        print_json({"ok": is_whole and passing.has_head, **about, "has_head": passing.has_head if head else None})
    else:
        _show(about, head, passing.has_head, plain=plain)
    if not (is_whole and passing.has_head):
        raise typer.Exit(1)


class _Passing:
    """The records, while a hash is looked for among them."""

    def __init__(self, looker: Looker, head: str) -> None:
        self._looker, self._head = looker, head
        self.has_head = not head

    def __iter__(self) -> Iterator[Record]:
        for record in self._looker.records():
            self.has_head = self.has_head or record.hash.startswith(self._head)
            yield record


def _show(about: dict[str, Any], head: str | None, has_head: bool, *, plain: bool) -> None:
    screen = console(plain=plain)
    if about["broken_at"] is not None:
        broken = f"The chain breaks at record {about['broken_at']}: it, or one before it, was changed."
        screen.print(Text.assemble(("✗ ", BAD), broken))
        return
    screen.print(Text.assemble(("✓ ", GOOD), f"The chain of {about['records']} records is whole."))
    if not has_head:
        screen.print(Text.assemble(("✗ ", BAD), f"{head} is not in it: its end was cut off, or it is another chain."))
    screen.print(f"head {about['head']}")


def _row(one: Record) -> list[str]:
    content = one.content
    who, why = content.get("operator") or content.get("by"), content.get("said") or content.get("reason")
    what, when = content.get("what", "cannot be read"), local_time(content.get("wall_s", ""))
    return [str(cell or "") for cell in (one.seq, when, what, content.get("command_id"), who, why)]
