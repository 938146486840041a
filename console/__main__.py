"""`python -m console`: uvicorn with one process, which is what Streamlit's sessions need."""

from __future__ import annotations

import sys
from typing import Final

import uvicorn

from console import asgi
from core import providers
from core.infra.reachable import LOOPBACK, port_is_free
from core.infra.settings import Settings, SettingsInvalid

UNUSABLE: Final = 2
_STOP_WITHIN_S: Final = 3


def main() -> int:
    """Serve until told to stop. Returns 2, after one line on stderr, when something has to be set right first."""
    try:
        settings = Settings.load()
        if not port_is_free(settings.port):
            raise SettingsInvalid(f"MASTHEAD_PORT {settings.port} is taken. Stop its owner or set another.")
        providers.providers()
        app = asgi.application()
    except SettingsInvalid as problem:
        return _refuse(str(problem))
    except OSError as problem:
        return _refuse(f"The console can't start: {problem}. `masthead doctor` says more.")
    except Exception as problem:
        # The database's own errors, which only core knows by name, carry the driver's as `orig`.
        driver = getattr(problem, "orig", None)
        if driver is None:
            raise
        reason = str(driver).strip().partition("\n")[0]
        return _refuse(f"DATABASE_URL_WEB: {reason:.110}. `masthead doctor` says more.")
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
        ws_ping_interval=20.0,
    )
    return 0


def _refuse(words: str) -> int:
    sys.stderr.write(" ".join(words.split())[:200] + "\n")
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
