"""From an upload to an answer: take apart, take the bytes, measure what is whole (meta 4.6, 5.2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import clips
from sandbox.answers import Answer, as_json
from sandbox.call import Call
from sandbox.meta import arriving
from sandbox.meta.arriving import Lost
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch_to, may_fetch
from sandbox.meta.rupload import errors
from sandbox.meta.rupload.errors import UploadError
from sandbox.meta.rupload.request import OF_PAGES, UploadRequest, read_upload
from sandbox.meta.rupload.targets import InstagramTarget, PageTarget, Target

if TYPE_CHECKING:
    from sandbox.world import World


async def answer_upload(world: World, call: Call) -> Answer:
    """Answer a call to rupload.facebook.com."""
    try:
        request = read_upload(world, call)
        target = _target(world, request)
    except UploadError as error:
        return error.answer()
    try:
        if request.file_url is not None:
            await _fetch(world, call, target, request.file_url)
        else:
            await _receive(world, call, target, request)
        return as_json(target.told)
    except Lost:
        # It has to come again, from the beginning.
        with world.write():
            target.note(target.file_size or 0, 0)
        return errors.wrong_offset(0).answer()
    except UploadError as error:
        return error.answer()


def _target(world: World, request: UploadRequest) -> Target:
    """What the bytes are for. One of somebody else's is as if it weren't there."""
    find = PageTarget.find if request.kind == OF_PAGES else InstagramTarget.find
    target = find(world, request.upload_id)
    if target is None or target.page_id != request.token.page_id:
        raise errors.unknown_upload(request.upload_id)
    if target.complete:
        raise errors.wrong_offset(target.received)
    return target


async def _fetch(world: World, call: Call, target: Target, url: str) -> None:
    path = clips.new_file(world)
    try:
        within_s = float(world.option("meta", "fetch_within_s"))
        if target.asks_robots and not await may_fetch(url, within_s):
            raise errors.failed("robots.txt of the host keeps facebookexternalhit/1.1 out")
        await fetch_to(path, url, target.bytes_max, within_s)
        await _complete(world, call, target, path)
    except (FetchFailed, FetchTimeout) as problem:
        raise errors.failed("The file couldn't be downloaded", retriable=True) from problem
    except TooLarge as problem:
        raise errors.failed("The file is too large") from problem
    finally:
        path.unlink(missing_ok=True)


async def _receive(world: World, call: Call, target: Target, request: UploadRequest) -> None:
    size, came = request.file_size, call.file.stat().st_size if call.file else 0
    if target.file_size not in (None, size):
        raise errors.wrong_header(f"Header File_size was {target.file_size} before")
    if request.offset != target.received:
        raise errors.wrong_offset(target.received)
    if not size or request.offset + came > size:
        raise errors.wrong_header("Header File_size is smaller than what came")
    received = target.received
    if came and call.file is not None:
        received = arriving.append(world, target.id, received, call.file)
        with world.write():
            target.note(size, received)
    if received < size:
        raise errors.partial(received, size)
    await _complete(world, call, target, clips.on_the_way(world, target.id))


async def _complete(world: World, call: Call, target: Target, path: Path) -> None:
    """What isn't a video is said at once; whether the network takes this one shows in its status."""
    arrived = await arriving.complete(world, path)
    with world.write():
        arrived.keep(world)
        target.settle(call, arrived)
    if arrived.video is None:
        raise errors.failed("The file is no video that can be read")
