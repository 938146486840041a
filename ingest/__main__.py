"""`python -m ingest`: granian with one worker process and some blocking threads."""

from __future__ import annotations

import sys
from typing import Final

from granian import Granian
from granian.constants import Interfaces

from core import providers
from core.infra.answering import refuse_unusable_database
from core.infra.reachable import LOOPBACK, port_is_free, queue_server
from core.infra.settings import Settings, SettingsInvalid
from ingest.serving import BLOCKING_THREADS, configure_logs

UNUSABLE: Final = 2
BACKPRESSURE: Final = 2048


def main() -> int:
    """Serve until told to stop. Returns 2, after one line on stderr, when something has to be set right first."""
    try:
        settings = Settings.load()
        _refuse_what_can_not_work(settings)
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    configure_logs(settings)
    Granian(
        "ingest.serving:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=LOOPBACK,
        port=settings.port + 1,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        backpressure=BACKPRESSURE,
        websockets=False,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}, "handlers": {}},
        workers_kill_timeout=10,
    ).serve()
    return 0


def _refuse_what_can_not_work(settings: Settings) -> None:
    """Find out here, in one line, what would end granian's worker with a traceback."""
    port = settings.port + 1
    if not port_is_free(port):
        raise SettingsInvalid(f"MASTHEAD_PORT {settings.port}: port {port} is taken. Stop its owner or set another.")
    providers.providers()
    queue_server(settings)
    refuse_unusable_database(settings, "web")


if __name__ == "__main__":
    sys.exit(main())
