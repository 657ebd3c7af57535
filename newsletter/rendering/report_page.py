"""A page of tables and plots in one file, light and dark."""

from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1b; --paper: #fff; --soft: #6b6b66; --rule: #ddd;
  --line: #1f5fa8; --limit: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #ececE8; --paper: #161615; --soft: #a5a59f;
  --rule: #3a3a38; --line: #7db3f0; --limit: #ff8a80 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--rule) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
tr.over td { color: var(--limit); font-weight: 600 }
figure { margin: 0 0 1.5rem } figcaption { font-weight: 600 } svg { width: 100%; height: auto }
svg text { font-size: 12px; fill: var(--soft) } svg text.limit { fill: var(--limit) }
.grid { stroke: var(--rule) } .limit { stroke: var(--limit); stroke-dasharray: 6 4 }
text.limit { stroke: none } .line { fill: none; stroke: var(--line); stroke-width: 2 }
.dot { fill: var(--line) }
"""


def page(title: str, language: str, parts: Sequence[str]) -> str:
    """``parts`` are HTML already."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], over: Sequence[bool] = ()
) -> str:
    """Every column but the first whose cells begin with a digit, or are empty, holds numbers;
    ``over`` marks rows."""
    if not rows:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    numbers = [
        bool(at and any(row[at] for row in rows) and all(_is_number(row[at]) for row in rows))
        for at in range(len(heads))
    ]
    marks = [*over, *[False] * (len(rows) - len(over))]
    head = "".join(_cell("th", text, number) for text, number in zip(heads, numbers, strict=True))
    lines = [
        f"<tr{' class=over' if mark else ''}>"
        + "".join(_cell("td", text, number) for text, number in zip(row, numbers, strict=True))
        + "</tr>"
        for row, mark in zip(rows, marks, strict=True)
    ]
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{''.join(lines)}</table>"


def _is_number(text: str) -> bool:
    return not text or text[0].isdigit()


def _cell(tag: str, text: str, number: bool) -> str:  # noqa: FBT001
    return f"<{tag}{' class=n' if number else ''}>{escape(text)}</{tag}>"
