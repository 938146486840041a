"""The doctor at the sandbox: each fault that is known by name is named alone, with its fix; a healthy set has none."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from core.cli import stand_in
from core.provider_kit.diagnosis import Fault, Installation, Kind, KnownAccount, Standing, examined
from core.provider_kit.port import Provider
from core.providers import linkedin
from tests.fixtures.programs import RunningSandbox, free_ports
from tests.fixtures.receiver import WORD, receiver
from tests.providers.meta.at_sandbox import ALL, INSTAGRAM, meta_at

PUBLIC = "https://posts.example.com"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """A provider, how it is set up, and somebody's connection with all accounts that it reaches."""

    sandbox: RunningSandbox
    person: str
    provider: Provider
    installation: Installation
    standing: Standing
    page_token: str = ""

    @property
    def page(self) -> str:
        return self.standing.accounts[0].provider_account_id

    def order(self, name: str, **body: Any) -> None:
        """Let something happen in the network's world."""
        self.sandbox.post(f"/_sandbox/{name}", body)

    def looks(self) -> list[tuple[Fault, ...]]:
        """What the doctor finds in the setup, and in the connection."""
        diagnosis = self.provider.diagnosis
        assert diagnosis is not None
        setup = examined(lambda: diagnosis.setup(self.installation), within_s=10)
        return [setup, examined(lambda: diagnosis.connection(self.standing), within_s=10)]

    def faults(self) -> list[Fault]:
        """All of it."""
        return [fault for look in self.looks() for fault in look]


def somebody(sandbox: RunningSandbox) -> str:
    """A person of the network whom no other test knows."""
    person = f"p-doctor-{next(_numbers)}"
    sandbox.post("/_sandbox/people", {"id": person, "name": "Dora Doctor", "email": f"{person}@harbor.example"})
    return person


def app_of(sandbox: RunningSandbox, key: str) -> dict[str, Any]:
    apps: list[dict[str, Any]] = sandbox.get("/_sandbox/world")["apps"]
    return next(app for app in apps if app["provider"] == key)


def at_meta(sandbox: RunningSandbox, *, instagram: bool = True, **settings: str) -> Scene:
    """A Page with all permissions that Masthead asks for."""
    person = somebody(sandbox)
    kind = {"network": "instagram"} if instagram else {}
    (made,) = sandbox.post("/_sandbox/accounts", {"count": 1, "person": person, "prefix": person, **kind})
    given = sandbox.post("/_sandbox/tokens", {"provider": "meta", "person": person, "scopes": [*ALL, *INSTAGRAM]})
    accounts = [KnownAccount("facebook", made["id"], made["name"])]
    accounts += [KnownAccount("instagram", made["instagram_id"], "dora.doctor")] if instagram else []
    scene = Scene(
        sandbox,
        person,
        meta_at(sandbox, **settings),
        Installation(app_of(sandbox, "meta")["redirect_uris"][0], PUBLIC, from_outside=True),
        Standing(SecretStr(given["access_token"]), tuple(accounts)),
        made["page_token"],
    )
    scene.order("meta/permissions", person=person, scope="pages_manage_metadata", status="declined")
    return scene


def at_linkedin(sandbox: RunningSandbox, key: str = "linkedin", **settings: str) -> Scene:
    """A Page whose administrator connected it, or a member."""
    person, prefix = somebody(sandbox), "PROVIDER_LINKEDIN_"
    group = next(one for one in stand_in.environments(sandbox.url) if f"{prefix}CLIENT_ID" in one)
    given = {name.removeprefix(prefix).lower(): value for name, value in group.items()} | settings
    provider = next(each for each in linkedin.build(given) if each.key == key)
    if key == "linkedin":
        (made,) = sandbox.post(
            "/_sandbox/accounts", {"count": 1, "person": person, "prefix": person, "provider": "linkedin"}
        )
    else:
        scopes = [scope.name for scope in provider.oauth.scopes]
        made = sandbox.post("/_sandbox/tokens", {"provider": key, "person": person, "scopes": scopes})
        made |= {"id": "urn:li:person:dora", "name": "Dora"}
    return Scene(
        sandbox,
        person,
        provider,
        Installation(app_of(sandbox, key)["redirect_uris"][0], PUBLIC, from_outside=True),
        Standing(SecretStr(made["access_token"]), (KnownAccount("linkedin", made["id"], made["name"]),)),
    )


Seed = Callable[[RunningSandbox], AbstractContextManager[Scene]]


def by_settings(make: Callable[..., Scene], **settings: str) -> Seed:
    """The operator has set something wrong."""

    @contextmanager
    def seed(sandbox: RunningSandbox) -> Iterator[Scene]:
        yield make(sandbox, **settings)

    return seed


def by_address(make: Callable[..., Scene], **installation: str) -> Seed:
    """This installation is reached elsewhere."""

    @contextmanager
    def seed(sandbox: RunningSandbox) -> Iterator[Scene]:
        scene = make(sandbox)
        yield replace(scene, installation=replace(scene.installation, **installation))

    return seed


