"""SQL of preparing a publication before its slot (migration 0031 has the rules). Takes a session; never commits.

The publication itself isn't moved. Every write names the epoch under which this process claimed the note beside it, and
holds only while the publication stands on the schedule as it was claimed: with these bytes and for this slot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.infra.settings import PublishTimes
from core.publishing.store import WHAT_MUST_HOLD, Claim, Claimed


def claim(session: Session, at_most: int, *, owner: str, times: PublishTimes) -> list[Claim]:
    """Take up to `at_most` publications to prepare, each with a new epoch of its preparation."""
    rows = session.execute(
        text(
            "select organization_id, publication_id, epoch"
            " from masthead.claim_ahead(:at_most, :owner, :lease, :ahead, :margin)"
        ),
        {"at_most": at_most, "owner": owner, "lease": timedelta(seconds=times.lease_preparing_s), **_when(times)},
    )
    return [Claim(row.organization_id, row.publication_id, row.epoch) for row in rows]


def is_waiting(session: Session, times: PublishTimes) -> bool:
    """Whether there is something to prepare now."""
    return bool(session.execute(text("select masthead.ahead_waiting(:ahead, :margin)"), _when(times)).scalar_one())


def _when(times: PublishTimes) -> dict[str, timedelta]:
    """How long before a slot: not so shortly that whoever dies over it, or is still at it, is in a sender's way."""
    return {
        "ahead": timedelta(seconds=times.prepare_ahead_s),
        "margin": timedelta(seconds=times.lease_preparing_s),
    }


_HELD: Final = """w.epoch = :epoch and w.owner is not null and w.next_action_at > clock_timestamp()
    and w.due_at = p.due_at and w.payload_sha256 = p.approved_sha256 and p.payload_sha256 = p.approved_sha256
    and p.state = 'scheduled' and p.due_at > clock_timestamp()"""
_LOOK: Final = text(f"""
with moved as (
  select p.organization_id, p.id, p.payload, p.approved_payload, p.payload_sha256, p.approved_sha256, p.account_id,
    w.tries + 1 as attempt_count, p.correlation_id, p.approved_until, p.not_after
  from masthead.publication p
  join masthead.preparation w on w.organization_id = p.organization_id and w.publication_id = p.id
  where p.id = :publication_id and {_HELD})
{WHAT_MUST_HOLD}
""")  # noqa: S608 - the parts are our own words


def look(session: Session, claim: Claim) -> Claimed | None:
    """What must hold for it to be prepared; None when the claim is lost. `tries` counts those of preparing it."""
    values = {"publication_id": claim.publication_id, "epoch": claim.epoch}
    row = session.execute(_LOOK, values).one_or_none()
    return None if row is None else Claimed.of(row)


# The publication is held too, so that a sender who claims it meanwhile sees all that was kept or refuses what follows.
_RENEW: Final = text(f"""
with p as materialized (
  select p.organization_id, p.id, p.due_at, p.correlation_id, p.state, p.payload_sha256, p.approved_sha256
  from masthead.publication p
  where p.id = :publication_id and p.state = 'scheduled' and p.approved_sha256 = :sha256 for no key update)
update masthead.preparation w set next_action_at = least(clock_timestamp() + :lease, p.due_at)
from p where w.organization_id = p.organization_id and w.publication_id = p.id and {_HELD}
returning p.correlation_id
""")  # noqa: S608 - the parts are our own words


def renew(session: Session, claim: Claim, *, approved_sha256: bytes, lease_s: float) -> str | None:
    """Give a claim that still holds `lease_s` more seconds, at most until the slot; gives the row's correlation id.

    None when the claim is lost: another epoch, a lapsed lease, other bytes, another slot, or the slot has come.
    """
    correlation: str | None = session.execute(
        _RENEW,
        {
            "publication_id": claim.publication_id,
            "epoch": claim.epoch,
            "sha256": approved_sha256,
            "lease": timedelta(seconds=lease_s),
        },
    ).scalar_one_or_none()
    return correlation


def leave(session: Session, claim: Claim, *, tries: int, again_in_s: float | None, prepared: bool = False) -> bool:
    """Let go of it: it is looked at again in so many seconds, with None not before its slot. False: it was lost."""
    left = session.execute(
        text(
            "update masthead.preparation set owner = null, tries = :tries,"
            " next_action_at = clock_timestamp() + cast(:wait as interval),"
            " prepared_at = case when :prepared then clock_timestamp() end"
            " where publication_id = :id and epoch = :epoch and owner is not null returning epoch"
        ),
        {
            "id": claim.publication_id,
            "epoch": claim.epoch,
            "tries": tries,
            "wait": None if again_in_s is None else timedelta(seconds=again_in_s),
            "prepared": prepared,
        },
    )
    return left.first() is not None


# What came of it is said of these bytes and this slot, not of what a person has made of the publication meanwhile.
_STILL: Final = """p.id = :id and p.state = 'scheduled' and p.due_at > clock_timestamp()
  and exists (select 1 from masthead.preparation w where w.organization_id = p.organization_id
    and w.publication_id = p.id and w.epoch = :epoch and w.payload_sha256 = p.approved_sha256
    and w.due_at = p.due_at)"""


_TELL: Final = text(f"""
insert into masthead.publication_event(organization_id, publication_id, from_state, to_state, epoch, actor,
  correlation_id, why)
select p.organization_id, p.id, p.state, p.state, p.epoch, :actor, p.correlation_id, cast(:why as jsonb)
from masthead.publication p where {_STILL}
""")  # noqa: S608 - the parts are our own words


def tell(session: Session, claim: Claim, actor: str, why: Mapping[str, Any]) -> None:
    """Write into the publication's story what came of preparing it, which moves it nowhere."""
    values = {"id": claim.publication_id, "epoch": claim.epoch, "actor": actor, "why": json.dumps(dict(why))}
    session.execute(_TELL, values)


_REFUSED: Final = text(f"update masthead.publication p set last_error = cast(:said as jsonb) where {_STILL}")  # noqa: S608 - our own words


def note_refusal(session: Session, claim: Claim, last_error: Mapping[str, Any]) -> None:
    """Keep beside the publication why it could not be prepared, for the looks ahead of its slot."""
    values = {"id": claim.publication_id, "epoch": claim.epoch, "said": json.dumps(dict(last_error))}
    session.execute(_REFUSED, values)
