"""An approver says what became of a send whose outcome Masthead can't tell.

Both verdicts ask the network once more before they are taken, outside any transaction; that read is stored like any
other, whatever comes of it. Then one transaction compares and sets: the question must still be open and be about the
same attempt, for the post may have been found meanwhile, and the person must still have the role, for a network takes
its time.

A verdict is about the attempt that the person had before them when they looked, which they name: what somebody else
had sent again since is another question, of which their look says nothing.

What the read proves needs nobody's verdict: it closes the question there and then. Of an account that can't be read,
because nobody may or because it is disconnected, the person's word is taken, and kept as the proof. There one post
could be named for two publications, by its id and by each of its addresses, and any address be passed off as it: the
network's folder says which post is meant (`Publisher.post_named`), and all such verdicts take turns on their account,
those about a post that was read too, for a person's word may have closed another publication by it before.

"Not live, send again" is the one place from which a second post can come, so it is refused until no program can still
be sending the first (`rules.resend_after`), whenever the network shows the post, on a read that saw too little to say
that it doesn't (`rules.saw_too_little`), and while it could not leave at once: what waits is read no more, so that the
first try could show up meanwhile.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import providers
from core.audit.commands import earlier_result, record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, NotFound, Refused
from core.organizations.fresh import require_fresh
from core.organizations.queries import require_still
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts, slots
from core.posts import rules as post_rules
from core.posts import store as posts
from core.posts.model import Publication
from core.posts.problems import Ask, Candidate
from core.posts.rules import Needs, PublicationState
from core.posts.store import AccountFacts, Situation
from core.provider_kit.throttle import Route
from core.provider_kit.types import LivePost, Payload, ReadBack
from core.publishing import checking, read_rows, reading, rules, store
from core.publishing.inputs import LiveVerdict, NotLiveVerdict
from core.publishing.reading import Answer, Question
from core.publishing.rules import AttemptState
from core.publishing.times import times
from core.publishing.views import Changed
from core.throttle import rules as throttle_rules
from core.throttle import store as throttle

_S = PublicationState
_LIVE = "publication.resolve_live"
_NOT_LIVE = "publication.resolve_not_live"
_PROVEN = "The network says that it is live, so it is closed as published. Reload to see it."
_ANOTHER_TRY = (
    "It was sent again since you looked, and that try is unclear too: what you saw says nothing about it. Reload, and"
    " look at the account once more."
)
_CLOSED = "Somebody answered this meanwhile, or the post was found. Reload to see what became of it."


def resolve_live(
    actor: Actor, action_id: UUID, publication_id: UUID, *, attempt_id: int | None, post: str, reason: str
) -> Changed:
    """Close an unclear outcome as live (approvers). `post` is the network's id of the post or its address.

    `attempt_id` is the attempt in doubt that the person looked at (`Evidence.open_attempt_id`). Raises Conflict when it
    is another one by now.

    The network is asked first: the post must be on this account, made inside the window, and no other publication's.
    Its words may differ from ours, for the person sees what we don't. Where the account can never be read, or is
    disconnected, the person's word is the proof; an address must be the network's own. Raises StaleSignIn.
    """
    require(actor, Permission.RESOLVE)
    require_fresh(actor)
    said = LiveVerdict.read(post=post, reason=reason)
    question = _question(actor, action_id, _LIVE, publication_id, attempt_id)
    if isinstance(question, Changed):
        return question
    answer = _look(actor, question)
    if answer.read is None and not question.disconnected:
        raise _unread("to check that", answer)
    by_word = _by_word(answer.read)
    live = _refused_as_its_repeat(question, answer, said.post) if by_word else _shown(question, answer, said.post)
    url = _own_address(question, said.post) if by_word else None
    try:
        with db.transaction(actor) as session:
            earlier = receipts.earlier(session, actor, action_id, _LIVE, Changed)
            if earlier is not None:
                return earlier
            require_still(session, actor, Permission.RESOLVE)
            row = _still_open(session, question)
            if _is_of_another(session, row, question, said.post, live):
                raise Refused("That post belongs to another publication of this account. Look for a second one.")
            proof = {"verdict_by": actor.label, "reason": said.reason, "post": said.post}
            _close_live(session, actor, question, live, url, proof)
            changed = Changed((publication_id,), (), "It is closed as published.")
            meant = live.provider_post_id if live is not None else said.post
            after = {"provider_post_id": meant, "reason": said.reason}
            return _done(session, actor, action_id, _LIVE, changed, publication_id, after)
    except IntegrityError as error:
        if "provider_post_id" in str(error.orig):
            raise Refused("That post belongs to another publication of this account by now.") from None
        raise


def resolve_not_live(
    actor: Actor, action_id: UUID, publication_id: UUID, *, attempt_id: int | None, send_again: bool, reason: str
) -> Changed:
    """Close an unclear outcome as not live (approvers): send the same bytes again, or give up (cancelled).

    `attempt_id` as for `resolve_live`.

    Refused before `Evidence.resend_after`, and while the network shows the post; to send again the account must have
    been read far enough, and nothing may hold it. `rules.RESEND_RISK` says in words what sending again may cost.
    Raises StaleSignIn.
    """
    require(actor, Permission.RESOLVE)
    require_fresh(actor)
    said = NotLiveVerdict.read(send_again=send_again, reason=reason)
    question = _question(actor, action_id, _NOT_LIVE, publication_id, attempt_id, not_before_deadline=True)
    if isinstance(question, Changed):
        return question
    answer = _look(actor, question)
    if answer.read is None and said.send_again:
        raise _unread("to make sure", answer)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _NOT_LIVE, Changed)
        if earlier is not None:
            return earlier
        require_still(session, actor, Permission.RESOLVE)
        row = _still_open(session, question)
        matches = answer.read.matches if answer.read else ()
        taken = read_rows.taken(session, row, [each.provider_post_id for each in matches])
        shown = [each for each in matches if each.provider_post_id not in taken]
        if shown:
            where = shown[0].permalink or shown[0].provider_post_id
            raise Refused(f"The account shows it: {where}. Close it as live instead.")
        too_little = rules.saw_too_little(answer.read) if answer.read and said.send_again else ""
        if too_little:
            raise Refused(f"{too_little} Look again in a few minutes, or give it up and duplicate the post.")
        store.close_attempt(session, question.attempt_id, AttemptState.PROVEN_ABSENT, verdict_by=actor.label)
        words = _send_again(session, actor, row) if said.send_again else _give_up(session, row, said.reason)
        changed = Changed((publication_id,), (), words)
        after = {"send_again": said.send_again, "reason": said.reason}
        return _done(session, actor, action_id, _NOT_LIVE, changed, publication_id, after)


def _unread(why: str, answer: Answer) -> Refused:
    because = answer.failed_because
    because = because if because.endswith((".", "!", "?", "…")) else f"{because}."
    return Refused(f"The account could not be read {why}: {because} {answer.how_to_fix or 'Try again later.'}")


def _refused_as_its_repeat(question: Question, answer: Answer, wanted: str) -> LivePost | None:
    """The post that the network itself named when it refused ours as a repeat, where a person means that one."""
    if question.named is None:
        return None
    text, link = question.payload.text, question.payload.link
    return rules.named_post(wanted, [LivePost(question.named, text, link, question.sent_at, answer.named_at)])


def _shown(question: Question, answer: Answer, wanted: str) -> LivePost:
    """The post of the account that a person means. Raises Refused when there is none or it can't be this one."""
    live = rules.named_post(wanted, answer.candidates)
    if live is None or live.created_at < question.since:
        raise Refused(
            "The account shows no such post from the time it was sent. Check the address: it must be a post on this"
            " account."
        )
    if live.created_at > question.until:
        raise Refused(
            f"That post was made at {live.created_at:%H:%M:%S} UTC, when nothing was sending this one any more. If it"
            " takes the place of this one, say that it is not live and give it up."
        )
    return live


