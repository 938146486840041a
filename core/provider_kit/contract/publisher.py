"""One network's publisher keeps this: prepare, publish once, read back, permalink."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.provider_kit.contract.means import (
    CANARY,
    NONSENSE,
    TIMEOUT_S,
    KeptSteps,
    Refusal,
    Shown,
    StandIn,
    everything,
    failure_of,
    listening,
    now,
    promise,
)
from core.provider_kit.errors import NotSent, OutcomeUnknown, ProviderFailure
from core.provider_kit.port import Publisher
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import Access, Payload, Published, ReadBack, VisibleCall

_SINCE: Final = timedelta(minutes=2)


class PublisherContract(ABC):
    """One network's publisher: prepare, publish once, read back, permalink."""

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
    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        """One page of the account's posts, newest first; `more` says that another follows."""

    @abstractmethod
    def permalink_answer(self, address: object) -> bytes:
        """The answer that holds a post's public address."""

    def invisible(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that preparing the payload asks for, in order, when no step is done yet."""
        return ()

    def invisible_again(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that preparing asks for when every step is done."""
        return ()

    def before_listing(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that reading back asks for before it reads the list."""
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
        empty = replace(payload, text=" \n", link=None)
        long = replace(payload, text="x" * 2_000_000)
        broken = replace(payload, text="a\ud800b\0")
        for bad in (empty, long, broken, replace(payload, link="javascript:alert(1)")):
            errors = [problem for problem in publisher.problems(bad) if problem.severity == "error"]
            promise(bool(errors), f"{bad.text[:10]!r} {bad.link!r} has an error")
            promise(all(problem.words and problem.fix for problem in errors), "every problem has words and a fix")
            promise(publisher.problems(bad) == publisher.problems(bad), "problems are pure")
            failure_of(partial(publisher.prepare, bad, self.access(), KeptSteps()), "preparing a payload with an error")

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
        late = time.monotonic() - 0.001
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

    # --- read back ----------------------------------------------------------------------------------------------------

    def test_read_back_finds_none_one_and_two(self) -> None:
        """Equal posts are matches; of two, both are given, for a person to tell apart."""
        at = now()
        other = Shown("900_1", "Something quite different", None, at)
        for count in range(3):
            equal = [self._shown(f"900_{number + 10}", at) for number in range(count)]
            found = self._read([self.listing([other, *equal], more=False)], at)
            promise(found.complete, "a read to the end is complete")
            promise(
                [post.provider_post_id for post in found.matches] == [one.post_id for one in equal], f"{count} found"
            )
            promise(found.seen == count + 1, "it says how many posts it saw")
            promise(not found.look_alikes, "an unrelated post resembles nothing")

    def test_read_back_wants_the_exact_text_and_the_time(self) -> None:
        """Near is for a person; before the asked instant is nothing."""
        at = now()
        ours = self._shown("900_20", at)
        near = replace(ours, post_id="900_21", text=ours.text.upper())
        old = replace(ours, post_id="900_22", created_at=at - _SINCE - timedelta(minutes=1))
        found = self._read([self.listing([near, old], more=False)], at)
        promise(not found.matches, "neither near nor old is a match")
        promise([post.provider_post_id for post in found.look_alikes] == ["900_21"], "near is shown to a person")

    def test_read_back_follows_pages_and_says_when_it_could_not(self) -> None:
        """A match on the second page counts; a list without end is incomplete."""
        at = now()
        filler = [Shown(f"900_{number}", f"Other {number}", None, at) for number in range(30, 34)]
        ours = self._shown("900_40", at)
        found = self._read([self.listing(filler, more=True), self.listing([ours], more=False)], at)
        promise(found.complete and len(found.matches) == 1, "the second page is read")
        found = self._read([self.listing(filler, more=True)] * 300, at)
        promise(not found.complete, "a list that never gets past the instant is incomplete")

    def test_read_back_of_nonsense_is_never_complete(self) -> None:
        """An answer that can't be read must not look like an absence."""
        for status, body in NONSENSE:
            self.stand_in.forget()
            self.stand_in.reply(status, body.replace(b"%SECRET%", CANARY.encode()))
            with listening() as lines:
                try:
                    found = self.publisher().read_back(
                        self.payload(), self.access(), KeptSteps(), since=now() - _SINCE, timeout_s=TIMEOUT_S
                    )
                    said = repr(found)
                    promise(not found.complete, f"{status} {body[:60]!r} is no complete read")
                except ProviderFailure as failure:
                    said = everything(failure)
                    promise(not isinstance(failure, OutcomeUnknown), "a read makes nothing visible")
            promise(CANARY not in said + " ".join(lines), "no token in what is said of a read")

    # --- permalink ----------------------------------------------------------------------------------------------------

    def test_permalink_is_a_web_address_or_none(self) -> None:
        """A browser is sent there."""
        publisher, access = self.publisher(), self.access()
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
            self.stand_in.reply(200, self.permalink_answer(said))
            found = publisher.permalink(self.post_id, access, timeout_s=TIMEOUT_S)
            promise(found == given, f"the address {str(said)[:40]!r} gives {given!r}, not {found!r}")

    # --- how the above is done ----------------------------------------------------------------------------------------

    def _prepare(
        self, publisher: Publisher, steps: KeptSteps, payload: Payload | None = None, *, again: bool = False
    ) -> VisibleCall:
        """Prepare with the answers that the invisible steps ask for."""
        for status, body, headers in self.invisible_again() if again else self.invisible():
            self.stand_in.reply(status, body, headers)
        return publisher.prepare(payload or self.payload(), self.access(), steps)

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

    def _shown(self, post_id: str, at: datetime) -> Shown:
        return Shown(post_id, self.payload().text, self.payload().link, at)

    def _read(self, pages: Sequence[bytes], at: datetime) -> ReadBack:
        steps = KeptSteps()
        self.stand_in.forget()
        self._prepare(self.publisher(), steps)
        self.stand_in.forget()
        for status, body, headers in self.before_listing():
            self.stand_in.reply(status, body, headers)
        for page in pages:
            self.stand_in.reply(200, page)
        return self.publisher().read_back(self.payload(), self.access(), steps, since=at - _SINCE, timeout_s=TIMEOUT_S)
