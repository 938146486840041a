"""A video as most programs write it, from its upload to Instagram's followers, by the sender as it is shipped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.serving import make_server

from core import providers
from core.cli import stand_in
from core.infra import db, installation
from core.infra.actor import Role
from core.infra.settings import Settings
from core.media import queries as media
from core.posts import queries
from core.posts.rules import PublicationState
from core.provider_kit.types import Payload
from core.publishing import rules
from ingest.app import create_app
from tests.factories import clips
from tests.factories.accounts import make_account
from tests.factories.media import make_prepared
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import attached, make_approved, make_post, publications, soon
from tests.factories.publishing import House, Page, send_until_done
from tests.fixtures.programs import RunningSandbox
from tests.fixtures.servers import SECRET_KEY

_S = PublicationState


@pytest.fixture
def instagram(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """Meta's calls go to the sandbox, however long a busy machine takes to begin them."""
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)
    group = next(one for one in stand_in.environments(sandbox.url) if "PROVIDER_META_CLIENT_ID" in one)
    for name, value in (group | {"PROVIDER_META_POLL_FIRST_S": "0.5"}).items():
        monkeypatch.setenv(name, value)
    providers.providers.cache_clear()
    yield sandbox
    providers.providers.cache_clear()


@contextmanager
def serving(settings: Settings, port: int) -> Iterator[None]:
    """Ingest, from which networks fetch files."""
    server = make_server("127.0.0.1", port, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def house(instagram: RunningSandbox, worker: db.Database, tmp_path: Path) -> Iterator[House]:
    """An organization with an account of Instagram, whose files Instagram can fetch."""
    organization_id = make_organization()
    approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
    asked = {"count": 1, "person": "p-maya", "prefix": "Reels", "provider": "meta", "network": "instagram"}
    (made,) = instagram.post("/_sandbox/accounts", asked)
    account = make_account(
        approver,
        name=made["name"],
        network="instagram",
        provider_account_id=made["instagram_id"],
        token=made["page_token"],
    )
    port = int(instagram.ingest_url.rpartition(":")[2])
    settings = Settings(
        MASTHEAD_SECRET_KEY=SECRET_KEY,
        MASTHEAD_STORAGE_URL=f"file://{tmp_path / 'files'}",
        MASTHEAD_PUBLIC_URL=f"http://127.0.0.1:{port}",
    )
    installation.use(settings)
    with serving(settings, port):
        yield House(organization_id, author, approver, (Page(account, made["instagram_id"], made["page_token"]),))
    installation.use(None)


def filmed(**more: Any) -> bytes:
    """What Instagram takes, but for how it is packed."""
    return clips.clip(seconds=4, size=(540, 960), rate=24, **more)


@pytest.mark.parametrize("form", ["reel", "story"])
def test_a_video_with_its_index_last_and_an_edit_list_is_published_as_its_rendition(
    house: House, worker: db.Database, instagram: RunningSandbox, form: str
) -> None:
    film = make_prepared(house.author, worker, filmed(index_first=False))
    (rendition,) = [each for each in film.renditions if each.network == "instagram"]
    assert film.prepared == "Prepared for Instagram: packed anew, pictures and sound unchanged"
    words = "" if form == "story" else f"Beans {uuid4()}"
    account_id = house.page.account.id
    post_id = make_approved(
        house.author,
        house.approver,
        [account_id],
        text=words,
        slot_at=soon(),
        files=attached(film.id),
        format=form,
    )
    (row,) = publications(house.author, post_id)
    approved = Payload.from_json(row.approved_payload or {})
    assert [item.sha256 for item in approved.media] == [rendition.sha256], "what is approved is what is sent"
    assert send_until_done(house, worker, row) is _S.PUBLISHED
    (live,) = instagram.get("/_sandbox/posts", account_id=house.page.id)
    assert [each["sha256"] for each in live["media"]] == [rendition.sha256]
    assert rendition.sha256 != film.sha256


def test_the_composer_shows_the_rendition_and_what_is_wrong_where_there_can_be_none(
    house: House, worker: db.Database
) -> None:
    film = make_prepared(house.author, worker, filmed())
    other = make_prepared(house.author, worker, filmed(codec="mpeg4"))
    found = {
        made.id: queries.draft(
            house.author,
            make_post(house.author, [house.page.account.id], text="Beans", files=attached(made.id), format="reel"),
        )
        for made in (film, other)
    }
    (account,) = [each for each in found[film.id].accounts if each.chosen]
    (rendition,) = media.media(house.author, film.id).renditions
    assert [each.sha256 for each in account.files] == [rendition.sha256]
    assert [each for each in account.problems if each.place == "image"] == []
    (problem,) = [each for each in found[other.id].problems if each.severity == "error" and each.at == 0]
    assert problem.words == "The video is MPEG4; Instagram takes H264 or HEVC."
