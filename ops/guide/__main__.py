"""`python -m ops.guide`: take the pictures of docs/guide.md and docs/guarantee.md anew, into docs/images/.

Starts Masthead with its sandbox and demo in a folder of its own. The guide's are taken while its story is walked.
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
from ops.guide import guarantee, walk
from ops.guide.album import HEIGHT, WIDTH, Album
from ops.guide.hands import Reader
from tests.e2e.driving import Product

FOLDER: Final = PROJECT / "docs" / "images"
# Document -> its pictures, and what takes them.
DOCUMENTS: Final = {"guide": (walk.PICTURES, walk.walk), "guarantee": (guarantee.PICTURES, guarantee.show)}


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; an exception says at which step the product is not as the document says."""
    parser = argparse.ArgumentParser(prog="python -m ops.guide", description=__doc__)
    parser.add_argument("--only", choices=DOCUMENTS, help="of this document alone")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the folders of pictures are")
    given = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="masthead-guide-")))
        served = stack.enter_context(product(folder))
        served.await_words(ADDRESS)
        browser = stack.enter_context(chromium())
        someone = stack.enter_context(people(browser, Product(served.port, served.log, folder / "data")))
        for document in [given.only] if given.only else DOCUMENTS:
            pictures, take = DOCUMENTS[document]
            album = Album(given.out / document, pictures)
            take(someone, album)
            album.close()
            for name, size in album.sizes.items():
                sys.stdout.write(f"{document}/{name}: {size:,} bytes\n")
    sys.stdout.write(f"every picture is in {os.path.relpath(given.out)}, every step as written\n")
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
