"""The timeline: what rows of audit, events and comments say in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from core.posts.rules import SHOWN, WORD_OF, PublicationState

PROGRAM: Final = "Masthead"

# action -> what was done, icon. `publication.*` are written by `core.publishing`.
_DONE: Final[Mapping[str, tuple[str, str]]] = {
    "post.create": ("wrote a draft", "edit_note"),
    "post.duplicate": ("duplicated a post into this draft", "content_copy"),
    "post.save": ("edited it", "edit"),
    "post.submit": ("asked for approval", "rate_review"),
    "post.withdraw": ("withdrew it from review", "undo"),
    "post.delete": ("deleted it", "delete"),
    "post.undelete": ("brought it back", "restore_from_trash"),
    "post.approve": ("approved it", "verified"),
    "post.request_changes": ("requested changes", "reply"),
    "post.comment": ("commented", "chat"),
    "publication.publish_now": ("asked to publish it now", "send"),
    "publication.reschedule": ("moved it to another time", "schedule"),
    "publication.cancel": ("cancelled it", "cancel"),
    "publication.try_again": ("asked to try it again", "refresh"),
    "publication.resumed": ("gave it a time when it was resumed", "play_circle"),
    "publication.dropped": ("dropped it when it was resumed", "cancel"),
    "publication.resolve_live": ("said that it is live", "check_circle"),
    "publication.resolve_not_live": ("said that it is not live", "help"),
    "publication.edit_live": ("asked to change the live text", "edit"),
    "publication.delete_live": ("asked to delete the live post", "delete"),
    "publication.retry_live": ("asked to try it again", "refresh"),
    "publication.close_live": ("said what became of it", "check_circle"),
}
_EDITED: Final = {
    "text": "the text",
    "link": "the link",
    "media": "the image",
    "files": "the files",
    "alt": "the description of a file",
    "cover": "the cover",
    "format": "the form of post",
    "options": "the options",
    "comment": "the first comment",
    "variants": "what single accounts get",
    "accounts": "the accounts",
    "slot": "the time",
}

_HAPPENED: Final[Mapping[PublicationState, str]] = {
    PublicationState.SENDING: "started sending it",
    PublicationState.PUBLISHED: "published it",
    PublicationState.FAILED: "could not publish it",
    PublicationState.UNKNOWN: "got no clear answer and is checking whether it is live",
    PublicationState.NEEDS_HUMAN: "handed it to a person",
    PublicationState.SCHEDULED: "put it back on the schedule",
}
# What came of preparing it before its slot, which leaves it on the schedule.
_AHEAD: Final[Mapping[str, tuple[str, str]]] = {
    "prepared": ("prepared it ahead of its time", "cloud_done"),
    "refused": ("could not prepare it ahead of its time", "warning"),
    "stopped": ("stopped preparing it ahead of its time", "pause_circle"),
}

# What a program did under a live post: kind.state -> words, icon.
_AFTERWARDS: Final[Mapping[str, tuple[str, str]]] = {
    "comment.done": ("wrote the first comment", "comment"),
    "comment.waiting": ("will write the first comment again", "schedule"),
    "comment.checking": ("got no clear answer about the first comment and is looking for it", "manage_search"),
    "comment.needs_human": ("asks a person about the first comment", "front_hand"),
    "comment.failed": ("could not write the first comment", "error"),
    "comment.dropped": ("let the first comment be", "cancel"),
    "edit.done": ("changed the live text", "edit"),
    "edit.waiting": ("will change the live text again", "schedule"),
    "edit.failed": ("could not change the live text", "error"),
    "edit.dropped": ("let the new text be", "cancel"),
    "delete.done": ("deleted the live post", "delete"),
    "delete.waiting": ("will delete the live post again", "schedule"),
    "delete.failed": ("could not delete the live post", "error"),
}
_QUOTE: Final = 280


def done(action: str, after: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a person did: (words, detail, icon) of an audit line."""
    words, icon = _DONE.get(action, (action.rpartition(".")[2].replace("_", " "), "history"))
    if action == "post.save":
        edited = [_EDITED[each] for each in after.get("changed", ()) if each in _EDITED]
        if edited:
            words = f"edited {_listed(edited)}"
    if action == "post.approve":
        named = after.get("accounts", ())
        words = f"approved it for {_listed(list(named))}" if named else words
        if after.get("self_approved"):
            words += " (their own work)"
    return words, _detail(after), icon


def given_time(action: str, after: Mapping[str, Any]) -> datetime | None:
    """The time that a person gave, where that is what they did."""
    moved = action in ("publication.reschedule", "publication.resumed") or "slot" in after.get("changed", ())
    return datetime.fromisoformat(after["slot_at"]) if moved and after.get("slot_at") else None


def happened(state: PublicationState, why: Mapping[str, Any]) -> tuple[str, str, str]:
    """What the program did with a publication: (words, detail, icon) of an event."""
    if why.get("waits"):
        return "waits for the network", _because(why), "hourglass_top"
    if why.get("ahead") in _AHEAD:
        words, icon = _AHEAD[why["ahead"]]
        return words, _because(why), icon
    if why.get("late_yes"):
        return "heard that it is live after all", _because(why), "error"
    if why.get("not_shown"):
        return "found that the network doesn't show it", _because(why), "error"
    shown = SHOWN[WORD_OF[state]]
    return _HAPPENED.get(state, f"moved it to {shown.label}"), _because(why), shown.icon


def afterwards(move: str, after: Mapping[str, Any]) -> tuple[str, str, str]:
    """What the program did to a post that is live: (words, detail, icon) of an event, named `kind.state`."""
    words, icon = _AFTERWARDS.get(move, (move.replace(".", " "), "history"))
    if move == "comment.done":
        return words, _quoted(str(after.get("text") or "")), icon
    return words, _replaced(after) if move == "edit.done" else _because(after), icon


def _replaced(after: Mapping[str, Any]) -> str:
    """A text and what it took the place of."""
    return f"Before: {_quoted(str(after['was']))} Now: {_quoted(str(after['text']))}"


def _quoted(words: str) -> str:
    short = words if len(words) <= _QUOTE else f"{words[:_QUOTE]}…"
    return f"“{short}”"


def _detail(after: Mapping[str, Any]) -> str:
    if after.get("was") is not None and after.get("text"):
        return _replaced(after)
    for name in ("comment", "reason"):
        if after.get(name):
            return str(after[name])
    lines = [str(each) for each in after.get("voided") or ()]
    refused = after.get("refused")
    if isinstance(refused, Mapping):
        lines += [str(each) for each in refused.values()]
    return "; ".join(dict.fromkeys(lines))


def _because(why: Mapping[str, Any]) -> str:
    return str(why.get("because") or "")


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
