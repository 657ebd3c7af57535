"""``make screenshots``: the pictures in docs/, made anew. Look at each before you commit it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.pictures import (
    DOCS,
    desk_pictures,
    issue_pictures,
    page,
    replay,
    side_by_side,
    workbench_picture,
)


def main() -> None:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        demo = Path(folder) / "demo"
        replay(demo)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        pictures = issue_pictures(browser, page(demo))
        pictures["issue.png"] = side_by_side(browser, pictures)
        pictures["workbench.png"] = workbench_picture(browser, demo)
        pictures |= desk_pictures(browser, demo)
        browser.close()
    for name, picture in pictures.items():
        (DOCS / name).write_bytes(picture)
        print(f"docs/{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()
