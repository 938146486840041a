"""40 ways to finish a consent that may not be finished: 10 classes of 4. None of them reaches the token exchange.

Every case is played through ingest with a real code of the sandbox, and the sandbox's own record says what reached it.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from core.accounts import commands
from core.accounts.rules import REFUSAL_WORDS, Refusal
from core.infra import crypto
from core.infra.settings import Settings
from core.organizations import commands as organizations
from core.organizations.cookie import COOKIE
from core.provider_kit.port import Provider
from core.provider_kit.types import Scope
from ingest.app import create_app
from tests.factories.organizations import make_organization, make_signed_in
from tests.fixtures.programs import RunningSandbox
from tests.integration.accounts.conftest import MakePerson, use_provider
from tests.integration.accounts.people import Person, cookie_value, exchanges, query_of

Rows = Callable[..., list[Any]]


@dataclass
class Stage:
    """What a case plays on."""

    new_person: MakePerson
    sandbox: RunningSandbox
    rows: Rows
    tampered: Callable[..., None]
    provider: Provider
    installation: Settings
    monkeypatch: pytest.MonkeyPatch


@pytest.fixture
def stage(
    new_person: MakePerson,
    sandbox: RunningSandbox,
    rows: Rows,
    tampered: Callable[..., None],
    provider: Provider,
    installation: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    return Stage(new_person, sandbox, rows, tampered, provider, installation, monkeypatch)


Case = Callable[[Stage], tuple[Person, Callable[[], TestResponse]]]
"""Prepares; returns who comes back to Masthead, and the coming back."""


# 1. Replay


def replay_of_a_success(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    assert maya.get(callback).status_code == 303
    return maya, lambda: maya.get(callback)


def replay_of_a_denial_with_a_fresh_code(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    dialog = maya.start()
    denied, granted = maya.answer_of_facebook(dialog, cancel=True), maya.answer_of_facebook(dialog)
    assert maya.get(denied).status_code == 200
    return maya, lambda: maya.get(granted)


def replay_after_a_failed_exchange(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    state = query_of(callback)["state"]
    assert maya.get(f"/oauth/meta/callback?state={state}&code=made-up").status_code == 502
    return maya, lambda: maya.get(callback)


def replay_after_the_choice_with_a_new_code(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    dialog = maya.start()
    assert maya.get(maya.answer_of_facebook(dialog)).status_code == 303
    again = maya.answer_of_facebook(dialog)
    return maya, lambda: maya.get(again)


# 2. Other session


def second_sign_in_of_the_same_person(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person(subject="maya-in-two-browsers")
    callback = maya.consent()
    other = stage.new_person(maya.actor.organization_id, subject="maya-in-two-browsers")
    assert (other.actor.person_id, other.actor.session_id) != (maya.actor.person_id, maya.actor.session_id)
    assert other.actor.person_id == maya.actor.person_id
    return other, lambda: other.get(callback)


def no_session_at_all(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    maya.ingest.delete_cookie(COOKIE, domain="localhost")
    return maya, lambda: maya.get(callback)


def session_that_was_signed_out(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    organizations.sign_out(maya.sign_in.key)
    return maya, lambda: maya.get(callback)


def forged_session(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    signer = URLSafeTimedSerializer("another secret", salt=COOKIE)
    content = URLSafeTimedSerializer("x", salt=COOKIE).loads_unsafe(cookie_value(maya.sign_in, stage.installation))[1]
    maya.ingest.set_cookie(COOKIE, str(signer.dumps(content)), domain="localhost")
    return maya, lambda: maya.get(callback)


# 3. Other person


def other_admin_takes_the_answer(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    sara = stage.new_person(maya.actor.organization_id, facebook="p-sara")
    return sara, lambda: sara.get(callback)


def other_admin_with_a_consent_of_her_own_under_way(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    sara = stage.new_person(maya.actor.organization_id, facebook="p-sara")
    sara.start()
    return sara, lambda: sara.get(callback)


def own_state_with_the_code_of_another_is_sent_to_her(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    """Forced linking: the attacker's state and code, in a link that the victim opens."""
    attacker = stage.new_person(facebook="p-tomas")
    callback = attacker.consent()
    victim = stage.new_person(attacker.actor.organization_id)
    victim.start()
    return victim, lambda: victim.get(callback)


