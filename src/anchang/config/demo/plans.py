"""Floor plans of the demo office's layouts, drawn from rectangles."""

from __future__ import annotations

from collections.abc import Mapping

#: code -> rooms as (name, left, top, width, height), in metres.
ROOMS: Mapping[str, tuple[tuple[str, float, float, float, float], ...]] = {
    "A": (("厨房", 0, 0, 2.2, 3), ("餐厅", 2.2, 0, 3, 3), ("卫生间", 5.2, 0, 2, 3), ("次卧", 7.2, 0, 3, 3),
          ("客厅", 0, 3, 4.2, 4.5), ("书房", 4.2, 3, 2.6, 4.5), ("主卧", 6.8, 3, 3.4, 4.5), ("阳台", 0, 7.5, 4.2, 1.4)),
    "B": (("厨房", 0, 0, 2.4, 3), ("餐厅", 2.4, 0, 3.4, 3), ("公卫", 5.8, 0, 1.9, 3), ("次卧", 7.7, 0, 3.2, 3),
          ("客厅", 0, 3, 4.4, 4.8), ("次卧", 4.4, 3, 3, 4.8), ("主卧", 7.4, 3, 3.5, 3), ("主卫", 7.4, 6, 3.5, 1.8),
          ("阳台", 0, 7.8, 4.4, 1.5)),
    "C": (("厨房", 0, 0, 2.6, 3.2), ("餐厅", 2.6, 0, 3.4, 3.2), ("公卫", 6, 0, 2, 3.2), ("次卧", 8, 0, 3.4, 3.2),
          ("客厅", 0, 3.2, 4.6, 5), ("次卧", 4.6, 3.2, 3.2, 5), ("主卧", 7.8, 3.2, 3.6, 3.2),
          ("主卫", 7.8, 6.4, 3.6, 1.8),
          ("阳台", 0, 8.2, 7.8, 1.5)),
    "D": (("厨房", 0, 0, 2.8, 3.3), ("餐厅", 2.8, 0, 3.4, 3.3), ("公卫", 6.2, 0, 2, 3.3), ("次卧", 8.2, 0, 3.2, 3.3),
          ("书房", 11.4, 0, 2.4, 3.3), ("客厅", 0, 3.3, 5, 5.2), ("次卧", 5, 3.3, 3.4, 5.2),
          ("主卧", 8.4, 3.3, 5.4, 3.4),
          ("主卫", 8.4, 6.7, 2.7, 1.8), ("衣帽间", 11.1, 6.7, 2.7, 1.8), ("阳台", 0, 8.5, 8.4, 1.6)),
}  # fmt: skip
PIXELS = 56
MARGIN = 24


def drawing(code: str, title: str) -> str:
    """The plan as SVG text."""
    rooms = ROOMS[code]
    width = max(left + w for _n, left, _t, w, _h in rooms) * PIXELS + 2 * MARGIN
    height = max(top + h for _n, _l, top, _w, h in rooms) * PIXELS + 2 * MARGIN + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        'font-family="sans-serif" text-anchor="middle">',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text x="{width / 2:.0f}" y="26" font-size="20" fill="#1f2937">{title}</text>',
    ]
    for name, left, top, w, h in rooms:
        x, y = left * PIXELS + MARGIN, top * PIXELS + MARGIN + 20
        fill = "#e6f4ea" if name == "阳台" else "#eef2f7" if name.endswith("卫") or name == "卫生间" else "#fdf8ef"
        middle, centre = x + w * PIXELS / 2, y + h * PIXELS / 2
        parts += [
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{w * PIXELS:.0f}" height="{h * PIXELS:.0f}" fill="{fill}" '
            'stroke="#374151" stroke-width="4"/>',
            f'<text x="{middle:.0f}" y="{centre:.0f}" font-size="17" fill="#374151">{name}</text>',
            f'<text x="{middle:.0f}" y="{centre + 18:.0f}" font-size="12" fill="#6b7280">{w:g} × {h:g} m</text>',
        ]
    return "".join([*parts, "</svg>"])
