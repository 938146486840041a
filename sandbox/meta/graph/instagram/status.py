"""`GET /{container}`: how far it is (meta 5.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.meta import containers, instagram
from sandbox.meta.containers import VIDEO, Container, Status
from sandbox.meta.errors import missing_object
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram.rights import require_reading
from sandbox.meta.graph.nodes import CONTAINER
from sandbox.meta.graph.request import GraphRequest

_TELLING: Final = frozenset({"status", "status_code", "video_status"})


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container at one moment."""

    container: Container
    status: Status

    def words(self) -> str:
        """`status`: with an error it holds the subcode."""
        return WORDS[self.status](self.container)

    def video_status(self) -> Mapping[str, Any] | None:
        """How far the bytes of an upload are, and the work on them."""
        if not self.container.resumable:
            return None
        uploading = {"status": _phase(self.container), "bytes_transferred": self.container.received}
        return {"uploading_phase": uploading, "processing_phase": {"status": self._processing()}}

    def _processing(self) -> str:
        if self.container.waits:
            return "not_started"
        return {Status.IN_PROGRESS: "in_progress", Status.ERROR: "error"}.get(self.status, "complete")

    def copyright_status(self) -> Mapping[str, str] | None:
        """Only of videos; nothing is ever found."""
        if self.container.shows != VIDEO:
            return None
        return {"status": "in_progress" if self.status is Status.IN_PROGRESS else "complete"}


def _phase(container: Container) -> str:
    if not container.waits:
        return "complete"
    return "in_progress" if container.received else "not_started"


WORDS: Final[Mapping[Status, Callable[[Container], str]]] = {
    Status.IN_PROGRESS: lambda _: "In Progress: Media is still being processed.",
    Status.FINISHED: lambda _: "Finished: Media has been uploaded and it is ready to be published.",
    Status.PUBLISHED: lambda _: "Published: Media has been successfully published.",
    Status.ERROR: lambda container: f"Error: Media upload has failed with error code {container.error_subcode}",
    Status.EXPIRED: lambda _: "Expired: The container was not published within 24 hours and has expired.",
}
RULES: dict[str, Rule[ContainerView]] = {
    "id": Rule(lambda view: view.container.id),
    "status_code": Rule(lambda view: view.status),
    "status": Rule(ContainerView.words),
    "copyright_check_status": Rule(ContainerView.copyright_status, ("status",)),
    "video_status": Rule(ContainerView.video_status, ("uploading_phase", "processing_phase")),
}
DEFAULT_FIELDS: Final = (Field("id"),)


def read(request: GraphRequest, container: Container) -> dict[str, Any]:
    """A read of the status is what brings a slow container forward."""
    world = request.world
    account = instagram.find(world, container.account_id)
    if account is None:
        raise missing_object(request.method, container.id)
    require_reading(request, account)
    fields = request.fields or DEFAULT_FIELDS
    told = read_node(CONTAINER, RULES, fields, ContainerView(container, container.status(world.now)))
    if container.polls_left and not container.waits and any(field.name in _TELLING for field in fields):
        with world.write():
            containers.count_poll(world, container)
    return told
