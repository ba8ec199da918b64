"""Figures of the study as SVG: one row an arm, one dot a seed, a bar at the mean."""

import html
import math

LABELS, PLOT, ROW, TOP, BOTTOM = 230, 460, 26, 40, 44
COLOURS = {"control": "#777777", "arm": "#1f6fb4"}


def ticks(low, high):
    """Some five round numbers that span low to high."""
    step = 10 ** math.floor(math.log10((high - low) / 5))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)], max(0, -math.floor(math.log10(step)))


def dots(title, axis, rows, control):
    """rows: (label, numbers); a dashed line stands at the mean of the row named `control`."""
    numbers = [number for _, values in rows for number in values]
    low, high = min(numbers), max(numbers)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    marks, digits = ticks(low, high)
    low, high = marks[0], marks[-1]

    def x(value):
        return LABELS + PLOT * (value - low) / (high - low)

    width, height = LABELS + PLOT + 40, TOP + ROW * len(rows) + BOTTOM
    bottom = TOP + ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LABELS}" y="20" font-size="14" font-weight="bold">{html.escape(title)}</text>',
    ]
    for mark in marks:
        parts.append(f'<path d="M{x(mark):.1f} {TOP}V{bottom}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{x(mark):.1f}" y="{bottom + 16}" text-anchor="middle">'
                     f"{mark:.{digits}f}</text>")
    parts.append(f'<text x="{LABELS + PLOT / 2:.1f}" y="{bottom + 34}" text-anchor="middle">'
                 f"{html.escape(axis)}</text>")
    for label, values in rows:
        if label == control:
            at = x(sum(values) / len(values))
            parts.append(f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="{COLOURS["control"]}" '
                         'stroke-dasharray="4 3"/>')
    for row, (label, values) in enumerate(rows):
        y = TOP + ROW * row + ROW / 2
        colour = COLOURS["control" if label == control else "arm"]
        mean = x(sum(values) / len(values))
        parts.append(f'<text x="{LABELS - 10}" y="{y + 4:.1f}" text-anchor="end">'
                     f"{html.escape(label)}</text>")
        parts.append(f'<path d="M{mean:.1f} {y - 9:.1f}V{y + 9:.1f}" stroke="{colour}" '
                     'stroke-width="3"/>')
        parts += [f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="4" fill="{colour}" '
                  'fill-opacity="0.6"/>' for value in values]
    return "\n".join([*parts, "</svg>"]) + "\n"
