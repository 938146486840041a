"""`python -m bench.bare`: a Streamlit application with nothing in it, under uvicorn; on request our servers too."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import streamlit as st
import uvicorn
from streamlit.web.bootstrap import load_config_options

from bench.programs import heed_signals
from core.infra.embedded import running
from core.infra.reachable import LOOPBACK

# What makes our console fast shall make the baseline fast too: by default Streamlit collects garbage after every run,
# which alone takes longer than drawing an empty page. The last two keep it from looking at files and at the world.
_AS_FAST_AS_OURS: Final[dict[str, Any]] = {
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": False,
}


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--servers", type=Path, help="start PostgreSQL and Valkey first, with this data folder")
    given = parser.parse_args(arguments)
    heed_signals()
    with suppress(KeyboardInterrupt), running(given.servers) if given.servers else nullcontext():
        app = st.App(Path(__file__).with_name("pages.py"))
        load_config_options(_AS_FAST_AS_OURS)
        uvicorn.run(app, host=LOOPBACK, port=given.port, access_log=False, ws_ping_interval=20.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
