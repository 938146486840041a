"""What uploaded bytes are for: a video of a Page, or a container of Instagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from sandbox.call import Call
from sandbox.meta import containers, instagram, limits, measured, videos
from sandbox.meta.arriving import Arrived
from sandbox.meta.containers import Container
from sandbox.meta.limits import MEGABYTE
from sandbox.meta.videos import PageVideo

if TYPE_CHECKING:
    from sandbox.world import World

FETCHED_MAX: Final = 1024 * MEGABYTE  # [A] the size of a Page's reel isn't stated (meta 6)


class Target(Protocol):
    """An upload that is under way."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def page_id(self) -> str:
        """The Page whose token may send to it."""

    @property
    def file_size(self) -> int | None:
        """How many bytes were promised, once that is known."""

    @property
    def received(self) -> int:
        """How many came."""

    @property
    def complete(self) -> bool:
        """Is it whole?"""

    @property
    def bytes_max(self) -> int:
        """How many are fetched at most."""

    @property
    def asks_robots(self) -> bool:
        """Must robots.txt of a host let the network fetch from it?"""

    @property
    def told(self) -> Mapping[str, Any]:
        """What success is called."""

    def note(self, file_size: int, received: int) -> None:
        """Remember how far it is, inside the caller's transaction."""

    def settle(self, call: Call, arrived: Arrived) -> None:
        """Remember what it is, inside the caller's transaction."""


@dataclass(slots=True)
class PageTarget:
    """A reel or a story."""

    world: World
    video: PageVideo

    @classmethod
    def find(cls, world: World, upload_id: str) -> Self | None:
        """One that was begun within a day."""
        video = videos.find(world, upload_id)
        fits = video is not None and video.begun_as != videos.VIDEO and not video.expired(world.now)
        return cls(world, video) if video is not None and fits else None

    @property
    def id(self) -> str:
        return self.video.id

    @property
    def page_id(self) -> str:
        return self.video.page_id

    @property
    def file_size(self) -> int | None:
        return self.video.file_size

    @property
    def received(self) -> int:
        return self.video.received

    @property
    def complete(self) -> bool:
        return self.video.sha256 is not None

    @property
    def bytes_max(self) -> int:
        return FETCHED_MAX

    @property
    def asks_robots(self) -> bool:
        return True  # meta 4.6; of Instagram nothing is said

    @property
    def told(self) -> Mapping[str, Any]:
        return {"success": True}

    def note(self, file_size: int, received: int) -> None:
        self.video = replace(self.video, file_size=file_size, received=received)
        videos.save(self.world, self.video)

    def settle(self, call: Call, arrived: Arrived) -> None:
        self.video = measured.of_page(self.world, call.conditions, self.video, arrived)
        videos.save(self.world, self.video)


@dataclass(slots=True)
class InstagramTarget:
    """A container that was made for bytes."""

    world: World
    container: Container
    page_id: str

    @classmethod
    def find(cls, world: World, upload_id: str) -> Self | None:
        """One that waits for its bytes, and hasn't expired."""
        container = containers.find(world, upload_id)
        if container is None or not container.resumable or container.expired(world.now):
            return None
        account = instagram.find(world, container.account_id)
        return cls(world, container, account.page_id) if account is not None else None

    @property
    def id(self) -> str:
        return self.container.id

    @property
    def file_size(self) -> int | None:
        return self.container.file_size

    @property
    def received(self) -> int:
        return self.container.received

    @property
    def complete(self) -> bool:
        return self.container.sha256 is not None

    @property
    def bytes_max(self) -> int:
        return limits.INSTAGRAM_REEL.bytes_max or FETCHED_MAX

    @property
    def asks_robots(self) -> bool:
        return False

    @property
    def told(self) -> Mapping[str, Any]:
        return {"success": True, "message": "Upload successful."}

    def note(self, file_size: int, received: int) -> None:
        self.container = replace(self.container, file_size=file_size, received=received)
        containers.save(self.world, self.container)

    def settle(self, call: Call, arrived: Arrived) -> None:
        self.container = measured.of_instagram(self.world, call.conditions, self.container, arrived)
        containers.save(self.world, self.container)
