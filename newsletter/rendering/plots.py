"""Plots as inline SVG: no script, nothing fetched, coloured by the page they stand in."""

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 60, 24, 12


def line_plot(
    title: str,
    labels: Sequence[str],
    values: Sequence[float],
    *,
    limit: tuple[str, float] | None = None,
    percent: bool = False,
) -> str:
    """A line over the labels; ``limit`` is drawn across, named. Values are 0 or more."""
    top = max([*values, limit[1] * 1.3 if limit else 0.0]) or 1.0
    parts = [_axis(top, percent=percent), _labels(labels)]
    if limit:
        parts.append(_limit(*limit, top))
    points = " ".join(
        f"{_x(at, len(values)):.1f},{_y(value, top):.1f}" for at, value in enumerate(values)
    )
    parts.append(f'<polyline class="line" points="{points}"/>')
    parts += [
        f'<circle class="dot" cx="{_x(at, len(values)):.1f}" cy="{_y(value, top):.1f}" r="2.5">'
        f"<title>{escape(labels[at])}: {_shown(value, percent=percent)}</title></circle>"
        for at, value in enumerate(values)
    ]
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )


def _x(at: int, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - 12) * (at / max(count - 1, 1))


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * min(value / top, 1)


def _axis(top: float, *, percent: bool) -> str:
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{_y(value, top):.1f}"'
        f' y2="{_y(value, top):.1f}"/><text x="{_LEFT - 8}" y="{_y(value, top) + 4:.1f}"'
        f' text-anchor="end">{_shown(value, percent=percent)}</text>'
        for value in (0.0, top / 2, top)
    )


def _labels(labels: Sequence[str]) -> str:
    shown = sorted({0, len(labels) // 2, len(labels) - 1}) if labels else []
    anchors = {0: "start", len(labels) - 1: "end"}
    return "".join(
        f'<text x="{_x(at, len(labels)):.1f}" y="{_HEIGHT - 6}"'
        f' text-anchor="{anchors.get(at, "middle")}">{escape(labels[at])}</text>'
        for at in shown
    )


def _limit(name: str, value: float, top: float) -> str:
    y = _y(value, top)
    return (
        f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="limit" x="{_LEFT + 4}" y="{y - 4:.1f}">'
        f"{escape(name)}</text>"
    )


def _shown(value: float, *, percent: bool) -> str:
    if percent:
        return f"{100 * value:.2f}%"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
