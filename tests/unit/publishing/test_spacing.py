"""Times that lie apart, however many are wished for at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.publishing.spacing import Wish, apart, spread

START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACCOUNTS = [UUID(int=number) for number in (1, 2)]

seconds = st.integers(0, 600).map(lambda each: START + timedelta(seconds=each))
wished = st.lists(st.tuples(st.sampled_from(ACCOUNTS), seconds), max_size=30).map(
    lambda several: [Wish(UUID(int=100 + turn), account, at) for turn, (account, at) in enumerate(several)]
)
planned = st.dictionaries(st.sampled_from(ACCOUNTS), st.lists(seconds, max_size=10))


@given(wished, planned)
def test_never_two_on_an_account_closer_than_a_minute_nor_earlier_than_wished(
    wishes: list[Wish], taken: dict[UUID, list[datetime]]
) -> None:
    times = apart(wishes, taken, MINUTE)
    assert set(times) == {wish.publication_id for wish in wishes}
    for wish in wishes:
        at = times[wish.publication_id]
        assert at >= wish.at
        others = [times[each.publication_id] for each in wishes if each.account_id == wish.account_id and each != wish]
        assert all(abs(at - other) >= MINUTE for other in [*others, *taken.get(wish.account_id, [])])


@given(wished)
def test_what_is_apart_already_stays_where_it_is(wishes: list[Wish]) -> None:
    times = apart(wishes, {}, MINUTE)
    again = [Wish(wish.publication_id, wish.account_id, times[wish.publication_id]) for wish in wishes]
    assert apart(again, {}, MINUTE) == times


def test_what_is_wished_for_one_time_comes_in_order_a_minute_apart() -> None:
    wishes = [Wish(UUID(int=number), ACCOUNTS[0], START) for number in (9, 3, 7)]
    times = apart(wishes, {ACCOUNTS[0]: [START + MINUTE + timedelta(seconds=30)]}, MINUTE)
    assert [(times[wish.publication_id] - START).total_seconds() for wish in wishes] == [0, 150, 210]


def test_what_is_spread_begins_on_every_account_at_once() -> None:
    ids = [(UUID(int=turn), ACCOUNTS[turn % 2]) for turn in range(6)]
    wishes = spread(ids, START, 15 * MINUTE)
    for account in ACCOUNTS:
        times = [wish.at for wish in wishes if wish.account_id == account]
        assert times[0] == START
        assert {later - earlier for earlier, later in pairwise(times)} == {15 * MINUTE}
