"""What queries and commands of posts give back: frozen, complete, no table rows.

All times are aware UTC. Words in `str` fields are plain text, never markup: escape what people wrote before drawing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from core.accounts.rules import Pause
from core.media.views import MediaView
from core.posts.content import AccountContent, Content, Variant
from core.posts.redline import Segment
from core.posts.rules import CommentKind, Needs, PublicationState, Shown, Word, can_be_asked
from core.provider_kit.types import MediaKind, Place


@dataclass(frozen=True, slots=True)
class Who:
    """A member by name."""

    member_id: UUID
    name: str


Severity = Literal["error", "warning"]
# What a person presses to mend it: edit the post, give it another time, have it approved again, connect the account
# again, resume what is paused; "wait": nothing but time helps; "operator": the installation's settings.
Mend = Literal["edit", "reschedule", "approve", "connect", "resume", "wait", "operator"]


@dataclass(frozen=True, slots=True)
class AccountProblem:
    """A problem of one publication; an error refuses submit, approve, schedule and publish-now, a warning informs.

    `account_id` None: it is about the post as a whole. `threatens`: it may keep the post from going out at its time.
    """

    severity: Severity
    account_id: UUID | None
    account_name: str
    words: str
    fix: str = ""
    place: Place = field(default="post", compare=False)  # where it is mended
    mend: Mend = field(default="edit", compare=False)
    threatens: bool = field(default=False, compare=False)
    at: int | str | None = field(default=None, compare=False)  # which file (from 0) or option of that place

    @property
    def sentence(self) -> str:
        """Everything in one line."""
        named = f"{self.account_name}: {self.words}" if self.account_name else self.words
        return f"{named} {self.fix}".rstrip()


@dataclass(frozen=True, slots=True)
class Lost:
    """What saving costs one publication."""

    publication_id: UUID
    account_id: UUID
    account_name: str
    network: str
    state: PublicationState
    shown: Shown
    words: str  # "Acme Coffee loses its approval and leaves the schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One version of a post with everything that `save` takes, so that nothing of it is lost."""

    content: Content
    account_ids: tuple[UUID, ...]
    slot_at: datetime | None
    own_slots: Mapping[UUID, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs(Whole):
    """The version that was saved meanwhile."""

    revision: int
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What `save` did. `voided`: publications that left review, approval or schedule. `changed` False: nothing new."""

    revision: int
    saved_at: datetime
    voided: tuple[Lost, ...] = ()
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Submitted:
    """What `submit` did: `version` is the number under which comments of this round stand."""

    version: int
    publication_ids: tuple[UUID, ...]
    warnings: tuple[AccountProblem, ...] = ()
    nobody_else_may_approve: bool = False


@dataclass(frozen=True, slots=True)
class Approved:
    """One publication that was approved; `state` is scheduled or approved (no slot)."""

    post_id: UUID
    publication_id: UUID
    account_name: str
    state: PublicationState
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotApproved:
    """One publication that was asked to be approved and wasn't, and why."""

    post_id: UUID
    publication_id: UUID
    account_name: str
    words: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What `approve` did; `refused` ones are as they were."""

    approved: tuple[Approved, ...]
    refused: tuple[NotApproved, ...] = ()

    @property
    def by_post(self) -> dict[UUID, Decided]:
        """What became of each post that was asked about."""
        asked = [each.post_id for each in self.approved] + [each.post_id for each in self.refused]
        return {
            post_id: Decided(
                tuple(each for each in self.approved if each.post_id == post_id),
                tuple(each for each in self.refused if each.post_id == post_id),
            )
            for post_id in dict.fromkeys(asked)
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """A file as one account gets it. Sizes in bytes and pixels; `address` shows it for a day, to whoever has it.

    `poster`: the address of the picture that stands for a video, where there is one.
    """

    sha256: str
    mime: str
    kind: MediaKind
    width: int
    height: int
    size: int
    alt: str
    duration_ms: int
    pages: int
    address: str
    poster: str | None = None


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """One publication, as a page shows it.

    `shown.label` and `because` say everything: why it is held, what a person must decide, why it failed and what mends
    it. `current` False: a later one for the same account took its place ("Try again"). `own_slot`: its time isn't the
    post's. `url` None while published: "live, link not found yet", or it was deleted. `edited`: its `text` was changed
    while it was live. `held`: the network may not be called now, for the reason in `because`. `late_unproven`: it is
    late, and of an earlier try only a person says that it isn't live. `from_backup` warns, in words, that it may have
    been sent since a backup was made. `told`: (title, what it says) of its form, where the network has several, and its
    options.
    """

    id: UUID
    post_id: UUID
    account_id: UUID
    account_name: str
    account_picture_url: str | None
    account_url: str | None
    account_state: str
    network: str
    state: PublicationState
    needs: Needs | None
    shown: Shown
    because: str
    held: bool
    late_unproven: bool
    from_backup: str
    text: str
    link: str | None
    files: tuple[Picture, ...]
    cover: Picture | None
    format: str
    options: Mapping[str, Any]
    told: tuple[tuple[str, str], ...]
    comment: str
    sha256: bytes
    due_at: datetime | None
    not_after: datetime | None
    own_slot: bool
    approved_by: str | None
    approved_at: datetime | None
    approved_until: datetime | None
    approval_holds: bool
    self_approved: bool
    published_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str
    edited: bool
    provider_post_id: str | None
    url: str | None
    pauses: tuple[Pause, ...]
    occurrence: int
    current: bool
    attempt_count: int
    next_action_at: datetime | None
    correlation_id: str

    @property
    def looks(self) -> tuple[object, ...]:
        """What two publications share that look the same to people."""
        return self.network, self.text, self.link, self.files, self.cover, self.told, self.comment

    @property
    def can_be_asked(self) -> bool:
        """Whether submit takes it along."""
        return can_be_asked(self.state, self.needs, approval_holds=self.approval_holds)


@dataclass(frozen=True, slots=True)
class Comment:
    """One line of the review; it stays with the version it was written about."""

    id: UUID
    version: int
    kind: CommentKind
    text: str
    author: Who
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A post as it was submitted. `content.variants`: what single accounts got; `names` are those accounts'."""

    version: int
    content: Content
    names: Mapping[UUID, str]
    submitted_by: str
    at: datetime

    @property
    def text(self) -> str:
        """The post's own text."""
        return self.content.text

    @property
    def link(self) -> str | None:
        """The post's link."""
        return self.content.link


@dataclass(frozen=True, slots=True)
class PostFacts:
    """One post without its publications. `writers`: who changed what it says, besides the author."""

    id: UUID
    author: Who
    text: str
    link: str | None
    slot_at: datetime | None
    revision: int
    submitted_version: int
    submitted_by: Who | None
    submitted_at: datetime | None
    reviewer: Who | None
    created_at: datetime
    updated_at: datetime
    updated_by: Who
    writers: tuple[UUID, ...]
    deleted: bool
    shown: Shown
    progress: str | None


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What of the organization rules a post."""

    name: str
    timezone: str
    self_approval: bool
    approval_days: int


@dataclass(frozen=True, slots=True)
class DraftAccount:
    """An account in the composer, chosen or not. `fixed`: it can't be chosen or unchosen any more, `because` says why.

    `content` is what it gets, `variant` what of that is its own, `files` the files as its network gets them, `format`
    the form of post that it gets them in. `own_slot`: its time isn't the post's; it is `own_slot_at`, None for no time.
    `problems` are those that name this account; there are none while it isn't chosen.
    """

    account_id: UUID
    network: str
    name: str
    picture_url: str | None
    url: str | None
    state: str
    chosen: bool
    content: AccountContent
    variant: Variant
    files: tuple[Picture, ...]
    format: str
    own_slot: bool
    own_slot_at: datetime | None
    problems: tuple[AccountProblem, ...]
    publication: PublicationRow | None
    fixed: bool
    because: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything the composer shows. `fixed` holds the words when the text can't change any more.

    `content.variants` has every account that gets something of its own, those too that can't be chosen any more.
    `files` has every file of `content` by id, with what each network makes of it; not those that are gone.
    """

    post: PostFacts
    content: Content
    files: Mapping[UUID, MediaView]
    organization: OrganizationFacts
    accounts: tuple[DraftAccount, ...]
    problems: tuple[AccountProblem, ...]
    fixed: str | None
    approvers: tuple[Who, ...]
    comments: tuple[Comment, ...]

    @property
    def own_slots(self) -> dict[UUID, datetime | None]:
        """What `save` takes, of every account with a time of its own."""
        return {each.account_id: each.own_slot_at for each in self.accounts if each.own_slot}

    @property
    def nobody_else_may_approve(self) -> bool:
        """True when only the author could approve this and the organization doesn't allow it."""
        return not self.approvers

    @property
    def errors(self) -> tuple[AccountProblem, ...]:
        """What refuses submitting."""
        return tuple(each for each in self.problems if each.severity == "error")


@dataclass(frozen=True, slots=True)
class Brief:
    """One publication in a list."""

    id: UUID
    account_id: UUID
    account_name: str
    network: str
    state: PublicationState
    shown: Shown
    due_at: datetime | None
    published_at: datetime | None
    deleted_at: datetime | None
    sha256: bytes


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post in a list. `text` is its beginning, at most 280 characters."""

    id: UUID
    text: str
    link: str | None
    author: Who
    slot_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
    shown: Shown
    progress: str | None
    publications: tuple[Brief, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty means everything.

    `text` is looked for in text and link without regard to case. Days are days in the organization's zone, both
    included; a post counts on the day of its slot, one without a slot on the day it was made.
    """

    words: tuple[Word, ...] = ()
    account_id: UUID | None = None
    author_id: UUID | None = None
    text: str = ""
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of posts, newest slot (or, without one, newest made) first.

    `after` goes back into `listing` for the next page, None on the last. `counts` has every word and ignores
    `filters.words`, so that each chip says what it would show; `total` is their sum.
    """

    rows: tuple[PostRow, ...]
    after: str | None
    counts: Mapping[Word, int]
    total: int


@dataclass(frozen=True, slots=True)
class AskedPublication:
    """What one account would get, as far as a list shows it: the beginning of its text, at most 280 characters.

    `from_backup` warns, in words, that it may have been sent since a backup was made.
    """

    id: UUID
    account_name: str
    network: str
    text: str
    link: str | None
    has_image: bool
    from_backup: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One post that waits for approval. `may_approve` False: `why_not` says why this person can't.

    `text` and `link` are the post's own; single accounts may get others (`asked`).
    """

    post_id: UUID
    version: int
    text: str
    link: str | None
    author: Who
    submitted_by: Who
    submitted_at: datetime
    reviewer: Who | None
    first_due_at: datetime | None
    publications: tuple[Brief, ...]
    asked: tuple[AskedPublication, ...]
    may_approve: bool
    why_not: str

    @property
    def hashes(self) -> dict[UUID, bytes]:
        """What `approve` binds to, when this list is all the approver looked at."""
        return {each.id: each.sha256 for each in self.asked}


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """What waits for approval, soonest slot first."""

    items: tuple[ReviewItem, ...]
    after: str | None


Change = Literal["same", "added", "removed", "moved"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What became of one file: its place among the others, and its description word by word."""

    change: Change
    picture: Picture
    alt: tuple[Segment, ...]

    @property
    def is_any(self) -> bool:
        """Whether it is not as it was."""
        return self.change != "same" or any(each.change != "same" for each in self.alt)


@dataclass(frozen=True, slots=True)
class Told:
    """The form of post or one option, in words, before and now; empty: not set."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What one account gets now, beside what was approved or submitted for it before."""

    text: tuple[Segment, ...]
    link_before: str | None
    link_changed: bool
    files: tuple[FileChange, ...]
    comment: tuple[Segment, ...]
    told: tuple[Told, ...]
    cover_before: Picture | None
    cover_changed: bool

    @property
    def is_any(self) -> bool:
        """Whether anything differs at all."""
        words = (*self.text, *self.comment)
        return (
            self.link_changed
            or self.cover_changed
            or any(each.change != "same" for each in words)
            or any(each.is_any for each in self.files)
            or any(each.before != each.after for each in self.told)
        )


@dataclass(frozen=True, slots=True)
class ReviewPublication:
    """One publication under review.

    `since_approval` compares with the bytes that were last approved for it; None: never was. `since_last_round`
    compares with the version submitted before this one; None on the first round.
    """

    publication: PublicationRow
    since_approval: Difference | None
    since_last_round: Difference | None
    approved_before_at: datetime | None
    problems: tuple[AccountProblem, ...]

    @property
    def redline(self) -> tuple[Segment, ...] | None:
        """What changed in the text since the last approval."""
        return None if self.since_approval is None else self.since_approval.text

    @property
    def link_before(self) -> str | None:
        """The link that was approved last."""
        return None if self.since_approval is None else self.since_approval.link_before


@dataclass(frozen=True, slots=True)
class Review:
    """Everything an approver needs for one post.

    `since_last_round` compares with the version submitted before this one; None on the first round.
    `hashes` goes back into `approve` unchanged: it is what was seen.
    """

    post: PostFacts
    organization: OrganizationFacts
    publications: tuple[ReviewPublication, ...]
    others: tuple[PublicationRow, ...]
    since_last_round: tuple[Segment, ...] | None
    comments: tuple[Comment, ...]
    versions: tuple[Version, ...]
    approvers: tuple[Who, ...]
    may_approve: bool
    why_not: str
    is_own_work: bool

    @property
    def hashes(self) -> dict[UUID, bytes]:
        """Publication -> hash of the bytes shown here."""
        return {each.publication.id: each.publication.sha256 for each in self.publications}


EntryKind = Literal["person", "program", "comment"]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Who did what, when. `detail`: what they wrote, or why the program did it; `account_name` None: the whole post.

    `slot_at` is the time that was given where the words are about a time.
    """

    at: datetime
    who: str
    what: str
    detail: str
    kind: EntryKind
    icon: str
    account_name: str | None
    publication_id: UUID | None
    correlation_id: str
    version: int | None = None
    slot_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """One post with everything that happened to it, oldest first.

    `why_no_new_words`: why its reader may not approve other words for what is live; empty when they may.
    """

    post: PostFacts
    organization: OrganizationFacts
    publications: tuple[PublicationRow, ...]
    timeline: tuple[TimelineEntry, ...]
    comments: tuple[Comment, ...]
    fixed: str | None
    why_no_new_words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line on Home: a publication and its post's beginning (at most 140 characters).

    `late_unproven` as for `PublicationRow`. `from_backup` warns, in words, that it may have been sent since a backup
    was made.
    """

    post_id: UUID
    publication_id: UUID
    text: str
    account_name: str
    network: str
    state: PublicationState
    needs: Needs | None
    shown: Shown
    because: str
    late_unproven: bool
    from_backup: str
    due_at: datetime | None
    published_at: datetime | None
    url: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One post on Home that waits for this person; `words` is the approver's comment where changes were requested.

    `from_backup` warns, in words, that some of it may have been sent since a backup was made.
    """

    post_id: UUID
    text: str
    who: str
    words: str
    at: datetime
    first_due_at: datetime | None
    networks: tuple[str, ...]
    from_backup: str


@dataclass(frozen=True, slots=True)
class Reconnect:
    """One account that can't send until somebody connects it again, and how many posts wait for it."""

    account_id: UUID
    name: str
    network: str
    state: str
    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Home:
    """What waits for this person, and today. Lists are cut at 20; `counts` tells how many there are of most.

    `untimed` is approved and has no time, which nobody counts.
    `out_today` counts what goes out today, what went out included, and nothing that is held, unclear or waits.
    """

    organization: OrganizationFacts
    today: date
    to_approve: tuple[Asked, ...]
    changes_requested: tuple[Asked, ...]
    failed: tuple[Waiting, ...]
    not_shown: tuple[Waiting, ...]
    needs_person: tuple[Waiting, ...]
    at_risk: tuple[Waiting, ...]
    held: tuple[Waiting, ...]
    untimed: tuple[Waiting, ...]
    accounts_to_reconnect: tuple[Reconnect, ...]
    today_slots: tuple[Waiting, ...]
    out_today: int
    published_today: int
    counts: Counts
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures for the menu's badges: what this person may decide, and what went wrong in the organization.

    `unclear` of `needs_person` wait for somebody to say whether they are live.
    """

    to_approve: int = 0
    changes_requested: int = 0
    failed: int = 0
    not_shown: int = 0
    needs_person: int = 0
    unclear: int = 0
    at_risk: int = 0
    held: int = 0
    reconnect: int = 0