def by_order(make: Callable[..., Scene], name: str, **body: Any) -> Seed:
    """Something happened to this one person at the network."""

    @contextmanager
    def seed(sandbox: RunningSandbox) -> Iterator[Scene]:
        scene = make(sandbox)
        own = {"person": scene.person, "page": scene.page, "account": scene.page}
        scene.order(
            name, **{key: own.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        )
        yield scene

    return seed


def for_all(make: Callable[..., Scene], name: str, body: dict[str, Any], undo: dict[str, Any]) -> Seed:
    """Something happened to the app, or to the world: it is taken back."""

    @contextmanager
    def seed(sandbox: RunningSandbox) -> Iterator[Scene]:
        scene = make(sandbox)
        scene.order(name, **body)
        try:
            yield scene
        finally:
            scene.order(name, **undo)

    return seed


@contextmanager
def no_way_there(sandbox: RunningSandbox) -> Iterator[Scene]:
    yield at_meta(sandbox, graph_url=f"http://127.0.0.1:{free_ports(1)[0]}/graph.facebook.com")


@contextmanager
def no_instagram(sandbox: RunningSandbox) -> Iterator[Scene]:
    yield at_meta(sandbox, instagram=False)


def _linkedin(name: str, wrong: str, right: str) -> Seed:
    options = [{"provider": "linkedin", "options": {name: value}} for value in (wrong, right)]
    return for_all(at_linkedin, "options", *options)


FIELDS = {"page": "feed", "instagram": "comments"}


@contextmanager
def told_of_events(sandbox: RunningSandbox, *objects: str, pages: bool = True) -> Iterator[Scene]:
    """An installation that takes in events; its app is subscribed to these objects, and its Page to the app or not."""
    scene = at_meta(sandbox, events="true")
    scene.order("meta/permissions", person=scene.person, scope="pages_manage_metadata", status="granted")
    app = app_of(sandbox, "meta")
    token, key = f"{app['client_id']}|{app['client_secret']}", app["client_secret"].encode()
    edge = f"/graph.facebook.com/v26.0/{app['client_id']}/subscriptions"
    if pages:
        proof = hmac.new(key, scene.page_token.encode(), hashlib.sha256).hexdigest()
        said = {"access_token": scene.page_token, "appsecret_proof": proof, "subscribed_fields": "feed"}
        sandbox.post(f"/graph.facebook.com/v26.0/{scene.page}/subscribed_apps", said)
    with receiver() as callback:
        for name in objects:
            said = {"object": name, "fields": FIELDS[name], "callback_url": callback, "verify_token": WORD}
            sandbox.post(edge, said | {"access_token": token})
    try:
        yield scene
    finally:
        sandbox.delete(f"{edge}?access_token={token}")


def untold(*objects: str, pages: bool) -> Seed:
    """Something lacks of what lets events come."""
    return lambda sandbox: told_of_events(sandbox, *objects, pages=pages)


ELSEWHERE = {"redirect_uri": f"{PUBLIC}/oauth/elsewhere/callback"}
SEEDED: list[tuple[str, Kind, Seed]] = [
    ("host blocked", Kind.HOST, no_way_there),
    ("clock 2 minutes ahead", Kind.CLOCK, for_all(at_meta, "clock", {"advance_s": -120}, {"advance_s": 120})),
    ("clock 2 minutes behind", Kind.CLOCK, for_all(at_linkedin, "clock", {"advance_s": 120}, {"advance_s": -120})),
    ("Meta's secret", Kind.SECRET, by_settings(at_meta, client_secret="not-the-secret-of-this-app")),
    ("LinkedIn's secret", Kind.SECRET, by_settings(at_linkedin, client_secret="not-the-secret-of-this-app")),
    ("Meta's redirect address", Kind.REDIRECT, by_address(at_meta, **ELSEWHERE)),
    ("LinkedIn's redirect address", Kind.REDIRECT, by_address(at_linkedin, **ELSEWHERE)),
    (
        "development mode",
        Kind.MODE,
        for_all(at_meta, "meta/app", {"mode": "development", "people": []}, {"mode": "live"}),
    ),
    (
        "scope not granted",
        Kind.SCOPE,
        by_order(at_meta, "meta/permissions", person="person", scope="pages_manage_posts", status="declined"),
    ),
    *(
        (name, Kind.ROLE, by_order(at_meta, "meta/roles", person="person", page="page", tasks=tasks))
        for name, tasks in (("few tasks on the Page", ["ANALYZE"]), ("no role on the Page", []))
    ),
    (
        "no role at LinkedIn",
        Kind.ROLE,
        by_order(at_linkedin, "linkedin/roles", person="person", account="account", role="ANALYST"),
    ),
    ("no linked Instagram", Kind.NO_INSTAGRAM, no_instagram),
    (
        "personal Instagram",
        Kind.PERSONAL_INSTAGRAM,
        by_order(at_meta, "meta/instagram", page="page", professional=False),
    ),
    ("LinkedIn product", Kind.PRODUCT, _linkedin("products", "", "community_management")),
    ("LinkedIn development tier", Kind.TIER, _linkedin("tier", "development", "standard")),
    ("Meta's version", Kind.VERSION, by_settings(at_meta, api_version="v20.0")),
    ("LinkedIn's version", Kind.VERSION, by_settings(at_linkedin, version="202510")),
    ("media address", Kind.MEDIA, by_address(at_meta, public_url="http://localhost:8502")),
    ("webhook not subscribed by the Page", Kind.WEBHOOK, untold("page", "instagram", pages=False)),
    ("webhook not subscribed by the app", Kind.WEBHOOK, untold(pages=True)),
    ("webhook of Instagram not subscribed by the app", Kind.WEBHOOK, untold("page", pages=True)),
    ("Meta's token expired", Kind.TOKEN, by_order(at_meta, "meta/tokens", person="person", expires_in_s=0)),
    (
        "LinkedIn's token expired",
        Kind.TOKEN,
        by_order(at_linkedin, "linkedin/revocations", person="person", reason="expired"),
    ),
    ("data access ended", Kind.DATA_ACCESS, by_order(at_meta, "meta/data-access", person="person", ends_in_s=-60)),
]


# With these the network calls malformed what is asked, and that is how the fault is found.
MALFORMED = ("Meta's redirect address", "LinkedIn's redirect address", "LinkedIn product")


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        pytest.param(kind, seed, id=name, marks=[pytest.mark.expects_refusal] if name in MALFORMED else [])
        for name, kind, seed in SEEDED
    ],
)
def test_a_fault_is_named_alone_with_its_fix(sandbox: RunningSandbox, kind: Kind, seed: Seed) -> None:
    with seed(sandbox) as scene:
        looks = scene.looks()
    found = [fault for look in looks for fault in look]
    assert {fault.kind for fault in found} == {kind}
    assert max(map(len, looks)) == 1, "a look names it once"
    assert all(fault.words.endswith((".", "given)")) and fault.fix.endswith(".") for fault in found)
    assert scene.standing.token.get_secret_value() not in repr(found)


