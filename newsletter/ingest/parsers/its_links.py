"""The address of an episode that nothing names, from the links of its insights."""

import re
from dataclasses import replace

from newsletter.ingest.parsers.inline import time_in_url
from newsletter.ingest.parsers.paragraphs import Page

_TIME = re.compile(r"(?:t|time|start|begin)=[0-9hms:.]+")


def by_its_links(page: Page) -> Page:
    """With the page to whose seconds all links of the insights lead, where it names no other."""
    about = page.about
    said = [each for each in page.paragraphs if not each.verdict]
    links = {each.link for each in said if each.link}
    if about.url or not (len(links) > 1 or (links and all(each.link for each in said))):
        return page
    pages = {without_time(link) if time_in_url(link) is not None else "" for link in links}
    address = pages.pop() if len(pages) == 1 else ""
    if not address:
        return page
    return replace(page, about=replace(about, url=address, episode=about.episode or about.title))


def without_time(url: str) -> str:
    """An address without the second that it leads to."""
    page, _, place = url.partition("#")
    path, _, query = page.partition("?")
    left = "&".join(each for each in query.split("&") if not _TIME.fullmatch(each))
    kept = "" if _TIME.fullmatch(place) else place
    return path + (f"?{left}" if left else "") + (f"#{kept}" if kept else "")
