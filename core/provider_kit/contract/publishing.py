"""What every publisher keeps, whether or not its posts can be read back: prepare, publish once, permalink."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.provider_kit.begin_by import BeginBy
from core.provider_kit.contract.means import (
    CANARY,
    NONSENSE,
    TIMEOUT_S,
    KeptSteps,
    Refusal,
    StandIn,
    everything,
    failure_of,
    listening,
    promise,
)
from core.provider_kit.errors import NotReady, NotSent, OutcomeUnknown, ProviderFailure, ReconnectNeeded
from core.provider_kit.port import Publisher
from core.provider_kit.signatures import call_sha256
from core.provider_kit.throttle import Meter, metered
from core.provider_kit.types import Access, Payload, Published, VisibleCall

_MOST_LOOKS: Final = 5
_LONGER_THAN_ANY_POST: Final = 100_001  # characters


class PublishingContract(ABC):
    """Prepare, publish once, permalink; `publisher` adds what is asked of reading back."""

    stand_in: StandIn

    @abstractmethod
    def publisher(self) -> Publisher:
        """The publisher, speaking to the stand-in."""

    @abstractmethod
    def unreachable(self) -> Publisher:
        """The publisher, speaking to an address of this machine where nothing listens."""

    @abstractmethod
    def payload(self) -> Payload:
        """A payload without problems, with a text and, where the network takes one, a link."""

    @abstractmethod
    def yes(self) -> tuple[int, bytes, Mapping[str, str]]:
        """The network's answer to a post that it made."""

    @property
    @abstractmethod
    def post_id(self) -> str:
        """The id in that answer."""

    @abstractmethod
    def refusals(self) -> Sequence[Refusal]:
        """Documented refusals, exact pairs beside their codes, provable and not; %SECRET% stands for the token."""

    @abstractmethod
    def undocumented(self) -> Refusal:
        """An error whose code nobody has described."""

    @abstractmethod
    def permalink_answer(self, address: object) -> bytes | None:
        """The answer that holds a post's public address; None where the address follows from the id alone."""

    @property
    def permalink_of_id(self) -> str | None:
        """The public address of `post_id` where it follows from the id alone."""
        return None

    def invisible(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that preparing the payload asks for, in order, when no step is done yet.

        Those to looks after a NotReady included: it is prepared anew, as a sender does, until it is ready.
        """
        return ()

    def invisible_again(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that preparing asks for when every step is done."""
        return ()

    def access(self) -> Access:
        """Access to the payload's account with a token that must never be seen."""
        return Access(self.payload().provider_account_id, SecretStr(CANARY), "cid-1")

    # --- prepare ------------------------------------------------------------------------------------------------------

    def test_prepare_is_deterministic_and_shows_nothing(self) -> None:
        """The same payload is the same bytes; another is another."""
        publisher, payload, steps = self.publisher(), self.payload(), KeptSteps()
        first, second = self._prepare(publisher, steps), self._prepare(publisher, steps, again=True)
        promise(first == second, "the same payload prepares the same call")
        other = self._prepare(publisher, KeptSteps(), replace(payload, text=payload.text + "!"))
        promise(first.sha256 != other.sha256, "another text has another hash")
        promise(CANARY not in repr(first) + first.url, "the call holds no token")
        promise(len(first.sha256) == 32, "the hash has 32 bytes")
        visible = urlsplit(first.url).path
        promise(
            all((heard.method, heard.path) != (first.method, visible) for heard in self.stand_in.received),
            "preparing sends nothing visible",
        )

    def test_the_hash_is_over_the_bytes_that_leave(self) -> None:
        """RELIABILITY P5: what was approved is what was sent."""
        call, _ = self._published()
        heard = self.stand_in.received[-1]
        promise(heard.body == call.body, "the body sent is the body prepared")
        suffix = next(
            (
                heard.path[start:]
                for start in range(len(heard.path))
                if heard.path[start] == "/" and call_sha256(heard.method, heard.path[start:], heard.body) == call.sha256
            ),
            None,
        )
        promise(suffix is not None, "the hash is over method, path and body as they were received")

    def test_problems_are_pure_and_errors_are_not_prepared(self) -> None:
        """An empty and an overlong post have an error each, with words and a fix; the good one has none."""
        publisher, payload = self.publisher(), self.payload()
        promise(not [one for one in publisher.problems(payload) if one.severity == "error"], "the good payload is good")
        empty = replace(payload, text=" \n", link=None, media=())
        long = replace(payload, text="x" * _LONGER_THAN_ANY_POST)
        broken = replace(payload, text="a\ud800b\0")
        for bad in (empty, long, broken, replace(payload, link="javascript:alert(1)")):
            errors = [problem for problem in publisher.problems(bad) if problem.severity == "error"]
            promise(bool(errors), f"{bad.text[:10]!r} {bad.link!r} has an error")
            promise(all(problem.words and problem.fix for problem in errors), "every problem has words and a fix")
            promise(publisher.problems(bad) == publisher.problems(bad), "problems are pure")
            failure_of(partial(publisher.prepare, bad, self.access(), KeptSteps()), "preparing a payload with an error")

    # --- the probe ---------------------------------------------------------------------------------------------------

    def test_the_probe_is_one_read_that_tells_trouble_from_an_answer(self) -> None:
        """A breaker counts the network's own trouble, and a dead token of one account is none (PRODUCT 7 g)."""
        dead = next(one for one in self.refusals() if one.failure is ReconnectNeeded)
        for status, body, troubles in ((500, b"", 1), (dead.status, dead.body, 0)):
            self.stand_in.forget()
            self.stand_in.reply(status, body.replace(b"%SECRET%", CANARY.encode()))
            with metered(Meter()) as meter, suppress(ProviderFailure):
                self.publisher().probe(self.access(), timeout_s=TIMEOUT_S)
            promise([heard.method for heard in self.stand_in.received] == ["GET"], "the probe is one read")
            promise((meter.calls, meter.troubles) == (1, troubles), f"HTTP {status} counts {troubles} as trouble")
        with metered(Meter()) as meter, suppress(ProviderFailure):
            self.unreachable().probe(self.access(), timeout_s=TIMEOUT_S)
        promise((meter.calls, meter.troubles) == (1, 1), "nobody there is trouble")

    # --- publish ------------------------------------------------------------------------------------------------------

    def test_a_yes_is_published_with_one_request(self) -> None:
        """Exactly one, with the id."""
        call, published = self._published()
        visible = [heard for heard in self.stand_in.received if heard.path == urlsplit(call.url).path]
        promise(len(visible) == 1, "one request")
        promise(published.provider_post_id == self.post_id, "the id is the network's")
        promise(CANARY not in repr(published), "the result holds no token")

    def test_the_token_never_stands_in_an_address(self) -> None:
        """Addresses end up in logs of servers and proxies."""
        self._published()
        promise(all(CANARY not in heard.target for heard in self.stand_in.received), "the token isn't in the address")

    def test_documented_refusals_are_what_the_table_says(self) -> None:
        """Exact pairs before codes: a pair may mean the opposite of its code."""
        for refusal in self.refusals():
            failure = self._refused(refusal.status, refusal.body)
            promise(
                type(failure) is refusal.failure,
                f"{refusal.body[:120]!r} is {refusal.failure.__name__}, not {type(failure).__name__}",
            )
            promise(bool(failure.reason), "a failure has words")

    def test_an_undocumented_error_is_in_doubt(self) -> None:
        """Only an allow-list of refusals proves that nothing was done (RELIABILITY C row 8)."""
        unknown = self.undocumented()
        promise(isinstance(self._refused(unknown.status, unknown.body), OutcomeUnknown), "an unknown code is in doubt")

    def test_answers_that_prove_nothing_are_in_doubt(self) -> None:
        """Server errors, redirects, nonsense, and a yes without an id; one request each, never a second."""
        for status, body in NONSENSE:
            promise(isinstance(self._refused(status, body), OutcomeUnknown), f"{status} {body[:60]!r} is in doubt")

    def test_a_lost_answer_is_in_doubt(self) -> None:
        """Closed, reset, and too slow."""
        for reset in (False, True):
            failure = self._lost(partial(self.stand_in.hang_up, reset=reset))
            promise(isinstance(failure, OutcomeUnknown), "a lost answer is in doubt")
        status, body, headers = self.yes()
        started = time.monotonic()
        failure = self._lost(lambda: self.stand_in.reply(status, body, headers, delay_s=1.2), timeout_s=0.4)
        promise(isinstance(failure, OutcomeUnknown), "a late answer is in doubt")
        promise(time.monotonic() - started < 1.0, "the deadline is the deadline")

    def test_what_could_not_be_sent_was_not_sent(self) -> None:
        """No listener, and too late to begin."""
        unreachable, payload, access, steps = self.unreachable(), self.payload(), self.access(), KeptSteps()
        self._prepare(self.publisher(), steps)
        failure = failure_of(
            lambda: unreachable.publish(unreachable.prepare(payload, access, steps), access, timeout_s=TIMEOUT_S),
            "nothing listens",
        )
        promise(isinstance(failure, NotSent), "a refused connection is not sent")
        self.stand_in.forget()
        publisher = self.publisher()
        call = self._prepare(publisher, KeptSteps())
        sent = len(self.stand_in.received)
        late = BeginBy.within(-0.001)
        failure = failure_of(
            lambda: publisher.publish(call, access, timeout_s=TIMEOUT_S, begin_by=late), "too late to begin"
        )
        promise(isinstance(failure, NotSent), "not begun in time is not sent")
        promise(len(self.stand_in.received) == sent, "and nothing was sent")

    def test_a_call_that_was_changed_is_not_sent(self) -> None:
        """Neither another text nor another account than the hash is over."""
        publisher, access = self.publisher(), self.access()
        call = self._prepare(publisher, KeptSteps())
        changed = replace(call, body=call.body + b" and more")
        elsewhere = replace(access, provider_account_id=access.provider_account_id + "9")
        sent = len(self.stand_in.received)
        for one, whose in ((changed, access), (call, elsewhere)):
            failure = failure_of(
                partial(publisher.publish, one, whose, timeout_s=TIMEOUT_S),
                "a changed call",
            )
            promise(not isinstance(failure, OutcomeUnknown), "a changed call is refused before it is sent")
        promise(len(self.stand_in.received) == sent, "and nothing was sent")

    # --- permalink ----------------------------------------------------------------------------------------------------

    def test_permalink_is_a_web_address_or_none(self) -> None:
        """A browser is sent there."""
        publisher, access = self.publisher(), self.access()
        if self.permalink_of_id is not None:
            self.stand_in.forget()
            found = publisher.permalink(self.post_id, access, timeout_s=TIMEOUT_S)
            promise(found == self.permalink_of_id, f"the address is {self.permalink_of_id!r}, not {found!r}")
            promise(not self.stand_in.received, "and nobody is asked for it")
            return
        good = "https://social.example/posts/1"
        for said, given in (
            (good, good),
            (None, None),
            ("javascript:alert(1)", None),
            ("https://user:pw@x.example/", None),
            (["https://x.example"], None),
            ("https://x.example/" + "a" * 5000, None),
        ):
            self.stand_in.forget()
            answer = self.permalink_answer(said)
            promise(answer is not None, "an address that doesn't follow from the id is asked for")
            self.stand_in.reply(200, answer or b"")
            found = publisher.permalink(self.post_id, access, timeout_s=TIMEOUT_S)
            promise(found == given, f"the address {str(said)[:40]!r} gives {given!r}, not {found!r}")

    # --- how the above is done ----------------------------------------------------------------------------------------

    def _prepare(
        self, publisher: Publisher, steps: KeptSteps, payload: Payload | None = None, *, again: bool = False
    ) -> VisibleCall:
        """Prepare with the answers that the invisible steps ask for."""
        for status, body, headers in self.invisible_again() if again else self.invisible():
            self.stand_in.reply(status, body, headers)
        for _ in range(_MOST_LOOKS):
            try:
                return publisher.prepare(payload or self.payload(), self.access(), steps)
            except NotReady as wait:
                promise(wait.after_s > 0, "it says when to come back")
        raise AssertionError("preparing ends when the network is ready")

    def _published(self) -> tuple[VisibleCall, Published]:
        self.stand_in.forget()
        status, body, headers = self.yes()
        publisher, access = self.publisher(), self.access()
        call = self._prepare(publisher, KeptSteps())
        self.stand_in.reply(status, body, headers)
        with listening() as lines:
            published = publisher.publish(call, access, timeout_s=TIMEOUT_S)
        promise(CANARY not in " ".join(lines), "no token in the logs")
        return call, published

    def _refused(self, status: int, body: bytes) -> ProviderFailure:
        quoted = body.replace(b"%SECRET%", CANARY.encode())
        return self._lost(
            lambda: self.stand_in.reply(status, quoted, {"Location": "/elsewhere"} if status == 302 else {})
        )

    def _lost(self, queue: Callable[[], None], *, timeout_s: float = TIMEOUT_S) -> ProviderFailure:
        """The failure of one publish; one request was made, and nothing said shows the token."""
        self.stand_in.forget()
        publisher, access = self.publisher(), self.access()
        call = self._prepare(publisher, KeptSteps())
        sent = len(self.stand_in.received)
        queue()
        with listening() as lines:
            failure = failure_of(lambda: publisher.publish(call, access, timeout_s=timeout_s), "publish")
        promise(len(self.stand_in.received) == sent + 1, "one request and no second")
        promise(CANARY not in everything(failure) + " ".join(lines), f"no token in what is said of {failure!r}")
        return failure
