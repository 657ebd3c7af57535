"""Issues whose rendering is reviewed in diffs, and one for each state that a template meets.

``python -m tests.golden`` writes the golden files anew: read their diff before you commit it.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from newsletter.domain.model import Citation, Echo, Issue, Pick, ScheduledEmail, Subscriber
from newsletter.rendering.branding import Branding
from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates

FOLDER = Path(__file__).parent

READER = Subscriber(
    7, "mira@example.org", "Europe/Lisbon", 7, name="Mira Sørensen", interests="harbours, sleep"
)


def branding(sources: dict[str, str] | None = None) -> Branding:
    return Branding(
        name="The Five",
        from_address="The Five <five@news.example.org>",
        reply_to="editors@news.example.org",
        postal_address="The Five, 3 Quay Street\n1200-109 Lisbon, Portugal",
        base_url="https://news.example.org",
        secret=b"a secret of the tests",
        renderer=Renderer(read_templates(None) if sources is None else sources),
    )


@cache
def head() -> Branding:
    """The same one for whoever does not need one of its own: its templates are compiled once."""
    return branding()


def pick(rank: int, text: str, **values: object) -> Pick:
    plain = Pick(rank, 100 + rank, text, Citation(), 0.8, {"novelty": 0.9})
    return replace(plain, **values)  # type: ignore[arg-type]


def echo(text: str, similarity: float = 0.3) -> Echo:
    return Echo(11, text, similarity, date(2024, 2, 20))


PICKS = (
    pick(
        1,
        "Ports that publish their berth plans a week ahead empty faster than ports that buy "
        "cranes. Knowing when to arrive lets a captain slow down at sea instead of burning fuel "
        "to queue, and the quay stops paying for the rush.",
        citation=Citation(
            "Salt & Steel",
            "The harbour that stopped hurrying",
            "Inês Carvalho",
            "https://saltandsteel.example/episodes/41",
            754,
        ),
        reason="You follow “harbours”.",
        related=(
            echo("A queue at sea is a pricing mistake made on land. Nobody pays for waiting."),
            echo(
                "Containers dwell 4.5 days in the U.S. before a truck comes. Half of it is paper."
            ),
        ),
    ),
    pick(
        2,
        "Shift workers who nap before the night, not after it, make half as many errors by dawn. "
        "Sleep banked early outlasts the same hour repaid late.",
        citation=Citation("Night Desk", "What nurses know", "", "https://nightdesk.example/nurses"),
        reason="Two shows said this: Night Desk and The Ward Round.",
        related=(
            echo("Sleep debt is repaid at a discount: an early hour is worth two late ones."),
        ),
    ),
    pick(
        3,
        "A small language model that may say “I don't know” costs a support desk less than a "
        "large one that may not. What is expensive about a wrong answer is the second call.",
        citation=Citation("Plain Machines", "", "Tomasz Adler", "", 3723),
    ),
    pick(
        4,
        "Cities plant the wrong half of the tree. Shade follows the volume of the crown, and the "
        "crown follows the volume of soil, so a street with room for roots is cooler than one "
        "with twice the saplings.",
        citation=Citation("Common Ground", "Roots first", "", "http://commonground.example/88", 65),
        reason="You read on Monday: “Asphalt keeps the noon until midnight”.",
    ),
    pick(
        5,
        "Board games teach negotiation better than case studies do. I pay for a bluff 'within the "
        "hour', and my students wait a year for it.",
        citation=Citation("Table Talk", "Bluffing", "Olu Adeyemi", at=911, origin="quote"),
    ),
)

ISSUE = Issue(
    date(2024, 3, 14), PICKS, note="Two of today's five are about waiting. It was not planned."
)

POSTING = ScheduledEmail(
    ISSUE, READER, "<20240314.7@news.example.org>", datetime(2024, 3, 14, 7, tzinfo=UTC)
)

_HOSTILE = (
    '<script>alert(1)</script> {{ 7*7 }} {% raw %} {# no #} j0jt0e <!--j0jt1e--> "quotes" &amp; '
    "</p></td><h1>Big</h1> style=x =_boundary\x00\x1b\u202e end"
)

STATES = {
    "golden": ISSUE,
    "first": replace(ISSUE, first=True),
    "few": replace(ISSUE, picks=PICKS[:3]),
    "one": replace(ISSUE, picks=PICKS[:1]),
    "none": replace(ISSUE, picks=()),
    "unknown source": replace(ISSUE, picks=tuple(pick(n, f"Idea {n}. More.") for n in (1, 2, 3))),
    "very long": replace(ISSUE, picks=(pick(1, "A long thought goes on. " * 200), PICKS[1])),
    "one long word": replace(ISSUE, picks=(pick(1, "x" * 3000), pick(2, "y" * 3000))),
    "right to left": replace(
        ISSUE,
        picks=(
            pick(
                1,
                "الميناء الذي ينشر جدول رسوه قبل أسبوع يفرغ أسرع من ميناء يشتري الرافعات. "
                "فالقبطان الذي يعرف موعده يبطئ في البحر.",
                citation=Citation("ملح وحديد", "الميناء الهادئ", "إيناس"),
                reason="You follow “harbours”.",
            ),
            pick(2, "מי שישן לפני המשמרת טועה פחות. שעה מוקדמת שווה שתיים מאוחרות."),
        ),
    ),
    "wide": replace(
        ISSUE,
        picks=(
            pick(
                1,
                "停泊計画を一週間前に公開する港は、クレーンを買う港よりも早く空になる。"
                "到着の時刻を知る船長は、沖で並ぶ代わりに速度を落とすことができる。",
                citation=Citation("塩と鉄", "急がない港"),
                related=(echo("待ち行列は陸で犯された値付けの誤りである。海では誰も払わない。"),),
            ),
            pick(
                2, "提前公布泊位计划的港口比购买起重机的港口更快腾空。船长知道时间，就会放慢速度。"
            ),
        ),
    ),
    "emoji": replace(ISSUE, picks=(pick(1, "🚢" * 40 + " 👩🏽‍🚀 lands"), pick(2, "👩🏽‍🚀" * 60))),
    "hostile": replace(
        ISSUE,
        picks=tuple(
            pick(
                rank,
                _HOSTILE,
                citation=Citation(_HOSTILE, _HOSTILE, _HOSTILE, url, 5),
                reason=_HOSTILE,
                related=(echo(_HOSTILE), echo(_HOSTILE)),
            )
            for rank, url in enumerate(
                (
                    "javascript:alert(1)",
                    'https://x.example/"><script>',
                    "https://[",
                    "//x",
                    "data:,",
                ),
                1,
            )
        ),
    ),
}
