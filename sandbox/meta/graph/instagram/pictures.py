"""Pictures that Instagram fetches: a post's, a story's, a reel's cover (meta 5.7, 10.4)."""

from __future__ import annotations

from sandbox.meta.containers import STORIES
from sandbox.meta.facts import IMAGE_BYTES_MAX
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.images import Picture, read_picture

COVER = "cover"


async def fetch_picture(request: GraphRequest, url: str, shown_as: str) -> tuple[bytes, Picture]:
    """Fetch one and look at it. `shown_as` is the kind of container, or COVER."""
    within_s = float(request.world.option("meta", "fetch_within_s"))
    try:
        content = await fetch(url, IMAGE_BYTES_MAX, within_s)
    except FetchTimeout as problem:
        raise errors.download_timeout() from problem
    except TooLarge as problem:
        raise errors.too_large() from problem
    except FetchFailed as problem:
        raise errors.download_failed() from problem
    picture = await read_picture(content)
    if picture is None:
        raise errors.download_failed()
    if picture.format != "JPEG":
        raise errors.wrong_format()
    # Of stories and covers 9:16 is recommended, not demanded. Any width is taken: Instagram scales it.
    free = shown_as in (STORIES, COVER)
    if not free and (picture.width * 5 < picture.height * 4 or picture.width * 100 > picture.height * 191):
        raise errors.wrong_ratio()
    return content, picture
