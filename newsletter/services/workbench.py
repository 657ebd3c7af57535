"""What the workbench shows: an issue as it would be sent, and why it was chosen."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from newsletter.composing.edition import Edition
from newsletter.composing.rules import Rules
from newsletter.domain.days import parse_day
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import ScheduledEmail, Subscriber
from newsletter.mail.message import message
from newsletter.ranking.candidate_report import CandidateRow, candidate_report
from newsletter.ranking.signals import Reader
from newsletter.rendering.branding import Branding, Logo
from newsletter.rendering.lint import Finding
from newsletter.rendering.rendered_email import RenderedEmail, render_email
from newsletter.services.preview import scheduled_for
from newsletter.storage import issues

Query = Mapping[str, str]

_DARK_MEDIA = re.compile(r"\(prefers-color-scheme:\s*dark\)")


@dataclass(frozen=True)
class Workbench:
    """``findings`` are those of the linter about its templates. A query has "to" and "date"."""

    rules: Rules
    house: Subscriber
    now: datetime
    branding: Branding
    findings: Callable[[], Sequence[Finding]]

    def values(self, query: Query) -> dict[str, Any]:
        """What the page shows; "error" says why there is no issue."""
        try:
            return {"error": "", **self.issue_values(query, self.scheduled(query))}
        except NewsletterError as error:
            return {"title": "nothing to show", "error": str(error)}

    def html(self, query: Query) -> str:
        """The message as a browser can show it: with its logo, and in one colour scheme."""
        email = self._email(self.scheduled(query))
        logo = self.branding.logo if query.get("images") != "off" else None
        return _in_scheme(_with_logo(email.html, logo), query.get("scheme", "light"))

    def scheduled(self, query: Query) -> ScheduledEmail:
        """As ``preview --to --date`` has it; without picks nothing would be sent."""
        text = query.get("date", "")
        day = parse_day(text) if text else None
        return scheduled_for(self.rules, self.house, self.now, query.get("to"), day)

    def _email(self, scheduled: ScheduledEmail) -> RenderedEmail:
        if not scheduled.issue.picks:
            raise NewsletterError(f"no issue for {scheduled.issue.date}: too little is new")
        return render_email(scheduled.issue, scheduled.subscriber, self.branding)

    def issue_values(
        self,
        query: Query,
        scheduled: ScheduledEmail,
        standings: Sequence[CandidateRow] | None = None,
    ) -> dict[str, Any]:
        """``standings`` are its candidates, where they are known. Raises NewsletterError where it
        has no picks."""
        email = self._email(scheduled)
        raw = message(scheduled, self.branding)
        hidden = re.search(r"display:none[^>]*>([^&<]*)", email.html)
        return {
            "title": email.subject,
            "date": scheduled.issue.date.isoformat(),
            "query": urlencode({"date": scheduled.issue.date, "to": query.get("to", "")}),
            "html_size": len(email.html.encode()),
            "message_size": len(raw),
            "preheader": hidden[1] if hidden else "",
            "text": email.text,
            "source": raw.decode("utf-8", "replace").replace("\r\n", "\n"),
            "picks": scheduled.issue.picks,
            "weights": self.rules.taste.weights,
            "standings": standings or self.candidates(scheduled, house=not query.get("to")),
            "findings": self.findings(),
        }

    def candidates(self, scheduled: ScheduledEmail, *, house: bool) -> list[CandidateRow]:
        """Compared with what the reader had been sent before that day."""
        day, reader = scheduled.issue.date, scheduled.subscriber
        edition = Edition(self.rules, day)
        with self.rules.store.reading() as db:
            if house:
                sent = issues.house_heard(db).items()
                as_reader = Reader("", {insight: when for insight, when in sent if when < day})
            else:
                as_reader = edition.readers(db, [reader], before=day)[reader.id]
        day_for = edition.day_for(reader)
        return candidate_report(day_for, as_reader, self.rules.taste, scheduled.issue.picks)


def _with_logo(html: str, logo: Logo | None) -> str:
    """A browser knows no message parts: the logo is put into the page, or left out."""
    if logo is None:
        return re.sub(r'src="cid:[^"]*"', 'src="data:,"', html)
    return html.replace(logo.url, f"data:image/png;base64,{b64encode(logo.png).decode()}")


def _in_scheme(html: str, scheme: str) -> str:
    """In a mail program the reader's own setting decides; here both are seen side by side."""
    return _DARK_MEDIA.sub("all" if scheme == "dark" else "not all", html)
