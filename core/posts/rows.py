"""Database rows as the dataclasses of `views`, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core import providers
from core.accounts import pause_rows
from core.posts import differences, rules
from core.posts.content import Content, from_version
from core.posts.rules import CommentKind, Needs, PublicationState, Shown
from core.posts.views import AskedPublication, Brief, Comment, PostFacts, PublicationRow, Version, Waiting, Who
from core.provider_kit.types import Payload


def who(member_id: UUID | None, name: str | None) -> Who | None:
    """A member by name, None for nobody."""
    return None if member_id is None else Who(member_id, name or "")


def error_words(last_error: Mapping[str, Any] | None) -> str:
    """The network's last no and the way to mend it, as `core.publishing` stores it."""
    if not last_error:
        return ""
    return " ".join(str(last_error[name]) for name in ("reason", "how_to_fix") if last_error.get(name))


def shown(row: Row[Any], *, paused: bool) -> Shown:
    """What people read for one publication; `paused`: something is paused over it."""
    said = rules.words(PublicationState(row.state), _needs(row), row.account_state, paused, risk=row.risk or "")
    if row.deleted_at is not None:
        return rules.deleted(said)
    return rules.not_shown(said) if row.not_shown else said


def publication(row: Row[Any], slot_at: object) -> PublicationRow:
    """One publication of a post whose slot is `slot_at`."""
    state, needs = PublicationState(row.state), _needs(row)
    payload = Payload.from_json(row.payload)
    return PublicationRow(
        id=row.id,
        post_id=row.post_id,
        account_id=row.account_id,
        account_name=row.account_name,
        account_picture_url=row.picture_url,
        account_url=row.account_url,
        account_state=row.account_state,
        network=row.network,
        state=state,
        needs=needs,
        shown=shown(row, paused=bool(row.pauses)),
        because=_because(row),
        held=_held(row),
        late_unproven=row.late_unproven,
        from_backup=_from_backup(row),
        text=payload.text if row.live_text is None else row.live_text,
        link=payload.link,
        files=differences.pictures(row.organization_id, payload, row.posters or {}),
        cover=None if payload.cover is None else differences.picture(row.organization_id, payload.cover),
        format=payload.format,
        options=payload.options,
        told=differences.told(payload),
        comment=payload.comment,
        sha256=bytes(row.payload_sha256),
        due_at=row.due_at,
        not_after=row.not_after,
        own_slot=row.due_at != slot_at,
        approved_by=row.approver_name,
        approved_at=row.approved_at,
        approved_until=row.approved_until,
        approval_holds=row.holds,
        self_approved=row.self_approved,
        published_at=row.published_at,
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by or "",
        edited=row.live_text is not None,
        provider_post_id=row.provider_post_id,
        url=row.live_url,
        pauses=pause_rows.read(row.pauses),
        occurrence=row.occurrence,
        current=row.current,
        attempt_count=row.attempt_count,
        next_action_at=row.next_action_at,
        correlation_id=row.correlation_id,
    )


def brief(row: Row[Any]) -> Brief:
    """One publication in a list."""
    return Brief(
        id=row.id,
        account_id=row.account_id,
        account_name=row.account_name,
        network=row.network,
        state=PublicationState(row.state),
        shown=shown(row, paused=row.paused),
        due_at=row.due_at,
        published_at=row.published_at,
        deleted_at=row.deleted_at,
        sha256=bytes(row.payload_sha256),
    )


def asked_by_post(rows: Iterable[Row[Any]]) -> dict[UUID, tuple[AskedPublication, ...]]:
    """Post -> what of it waits for approval, in the order of the rows."""
    found: dict[UUID, list[AskedPublication]] = {}
    for row in rows:
        one = AskedPublication(
            id=row.id,
            account_name=row.account_name,
            network=row.network,
            text=row.text,
            link=row.link,
            has_image=row.has_image,
            from_backup=rules.FROM_BACKUP if row.restored else "",
            sha256=bytes(row.payload_sha256),
        )
        found.setdefault(row.post_id, []).append(one)
    return {post_id: tuple(several) for post_id, several in found.items()}


def briefs_by_post(rows: Iterable[Row[Any]]) -> dict[UUID, tuple[Brief, ...]]:
    """Post -> its publications, in the order of the rows."""
    found: dict[UUID, list[Brief]] = {}
    for row in rows:
        found.setdefault(row.post_id, []).append(brief(row))
    return {post_id: tuple(several) for post_id, several in found.items()}


def waiting(row: Row[Any]) -> Waiting:
    """One line on Home."""
    state, needs = PublicationState(row.state), _needs(row)
    return Waiting(
        post_id=row.post_id,
        publication_id=row.id,
        text=row.text,
        account_name=row.account_name,
        network=row.network,
        state=state,
        needs=needs,
        shown=shown(row, paused=bool(row.pauses)),
        because=_because(row),
        late_unproven=row.late_unproven,
        from_backup=_from_backup(row),
        due_at=row.due_at,
        published_at=row.published_at,
        url=row.live_url,
        since=row.updated_at,
    )


def post_facts(row: Row[Any], publications: Iterable[PublicationRow]) -> PostFacts:
    """One post; its word is the gravest of its current publications'."""
    current = [each for each in publications if each.current]
    return PostFacts(
        id=row.id,
        author=Who(row.author_id, row.author_name),
        text=row.text,
        link=row.link,
        slot_at=row.slot_at,
        revision=row.revision,
        submitted_version=row.submitted_version,
        submitted_by=who(row.submitted_by, row.submitter_name),
        submitted_at=row.submitted_at,
        reviewer=who(row.reviewer_id, row.reviewer_name),
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=Who(row.updated_by, row.editor_name),
        writers=tuple(row.writers),
        deleted=row.deleted_at is not None,
        shown=rules.gravest(each.shown for each in current),
        progress=rules.progress([each.shown for each in current]),
    )


def comment(row: Row[Any]) -> Comment:
    """One line of a review."""
    return Comment(
        id=row.id,
        version=row.version,
        kind=CommentKind(row.kind),
        text=row.text,
        author=Who(row.author_id, row.name),
        at=row.at,
    )


def version(row: Row[Any], names: Mapping[UUID, str]) -> Version:
    """A post as it was submitted; `names` are those of accounts."""
    return Version(
        version=row.version,
        content=submitted(row),
        names={UUID(account_id): names.get(UUID(account_id), "") for account_id in row.besides["variants"]},
        submitted_by=row.name,
        at=row.at,
    )


def submitted(row: Row[Any]) -> Content:
    """What a submitted version says."""
    return from_version(row.text, row.link, row.besides)


def _needs(row: Row[Any]) -> Needs | None:
    return None if row.needs is None else Needs(row.needs)


def _held(row: Row[Any]) -> bool:
    return "held" in (row.last_error or {})


def _because(row: Row[Any]) -> str:
    said = rules.because(
        PublicationState(row.state),
        _needs(row),
        row.account_state,
        providers.named(row.account_name, row.network),
        pauses=pause_rows.read(row.pauses),
        zone=row.zone,
        error=error_words(row.last_error),
        waits=bool((row.last_error or {}).get("waits")),
        held=_held(row),
        link_known=row.live_url is not None or row.deleted_at is not None,
        not_shown=(row.not_shown or "") if row.deleted_at is None else "",
        risk=row.risk or "",
        unproven=row.late_unproven,
    )
    return f"{said} {_from_backup(row)}".strip()


def _from_backup(row: Row[Any]) -> str:
    restored = (row.last_error or {}).get("restored")
    return rules.from_backup(PublicationState(row.state), _needs(row)) if restored else ""
