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
    shown = SHOWN[WORD_OF[state]]
    return _HAPPENED.get(state, f"moved it to {shown.label}"), _because(why), shown.icon


def _detail(after: Mapping[str, Any]) -> str:
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
