"""LinkedIn's two apps as a person connects them: accounts without tokens of their own stand on the person's grant."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from core import providers
from core.accounts import commands, queries
from core.accounts.access import access_for
from core.infra import db
from core.provider_kit.port import Provider
from core.provider_kit.types import Access
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.people import Person
from tests.providers.linkedin.test_contract import linkedin
from tests.providers.scripted import Scripted, answer, scripted

Rows = Callable[..., list[Any]]
pytestmark = pytest.mark.usefixtures("database")

PAGE = "urn:li:organization:1001"
PROFILE = "urn:li:person:782bbtaQ"
OF_PAGES = "r_basicprofile,rw_organization_admin,w_organization_social,r_organization_social,w_member_social"
ME = answer(200, {"id": "782bbtaQ", "localizedFirstName": "Ada", "localizedLastName": "Byron"})


@pytest.fixture
def network(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """LinkedIn in the place of Meta, saying what a test tells it to, with both apps set up."""
    with scripted() as server:
        both = linkedin(server.url)
        monkeypatch.setattr(providers, "providers", lambda: both)
        yield server


def state_of(maya: Person, provider: str) -> str:
    """Press Connect; returns the state that came along."""
    started = maya.get(commands.connect_intent(maya.actor, provider))
    assert started.status_code == 303, started.text
    return dict(part.split("=", 1) for part in started.headers["Location"].partition("?")[2].split("&"))["state"]


def grant(token: str, scopes: str, refresh: str = "") -> Any:
    said = {"access_token": token, "expires_in": 5_184_000, "scope": scopes}
    renewable = {"refresh_token": refresh, "refresh_token_expires_in": 31_536_000}
    return answer(200, {**said, **(renewable if refresh else {})})


def listing(scopes: str) -> list[Any]:
    """What the app for Pages is told of what a token reaches: what it may do, one Page, and whose it is."""
    role = {"role": "ADMINISTRATOR", "organization": PAGE, "state": "APPROVED"}
    page = answer(200, {"id": 1001, "localizedName": "Acme"})
    return [answer(200, {"active": True, "scope": scopes}), answer(200, {"elements": [role]}), page, ME]


def connect(maya: Person, network: Scripted, provider: str, token: str, chosen: str, *, refresh: str = "") -> UUID:
    """Consent at LinkedIn and choose one account; returns its id here."""
    state = state_of(maya, provider)
    if provider == "linkedin":
        network.say(grant(token, OF_PAGES, refresh), ME, *listing(OF_PAGES))
    else:
        scopes = "openid,profile,email,w_member_social"
        me = answer(200, {"sub": "782bbtaQ", "name": "Ada Byron"})
        network.say(grant(token, scopes, refresh), me, answer(200, {"active": True, "scope": scopes}), me)
    back = maya.get(f"/oauth/{provider}/callback?state={state}&code=AQT1")
    assert back.status_code == 303, back.text
    connection_id = UUID(back.headers["Location"].rpartition("choose=")[2])
    (account_id,) = commands.choose(maya.actor, uuid.uuid4(), connection_id, [chosen]).account_ids
    return account_id


def access(maya: Person, account_id: UUID) -> Access:
    with db.transaction(maya.actor) as session:
        return access_for(session, account_id, "cid")


def test_a_page_is_posted_to_with_the_persons_token(new_person: MakePerson, network: Scripted) -> None:
    maya = new_person()
    account_id = connect(maya, network, "linkedin", "AQX-first-grant", PAGE)
    held = access(maya, account_id)
    assert (held.provider_account_id, held.token.get_secret_value()) == (PAGE, "AQX-first-grant")
    assert connect(maya, network, "linkedin", "AQX-second-grant", PAGE) == account_id
    assert access(maya, account_id).token.get_secret_value() == "AQX-second-grant"


def test_a_profile_moves_to_the_app_that_connected_it_last(
    new_person: MakePerson, network: Scripted, rows: Rows
) -> None:
    """Should both apps name a person alike: the account follows, its provider too, so that its words are that app's."""
    maya = new_person()
    account_id = connect(maya, network, "linkedin_member", "AQX-member-app", PROFILE)
    assert access(maya, account_id).token.get_secret_value() == "AQX-member-app"
    network.otherwise = answer(200, {})
    assert connect(maya, network, "linkedin", "AQX-pages-app", PROFILE) == account_id
    assert access(maya, account_id).token.get_secret_value() == "AQX-pages-app"
    (account,) = queries.accounts(maya.actor)
    assert account.provider == "linkedin"
    assert account.missing_scopes == ()


@pytest.mark.parametrize("error", ["user_cancelled_login", "user_cancelled_authorize", "access_denied"])
def test_a_no_in_linkedins_words_is_a_no(new_person: MakePerson, network: Scripted, rows: Rows, error: str) -> None:
    maya = new_person()
    answered = maya.get(f"/oauth/linkedin/callback?state={state_of(maya, 'linkedin')}&error={error}")
    assert "Access was not allowed at the network, so nothing was connected" in answered.text
    (consent,) = rows(maya.actor.organization_id, "select outcome from masthead.consent")
    assert consent.outcome == "denied"
    assert network.received == []


def test_an_app_without_approval_is_said_to_be_one(new_person: MakePerson, network: Scripted) -> None:
    maya = new_person()
    state = state_of(maya, "linkedin_member")
    answered = maya.get(
        f"/oauth/linkedin_member/callback?state={state}&error=unauthorized_scope_error&error_description=no"
    )
    assert "approved Masthead" in answered.text
    assert "PROVIDER_LINKEDIN_MEMBER_SCOPES" in answered.text
    assert network.received == []
