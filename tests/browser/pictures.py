"""The demo's issue and its workbench as Chromium shows them; how far two pictures are apart."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from newsletter.cli import main
from tests.browser.desk import context, log_in, opened_desk
from tests.builders import NOON

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DATE = "2026-03-14"  # the last day of the samples, so that their dates stay as they are
READER = "ada"
DESK_PAGES = {"today": "/desk", "issue": "/desk/issue?to=ada@reader.example"}
DESK_NAMES = [*(f"desk-{name}.png" for name in DESK_PAGES), "desk-phone.png"]
WIDTHS = {"phone": 390, "desktop": 1000}
SCHEMES = ("light", "dark")
NAMES = [f"issue-{device}-{scheme}.png" for device in WIDTHS for scheme in SCHEMES]

# Both pictures are shrunk to an eighth: what is left tells of layout and colour, not of hinting.
_COMPARE = """async ([one, other]) => {
  const pixels = async (data) => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width / 8);
    canvas.height = Math.round(image.height / 8);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
  const [left, right] = [await pixels(one), await pixels(other)];
  if (left.width !== right.width || left.height !== right.height) return 1;
  let far = 0;
  for (let at = 0; at < left.data.length; at += 4) {
    const apart = (channel) => Math.abs(left.data[at + channel] - right.data[at + channel]);
    if (Math.max(apart(0), apart(1), apart(2)) > 24) far += 1;
  }
  return far / (left.data.length / 4);
}"""


def taken(browser: Browser, html: str, width: int, scheme: str) -> bytes:
    """A PNG of the whole page."""
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_content(html)
    picture = page.screenshot(full_page=True)
    page.close()
    return picture


def replay(folder: Path) -> None:
    """The demo, into a folder that is not there yet."""
    assert main(["demo", str(folder), "--date", DATE], clock=lambda: NOON) == 0


def page(folder: Path) -> str:
    """The demo's issue of its last day."""
    return (folder / f"issue-{READER}.html").read_text(encoding="utf-8")


@contextmanager
def workbench(folder: Path, *words: str) -> Iterator[str]:
    """The address of ``newsletter preview --serve`` on the demo's newsletter."""
    command = ["--config", str(folder / "config.toml"), "preview", "--serve", "--date", DATE]
    with subprocess.Popen(
        [sys.executable, "-m", "newsletter", *command, "--port", "0", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("the workbench: http://127.0.0.1:"), line
        try:
            yield line.split()[-1]
        finally:
            process.terminate()


def issue_pictures(browser: Browser, html: str) -> dict[str, bytes]:
    """The pictures of docs/design.md by their names."""
    return {
        f"issue-{device}-{scheme}.png": taken(browser, html, width, scheme)
        for device, width in WIDTHS.items()
        for scheme in SCHEMES
    }


def workbench_picture(browser: Browser, folder: Path) -> bytes:
    """The top of the workbench: the same issue on a phone, a tablet and a desktop."""
    with workbench(folder, "--to", f"{READER}@reader.example") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(address, wait_until="networkidle", timeout=60_000)
        picture = page.screenshot()
        page.close()
    return picture


def desk_pictures(browser: Browser, folder: Path) -> dict[str, bytes]:
    """The desk on the morning after the demo, while a date waits for its approval."""
    settings = {"NEWSLETTER_SCHEDULE__APPROVAL": "true", "NEWSLETTER_DESK__ENABLED": "true"}
    now = datetime(2026, 3, 15, 4, 30, tzinfo=UTC)
    main(["--config", str(folder / "config.toml"), "send"], clock=lambda: now, environment=settings)
    with opened_desk(folder, lambda: now, settings) as desk:
        desktop, phone = context(browser, 1280), context(browser, 390, "dark")
        tab, held = desktop.new_page(), phone.new_page()
        for each in (tab, held):
            log_in(each, desk)
        pictures = {
            f"desk-{name}.png": _desk_page(tab, f"{desk.address}{path}", 1280, 900)
            for name, path in DESK_PAGES.items()
        }
        phones = {
            f"phone-{name}": _desk_page(held, f"{desk.address}{path}", 390, 1000)
            for name, path in DESK_PAGES.items()
        }
    return pictures | {"desk-phone.png": side_by_side(browser, phones)}


def _desk_page(tab: Page, address: str, width: int, height: int) -> bytes:
    tab.set_viewport_size({"width": width, "height": height})
    tab.goto(address)
    tab.wait_for_timeout(1_000)  # the message's frame, and the line that says "live"
    return tab.screenshot()


def side_by_side(browser: Browser, pictures: dict[str, bytes]) -> bytes:
    """What the README opens with: the top of both phones."""
    phones = "".join(
        f'<div style="height:1000px;overflow:hidden;border-radius:24px;border:1px solid #8886">'
        f'<img src="data:image/png;base64,{b64encode(picture).decode()}" alt=""></div>'
        for name, picture in pictures.items()
        if "phone" in name
    )
    page = browser.new_page(viewport={"width": 860, "height": 1040})
    page.set_content(f'<body style="margin:19px;display:flex;gap:38px">{phones}')
    picture = page.screenshot(omit_background=True)
    page.close()
    return picture


def distance(browser: Browser, one: bytes, other: bytes) -> float:
    """Which part of two pictures differs in a way that is seen; 1 where their sizes differ."""
    page = browser.new_page()
    found = page.evaluate(_COMPARE, [b64encode(one).decode(), b64encode(other).decode()])
    page.close()
    return float(found)
