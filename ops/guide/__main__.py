"""`python -m ops.guide`: walk docs/guide.md in a browser and take its pictures on the way, into docs/images/guide/.

Starts Masthead with its sandbox and demo in a folder of its own, or walks in a running one (`--url`, `--data`).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from bench.browser import chromium
from bench.programs import PROJECT
from bench.servers import ADDRESS, product
from core.demo import picture
from ops.guide.album import HEIGHT, WIDTH, Album
from ops.guide.hands import Reader
from ops.guide.walk import IMAGE, PICTURES, walk
from tests.e2e.driving import Product

FOLDER: Final = PROJECT / "docs" / "images" / "guide"


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; an exception says at which step the product is not as the guide says."""
    parser = argparse.ArgumentParser(prog="python -m ops.guide", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the pictures go")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / IMAGE).write_bytes(picture.drawn())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="masthead-guide-")))
        served = stack.enter_context(product(folder))
        served.await_words(ADDRESS)
        browser = stack.enter_context(chromium())
        someone = stack.enter_context(people(browser, Product(served.port, served.log, folder / "data")))
        album = Album(given.out, PICTURES)
        walk(someone, album)
        album.close()
    for name, size in album.sizes.items():
        sys.stdout.write(f"{name}: {size:,} bytes\n")
    sys.stdout.write(f"{len(album.sizes)} pictures in {os.path.relpath(given.out)}, every step as written\n")
    return 0


@contextmanager
def people(browser: Browser, running: Product) -> Iterator[Callable[[], Reader]]:
    """A browser of their own for each person, in the organization's zone."""
    with ExitStack() as contexts:

        def someone() -> Reader:
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT},
                timezone_id="Europe/Berlin",
                locale="en-GB",
                color_scheme="light",
                reduced_motion="reduce",
            )
            contexts.callback(context.close)
            return Reader(running, context)

        yield someone


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