def other_admin_brings_a_denial(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent(cancel=True)
    sara = stage.new_person(maya.actor.organization_id, facebook="p-sara")
    return sara, lambda: sara.get(callback)


# 4. Other organization


def same_sign_in_switched_to_another_organization(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person(subject="maya-of-two-houses")
    callback = maya.consent()
    return _switched(stage, maya), lambda: maya.get(callback)


def victim_of_another_organization_opens_the_link(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    attacker = stage.new_person(facebook="p-tomas")
    callback = attacker.consent()
    victim = stage.new_person()
    return victim, lambda: victim.get(callback)


def stranger_brings_the_victims_answer(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    stranger = stage.new_person(facebook="p-tomas")
    stranger.start()
    return stranger, lambda: stranger.get(callback)


def switched_and_denied(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person(subject="maya-who-denied")
    callback = maya.consent(cancel=True)
    return _switched(stage, maya), lambda: maya.get(callback)


# 5. Other provider


def answer_at_the_address_of_another_provider(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    use_provider(stage.monkeypatch, stage.provider, other=replace(stage.provider, key="other"))
    maya = stage.new_person()
    callback = maya.consent().replace("/oauth/meta/", "/oauth/other/")
    return maya, lambda: maya.get(callback)


def answer_of_another_provider_at_our_address(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    other = replace(stage.provider, key="other")
    use_provider(stage.monkeypatch, stage.provider, other=other)
    maya = stage.new_person()
    state = query_of(maya.get(commands.connect_intent(maya.actor, "other")).headers["Location"])["state"]
    code = query_of(maya.consent())["code"]
    return maya, lambda: maya.get(f"/oauth/meta/callback?state={state}&code={code}")


def provider_that_is_not_there(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent().replace("/oauth/meta/", "/oauth/myspace/")
    return maya, lambda: maya.get(callback)


def provider_spelt_otherwise(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent().replace("/oauth/meta/", "/oauth/META/")
    return maya, lambda: maya.get(callback)


# 6. Expired


def _aged(by: str, **consent: Any) -> Case:
    def case(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
        maya = stage.new_person()
        callback = maya.consent(**consent)
        stage.tampered("update masthead.consent set expires_at = expires_at - cast(%(by)s as interval)", by=by)
        return maya, lambda: maya.get(callback)

    return case


# 7. Concurrent double: here one of many may pass, so these have a test of their own below.


# 8. PKCE or proof missing


def no_state(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    code = query_of(maya.consent())["code"]
    return maya, lambda: maya.get(f"/oauth/meta/callback?code={code}")


def challenge_missing_where_pkce_is_used(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    use_provider(stage.monkeypatch, replace(stage.provider, oauth=WithPkce(stage.provider.oauth)))
    return _altered(stage, "update masthead.consent set code_challenge = null")


def challenge_of_another_consent(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    maya.start()
    callback = maya.consent()
    stage.tampered(
        "update masthead.consent set code_challenge = (select code_challenge from masthead.consent order by created_at"
        " limit 1)",
    )
    return maya, lambda: maya.get(callback)


def state_of_another_installation(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    """The row is there, but the proof was made with a secret that this server doesn't have."""
    maya = stage.new_person()
    callback = maya.consent()
    other = stage.installation.model_copy(update={"secret_key": Settings(MASTHEAD_SECRET_KEY="z" * 40).secret_key})
    crypto.use(other)
    return maya, lambda: maya.get(callback)


# 9. Scope changed


def scopes_changed_by_a_deployment(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    changed = WithScopes(stage.provider.oauth, [*stage.provider.oauth.scopes, Scope("ads_management", "Ads.")])
    use_provider(stage.monkeypatch, replace(stage.provider, oauth=changed))
    return maya, lambda: maya.get(callback)


# 10. Redirect changed


def address_changed_by_the_operator(stage: Stage) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    moved = stage.installation.model_copy()
    moved.__dict__["ingest_url"] = "https://masthead.example"
    maya.app = create_app(moved)
    maya.settings = moved
    maya.ingest = maya.app.test_client()
    maya.ingest.set_cookie(COOKIE, cookie_value(maya.sign_in, moved), domain="masthead.example")
    query = callback.partition("?")[2]
    return maya, lambda: maya.get(f"/oauth/meta/callback?{query}")


def _altered(stage: Stage, change: str) -> tuple[Person, Callable[[], TestResponse]]:
    maya = stage.new_person()
    callback = maya.consent()
    stage.tampered(change)
    return maya, lambda: maya.get(callback)


def _alter(change: str) -> Case:
    return lambda stage: _altered(stage, change)


def _switched(stage: Stage, person: Person) -> Person:
    """The same sign-in, working in a second organization that it belongs to."""
    second = make_organization("Second house")
    make_signed_in(second, subject=str(person.sign_in.claims["sub"]))
    organizations.choose_organization(person.sign_in.key, second)
    found = person.sign_in.now()
    assert found is not None
    assert found.actor is not None
    person.actor = found.actor
    return person


CASES: dict[Refusal | str, dict[str, Case]] = {
    Refusal.REPLAYED: {
        "after a success": replay_of_a_success,
        "after a denial, with a fresh code": replay_of_a_denial_with_a_fresh_code,
        "after a failed exchange": replay_after_a_failed_exchange,
        "after the grant, with a new code": replay_after_the_choice_with_a_new_code,
    },
    Refusal.OTHER_SESSION: {
        "second sign-in of the same person": second_sign_in_of_the_same_person,
        "no session": no_session_at_all,
        "signed out meanwhile": session_that_was_signed_out,
        "forged cookie": forged_session,
    },
    Refusal.OTHER_PERSON: {
        "other admin takes the answer": other_admin_takes_the_answer,
        "other admin with a consent of her own": other_admin_with_a_consent_of_her_own_under_way,
        "forced linking": own_state_with_the_code_of_another_is_sent_to_her,
        "other admin brings a denial": other_admin_brings_a_denial,
    },
    Refusal.OTHER_ORGANIZATION: {
        "same sign-in, switched": same_sign_in_switched_to_another_organization,
        "forced linking across organizations": victim_of_another_organization_opens_the_link,
        "stranger brings the answer": stranger_brings_the_victims_answer,
        "switched and denied": switched_and_denied,
    },
    Refusal.OTHER_PROVIDER: {
        "our answer elsewhere": answer_at_the_address_of_another_provider,
        "another's answer here": answer_of_another_provider_at_our_address,
        "unknown provider": provider_that_is_not_there,
        "spelt otherwise": provider_spelt_otherwise,
    },
    Refusal.EXPIRED: {
        "by a second": _aged("10 minutes 1 second"),
        "by a day": _aged("1 day"),
        "just now": _aged("10 minutes"),
        "and denied": _aged("11 minutes", cancel=True),
    },
    Refusal.PROOF: {
        "no state": no_state,
        "challenge missing": challenge_missing_where_pkce_is_used,
        "challenge of another consent": challenge_of_another_consent,
        "state of another installation": state_of_another_installation,
    },
    Refusal.SCOPES: {
        "fewer": _alter("update masthead.consent set scopes = scopes[1:2]"),
        "more": _alter("update masthead.consent set scopes = scopes || array['ads_management']"),
        "another": _alter(
            "update masthead.consent set scopes = array_replace(scopes, 'pages_manage_posts', 'pages_messaging')"
        ),
        "by a deployment": scopes_changed_by_a_deployment,
    },
    Refusal.REDIRECT: {
        "path": _alter("update masthead.consent set redirect_uri = redirect_uri || '/'"),
        "host": _alter(
            "update masthead.consent set redirect_uri = replace(redirect_uri, 'localhost', 'localhost.example')"
        ),
        "scheme": _alter("update masthead.consent set redirect_uri = replace(redirect_uri, 'http:', 'https:')"),
        "by the operator": address_changed_by_the_operator,
    },
}
# Refused before the consent is looked at: by the guard or the router, in words of their own.
SOONER = {
    "no session": (401, "You are signed out"),
    "signed out meanwhile": (401, "You are signed out"),
    "forged cookie": (401, "You are signed out"),
    "unknown provider": (404, "no such network"),
    "spelt otherwise": (404, "no such network"),
    "no state": (400, REFUSAL_WORDS[Refusal.UNKNOWN]),
}
SINGLE = [(because, name, case) for because, cases in CASES.items() for name, case in cases.items()]


@pytest.mark.usefixtures("committed_database")
@pytest.mark.parametrize(("because", "name", "case"), SINGLE, ids=[f"{because}: {name}" for because, name, _ in SINGLE])
def test_no_abuse_reaches_the_token_exchange(stage: Stage, because: Refusal, name: str, case: Case) -> None:
    person, come_back = case(stage)
    before, kept = exchanges(stage.sandbox), _connections(stage, person)

    answer = come_back()

    assert exchanges(stage.sandbox) == before
    assert _connections(stage, person) == kept
    status, words = SOONER.get(name, (400, REFUSAL_WORDS[because]))
    assert answer.status_code == status
    assert words in _unescaped(answer.text)
    if name not in SOONER or name == "no state":
        (line,) = stage.rows(
            person.actor.organization_id,
            "select after, actor from masthead.audit_event where action = 'connect.refused'",
        )
        assert line.after == {"because": "unknown" if name == "no state" else because.value}
        assert line.actor == person.actor.label


def test_there_are_forty() -> None:
    assert [len(cases) for cases in CASES.values()] == [4] * 9
    assert len(SINGLE) + len(DOUBLES) == 40


# 7. Concurrent double


def two_browsers_tabs(maya: Person) -> list[str]:
    return [maya.consent()] * 2


def eight_tabs(maya: Person) -> list[str]:
    return [maya.consent()] * 8


def a_grant_and_a_denial(maya: Person) -> list[str]:
    dialog = maya.start()
    return [maya.answer_of_facebook(dialog), maya.answer_of_facebook(dialog, cancel=True)]


def two_codes_for_one_state(maya: Person) -> list[str]:
    dialog = maya.start()
    return [maya.answer_of_facebook(dialog), maya.answer_of_facebook(dialog)]


DOUBLES = (two_browsers_tabs, eight_tabs, a_grant_and_a_denial, two_codes_for_one_state)


@pytest.mark.usefixtures("committed_database")
@pytest.mark.parametrize("prepare", DOUBLES, ids=[each.__name__ for each in DOUBLES])
def test_of_callbacks_at_the_same_moment_one_is_taken(
    stage: Stage, app: Flask, prepare: Callable[[Person], list[str]]
) -> None:
    maya = stage.new_person()
    callbacks = prepare(maya)
    before = exchanges(stage.sandbox)
    together = threading.Barrier(len(callbacks))

    def come_back(callback: str) -> TestResponse:
        tab = replace(maya)
        together.wait()
        return tab.get(callback)

    with ThreadPoolExecutor(len(callbacks)) as tabs:
        answers = list(tabs.map(come_back, callbacks))

    taken = [answer for answer in answers if answer.status_code != 400]
    refused = [answer for answer in answers if answer.status_code == 400]
    assert len(taken) == 1
    assert all(REFUSAL_WORDS[Refusal.REPLAYED] in _unescaped(answer.text) for answer in refused)
    granted = taken[0].status_code == 303
    assert exchanges(stage.sandbox) - before == (1 if granted else 0)
    assert len(_connections(stage, maya)) == (1 if granted else 0)


# What the classes rest on


@pytest.mark.usefixtures("database")
def test_where_a_provider_uses_pkce_the_challenge_goes_out_and_its_verifier_comes_with_the_code(stage: Stage) -> None:
    oauth = WithPkce(stage.provider.oauth)
    use_provider(stage.monkeypatch, replace(stage.provider, oauth=oauth))
    maya = stage.new_person()
    assert maya.get(maya.consent()).status_code == 303
    (challenge,), (verifier,) = oauth.challenges, oauth.verifiers
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", verifier)
    assert commands_challenge(verifier) == challenge
    dumped = stage.rows(maya.actor.organization_id, "select consent::text as row from masthead.consent")
    assert verifier not in dumped[0].row


@pytest.mark.usefixtures("database")
def test_a_state_is_256_random_bits_of_which_only_the_hash_is_kept(stage: Stage) -> None:
    maya = stage.new_person()
    states = [query_of(maya.start())["state"] for _ in range(5)]
    assert len(set(states)) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", state) for state in states)
    dumped = stage.rows(maya.actor.organization_id, "select consent::text as row from masthead.consent")
    assert not any(state in row.row for state in states for row in dumped)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=&code=x",
        "state=a&state=b&code=x",
        "state=" + "s" * 600 + "&code=x",
        "state=%00&code=x",
        "code=x&error=y",
    ],
)
def test_garbage_is_answered_in_words_and_noted(stage: Stage, query: str) -> None:
    maya = stage.new_person()
    before = exchanges(stage.sandbox)
    answer = maya.get(f"/oauth/meta/callback?{query}")
    assert (answer.status_code, exchanges(stage.sandbox)) == (400, before)
    assert REFUSAL_WORDS[Refusal.UNKNOWN] in answer.text
    assert "sss" not in answer.text


@pytest.mark.usefixtures("database")
def test_an_answer_without_code_and_without_error_is_refused(stage: Stage) -> None:
    maya = stage.new_person()
    state = query_of(maya.consent())["state"]
    answer = maya.get(f"/oauth/meta/callback?state={state}")
    assert answer.status_code == 400
    assert "holds no code" in answer.text


class WithPkce:
    """The provider's own consent, told to use PKCE; notes what it was given and keeps it from Meta, which has none."""

    uses_pkce = True

    def __init__(self, oauth: Any) -> None:
        self._oauth = oauth
        self.challenges: list[str] = []
        self.verifiers: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._oauth, name)

    def authorize_url(self, *, code_challenge: str, **others: Any) -> str:
        self.challenges.append(code_challenge)
        url: str = self._oauth.authorize_url(code_challenge=None, **others)
        return url

    def exchange(self, *, code_verifier: str, **others: Any) -> Any:
        self.verifiers.append(code_verifier)
        return self._oauth.exchange(code_verifier=None, **others)


class WithScopes:
    """The provider's own consent, asking for other scopes."""

    def __init__(self, oauth: Any, scopes: list[Scope]) -> None:
        self._oauth = oauth
        self.scopes = scopes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._oauth, name)


def commands_challenge(verifier: str) -> str:
    """RFC 7636 4.2, written down once more."""
    import base64
    import hashlib

    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _connections(stage: Stage, person: Person) -> list[uuid.UUID]:
    found = stage.rows(person.actor.organization_id, "select id from masthead.connection order by id")
    return [row.id for row in found]


def _unescaped(page: str) -> str:
    return page.replace("&#39;", "'").replace("&amp;", "&")
