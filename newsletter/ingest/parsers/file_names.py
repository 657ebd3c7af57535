"""What the name of a file says of the page in it: its title, or that it is a day of a diary."""

import re
from dataclasses import replace
from pathlib import PurePath

from newsletter.ingest.parsers.boilerplate import is_cjk
from newsletter.ingest.parsers.dates import is_day
from newsletter.ingest.parsers.paragraphs import Page, Paragraph

_NOTES = {".md", ".markdown", ".html", ".htm", ".org"}
_LEAST_NAME = 8
_NO_NAME = re.compile(
    r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|podcasts?|highlights?)\s*(?:[-–—]\s+|\s)|^\W+"
)
_TITLE_WORDS = 3
_FREE = {"paragraph", "list item"}


def by_its_file(page: Page, path: PurePath) -> Page:
    """For the only page of a file."""
    suffix = path.suffix.lower()
    if suffix in _NOTES | {".txt"} and _is_diary(page, path):
        alone = not (page.about.podcast or page.about.episode)
        told = [
            _private(each) if alone or each.line in page.beside else each
            for each in page.paragraphs
        ]
        return _unnamed(replace(page, paragraphs=told))
    return _titled(page, path) if suffix in _NOTES else page


def _unnamed(page: Page) -> Page:
    """Without the name of an episode that is a private heading: "Evening"."""
    headings = {each.text for each in page.paragraphs if each.line in page.beside}
    if page.about.episode not in headings:
        return page
    return replace(page, about=replace(page.about, episode="", title=""))


def _titled(page: Page, path: PurePath) -> Page:
    """A page that says where it is from, and not what it is called, has the name of its file, as
    the notes of most apps do; a word or a code is none."""
    about, stem = page.about, _NO_NAME.sub("", path.stem).strip()
    if about.episode or about.title or not (about.podcast or about.url):
        return page
    if len(stem) < _LEAST_NAME or "_" in stem or not (" " in stem or is_cjk(stem)):
        return page
    return replace(page, about=replace(about, episode=stem, title=stem))


def _is_diary(page: Page, path: PurePath) -> bool:
    """The page of a day: what it says of no show nobody wrote for others."""
    first = next((each for each in page.paragraphs if each.rule != "front matter"), None)
    headed = first is not None and first.rule == "heading" and is_day(first.text)
    name = page.about.title
    titled = len(name.split()) >= _TITLE_WORDS and not is_day(name)  # "Evening" is no title
    return page.of_a_day or headed or (is_day(path.stem) and not titled)


def _private(paragraph: Paragraph) -> Paragraph:
    """What stands under takeaways, highlights or quotes is meant as such."""
    if paragraph.verdict or paragraph.rule not in _FREE:
        return paragraph
    return replace(paragraph, verdict="noise", rule="diary")
