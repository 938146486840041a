"""What happened in a demo organization before you came: a few weeks of posts, one at least in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.accounts import commands as accounts
from core.demo import content, picture
from core.demo.consent import connect
from core.demo.history import move_back, move_pause_back
from core.demo.people import Team
from core.demo.programs import Programs
from core.demo.stage import Stage
from core.infra import clock
from core.infra.ids import new_id
from core.posts import commands as posts
from core.posts import queries
from core.posts.content import Attached, Variant
from core.publishing import claiming, sweeping
from core.publishing import commands as publishing
from core.publishing.asking import check_one
from core.publishing.sending import publish_one
from core.publishing.times import times

_WHOLESALE = "Northwind Wholesale"
_A_DAY_S = 86_400


def tell(team: Team, programs: Programs, stage: Stage, ingest_url: str) -> None:
    """Play the whole story of one organization."""
    _Telling(team, programs, stage).play(ingest_url)


class _Telling:
    def __init__(self, team: Team, programs: Programs, stage: Stage) -> None:
        self._team, self._programs, self._stage = team, programs, stage
        self._zone = ZoneInfo(team.organization.zone)
        self._author = team.actors[team.organization.author]
        self._approver = team.actors[team.organization.approver]
        self._admin = team.actors[team.organization.admin]

    def play(self, ingest_url: str) -> None:
        """From the first connected Page to what waits today."""
        organization = self._team.organization
        first = organization is content.NORTHWIND
        pages = [organization.page, organization.instagram, *([_WHOLESALE] if first else [])]
        connected = connect(self._admin, organization.admin, "meta", pages, ingest_url)
        page = connected[organization.page]
        for by, (text, link) in zip(self._days_ago(len(organization.published)), organization.published, strict=True):
            self._published(page, text, link, by)
        self._in_review(page, content.IN_REVIEW if first else content.IN_REVIEW[:0])
        if first:
            self._everything_else(page, connected[_WHOLESALE])
        if organization.linkedin is not None:
            linkedin = connect(self._admin, organization.admin, "linkedin", [organization.linkedin], ingest_url)
            self._everywhere(page, connected[organization.instagram], linkedin[organization.linkedin])
        else:
            self._scheduled(page, "Members' evening: the curator opens the map drawers.", None, days=3, hour=18)

    def _everything_else(self, page: UUID, wholesale: UUID) -> None:
        for turn, (text, link) in enumerate(content.SCHEDULED):
            self._scheduled(page, text, link, days=turn + 1, hour=9 + 3 * turn)
        self._approved(page, *content.APPROVED)
        for text, link in content.DRAFTS:
            self._draft(page, text, link)
        self._changes_requested(page, *content.CHANGES)
        cancelled = self._scheduled(page, *content.CANCELLED, days=5, hour=17)
        publishing.cancel(self._author, new_id(), post_id=cancelled)
        accounts.set_window(self._admin, new_id(), wholesale, _A_DAY_S)
        self._scheduled(wholesale, *content.HELD, days=2, hour=8)
        paused = accounts.pause_account(self._admin, new_id(), wholesale, "Price list is being checked.")
        for turn, (text, link) in enumerate(content.OVERDUE):
            self._overdue(wholesale, text, link, timedelta(minutes=20 * (len(content.OVERDUE) - turn)))
        with self._programs.as_owner(self._team.id) as session:
            move_pause_back(session, paused.pause_id, timedelta(hours=1))
        with self._stage.fault("refuse"):
            self._published(page, *content.FAILED, timedelta(days=2, hours=3))
        self._late(page, *content.LATE)
        self._unclear(page, *content.UNCLEAR)

    def _everywhere(self, page: UUID, instagram: UUID, linkedin: UUID) -> None:
        """Posts with an image for three networks, one of them live, and one of words alone for LinkedIn."""
        media = picture.upload(self._author)

        def draft(words: content.Everywhere, slot_at: datetime | None = None) -> UUID:
            return posts.create(
                self._author,
                new_id(),
                text=words.facebook,
                account_ids=[page, instagram, linkedin],
                slot_at=slot_at,
                files=[Attached(media, picture.ALT)],
                variants={instagram: Variant(words.instagram), linkedin: Variant(words.linkedin)},
            )

        ago = timedelta(days=3, hours=2)
        with self._stage.earlier(ago):
            live = self._send(self._approve(self._submit(draft(content.EVERYWHERE_PUBLISHED))))
        self._move_back(live, ago)
        self._published(linkedin, content.LINKEDIN_PUBLISHED, None, timedelta(days=9, hours=1))
        self._approve(self._submit(draft(content.EVERYWHERE_SCHEDULED, self._at(days=4, hour=12))))
        self._submit(draft(content.EVERYWHERE_IN_REVIEW, self._at(days=5, hour=16)))

    def _at(self, *, days: int, hour: int, minute: int = 0) -> datetime:
        day = clock.now().astimezone(self._zone).date() + timedelta(days=days)
        return datetime.combine(day, time(hour, minute), self._zone)

    def _days_ago(self, count: int) -> Iterator[timedelta]:
        """Weekdays at varying hours of the organization's zone, oldest first, over about four weeks."""
        now = clock.now()
        today = now.astimezone(self._zone).date()
        for turn in range(count):
            day = today - timedelta(days=1 + round((count - 1 - turn) * 26 / max(count - 1, 1)))
            at = datetime.combine(day, time(9 + turn % 4 * 2, 15 * (turn % 3)), self._zone)
            yield now - at

    def _draft(self, page: UUID, text: str, link: str | None, slot_at: datetime | None = None) -> UUID:
        return posts.create(self._author, new_id(), text=text, link=link, account_ids=[page], slot_at=slot_at)

    def _submitted(self, page: UUID, text: str, link: str | None, slot_at: datetime | None = None) -> UUID:
        return self._submit(self._draft(page, text, link, slot_at))

    def _submit(self, post_id: UUID) -> UUID:
        posts.submit(self._author, new_id(), post_id, 1)
        return post_id

    def _approved(self, page: UUID, text: str, link: str | None, slot_at: datetime | None = None) -> UUID:
        return self._approve(self._submitted(page, text, link, slot_at))

    def _approve(self, post_id: UUID) -> UUID:
        hashes = queries.review(self._approver, post_id).hashes
        posts.approve(self._approver, new_id(), post_id, hashes)
        return post_id

    def _scheduled(self, page: UUID, text: str, link: str | None, *, days: int, hour: int) -> UUID:
        return self._approved(page, text, link, self._at(days=days, hour=hour))

    def _in_review(self, page: UUID, texts: tuple[tuple[str, str | None], ...]) -> None:
        for turn, (text, link) in enumerate(texts):
            self._submitted(page, text, link, self._at(days=turn + 2, hour=10, minute=30))

    def _changes_requested(self, page: UUID, text: str, comment: str) -> None:
        post_id = self._submitted(page, text, None)
        version = queries.review(self._approver, post_id).post.submitted_version
        posts.request_changes(self._approver, new_id(), post_id, version, comment)

    def _sent(self, page: UUID, text: str, link: str | None) -> UUID:
        return self._send(self._approved(page, text, link))

    def _send(self, post_id: UUID) -> UUID:
        publishing.publish_now(self._approver, new_id(), post_id=post_id)
        with self._programs.as_sender():
            for claim in claiming.due(3, times()):
                publish_one(claim.organization_id, claim.publication_id, claim.epoch)
        return post_id

    def _published(self, page: UUID, text: str, link: str | None, ago: timedelta) -> None:
        with self._stage.earlier(ago):
            post_id = self._sent(page, text, link)
        self._move_back(post_id, ago)

    def _overdue(self, page: UUID, text: str, link: str | None, ago: timedelta) -> None:
        """A post whose slot came while its account was paused."""
        soon = timedelta(minutes=2)
        post_id = self._approved(page, text, link, clock.now() + soon)
        self._move_back(post_id, soon + ago)

    def _late(self, page: UUID, text: str, link: str | None) -> None:
        """A post whose slot and window passed while nothing was running."""
        soon = clock.now() + timedelta(minutes=2)
        post_id = self._approved(page, text, link, soon)
        self._move_back(post_id, timedelta(hours=4))
        with self._programs.as_sender():
            sweeping.look("demo", times())

    def _unclear(self, page: UUID, text: str, link: str | None) -> None:
        """A post that got no clear answer, and whose account was read until a person is asked."""
        with self._stage.fault("error_before"):
            post_id = self._sent(page, text, link)
        # The first read comes after the send's deadline, which lies within its lease.
        for wait_s in (times().lease_sending_s + times().first_read_after_s, *times().read_spacing_s):
            self._move_back(post_id, timedelta(seconds=wait_s))
            with self._programs.as_sender():
                for claim in claiming.due_checks(1, times()):
                    check_one(claim.organization_id, claim.publication_id, claim.epoch)

    def _move_back(self, post_id: UUID, by: timedelta) -> None:
        with self._programs.as_owner(self._team.id) as session:
            move_back(session, post_id, by)
