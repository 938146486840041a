"""Storage of the test's own, networks that take images, each in its way, and one that takes plain videos alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import providers
from core.infra import installation
from core.infra.actor import Actor, Role
from core.infra.db import Database
from core.infra.settings import Settings
from core.provider_kit.types import Format, ImageRules, Network, TextRules, VideoRules
from tests.factories.organizations import make_actor
from tests.fixtures.servers import SECRET_KEY

TAKES = {
    "any": ImageRules(("image/jpeg", "image/png"), 10 * 1024 * 1024),
    "jpeg": ImageRules(("image/jpeg",), 200_000, max_width=1440),
    "few_pixels": ImageRules(("image/jpeg", "image/png"), 4 * 1024 * 1024, max_pixels=100_000),
    "none": None,
}
PLAIN = VideoRules(("video/mp4",), 300_000_000, (1, 90), codecs=("h264", "hevc"), audio_codecs=("aac",), plain=True)
REEL = Format("reel", "Reel", files=(1, 1), videos=PLAIN)


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that files are kept in."""
    text = TextRules("codepoints", 100)
    known = {key: Network(key, key, "", "", text, takes_link=True, images=images) for key, images in TAKES.items()}
    known["plain"] = Network("plain", "Plain Films", "", "", text, takes_link=False, formats=(REEL,))
    monkeypatch.setattr(providers, "networks", lambda: known)
    folder = tmp_path / "files"
    installation.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_STORAGE_URL=f"file://{folder}"))
    yield folder
    installation.use(None)


@pytest.fixture
def editor(database: Database, storage: Path) -> Actor:
    return make_actor(role=Role.EDITOR)
