from newsletter.mail.message import message
from newsletter.rendering.rendered_email import render_email
from tests.golden import FOLDER, ISSUE, POSTING, READER, branding

head = branding()
golden = render_email(ISSUE, READER, head)
(FOLDER / "issue.html").write_text(golden.html, encoding="utf-8")
(FOLDER / "issue.txt").write_text(golden.text, encoding="utf-8")
(FOLDER / "issue.eml").write_bytes(message(POSTING, head))
