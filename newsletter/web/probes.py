"""``/readyz``: whether this process can serve, for what starts and stops processes."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.errors import NewsletterError
from newsletter.storage import Store


def routes(store: Store) -> list[Route]:
    def ready(_: Request) -> Response:
        """503 where the database cannot be used, or was migrated by a newer program."""
        try:
            store.verify()
        except NewsletterError as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ready\n")

    return [Route("/readyz", ready, methods=["GET"])]
