"""Whether the console can do its work: it asks Postgres and Valkey each time, through core."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.infra import db
from core.infra.reachable import queue_server
from core.infra.settings import Settings

_LOG: Final = logging.getLogger(__name__)


def readiness(settings: Settings) -> Callable[[Request], object]:
    """The view behind /readyz: 200 when both servers do their part, else 503 with the names of those that don't."""

    async def readyz(request: Request) -> Response:
        answers = {name: await run_in_threadpool(_answers, name, ask) for name, ask in checks(settings).items()}
        ready = all(answers.values())
        words = {name: "ok" if answer else "not ready" for name, answer in answers.items()}
        return JSONResponse(
            {"ready": ready, **words}, status_code=200 if ready else 503, headers={"cache-control": "no-store"}
        )

    return readyz


def checks(settings: Settings) -> dict[str, Callable[[], object]]:
    """What is asked, by name. Each raises when its server doesn't answer as it should."""
    return {"postgres": _database, "valkey": lambda: queue_server(settings)}


def _database() -> None:
    database = db.current()
    database.refuse_owner()
    database.refuse_older_schema()


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # a probe says no, whatever the reason; the log has it
        _LOG.warning("console.not_ready", extra={"server": name}, exc_info=True)
        return False
    return True