def _by_word(read: ReadBack | None) -> bool:
    """Whether only a person can see the account; None: it is disconnected."""
    return read is None or (bool(read.unreadable) and not read.complete)


def _own_address(question: Question, said: str) -> str | None:
    """Where people see the post that a person means and no program can look at; None where words don't tell.

    Raises Refused for an address that is no post's.
    """
    name = providers.publisher(question.payload.network).post_named(said)
    if name is None:
        title = providers.networks()[question.payload.network].title
        raise Refused(
            f"That is not the address of a post on {title}. Copy the address from the post itself, or give its id."
        )
    return name.url


def _is_of_another(session: Session, row: Publication, question: Question, said: str, live: LivePost | None) -> bool:
    """Whether another publication of the account was closed by this post, under whichever of its names.

    Where it was by a person's word, before the account could be read again, only names tell, and no id. Until this
    transaction ends nobody else says so on this account.
    """
    read_rows.hold_account(session, row.account_id)
    post_named = providers.publisher(question.payload.network).post_named
    given = (said, live.provider_post_id, live.permalink or "") if live is not None else (said,)
    for name in filter(None, map(post_named, given)):
        theirs = read_rows.names_of_others(session, row, name.ids, name.part)
        keys = {named.key for named in filter(None, map(post_named, theirs))}
        if name.key in keys or not theirs.isdisjoint(name.ids):
            return True
    return False


def _question(
    actor: Actor,
    action_id: UUID,
    command: str,
    publication_id: UUID,
    attempt_id: int | None,
    *,
    not_before_deadline: bool = False,
) -> Question | Changed:
    with db.transaction(actor) as session:
        earlier = earlier_result(session, actor, action_id, command)
        if earlier:  # a double click: what it gave is settled inside the transaction that takes verdicts
            return Changed(publication_ids=(publication_id,), words=str(earlier["result"]["words"]))
        row = store.publication(session, publication_id)
        if row is None:
            raise NotFound
        attempt = store.unresolved_attempt(session, publication_id)
        if row.needs is not Needs.OUTCOME or attempt is None:
            raise Refused("There is no open question about it. Reload to see how it stands.")
        if attempt.id != attempt_id:
            raise Conflict(_ANOTHER_TRY)
        wait_until = rules.resend_after(attempt.send_deadline, times().lease_sending_s)
        if not_before_deadline and store.now(session) < wait_until:
            raise Refused(
                f"It may still be on its way. From {wait_until:%H:%M:%S} UTC on nothing can be sending it; decide then."
            )
        return reading.question_about(session, row, attempt, times(), actor.correlation_id)


