"""The one page that ingest shows: a few words and a way back, in the console's colours, light and dark."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from flask import Response, current_app, make_response, render_template

from core.infra.settings import Settings

# The console's theme, .streamlit/config.toml.
STYLE: Final = """
:root{color-scheme:light dark;--on:#FFFFFF;
--back:#F6F7F9;--card:#FFFFFF;--text:#10131C;--quiet:#565B68;--line:#E3E6EC;--main:#3451D1}
@media (prefers-color-scheme:dark){:root{
--back:#11141B;--card:#191D27;--text:#E7EAF0;--quiet:#A5ABB8;--line:#2A303D;--main:#4C66DA}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--back);color:var(--text);
font:14px/1.55 Inter,system-ui,-apple-system,"Segoe UI",sans-serif}
main{width:100%;max-width:480px;padding:28px 32px;background:var(--card);border:1px solid var(--line);border-radius:8px}
.name{margin:0 0 20px;color:var(--quiet);font-weight:600}
h1{margin:0 0 8px;font-size:19px;line-height:1.3;font-weight:600;text-wrap:balance}
p{margin:0 0 16px;overflow-wrap:anywhere}
a{display:inline-block;margin-top:4px;padding:8px 16px;border-radius:7px;background:var(--main);color:var(--on);
font-weight:600;text-decoration:none}
a:focus-visible{outline:3px solid var(--main);outline-offset:2px}
.trace{margin:20px 0 0;padding-top:14px;border-top:1px solid var(--line);color:var(--quiet);font-size:13px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--text)}
"""
STYLE_SOURCE: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"


@dataclass(frozen=True, slots=True)
class Way:
    """A link of the page, to a path of the console."""

    label: str
    path: str


def show(*, status: int, title: str, words: str, way: Way, incident: str = "") -> Response:
    """An answer with the page. Words come as text and are escaped."""
    settings: Settings = current_app.config["MASTHEAD"]
    body = render_template(
        "page.html",
        style=STYLE,
        title=title,
        words=words,
        label=way.label,
        address=settings.console_url + way.path,
        incident=incident,
    )
    return make_response(body, status)
