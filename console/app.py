"""The frame of every page: who is here -> organization -> menu -> page. Streamlit runs this file on every rerun."""

from __future__ import annotations

from console import frame

frame.run()
