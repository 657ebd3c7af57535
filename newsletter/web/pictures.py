"""The pictures that other programs show beside a link, and the newsletter's logo."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.model import Citation
from newsletter.domain.text import first_sentence
from newsletter.rendering.picture import Card
from newsletter.services.pictures import Busy, Pictures
from newsletter.services.public_archive import PublicArchive
from newsletter.web.page_cache import PageCache
from newsletter.web.pages import Pages, date_in_path, public

_A_DAY = {"Cache-Control": "public, max-age=86400"}


def routes(
    pages: Pages, archive: PublicArchive, cache: PageCache, pictures: Pictures
) -> list[Route]:
    branding = pages.branding
    words = branding.renderer.words

    def of_insight(request: Request) -> Response:
        insight = archive.insight(request.path_params["id"])
        if insight is None:
            raise HTTPException(404)
        return picture(request, insight.text, _source(insight.citation))

    def of_issue(request: Request) -> Response:
        day = date_in_path(request)
        issue = archive.issue(day)
        if issue is None or not issue.picks:
            raise HTTPException(404)
        return picture(request, issue.picks[0].text, words.long_date(day))

    def picture(request: Request, text: str, below: str) -> Response:
        shown = words.typographic(first_sentence(text))
        try:
            png = pictures.get(Card(branding.name, shown, below, branding.accent))
        except Busy:
            return PlainTextResponse("busy\n", 503, {"Retry-After": "10"})
        return public(request, png, "image/png", headers=_A_DAY, indexed=pages.indexed)

    return [
        cache.unkept("/picture/insight-{id:int}.png", of_insight),
        cache.unkept("/picture/issue-{day}.png", of_issue),
    ]


def logo(pages: Pages) -> list[Route]:
    """What a message in a browser shows in the place of its logo."""
    picture = pages.branding.logo
    if picture is None:
        return []

    def show(request: Request) -> Response:
        return public(request, picture.png, "image/png", headers=_A_DAY)

    return [Route("/logo.png", show, methods=["GET"])]


def _source(cited: Citation) -> str:
    return " · ".join(filter(None, (cited.podcast, cited.speaker or cited.episode)))
