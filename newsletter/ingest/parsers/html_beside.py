"""What of a saved page is none of its text: what nobody sees, and what stands beside it."""

import re
from itertools import islice
from typing import Any

from newsletter.ingest.parsers.html_tables import is_layout
from newsletter.ingest.parsers.vocabulary import names_in

UNSEEN = names_in(
    """
    script, style, noscript, template, head, svg, math, select, option, textarea, input, object,
    embed, canvas, map, img, picture, source, track"""
)
_BESIDE = names_in(
    """
    nav, header, footer, aside, form, button, iframe, audio, video, figcaption, dialog, menu,
    pre, details"""
)
_ALWAYS = {"transcript", "comments", "comment", "cookie", "breadcrumb", "breadcrumbs"}
_HINTS = _ALWAYS | names_in(
    """
    sidebar, related, share, sharing, social, newsletter, subscribe, promo, banner, menu, nav,
    navigation, navbar, footer, player, ad, ads, advert, advertisement, sponsor, popup, modal,
    toc, pagination, recommended, widget, signup"""
)
_BODIES = {"html", "body", "main", "article"}
_NEAR = 3  # elements around a box that its item is one of
_HIDDEN = re.compile(r"display:none|visibility:hidden|mso-hide:all")


def beside(element: Any, tag: str, total: int) -> str:
    """The rule by which an element is left out; ``total`` letters are in the main text."""
    if tag in UNSEEN or not tag:
        return "unseen"
    if tag in _BODIES:
        return ""
    if _is_hidden(element):
        return "hidden"
    if tag in _BESIDE or (tag == "table" and not is_layout(element)):
        return "player" if tag in {"iframe", "audio", "video"} else tag
    hint = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    hints = set(re.split(r"[\s_-]+", hint.lower()[:300])) & _HINTS
    if not hints or (not hints & _ALWAYS and 2 * len(element.text_content()) > total):
        return ""
    return f"{min(hints)} of the page"


def _is_hidden(element: Any) -> bool:
    """As the line is that a mail's program shows before the mail is opened."""
    style = "".join((element.get("style") or "")[:1_000].lower().split())
    return element.get("hidden") is not None or bool(_HIDDEN.search(style))


def is_signature(element: Any, tag: str) -> bool:
    """Who said a quote: a citation alone in its line, or the foot or the caption of the quote."""
    parent = element.getparent() if tag in {"cite", "footer", "figcaption"} else None
    last = element.getnext() is None and not (element.tail or "").strip()
    if parent is None or not last:
        return False
    if tag == "figcaption":
        above = element.getprevious()
        return above is not None and bool(above.tag == "blockquote")
    if tag == "footer":
        return bool(parent.tag == "blockquote")
    before = (parent.text or "").strip()
    alone = parent.tag != "footer" and not before and parent[0] is element
    quoted = any(each.tag == "blockquote" for each in islice(element.iterancestors(), _NEAR))
    return bool(parent.tag == "blockquote" or (alone and quoted))


def is_task(element: Any, tag: str) -> bool:
    """A box without its tick, of a page or of Evernote: what stands behind it is to be done."""
    if tag == "en-todo":
        return bool(element.get("checked") != "true")
    box = tag == "input" and element.get("type") == "checkbox" and element.get("checked") is None
    return box and any(each.tag == "li" for each in islice(element.iterancestors(), _NEAR))
