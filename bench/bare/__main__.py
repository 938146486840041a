"""`python -m bench.bare`: a Streamlit application with nothing in it, under uvicorn; on request our servers too."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, suppress
from pathlib import Path

import streamlit as st
import uvicorn

from core.infra.embedded import running
from core.infra.reachable import LOOPBACK


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--servers", type=Path, help="start PostgreSQL and Valkey first, with this data folder")
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt), running(given.servers) if given.servers else nullcontext():
        app = st.App(Path(__file__).with_name("pages.py"))
        uvicorn.run(app, host=LOOPBACK, port=given.port, access_log=False, ws_ping_interval=20.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
