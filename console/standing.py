"""What can be done about a publication as it stands. The commands decide; this only says which buttons to offer."""

from __future__ import annotations

from typing import Final

from core.posts.rules import Needs, PublicationState
from core.posts.views import PublicationRow

_S = PublicationState
_MOVABLE: Final = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.APPROVED, _S.SCHEDULED})
_SENDABLE: Final = frozenset({_S.APPROVED, _S.SCHEDULED})
OVER: Final = frozenset({_S.FAILED, _S.CANCELLED})
AT_REST: Final = frozenset({_S.DRAFT, _S.CHANGES_REQUESTED, _S.NEEDS_HUMAN, _S.FAILED, _S.CANCELLED})


def is_movable(each: PublicationRow) -> bool:
    """Whether it can be given another time."""
    if each.late_unproven and each.approval_holds:
        return False
    return each.state in _MOVABLE or each.needs in (Needs.LATE, Needs.APPROVAL)


def is_sendable(each: PublicationRow) -> bool:
    """Whether it can be sent now."""
    return (each.state in _SENDABLE or each.needs is Needs.LATE) and each.approval_holds and not each.late_unproven


def is_cancellable(each: PublicationRow) -> bool:
    """Whether it can be taken back; a draft is simply not sent."""
    return (is_movable(each) or each.late_unproven) and each.state not in (_S.DRAFT, _S.CHANGES_REQUESTED)