def _look(actor: Actor, question: Question) -> Answer:
    """Read the account and keep what it showed.

    Raises Conflict when the network proves that it is live: that closes the question without anybody's verdict.
    """
    answer = reading.ask(question, times())
    read, proven = answer.read, False
    with db.transaction(actor) as session:
        row = store.publication(session, question.publication_id)
        if row is None:
            raise NotFound
        _, taken = reading.keep(session, row, question, answer)
        if read is not None and read.proof is not None:
            row = _still_open(session, question)
            _close_proven(session, question, row, read, taken)
            proven = True
    if proven:
        raise Conflict(_PROVEN)
    return answer


def _close_proven(session: Session, question: Question, row: Publication, read: ReadBack, taken: set[str]) -> None:
    post = rules.the_post(read, taken, has_unresolved_twin=read_rows.has_unresolved_twin(session, row))
    checking.close_as_live(session, row.id, question.attempt_id, post, read.proof, sent_at=question.sent_at)


def _still_open(session: Session, question: Question) -> Publication:
    row = store.lock(session, question.publication_id)
    attempt = store.unresolved_attempt(session, question.publication_id)
    if row is None or row.needs is not Needs.OUTCOME or attempt is None or attempt.id != question.attempt_id:
        raise Conflict(_CLOSED)
    return row


def _close_live(
    session: Session,
    actor: Actor,
    question: Question,
    live: LivePost | None,
    url: str | None,
    proof: dict[str, Any],
) -> None:
    """`live` None: on the person's word alone, who sees it at `url`."""
    store.close_attempt(
        session,
        question.attempt_id,
        AttemptState.ACCEPTED,
        provider_ref=live.provider_post_id if live else None,
        verdict_by=actor.label,
    )
    store.close_as_published(
        session,
        question.publication_id,
        provider_post_id=live.provider_post_id if live else None,
        permalink=live.permalink if live else url,
        proof=proof,
        published_at=live.created_at if live else question.sent_at,
        because="a person found it live",
    )


def _send_again(session: Session, actor: Actor, row: Publication) -> str:
    situation = posts.situation(session)
    holds = editing.approval_holds(row, situation.moment)
    account = posts.accounts(session, [row.account_id])[row.account_id]
    candidate = Candidate(account, Payload.from_json(row.payload), None)
    ask = Ask.PUBLISH_NOW if holds else Ask.SUBMIT
    problems.refuse(problems.find(session, row.post_id, [candidate], ask, situation))
    if not holds:
        store.move(
            session,
            row.id,
            _S.IN_REVIEW,
            because="a person found it not live; its approval had lapsed",
            needs=None,
            due_at=None,
            not_after=None,
            next_action_at=None,
        )
        return "Its approval had lapsed: it is in review again."
    _refuse_to_wait(session, account, situation)
    store.move(
        session,
        row.id,
        _S.SCHEDULED,
        because="a person found it not live and sends it again",
        needs=None,
        due_at=situation.moment,
        not_after=situation.moment + rules.RESEND_WITHIN,
        next_action_at=None,
        attempt_count=0,
        last_error=None,
        correlation_id=actor.correlation_id,
    )
    return rules.SENT_AGAIN


def _refuse_to_wait(session: Session, account: AccountFacts, situation: Situation) -> None:
    zone = situation.organization.timezone
    if account.pauses:
        said = " ".join(post_rules.paused_words(each, zone) for each in account.pauses)
        raise Refused(f"{said} {rules.WAITS_UNREAD} Resume first, then look at the account and decide.")
    held = throttle.last_holds(session, [account.id], (Route.PREPARE, Route.PUBLISH)).get(account.id)
    if held is not None and held[1] > situation.moment:
        why, until = held
        words = throttle_rules.words(why, providers.networks()[account.network].title)
        raise Refused(f"{words} until {slots.said(until, zone)}. {rules.WAITS_UNREAD} Decide after that.")


def _give_up(session: Session, row: Publication, reason: str) -> str:
    store.move(session, row.id, _S.CANCELLED, because=reason, needs=None, next_action_at=None)
    return "It is closed as cancelled."


def _done(
    session: Session,
    actor: Actor,
    action_id: UUID,
    action: str,
    changed: Changed,
    publication_id: UUID,
    after: dict[str, Any],
) -> Changed:
    record(session, actor, action, "publication", publication_id, after=after)
    receipts.keep(session, actor, action_id, changed)
    return changed
