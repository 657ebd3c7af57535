from newsletter.domain.model import digest
from newsletter.mail.message import message
from newsletter.rendering.css_inlining import BUNDLED, inline_now
from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.templates import read_templates
from tests.golden import FOLDER, ISSUE, POSTING, READER, branding

for name, path in BUNDLED.items():
    template = read_templates(None)[name]
    path.write_text(f"{digest(template)}\n{inline_now(template)}", encoding="utf-8")
head = branding()
golden = render_email(ISSUE, READER, head)
(FOLDER / "issue.html").write_text(golden.html, encoding="utf-8")
(FOLDER / "issue.txt").write_text(golden.text, encoding="utf-8")
(FOLDER / "issue.eml").write_bytes(message(POSTING, head))
