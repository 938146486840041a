"""`masthead verify`: a live account of each kind is asked what isn't verified of its network, by reads alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest
from pydantic import SecretStr

from core.accounts import credentials
from core.accounts.rules import Purpose
from core.cli import stand_in
from core.infra import db
from core.infra.actor import Actor
from core.provider_kit.port import Provider
from core.providers import linkedin
from tests.factories.accounts import MadeAccount, make_account
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import use_provider

_numbers = itertools.count(1)
KINDS = ("facebook", "instagram", "linkedin", "linkedin_member")


@dataclass(frozen=True)
class Asked:
    """What the command line said of an account, and what the network was asked meanwhile."""

    code: int
    lines: list[str]
    calls: list[str]


@pytest.fixture
def at_sandbox(provider: Provider, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Provider]:
    """All providers, whose hosts are the sandbox."""
    prefix = "PROVIDER_LINKEDIN_"
    group = next(one for one in stand_in.environments(sandbox.url) if f"{prefix}CLIENT_ID" in one)
    apps = linkedin.build({name.removeprefix(prefix).lower(): value for name, value in group.items()})
    built = {each.key: each for each in apps}
    use_provider(monkeypatch, provider, **built)
    return {provider.key: provider, **built}


class Connect(Protocol):
    """Connects an account of a kind, as whoever consents to all but `without` would choose it."""

    def __call__(self, kind: str, *, without: str = "") -> MadeAccount: ...


@pytest.fixture
def connect(admin: Actor, at_sandbox: Mapping[str, Provider], sandbox: RunningSandbox) -> Connect:
    """As `Connect` says, each for somebody else."""

    def connected(kind: str, *, without: str = "") -> MadeAccount:
        person = f"p-verify-{next(_numbers)}"
        sandbox.post("/_sandbox/people", {"id": person, "name": "Vera Verify", "email": f"{person}@harbor.example"})
        key = "meta" if kind in ("facebook", "instagram") else kind
        if kind != "linkedin_member":
            made = {"count": 1, "person": person, "prefix": "Verify", "provider": key}
            sandbox.post("/_sandbox/accounts", made | ({"network": "instagram"} if key == "meta" else {}))
        oauth = at_sandbox[key].oauth
        asked = {
            "provider": key,
            "person": person,
            "scopes": [each.name for each in oauth.scopes if each.name != without],
        }
        given = sandbox.post("/_sandbox/tokens", asked)
        network = kind.removesuffix("_member")
        chosen = next(
            each
            for each in oauth.accounts(SecretStr(given["access_token"]))
            if each.network == network and each.eligible
        )
        account = make_account(
            admin,
            name=chosen.name,
            network=network,
            provider=key,
            provider_account_id=chosen.provider_account_id,
            token=chosen.token and chosen.token.get_secret_value(),
            grant=given["access_token"],
        )
        if "refresh_token" in given:
            with db.transaction(admin) as session:
                renewal = SecretStr(given["refresh_token"])
                credentials.keep(session, account.connection_id, Purpose.REFRESH, renewal)
        return account

    return connected


Verify = Callable[[MadeAccount], Asked]


@pytest.fixture
def verify(operator: Callable[..., tuple[int, str]], sandbox: RunningSandbox) -> Verify:
    """Runs the command line, as the operator does."""

    def verified(account: MadeAccount) -> Asked:
        last = sandbox.get("/_sandbox/requests", limit=1)
        code, said = operator("verify", "--account", account.provider_account_id)
        made = sandbox.get("/_sandbox/requests", after=last[0]["number"] if last else 0)
        return Asked(code, said.splitlines(), [f"{each['method']} {each['path']}" for each in made])

    return verified


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_account_is_asked_by_reads_alone(connect: Connect, verify: Verify, kind: str) -> None:
    """A fact stands there once: as what the network answered, or with what to do by hand."""
    account = connect(kind)
    asked = verify(account)
    assert asked.code == 0, asked.lines
    network = kind.removesuffix("_member")
    assert asked.lines[0].endswith(f"({network} {account.provider_account_id}), by reads alone:")
    assert not any("couldn't be asked" in line for line in asked.lines)
    said = [line for line in asked.lines if line.startswith(("asked ", "differs "))]
    assert len(said) >= 3
    by_hand = [line for line in asked.lines if line.startswith("by hand ")]
    assert len([line for line in asked.lines if line.startswith("         -> ")]) == len(by_hand)
    assert all(call.startswith("GET ") or call.endswith("/introspectToken") for call in asked.calls)
    assert asked.calls


def answered(asked: Asked, setting: str) -> str:
    """What the network said of the fact that a setting carries."""
    at = next(place for place, line in enumerate(asked.lines) if f"PROVIDER_{setting}=" in line)
    assert not asked.lines[at].startswith("by hand"), asked.lines[at]
    return asked.lines[at + 1].removeprefix("         the network: ")


def test_what_a_facebook_page_tells(connect: Connect, verify: Verify) -> None:
    asked = verify(connect("facebook"))
    assert answered(asked, "META_PAGE_PICTURES") == "the field holds an address"
    assert answered(asked, "META_READ_PAGE_SIZE") == "asked for 100, 0 came, newest first"
    assert answered(asked, "META_BUSINESS_PAGES") == "0 portfolios are listed"
    assert "by hand  the largest photo: PROVIDER_META_PHOTO_MAX_BYTES=4000000" in asked.lines
    assert not any("DAILY_POSTS" in line for line in asked.lines), "that is of Instagram"


def test_what_an_instagram_account_tells_and_what_to_set(
    connect: Connect, verify: Verify, sandbox: RunningSandbox
) -> None:
    account = connect("instagram")
    assert answered(verify(account), "META_DAILY_POSTS") == "50 posts, 0 of them used"
    sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"publish_quota": "100"}})
    try:
        asked = verify(account)
    finally:
        sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"publish_quota": "50"}})
    assert answered(asked, "META_DAILY_POSTS") == "100 posts, 0 of them used"
    assert "         -> Set PROVIDER_META_DAILY_POSTS=100" in asked.lines
    assert not any("PHOTO_MAX_BYTES" in line for line in asked.lines), "that is of Pages"


def test_what_a_page_at_linkedin_tells_and_what_to_set(
    connect: Connect, verify: Verify, sandbox: RunningSandbox
) -> None:
    account = connect("linkedin")
    with_less = {"provider": "linkedin", "options": {"refresh_lifetime_s": str(180 * 86_400)}}
    sandbox.post("/_sandbox/options", with_less)
    try:
        consented_for_less = connect("linkedin")
    finally:
        sandbox.post("/_sandbox/options", {"provider": "linkedin", "options": {"refresh_lifetime_s": "31536000"}})
    asked = verify(account)
    assert answered(asked, "LINKEDIN_VERSION") == "202609 is served"
    assert answered(asked, "LINKEDIN_CONSENT_DAYS") == "it lasts 365 days"
    assert answered(asked, "LINKEDIN_SCOPES") == "all that are asked for were given"
    assert answered(asked, "LINKEDIN_READ_PAGE_SIZE") == "asked for 100, 0 came, newest first"
    differs = verify(consented_for_less)
    assert answered(differs, "LINKEDIN_CONSENT_DAYS") == "it lasts 180 days"
    assert "         -> Set PROVIDER_LINKEDIN_CONSENT_DAYS=180" in differs.lines


def test_what_a_member_of_linkedin_tells_and_what_to_set(connect: Connect, verify: Verify) -> None:
    account, gave_less = connect("linkedin_member"), connect("linkedin_member", without="email")
    asked = verify(account)
    assert answered(asked, "LINKEDIN_VERSION") == "this app's reads name no version"
    assert "the end isn't told" in answered(asked, "LINKEDIN_CONSENT_DAYS")
    assert answered(asked, "LINKEDIN_MEMBER_SCOPES") == "all that are asked for were given"
    assert answered(asked, "LINKEDIN_LOGOS") == "members have none"
    differs = verify(gave_less)
    assert answered(differs, "LINKEDIN_MEMBER_SCOPES") == "email not given"
    assert "         -> Set PROVIDER_LINKEDIN_MEMBER_SCOPES=openid profile w_member_social" in differs.lines
