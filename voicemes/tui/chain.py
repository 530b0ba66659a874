"""Why did it happen? The causal chain of an event as a tree."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from voicemes.model import Row
from voicemes.runtime.floor import chain_tree
from voicemes.tui.wording import clock_of, event_line, text_of

MAX_NODES = 500


class ChainScreen(ModalScreen[None]):
    BINDINGS = [Binding("escape,q", "app.pop_screen", "Back")]

    def __init__(self, event: Row, events: tuple[Row, ...]) -> None:
        super().__init__()
        self._event, self._events = event, events[:MAX_NODES]

    def compose(self) -> ComposeResult:
        with Vertical(id="chain"):
            alone = "No other event is recorded as its cause, and it led to none."
            below = "Each event stands under the one that caused it."
            yield Static(f"Why did it happen? {below if len(self._events) > 1 else alone} Esc: back", markup=False)
            tree: Tree[str] = Tree("the chain", id="chain-tree")
            tree.show_root = False
            yield tree

    def on_mount(self) -> None:
        tree = self.query_one(Tree)
        by_cause = chain_tree(self._events)
        chosen = self._grow(tree.root, by_cause, "")
        tree.root.expand_all()
        tree.focus()
        if chosen is not None:
            self.call_after_refresh(tree.move_cursor, chosen)

    def _grow(self, node: TreeNode[str], by_cause: Mapping[str, list[Row]], cause: str) -> TreeNode[str] | None:
        """Hangs the effects of `cause` below `node`; returns the node of the event that was asked about."""
        chosen = None
        for event in by_cause.get(cause, ()):
            identifier = str(event.get("id"))
            label = Text(node_text(event, is_chosen=identifier == self._event.get("id")))
            leaf = node.add(label, data=identifier)
            leaf.allow_expand = identifier in by_cause
            inner = self._grow(leaf, by_cause, identifier)
            chosen = chosen or (leaf if identifier == self._event.get("id") else inner)
        return chosen


def node_text(event: Row, *, is_chosen: bool) -> str:
    kind = str(event.get("type", "")).removeprefix("mes.")
    who = f" by {event['operator']}" if event.get("operator") else ""
    lead = "➤ " if is_chosen else ""
    where = f" at {text_of(event['equipment'])}" if event.get("equipment") else ""
    what = f"{kind} {text_of(event.get('subject'))}{where}{who}"
    return f"{lead}{clock_of(event.get('time'))} {what}  {event_line(event)}"
