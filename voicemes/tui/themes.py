"""Two themes and one without colours. A test computes their contrasts (WCAG 2.2, 1.4.3: at least 4.5 to 1).

Blue and orange tell apart what red and green do not, for one man in twelve; and no colour says anything alone.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="plant-dark",
    primary="#7fb4ff",
    secondary="#9fd0e8",
    warning="#ffb454",
    error="#ff9d7a",
    success="#8ecbff",
    accent="#ffd479",
    foreground="#e8eaed",
    background="#14171b",
    surface="#1b1f24",
    panel="#262b32",
    dark=True,
    variables={
        "block-cursor-foreground": "#14171b",
        "block-cursor-background": "#7fb4ff",
        "footer-key-foreground": "#ffd479",
    },
)
LIGHT = Theme(
    name="plant-light",
    primary="#0b4f9e",
    secondary="#1f5f7a",
    warning="#8a4b00",
    error="#a32a00",
    success="#0b4f9e",
    accent="#7a3e00",
    foreground="#1a1c1f",
    background="#fbfaf7",
    surface="#f1efea",
    panel="#e4e1da",
    dark=False,
    variables={
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#0b4f9e",
        "footer-key-foreground": "#7a3e00",
    },
)
THEMES = (DARK, LIGHT)
