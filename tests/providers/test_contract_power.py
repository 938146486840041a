"""The contract suite must catch providers that are wrong in the ways that hurt (RELIABILITY G, harness power check)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.provider_kit.begin_by import BeginBy
from core.provider_kit.contract import KeptSteps, PublisherContract
from core.provider_kit.errors import NotSent, OutcomeUnknown, ProviderFailure, Rejected, RetryLater
from core.provider_kit.port import Publisher, Steps
from core.provider_kit.types import Access, Payload, Published, ReadBack, VisibleCall
from tests.providers.meta import test_contract as meta_contract
from tests.providers.scripted import Scripted


@dataclass
class Wrong:
    """Facebook's publisher with one fault; `_` stands before what a fault replaces."""

    good: Publisher

    def problems(self, payload: Payload) -> Any:
        return self.good.problems(payload)

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        return self.good.prepare(payload, access, steps)

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        return self.good.publish(call, access, timeout_s=timeout_s, begin_by=begin_by)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        return self.good.read_back(payload, access, steps, since=since, timeout_s=timeout_s)

    def probe(self, access: Access, *, timeout_s: float) -> None:
        self.good.probe(access, timeout_s=timeout_s)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        return self.good.permalink(provider_post_id, access, timeout_s=timeout_s)


class SendsTwice(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        try:
            return self.good.publish(call, access, **times)
        except OutcomeUnknown:
            return self.good.publish(call, access, **times)


class TakesDoubtForRetry(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        try:
            return self.good.publish(call, access, **times)
        except OutcomeUnknown as doubt:
            lost = doubt
        raise RetryLater(lost.reason, trace=lost.trace)


class TakesDoubtForRefusal(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        try:
            return self.good.publish(call, access, **times)
        except OutcomeUnknown as doubt:
            if doubt.trace.code is None:
                raise
            lost = doubt
        raise Rejected(lost.reason, trace=lost.trace)


class TakesLostForNotSent(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        try:
            return self.good.publish(call, access, **times)
        except OutcomeUnknown as doubt:
            if doubt.trace.http_status is not None:
                raise
        raise NotSent("lost")


class ForgetsWhenToBegin(Wrong):
    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        return self.good.publish(call, access, timeout_s=timeout_s)


class ShowsTheTokenInAFailure(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        try:
            return self.good.publish(call, access, **times)
        except ProviderFailure as failure:
            failure.trace = replace(failure.trace, message=f"token {access.token.get_secret_value()}")
            raise


class ShowsTheTokenInALog(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        logging.getLogger("wrong").debug("sending with %s", access.token.get_secret_value())
        return self.good.publish(call, access, **times)


class SendsWhatWasNotPrepared(Wrong):
    def publish(self, call: VisibleCall, access: Access, **times: Any) -> Published:
        return self.good.publish(
            self.good.prepare(Payload("facebook", access.provider_account_id, "Surprise"), access, KeptSteps()),
            access,
            **times,
        )


class PreparesAtRandom(Wrong):
    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        now = datetime.now(UTC).isoformat()
        return self.good.prepare(replace(payload, text=f"{payload.text} {now}"), access, steps)


class PreparesAnything(Wrong):
    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        return self.good.prepare(replace(payload, text="fine", link=None), access, steps)


class AlwaysComplete(Wrong):
    def read_back(self, payload: Payload, access: Access, steps: Steps, **times: Any) -> ReadBack:
        try:
            return replace(self.good.read_back(payload, access, steps, **times), complete=True)
        except ProviderFailure:
            return ReadBack(complete=True, matches=(), seen=0)


class TakesNearForEqual(Wrong):
    def read_back(self, payload: Payload, access: Access, steps: Steps, **times: Any) -> ReadBack:
        found = self.good.read_back(payload, access, steps, **times)
        return replace(found, matches=found.matches + found.look_alikes)


class LooksAtAllTimes(Wrong):
    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        return self.good.read_back(payload, access, steps, since=datetime(2000, 1, 1, tzinfo=UTC), timeout_s=timeout_s)


class TakesTheFirst(Wrong):
    def read_back(self, payload: Payload, access: Access, steps: Steps, **times: Any) -> ReadBack:
        found = self.good.read_back(payload, access, steps, **times)
        return replace(found, matches=found.matches[:1])


class LinksAnywhere(Wrong):
    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        return self.good.permalink(provider_post_id, access, timeout_s=timeout_s) or "javascript:alert(1)"


FAULTS = Wrong.__subclasses__()


def broken_promise(contract: PublisherContract) -> str | None:
    """The first promise that the contract finds broken."""
    for name in sorted(name for name in dir(contract) if name.startswith("test_")):
        test: Callable[[], None] = getattr(contract, name)
        try:
            test()
        except (AssertionError, ProviderFailure):
            return name
    return None


@pytest.mark.parametrize("fault", [None, *FAULTS], ids=lambda fault: fault.__name__ if fault else "none")
def test_each_fault_breaks_a_promise(stand_in: Scripted, fault: type[Wrong] | None) -> None:
    class Contract(meta_contract.TestFacebook):
        def publisher(self) -> Publisher:
            good = super().publisher()
            return fault(good) if fault else good

    contract = Contract()
    contract.stand_in = stand_in
    assert (broken_promise(contract) is None) is (fault is None)
