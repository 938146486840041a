"""Every kind of LinkedIn's posts from the composer's commands to its followers, by the sender as it is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from core import providers
from core.cli import stand_in
from core.infra import db
from core.infra.actor import Role
from core.posts.rules import PublicationState
from core.provider_kit.types import Payload
from core.publishing import rules
from core.publishing.queries import evidence
from tests.factories import clips
from tests.factories.accounts import make_account
from tests.factories.media import make_media, make_prepared
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import attached, make_approved, publications, soon
from tests.factories.publishing import House, Page, attempts, send_until_done
from tests.fixtures.programs import RunningSandbox

KINDS = ("words", "card", "image", "images", "video", "document", "poll")
_S = PublicationState
_QUICK = {"IMAGE_POLL_S": "0.5", "POLL_FIRST_S": "0.5", "IMAGE_GRACE_S": "1.5", "VIDEO_GRACE_S": "2"}
# What keeping the files at LinkedIn reads like in the post's history.
HANDED = {
    "image": "handed the image to LinkedIn",
    "images": "handed the image to LinkedIn",
    "video": "handed the video to LinkedIn",
    "document": "handed the document to LinkedIn",
}


@pytest.fixture
def linkedin(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """Both apps' calls go to the sandbox, however long a busy machine takes to begin them."""
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)
    url = sandbox.url.replace("127.0.0.1", "localhost")
    group = next(one for one in stand_in.environments(url) if "PROVIDER_LINKEDIN_CLIENT_ID" in one)
    for name, value in (group | {f"PROVIDER_LINKEDIN_{name}": value for name, value in _QUICK.items()}).items():
        monkeypatch.setenv(name, value)
    providers.providers.cache_clear()
    yield sandbox
    providers.providers.cache_clear()


@pytest.fixture
def house(linkedin: RunningSandbox, worker: db.Database, kept_files: Path) -> House:
    """An organization with a Page and a member's profile of LinkedIn's."""
    organization_id = make_organization()
    approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
    person = f"p-{uuid4().hex[:8]}"
    linkedin.post("/_sandbox/people", {"id": person, "name": "Maria Member", "email": f"{person}@k.example"})
    asked = {"count": 1, "person": person, "prefix": "Sent", "provider": "linkedin"}
    (page,) = linkedin.post("/_sandbox/accounts", asked)
    oauth = providers.provider("linkedin_member").oauth
    scopes = [scope.name for scope in oauth.scopes]
    given = linkedin.post("/_sandbox/tokens", {"provider": "linkedin_member", "person": person, "scopes": scopes})
    (profile,) = oauth.accounts(SecretStr(given["access_token"]))

    def connected(name: str, provider: str, theirs: str, token: str) -> Page:
        account = make_account(
            approver, name=name, network="linkedin", provider=provider, provider_account_id=theirs, token=token
        )
        return Page(account, theirs, token)

    pages = (
        connected(page["name"], "linkedin", page["id"], page["access_token"]),
        connected("Maria Member", "linkedin_member", profile.provider_account_id, given["access_token"]),
    )
    return House(organization_id, author, approver, pages)


def written(kind: str, house: House, worker: db.Database) -> dict[str, Any]:
    """What the composer sends of a post of that kind."""

    def images(count: int) -> list[tuple[UUID, str]]:
        return [(make_media(house.author).id, f"Beans, {number}") for number in range(count)]

    match kind:
        case "card":
            return {"link": "https://shop.example.com/spring", "options": {"title": "Spring", "description": "Roast"}}
        case "image":
            return {"files": attached(*images(1))}
        case "images":
            return {"files": attached(*images(3))}
        case "video":
            clip = make_prepared(house.author, worker, clips.clip(seconds=12, shade=int(uuid4()) % 256))
            return {"files": attached(clip.id), "options": {"title": "Launch clip"}}
        case "document":
            paper = make_prepared(house.author, worker, clips.pdf(3), file_name="report.pdf")
            return {"files": attached(paper.id), "format": "document", "options": {"title": "Report"}}
        case "poll":
            poll = {"question": "Tea or coffee?", "answers": ["Tea", "Coffee"], "days": 3}
            return {"format": "poll", "options": {"poll": poll}}
        case _:
            return {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_post_goes_out_to_a_page_and_a_member(
    house: House, worker: db.Database, linkedin: RunningSandbox, kind: str
) -> None:
    words = f"Beans (today) #spring {uuid4()}"
    accounts = [page.account.id for page in house.pages]
    post_id = make_approved(
        house.author, house.approver, accounts, text=words, slot_at=soon(), **written(kind, house, worker)
    )
    rows = {row.account_id: row for row in publications(house.author, post_id)}
    for page in house.pages:
        row = rows[page.account.id]
        assert send_until_done(house, worker, row) is _S.PUBLISHED
        (live,) = linkedin.get("/_sandbox/posts", account_id=page.id)
        payload = Payload.from_json(row.payload)
        assert (live["text"], live["link"]) == (words, payload.link)
        assert [each["sha256"] for each in live["media"]] == [item.sha256 for item in payload.media]
        assert bool(live.get("poll")) is (kind == "poll")
        assert len(attempts(house.author, row.id)) == 1
        shown = evidence(house.author, row.id)
        assert {step.words for step in shown.steps} == ({HANDED[kind]} if kind in HANDED else set())
