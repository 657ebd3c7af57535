"""``make screenshots``: the pictures in docs/, made anew. Look at each before you commit it."""

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.pictures import DOCS, golden, side_by_side


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        pictures = golden(browser)
        pictures["issue.png"] = side_by_side(browser, pictures)
        browser.close()
    for name, picture in pictures.items():
        (DOCS / name).write_bytes(picture)
        print(f"docs/{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()
