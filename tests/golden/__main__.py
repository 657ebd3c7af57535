from newsletter.editorial.letter import letter
from newsletter.editorial.message import message
from tests.golden import FOLDER, ISSUE, POSTING, READER, letterhead

head = letterhead()
golden = letter(ISSUE, READER, head)
(FOLDER / "issue.html").write_text(golden.html, encoding="utf-8")
(FOLDER / "issue.txt").write_text(golden.text, encoding="utf-8")
(FOLDER / "issue.eml").write_bytes(message(POSTING, head))