def test_pages_alone_outlast_the_access_to_data(sandbox: RunningSandbox) -> None:
    scene = at_meta(sandbox, instagram=False)
    before = scene.faults()
    scene.order("meta/data-access", person=scene.person, ends_in_s=-60)
    assert scene.faults() == before


def test_every_fault_that_has_a_name_is_seeded() -> None:
    assert {kind for _, kind, _ in SEEDED} == set(Kind) - {Kind.OTHER}


def test_nothing_is_found_where_app_and_page_are_subscribed(sandbox: RunningSandbox) -> None:
    with told_of_events(sandbox, "page", "instagram") as scene:
        assert scene.faults() == []


def test_of_an_instagram_account_alone_its_page_must_tell(sandbox: RunningSandbox) -> None:
    with told_of_events(sandbox, "page", "instagram", pages=False) as scene:
        (instagram,) = (each for each in scene.standing.accounts if each.network == "instagram")
        (fault,) = replace(scene, standing=Standing(scene.standing.token, (instagram,))).faults()
    assert fault.kind is Kind.WEBHOOK
    assert fault.words == "Meta sends this app nothing of what happens on dora.doctor."
    assert f"/{scene.page}/subscribed_apps" in fault.fix


def test_events_are_no_matter_where_none_are_taken_in(sandbox: RunningSandbox) -> None:
    """Whether or not the permission was given: a configuration of Login for Business may give it unasked (meta 2.1)."""
    scene = at_meta(sandbox)
    scene.order("meta/permissions", person=scene.person, scope="pages_manage_metadata", status="granted")
    assert scene.faults() == []


def test_the_permission_to_be_told_is_asked_for_where_events_are_taken_in(sandbox: RunningSandbox) -> None:
    asked = {one: [scope.name for scope in meta_at(sandbox, events=one).oauth.scopes] for one in ("false", "true")}
    assert set(asked["true"]) - set(asked["false"]) == {"pages_manage_metadata"}
    with told_of_events(sandbox, "page", "instagram", pages=False) as scene:
        scene.order("meta/permissions", person=scene.person, scope="pages_manage_metadata", status="declined")
        (fault,) = scene.faults()
    assert (fault.kind, fault.advice) == (Kind.SCOPE, True)


@pytest.mark.parametrize("key", ["meta", "linkedin", "linkedin_member"])
def test_nothing_is_found_where_all_is_well_and_nothing_is_written(sandbox: RunningSandbox, key: str) -> None:
    scene = at_meta(sandbox) if key == "meta" else at_linkedin(sandbox, key)
    last = sandbox.get("/_sandbox/requests", limit=1)
    assert scene.faults() == []
    asked = sandbox.get("/_sandbox/requests", after=last[0]["number"] if last else 0)
    assert {each["path"].rpartition("/")[2] for each in asked if each["method"] != "GET"} <= {
        "access_token",
        "introspectToken",
    }
