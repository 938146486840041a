"""The data folder and what is kept in it belong to whoever starts Masthead, and nobody else can look in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.infra import data_folder
from core.infra.programs import CanNotStart


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process is another user than the one whose files lie there."""
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    data_folder.make(tmp_path / "a" / "data")
    assert mode(tmp_path / "a" / "data") == 0o700


@pytest.mark.parametrize("loose", [0o755, 0o770, 0o777, 0o701])
def test_a_folder_that_others_could_look_into_is_tightened(tmp_path: Path, loose: int) -> None:
    tmp_path.chmod(loose)
    data_folder.make(tmp_path)
    assert mode(tmp_path) == 0o700


@pytest.mark.usefixtures("stranger")
def test_a_folder_of_another_user_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(CanNotStart) as refused:
        data_folder.make(tmp_path)
    assert str(refused.value) == f"MASTHEAD_DATA ({tmp_path!s:.80}) belongs to another user. Set MASTHEAD_DATA."
    assert mode(tmp_path) == 0o755


def test_a_link_of_another_user_is_refused_too(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a link that belongs to somebody else")
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    data_folder.make(tmp_path / "link")
    os.chown(tmp_path / "link", 12345, 12345, follow_symlinks=False)
    with pytest.raises(CanNotStart, match="belongs to another user"):
        data_folder.make(tmp_path / "link")


def test_a_secret_stays_the_same_and_is_tightened_when_others_could_read_it(tmp_path: Path) -> None:
    made = data_folder.kept_secret(tmp_path / "key")
    assert mode(tmp_path / "key") == 0o600
    (tmp_path / "key").chmod(0o644)
    assert data_folder.kept_secret(tmp_path / "key") == made
    assert mode(tmp_path / "key") == 0o600


def test_a_secret_that_another_user_made_is_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "key").write_text("known to whoever wrote it")
    request.getfixturevalue("stranger")
    with pytest.raises(CanNotStart) as refused:
        data_folder.kept_secret(tmp_path / "key")
    assert "key) belongs to another user" in str(refused.value)
    assert "known to" not in str(refused.value)
    assert len(str(refused.value)) <= 200
