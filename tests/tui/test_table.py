"""A table of the screens: what it shows is what it was given."""

from __future__ import annotations

from textual.app import App, ComposeResult

from voicemes.tui.table import Rows


class OneTable(App[None]):
    def compose(self) -> ComposeResult:
        yield Rows("Station", "Last turn", id="rows")


def line(table: Rows, row: int) -> str:
    return table.render_line(row).text.rstrip()


async def test_a_cell_drawn_before_its_column_is_wide_enough_is_drawn_again() -> None:
    async with OneTable().run_test() as pilot:
        table = pilot.app.query_one(Rows)
        table.show([("a", ("OVN-1", "–"))])
        await pilot.pause()
        table.show([("a", ("OVN-1", "(words are not shared)"))])
        assert not line(table, 1).endswith("(words are not shared)"), "drawn too early"
        await pilot.pause()
        assert line(table, 1).endswith("(words are not shared)")
