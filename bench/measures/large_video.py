"""A video of a gigabyte on its way in: how long upload and look take, and how much memory.

Ours: parts of 1 MB to ingest over HTTP, one after the other as the composer's script sends them, then asked for until a
worker has looked into the whole and keeps it. Ingest, scheduler and worker are started as the Procfile does. Baseline:
the system's own copy of the same file on the same disk, until it is safe there.

Memory is the most that any one process had resident, children and servers too, by the kernel's own mark. For it a
second video goes the same way, whose index comes last: that one is written anew.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from bench.cost import processes_in
from bench.figures import Baseline, Figure, alternately, median, within
from bench.film import film
from bench.installation import Installation, installation
from bench.memory import watching
from bench.programs import PYTHON, CanNotMeasure, await_answer, free_ports, program
from core.infra.actor import Role
from core.infra.reachable import LOOPBACK
from core.infra.settings import Settings
from core.media.rules import LARGEST_CHUNK
from core.organizations.cookie import COOKIE
from tests.factories.organizations import make_organization, make_signed_in
from tests.integration.accounts.people import cookie_value

BYTES: Final = 1_000_000_000
QUICK_BYTES: Final = 100_000_000
ROUNDS: Final = 3
MOST_MB: Final = 300.0
_READY_WITHIN_S: Final = 60.0
_LOOKED_WITHIN_S: Final = 600.0
_LOOK_AGAIN_S: Final = 0.1


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """Both figures."""
    early, late = folder / "index-first.mp4", folder / "index-last.mp4"
    for place in (early, late):
        film(place, QUICK_BYTES if quick else BYTES, index_first=place is early)
    with installation(folder) as installed, _running(installed, folder) as (caller, pids), watching(pids) as peaks:
        ours_s, copy_s = alternately(
            1 if quick else ROUNDS, lambda: caller.seconds(early), lambda: _copied_s(early, folder / "copy.mp4")
        )
        print(f"large_video: index last {caller.seconds(late):.1f} s", file=sys.stderr, flush=True)
    most_mb, words = peaks.largest
    print(f"large_video: {most_mb:.0f} MB by {words[:200]}", file=sys.stderr, flush=True)
    copy = Baseline("a plain copy of the same file, safe on the disk", median(copy_s))
    yield Figure("large_video_upload_and_look", median(ours_s), "s", copy)
    yield within("large_video_memory", most_mb, "MB", MOST_MB)


@dataclass(frozen=True, slots=True)
class _Caller:
    """The composer's script in somebody's browser."""

    client: httpx.Client

    def seconds(self, place: Path) -> float:
        """Send a file, and wait until it can be posted. Raises CanNotMeasure."""
        began = time.perf_counter()
        asked = {"action_id": str(uuid4()), "file_name": place.name, "size": place.stat().st_size}
        upload = self._asked("POST", "/api/uploads", json=asked)["id"]
        with place.open("rb") as file:
            while chunk := file.read(LARGEST_CHUNK):
                about = {"Upload-Offset": str(file.tell() - len(chunk)), "Content-Type": "application/octet-stream"}
                self._asked("PATCH", f"/api/uploads/{upload}", content=chunk, headers=about)
        until = time.monotonic() + _LOOKED_WITHIN_S
        while "width" not in (made := self._asked("POST", f"/api/uploads/{upload}/finish", json={})):
            if time.monotonic() > until:
                raise CanNotMeasure("no worker has looked into the video")
            time.sleep(_LOOK_AGAIN_S)
        seconds = time.perf_counter() - began
        if (made["kind"], made["codec"]) != ("video", "h264"):
            raise CanNotMeasure(f"it was taken for {made['kind']} {made['codec']}")
        return seconds

    def _asked(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self.client.request(method, path, **options)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise CanNotMeasure(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told


@contextmanager
def _running(installed: Installation, folder: Path) -> Iterator[tuple[_Caller, list[int]]]:
    """Ingest, scheduler and worker; gives who calls them, and every process that there is, servers too."""
    port = free_ports(2)
    settings = installed.settings.model_copy(update={"port": port})
    environment = {**installed.environment, "MASTHEAD_PORT": str(port)}
    commands = {"ingest": ["ingest"], "scheduler": ["jobs.scheduler"], "media": ["jobs.worker", "media"]}
    with ExitStack() as stack:
        programs = {
            name: stack.enter_context(program([PYTHON, "-m", *words], folder / f"{name}.log", environment=environment))
            for name, words in commands.items()
        }
        await_answer(programs["ingest"], folder / "ingest.log", port + 1, "/readyz", _READY_WITHIN_S)
        client = stack.enter_context(_browser(settings))
        yield _Caller(client), [*(each.pid for each in programs.values()), *processes_in(settings.data)]


def _browser(settings: Settings) -> httpx.Client:
    sign_in, _ = make_signed_in(make_organization(), Role.EDITOR)
    return httpx.Client(
        base_url=f"http://{LOOPBACK}:{settings.port + 1}",
        timeout=60,
        headers={
            "Cookie": f"{COOKIE}={cookie_value(sign_in, settings)}",
            "Host": f"localhost:{settings.port + 1}",
            "Origin": settings.console_url,
            "X-Masthead-Call": "console",
        },
    )


def _copied_s(source: Path, place: Path) -> float:
    began = time.perf_counter()
    shutil.copyfile(source, place)
    with place.open("rb") as file:
        os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    place.unlink()
    return seconds
