"""The provider as a whole keeps this: declared data, settings, and how access is granted and given back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from core.infra.settings import SettingsInvalid
from core.provider_kit.contract.means import (
    CANARY,
    NONSENSE,
    Refusal,
    StandIn,
    everything,
    failure_of,
    listening,
    promise,
)
from core.provider_kit.counting import COUNTERS
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure
from core.provider_kit.port import Provider

_CODE: Final = "canary-code-77aa"
_CALLBACK: Final = "https://masthead.example/oauth/x/callback"


class ProviderContract(ABC):
    """The provider as a whole: its declared data, its settings and how it grants access."""

    stand_in: StandIn

    @abstractmethod
    def build(self, **settings: str) -> Provider:
        """The provider with the stand-in's address, a client id, a client secret and these settings."""

    @property
    @abstractmethod
    def secrets(self) -> Sequence[str]:
        """What `build` gives as secrets."""

    @abstractmethod
    def dead_token(self) -> Refusal:
        """What the network answers to a token that is dead."""

    def test_declared_data_is_complete(self) -> None:
        """Key, words, colour and rules of every network; a publisher for each."""
        provider = self.build()
        promise(provider.key.isidentifier() and provider.key.islower(), "a provider's key is a lower-case word")
        promise(bool(provider.title and provider.icon and provider.networks), "a provider has title, icon and networks")
        promise(set(provider.publishers) == set(provider.networks), "every network has a publisher")
        for key, network in provider.networks.items():
            promise(network.key == key, f"{key}: the network's key is the one it is filed under")
            promise(bool(network.title and network.icon), f"{key}: has title and icon")
            promise(len(network.color) == 7 and network.color.startswith("#"), f"{key}: has a colour like #1877F2")
            promise(network.text.counter in COUNTERS, f"{key}: counts by a function of counting")
            promise(network.text.max_length > 0, f"{key}: has a longest text")
            promise(bool(network.text.source), f"{key}: says where the limit comes from")
            promise((network.text.fold_at or 1) <= network.text.max_length, f"{key}: folds before the limit")

    def test_scopes_say_what_breaks_without_them(self) -> None:
        """A person reads these words when they declined one."""
        scopes = self.build().oauth.scopes
        promise(any(scope.required for scope in scopes), "at least one scope is required")
        promise(len({scope.name for scope in scopes}) == len(scopes), "no scope twice")
        for scope in scopes:
            promise(
                scope.breaks.endswith(".") and len(scope.breaks) > 10, f"{scope.name}: says what breaks, as a sentence"
            )

    def test_an_unknown_setting_is_refused_in_one_line(self) -> None:
        """A typo in an environment variable must not pass unseen."""
        try:
            self.build(no_such_setting="x" * 500)
        except SettingsInvalid as refused:
            promise("NO_SUCH_SETTING" in str(refused), "the message names the setting")
            promise(len(str(refused)) <= 200 and "\n" not in str(refused), "in one line of at most 200 characters")
        else:
            raise AssertionError("an unknown setting is refused")

    def test_it_says_when_it_points_elsewhere(self) -> None:
        """Every page warns while no real network is reached (PRODUCT 2)."""
        promise(self.build().points_elsewhere, "with the stand-in's address it points elsewhere")

    def test_the_dialog_gets_state_address_and_scopes(self) -> None:
        """And no secret: the address goes through a browser."""
        oauth = self.build().oauth
        names = [scope.name for scope in oauth.scopes]
        addresses = [
            oauth.authorize_url(
                redirect_uri=_CALLBACK,
                state="state&=#?",
                scopes=names,
                code_challenge="challenge" if oauth.uses_pkce else None,
                ask_again=again,
            )
            for again in (False, True)
        ]
        for address in addresses:
            query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            promise(query.get("state") == "state&=#?", "the state comes back unchanged")
            promise(query.get("redirect_uri") == _CALLBACK, "the address is exact")
            promise(all(name in query.get("scope", "") for name in names), "every scope is asked for")
            promise(not any(secret in address for secret in self.secrets), "no secret in the browser's address")

    def test_a_failed_sign_in_is_the_ports_failure_and_keeps_the_code_secret(self) -> None:
        """Whatever the network says."""
        oauth = self.build().oauth
        sign_in = partial(oauth.exchange, code=_CODE, redirect_uri=_CALLBACK, code_verifier="v" * 43)
        dead = self.dead_token()
        for status, body in (*NONSENSE, (dead.status, dead.body)):
            self.stand_in.forget()
            self.stand_in.reply(status, body.replace(b"%SECRET%", _CODE.encode()))
            with listening() as lines:
                failure = failure_of(sign_in, f"exchange on {status} {body[:40]!r}")
            promise(not isinstance(failure, OutcomeUnknown), "a sign-in makes nothing visible, so it is never in doubt")
            said = everything(failure) + " ".join(lines)
            for secret in (*self.secrets, _CODE):
                promise(secret not in said, f"no secret in what is said of {status} {body[:40]!r}")

    def test_accounts_and_revoke_raise_only_the_ports_failures(self) -> None:
        """And never show the token."""
        oauth = self.build().oauth
        for status, body in NONSENSE:
            for do in (oauth.accounts, oauth.revoke):
                self.stand_in.forget()
                for _ in range(20):
                    self.stand_in.reply(status, body.replace(b"%SECRET%", CANARY.encode()))
                with listening() as lines:
                    said = ""
                    try:
                        said = repr(do(SecretStr(CANARY)))
                    except ProviderFailure as failure:
                        said = everything(failure)
                promise(CANARY not in said + " ".join(lines), f"no token in what is said of {status} {body[:40]!r}")

    def test_renewing_and_looking_raise_only_the_ports_failures(self) -> None:
        """And never show a token; a refresh that went wrong is never in doubt, for it is asked again."""
        tokens = self.build().tokens
        if tokens is None:
            return
        canary = SecretStr(CANARY)
        dead = self.dead_token()
        for status, body in (*NONSENSE, (dead.status, dead.body)):
            for do in (partial(tokens.renew, canary, canary), partial(tokens.look, canary)):
                self.stand_in.forget()
                for _ in range(5):
                    self.stand_in.reply(status, body.replace(b"%SECRET%", CANARY.encode()))
                with listening() as lines:
                    failure = failure_of(do, f"{do.func} on {status} {body[:40]!r}")
                promise(not isinstance(failure, OutcomeUnknown), "what is asked of a token can be asked again")
                said = everything(failure) + " ".join(lines)
                for secret in (*self.secrets, CANARY):
                    promise(secret not in said, f"no secret in what is said of {status} {body[:40]!r}")

    def test_a_dead_grant_counts_as_given_back(self) -> None:
        """Disconnect must end, also after the person took Masthead off at the network."""
        dead = self.dead_token()
        self.stand_in.forget()
        self.stand_in.reply(dead.status, dead.body)
        self.build().oauth.revoke(SecretStr(CANARY))
