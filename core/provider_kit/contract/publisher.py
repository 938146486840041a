"""One network's publisher keeps this: all of `publishing`, and that it reads back truly or says that it can't."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from core.provider_kit.contract.means import (
    CANARY,
    NONSENSE,
    TIMEOUT_S,
    KeptSteps,
    Shown,
    everything,
    listening,
    now,
    promise,
)
from core.provider_kit.contract.publishing import PublishingContract
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure
from core.provider_kit.types import ReadBack

_SINCE: Final = timedelta(minutes=2)


class PublisherContract(PublishingContract):
    """A publisher whose account can be read: no post is taken for another, no trouble for an absence."""

    @abstractmethod
    def listing(self, posts: Sequence[Shown], *, more: bool) -> bytes:
        """One page of the account's posts, newest first; `more` says that another follows."""

    def shown_id(self, number: int) -> str:
        """An id in the network's form, another for each number."""
        return f"900_{number}"

    def before_listing(self) -> Sequence[tuple[int, bytes, Mapping[str, str]]]:
        """The answers that reading back asks for before it reads the list."""
        return ()

    def test_read_back_finds_none_one_and_two(self) -> None:
        """Equal posts are matches; of two, both are given, for a person to tell apart."""
        at = now()
        other = Shown(self.shown_id(1), "Something quite different", None, at)
        for count in range(3):
            equal = [self._shown(self.shown_id(number + 10), at) for number in range(count)]
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
        ours = self._shown(self.shown_id(20), at)
        near = replace(ours, post_id=self.shown_id(21), text=ours.text.upper())
        old = replace(ours, post_id=self.shown_id(22), created_at=at - _SINCE - timedelta(minutes=1))
        found = self._read([self.listing([near, old], more=False)], at)
        promise(not found.matches, "neither near nor old is a match")
        promise(
            [post.provider_post_id for post in found.look_alikes] == [self.shown_id(21)], "near is shown to a person"
        )

    def test_read_back_follows_pages_and_says_when_it_could_not(self) -> None:
        """A match on the second page counts; a list without end is incomplete."""
        at = now()
        filler = [Shown(self.shown_id(number), f"Other {number}", None, at) for number in range(30, 34)]
        ours = self._shown(self.shown_id(40), at)
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


class UnreadablePublisherContract(PublishingContract):
    """A publisher whose account no app may read: it says so, and asks nobody."""

    def test_it_says_that_it_can_never_be_read(self) -> None:
        """In words for the person who will have to look; neither a find nor an absence."""
        self.stand_in.forget()
        found = self.publisher().read_back(
            self.payload(), self.access(), KeptSteps(), since=now() - _SINCE, timeout_s=TIMEOUT_S
        )
        promise(found.unreadable.endswith("."), "it says why, as a sentence")
        promise(not found.complete and not found.matches and not found.look_alikes, "nothing was found or ruled out")
        promise(found.proof is None and not found.may_repeat, "and nothing is proven")
        promise(not self.stand_in.received, "nobody is asked")

    def test_no_address_but_its_own_names_a_post(self) -> None:
        """Nobody can look whether it is there, so it must not lead elsewhere, and must be known under another name."""
        publisher = self.publisher()
        promise(publisher.post_named(f"https://social.example/{self.post_id}") is None, "another site's is none")
        named = publisher.post_named(self.post_id)
        promise(named is not None, "its id names a post")
        address = self.permalink_of_id
        if address is not None:
            shared = publisher.post_named(f"{address}?utm_source=share")
            promise(shared == named, f"{address!r} is the post {self.post_id!r}, not {shared!r}")
        promise(not self.stand_in.received, "and nobody is asked")
