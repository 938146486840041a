"""The HTML page that every address of the console answers with, and the policy that names its one inline script.

Streamlit's own page comes from the wheel; ours is the same with Masthead's name, mark and font from the first paint on,
so that a tab never says "Streamlit" and a dark screen never flashes white.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit

_PAGE: Final = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)

# What is taken out: licence banner and notes, the preload of a font we don't use, the address of a closed interface.
_TAKEN_OUT: Final = (
    re.compile(r"<!--.*?-->\s*", re.DOTALL),
    re.compile(r'<link\s+rel="preload"[^>]*SourceSans[^>]*/>\s*', re.DOTALL),
    re.compile(r'<link rel="service-desc"[^>]*/>\s*'),
    re.compile(r"<noscript>.*?</noscript>\s*", re.DOTALL),
)
_HEAD: Final = """<meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex, nofollow" />
    <link rel="preload" href="./app/static/inter-latin.woff2" as="font" type="font/woff2" crossorigin />
    <style>html{background:#fff}@media(prefers-color-scheme:dark){html{background:#11141b}}</style>
"""
_NO_SCRIPT: Final = (
    "<noscript><p>Masthead needs JavaScript. Switch it on for this site and reload.</p></noscript>\n    "
)


@dataclass(frozen=True, slots=True)
class Shell:
    """The page as bytes, and the Content-Security-Policy that fits it."""

    html: bytes
    policy: str


def make_shell(files_origin: str) -> Shell:
    """Read Streamlit's page from the wheel and make ours of it. `files_origin` is where uploads go and images are."""
    page = _PAGE.read_text(encoding="utf-8")
    for pattern in _TAKEN_OUT:
        page = pattern.sub("", page)
    page = page.replace("<title>Streamlit</title>", "<title>Masthead</title>")
    page = page.replace('href="./favicon.png"', 'href="./app/static/mark.svg" type="image/svg+xml"')
    page = page.replace("</head>", f"  {_HEAD}  </head>", 1)
    page = page.replace('<div id="root">', f'{_NO_SCRIPT}<div id="root">', 1)
    return Shell(html=page.encode(), policy=content_security_policy(_INLINE_SCRIPT.findall(page), files_origin))


def content_security_policy(inline_scripts: list[str], files_origin: str) -> str:
    """Everything from this origin alone, but files and uploads, which are `files_origin`'s.

    `blob:` is how Streamlit loads the script of an inline component.
    """
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in inline_scripts)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {hashes}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {files_origin}",
            f"media-src 'self' {files_origin}",
            "font-src 'self' data:",
            f"connect-src 'self' {files_origin}",
            "worker-src 'self' blob:",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        )
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
