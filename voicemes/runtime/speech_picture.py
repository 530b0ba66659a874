"""The picture of `bench speech`: accuracy over noise beside published engines, and what a stricter acceptance costs.

An SVG without scripts or fonts of its own, in the colours of M. Okabe and K. Ito (2008), which colour-blind people tell
apart; every line has its name at its end, so no colour is needed to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from voicemes.errors import ConfigError

PUBLISHED_SNRS_DB = (6, 9, 12, 15, 18, 21, 24)
PUBLISHED = {
    "Rhino": (0.96, 0.97, 0.98, 0.99, 0.99, 0.99, 0.99),
    "LUIS": (0.86, 0.89, 0.90, 0.91, 0.92, 0.93, 0.93),
    "Watson": (0.72, 0.84, 0.89, 0.93, 0.95, 0.95, 0.96),
    "Lex": (0.80, 0.84, 0.85, 0.87, 0.87, 0.87, 0.88),
    "Dialogflow": (0.70, 0.78, 0.78, 0.80, 0.81, 0.82, 0.83),
}
"""Right of 619 coffee orders in the noise of a kitchen: Picovoice, speech-to-intent-benchmark, revision 47b1ca63afe4.
The publisher makes Rhino. Other recordings than ours may be in another manifest: compare orders with orders.
"""
WIDTH, HEIGHT = 1000, 420
LEFT, TOP, PANEL_WIDTH, PANEL_HEIGHT, BETWEEN = 70, 50, 330, 300, 170
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
GREY = "#8a8a8a"
LOWEST_ACCURACY = 0.3
MOST_FALSE = 0.5

Point = tuple[float, float]


def write_picture(sets: Sequence[dict[str, Any]], file: Path) -> None:
    """Raises ConfigError where the file cannot be written."""
    try:
        file.write_text(draw(sets), encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"the picture cannot be written: {exc.strerror}.", file=file) from exc


def draw(sets: Sequence[dict[str, Any]]) -> str:
    """The SVG for the sets of `bench speech`. The published engines stand only beside sets with noise."""
    accuracy = Panel(LEFT, "right, by signal-to-noise ratio in dB", (3, 27), (LOWEST_ACCURACY, 1.0), (6, 12, 18, 24))
    noisy = [one for one in sets if one["snr_db"] is not None]
    lines = []
    if noisy:
        lines += [
            accuracy.line(list(zip(PUBLISHED_SNRS_DB, shares, strict=True)), name, GREY, dashed=True)
            for name, shares in PUBLISHED.items()
        ]
    lines.append(accuracy.line([(one["snr_db"], one["accuracy"]) for one in noisy], "voicemes", COLOURS[0]))
    lines += [accuracy.level(one["accuracy"], "clean") for one in sets if one["snr_db"] is None]
    curve = Panel(
        LEFT + PANEL_WIDTH + BETWEEN,
        "right answers kept, by what nobody meant and was accepted",
        (0, MOST_FALSE),
        (LOWEST_ACCURACY, 1.0),
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    )
    for number, one in enumerate(sets):
        points = [(min(cut["false_accepts"], MOST_FALSE), cut["kept"]) for cut in one["roc"]]
        name = "clean" if one["snr_db"] is None else f"{one['snr_db']:g} dB"
        lines.append(curve.line(points, name, COLOURS[number % len(COLOURS)]))
    body = "\n".join([*accuracy.frame(), *curve.frame(), *lines])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13"><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


class Panel:
    """A diagram: its place, and the range of both axes."""

    def __init__(self, left: int, title: str, xs: Point, ys: Point, marks: Sequence[float]) -> None:
        self.left, self.title, self.xs, self.ys, self.marks = left, title, xs, ys, marks

    def frame(self) -> list[str]:
        """Title, axes and grid."""
        parts = [f'<text x="{self.left}" y="{TOP - 18}" font-weight="bold">{escape(self.title)}</text>']
        for mark in self.marks:
            x, _ = self.place((mark, self.ys[0]))
            parts.append(f'<text x="{x:.1f}" y="{TOP + PANEL_HEIGHT + 20}" text-anchor="middle">{mark:g}</text>')
        for tenth in range(round(self.ys[0] * 10), 11):
            _, y = self.place((self.xs[0], tenth / 10))
            parts.append(
                f'<path d="M{self.left} {y:.1f}h{PANEL_WIDTH}" stroke="#dddddd"/>'
                f'<text x="{self.left - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth * 10} %</text>'
            )
        return parts

    def line(self, points: Sequence[Point], name: str, colour: str, *, dashed: bool = False) -> str:
        """A line with its name at its end; nothing without points."""
        if not points:
            return ""
        placed = [self.place(point) for point in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed)
        style = 'stroke-dasharray="4 3" stroke-width="1.2"' if dashed else 'stroke-width="2.2"'
        x, y = placed[-1] if dashed or placed[-1][0] > placed[0][0] else placed[0]
        return (
            f'<path d="M{path}" fill="none" stroke="{colour}" {style}/>{"" if dashed else dots}'
            f'<text x="{x + 7:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>'
        )

    def level(self, y_value: float, name: str) -> str:
        """A line from side to side."""
        return self.line([(self.xs[0], y_value), (self.xs[1], y_value)], name, COLOURS[2], dashed=True)

    def place(self, point: Point) -> Point:
        """Where a point lies in the picture; what is outside the ranges lies on the border."""
        (lowest_x, highest_x), (lowest_y, highest_y) = self.xs, self.ys
        x = min(max((point[0] - lowest_x) / (highest_x - lowest_x), 0.0), 1.0)
        y = min(max((point[1] - lowest_y) / (highest_y - lowest_y), 0.0), 1.0)
        return self.left + x * PANEL_WIDTH, TOP + (1 - y) * PANEL_HEIGHT
