"""What LinkedIn's errors mean: one table, data only (linkedin 2.3, 9, 10); `failures` reads it.

A row says what to do on a read, what a person reads, and whether the refusal comes provably before anything is done.
Only rows with `before` hold on the call that makes a post visible (RELIABILITY C row 8: authentication, permission,
validation, and the documented call limits of a day). All others end there as OutcomeUnknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.provider_kit.errors import Mend
from core.provider_kit.throttle import Scope


class Then(StrEnum):
    """What to do about an error, where nothing can have become visible."""

    WAIT = "wait"
    WAIT_FOR_DAY = "wait_for_day"
    RECONNECT = "reconnect"
    REJECT = "reject"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the specification: an HTTP status with a code, a serviceErrorCode, words to look for, or alone.

    A row with code and serviceErrorCode fits either; words in `contains` (lower case) must occur besides. `whole_app`:
    neither this account nor this content is at fault (PRODUCT 7 g). `names_post`: its words name another post. `gone`:
    what was to be changed isn't there, so nothing was. `limit`: whose budget of such calls is used up (linkedin 9: each
    endpoint has its own).
    """

    status: int
    code: str | None
    then: Then
    words: str
    fix: str
    source: str
    service: int | None = None
    contains: str = ""
    before: bool = False
    whole_app: bool = False
    names_post: bool = False
    gone: bool = False
    limit: Scope | None = None

    @property
    def mend(self) -> Mend:
        """Where a person mends it: by what they are told to do, else by what Masthead does."""
        return _MENDED_AT.get(self.fix) or _THEN_MENDED[self.then]


_AGAIN: Final = "Reconnect the account under Accounts."
_GRANT: Final = "Reconnect the account under Accounts and allow everything that is asked."
_OPERATOR: Final = "If it stays, show this to your operator."
_APP: Final = "Ask your operator to check the id and secret of this LinkedIn app."
_VERSION: Final = "Ask your operator to set PROVIDER_LINKEDIN_VERSION to a version that LinkedIn supports."
_PRODUCT: Final = (
    "Ask your operator whether LinkedIn has approved the app for this, and to check PROVIDER_LINKEDIN_VERSION."
)
_RESTART: Final = "Press Connect again."
_ADDRESS: Final = (
    "Press Connect again. If it stays, ask your operator to enter Masthead's callback address at LinkedIn."
)
_WAITS: Final = "Masthead waits and goes on by itself."
_TOMORROW: Final = "LinkedIn counts anew at midnight UTC; Masthead waits for that where the post may still go out then."
_CONTENT: Final = "Change the post and send it again."
_LOOK: Final = "Look at the account before you send it again."
_RESTRICTED: Final = "They do what LinkedIn asks of them at linkedin.com, then reconnect the account under Accounts."
_ROLE: Final = "Someone with a role that may post on the Page reconnects it under Accounts."
_MENDED_AT: Final[Mapping[str, Mend]] = {
    **dict.fromkeys((_OPERATOR, _APP, _VERSION, _PRODUCT), "setup"),
    **dict.fromkeys((_AGAIN, _GRANT, _RESTART, _ADDRESS, _RESTRICTED, _ROLE), "reconnect"),
    _LOOK: "look",
}
_THEN_MENDED: Final[Mapping[Then, Mend]] = {
    Then.WAIT: "wait",
    Then.WAIT_FOR_DAY: "wait",
    Then.RECONNECT: "reconnect",
    Then.REJECT: "post",
    Then.UNSURE: "look",
}

_WAIT, _DAY, _RECONNECT, _REJECT, _UNSURE = (
    Then.WAIT, Then.WAIT_FOR_DAY, Then.RECONNECT, Then.REJECT, Then.UNSURE,
)  # fmt: skip
_ENDED: Final = "The access to this account has ended."
_WITHOUT: Final = "LinkedIn found no access in Masthead's call."
_UNREADABLE: Final = "LinkedIn couldn't read Masthead's request."
_OUTDATED: Final = "LinkedIn doesn't serve the version of its interface that Masthead asks for."
_SIGN_IN: Final = "LinkedIn doesn't accept this sign-in: it took too long, or came from another address than agreed."
_NOT_OUR_APP: Final = "LinkedIn doesn't accept Masthead's app."
_REFERS: Final = "LinkedIn doesn't know something that the post refers to."
_INVALID: Final = "LinkedIn refused the post as incomplete or not valid."
_FAULT: Final = "LinkedIn had an error."
_DUPLICATE: Final = "LinkedIn says that the same post was made already."
_FORBIDDEN: Final = "LinkedIn doesn't let Masthead read this."
_APP_DAY: Final = "LinkedIn's daily limit for Masthead's whole app is reached."
_MEMBER_DAY: Final = "LinkedIn's daily limit for the person who connected this account is reached."
_BUSY: Final = "LinkedIn wants fewer calls."
_LIMITED: Final = (("TOO_MANY_REQUESTS", 101), (None, None))

# One line of the specification is one entry here.
# fmt: off
TABLE: Final[tuple[Row, ...]] = (
    # --- 2.3: the token endpoint, which names its errors in another field
    Row(400, "invalid_request", _REJECT, _UNREADABLE, _OPERATOR, "2.3 [P]", contains="required parameter"),
    Row(401, "invalid_request", _REJECT, "LinkedIn doesn't know this sign-in, or it was used already.", _RESTART,
        "2.3 [P]", contains="code not found"),
    Row(400, "invalid_redirect_uri", _REJECT, _SIGN_IN, _ADDRESS, "2.3 [P]"),
    Row(400, "invalid_request", _REJECT, _SIGN_IN, _ADDRESS, "2.3 [O]", contains="does not match authorization code"),
    Row(400, "invalid_request", _RECONNECT, _ENDED, _AGAIN, "2.3 [P]", contains="grant or refresh token is invalid"),
    Row(400, "invalid_client_id", _REJECT, _NOT_OUR_APP, _APP, "2.3 [P]"),
    Row(401, "invalid_client_id", _REJECT, _NOT_OUR_APP, _APP, "2.3 [S]"),
    Row(401, "invalid_client", _REJECT, _NOT_OUR_APP, _APP, "2.3 [S]"),
    Row(500, "server_error", _UNSURE, _FAULT, _RESTART, "2.3 [G]"),
    # --- 10.2: access
    Row(401, "INVALID_ACCESS_TOKEN", _RECONNECT, "LinkedIn doesn't accept the access to this account.", _AGAIN,
        "10.2 [S+]", service=65600, before=True),
    Row(401, "REVOKED_ACCESS_TOKEN", _RECONNECT, "The access to this account was taken back at LinkedIn.", _AGAIN,
        "10.2 [S+]", service=65601, before=True),
    Row(401, "EXPIRED_ACCESS_TOKEN", _RECONNECT, "The access to this account has run out.", _AGAIN,
        "10.2 [S+]", service=65602, before=True),
    Row(401, "EMPTY_ACCESS_TOKEN", _WAIT, _WITHOUT, _OPERATOR, "10.2 [S+]", service=65604, before=True,
        whole_app=True),
    Row(401, None, _WAIT, _WITHOUT, _OPERATOR, "10.2 [P]", service=401, before=True, whole_app=True),
    Row(401, "RESTRICTED_MEMBER", _RECONNECT, "LinkedIn has restricted the person who connected this account.",
        _RESTRICTED, "10.2 [S+]", service=65608, before=True),
    Row(401, None, _WAIT, _WITHOUT, _OPERATOR, "10.2 [S]", contains="unknown authentication schema", before=True,
        whole_app=True),
    # --- 1.2, 10.2: the version of the interface. No post is at fault, so posts wait for the operator.
    Row(400, "VERSION_MISSING", _WAIT, _OUTDATED, _VERSION, "1.2 [O]", before=True, whole_app=True),
    Row(426, "NONEXISTENT_VERSION", _WAIT, _OUTDATED, _VERSION, "1.2 [O]", before=True, whole_app=True),
    # --- 10.2: permission
    Row(403, "ACCESS_DENIED", _RECONNECT, "LinkedIn says a permission is missing.", _GRANT, "10.2 [S+]", service=100,
        before=True),
    Row(403, None, _RECONNECT, "LinkedIn doesn't let the person who connected this account post as it.", _ROLE,
        "10.2 [O]", contains="[/author]", before=True),
    Row(403, None, _REJECT, "LinkedIn doesn't let Masthead use a part of this.", _CONTENT, "10.2 [O]",
        contains="unpermitted fields present", before=True),
    Row(403, None, _REJECT, _FORBIDDEN, _OPERATOR, "10.2 [O]", contains="resource is forbidden"),
    Row(403, None, _REJECT, _FORBIDDEN, _OPERATOR, "1.7 [P]", contains="viewer don't have permission"),
    Row(400, None, _REJECT, _FORBIDDEN, _OPERATOR, "4.2 [O]", contains="member permissions must be used"),
    Row(404, "RESOURCE_NOT_FOUND", _WAIT, "LinkedIn doesn't offer this to Masthead's app.", _PRODUCT, "10.2 [O]",
        before=True, whole_app=True),
    Row(404, "NOT_FOUND", _REJECT, "LinkedIn no longer shows this.", _LOOK, "10.2 [S]", gone=True),
    # --- 10.2: how the request is written
    Row(400, "ILLEGAL_ARGUMENT", _REJECT, _UNREADABLE, _OPERATOR, "10.2 [O]", before=True),
    *(
        Row(400, None, _REJECT, _UNREADABLE, _OPERATOR, "10.2 [O]", contains=words)
        for words in ("' is invalid", "invalid query parameters", "must be of type")
    ),
    Row(400, None, _REJECT, _UNREADABLE, _OPERATOR, "3.3 [O]", contains="numberformatexception"),
    Row(411, None, _REJECT, _UNREADABLE, _OPERATOR, "10.2 [P]", before=True),
    Row(413, "REQUEST_ENTITY_TOO_LARGE", _REJECT, "The post is too large for LinkedIn.", _CONTENT, "10.2 [S]",
        before=True),
    Row(414, None, _REJECT, _UNREADABLE, _OPERATOR, "10.2 [P]", before=True),
    Row(415, None, _REJECT, _UNREADABLE, _OPERATOR, "10.2 [S]", before=True),
    # --- 10.2: what the post says
    *(
        Row(400, code, _REJECT, _INVALID, _CONTENT, "10.2 [S+]", before=True)
        for code in ("MISSING_FIELD", "INVALID_VALUE_FOR_FIELD", "INVALID_VALUE_BLANK_FIELD")
    ),
    Row(400, "FIELD_LENGTH_TOO_LONG", _REJECT, "A text of the post is too long for LinkedIn.", _CONTENT, "10.2 [S+]",
        before=True),
    *(
        Row(400, code, _REJECT, _REFERS, _CONTENT, "10.2 [S+]", before=True)
        for code in ("INVALID_URN_TYPE", "INVALID_URN_ID")
    ),
    Row(400, "INVALID_IMAGE_ID", _REJECT, "LinkedIn no longer has the image of this post.",
        "Press Try again, which uploads it once more.", "10.2 [S+]", before=True),
    Row(400, "INVALID_VIDEO_ID", _REJECT, "LinkedIn no longer has the video of this post.",
        "Press Try again, which uploads it once more.", "10.2 [S+]", before=True),
    Row(400, "INVALID_URL", _REJECT, "LinkedIn can't use the link.", "Change or remove the link.", "10.2 [S+]",
        before=True),
    Row(400, "MEDIA_ASSET_WAITING_UPLOAD", _WAIT, "LinkedIn isn't done with the file yet.", _WAITS, "10.2 [S+]",
        before=True),
    Row(400, "MEDIA_ASSET_PROCESSING_FAILED", _REJECT, "LinkedIn couldn't process the file.",
        "Choose another file.", "10.2 [S+]", before=True),
    Row(400, "EXPIRED_UPLOAD_URL", _WAIT, "The upload to LinkedIn took too long.", _WAITS, "10.2 [S]"),
    Row(400, "UPDATING_ASSET_FAILED", _UNSURE, _FAULT, _LOOK, "10.2 [S]"),
    Row(500, "UPDATING_ASSET_FAILED", _UNSURE, _FAULT, _LOOK, "10.2 [S]"),
    Row(409, "CONFLICT", _UNSURE, "LinkedIn was changing the same thing at that moment.", _LOOK, "10.2 [S]"),
    # --- 4.6: names a post, which may be ours, an older one, or one that was deleted: evidence, no verdict
    Row(422, "DUPLICATE_POST", _UNSURE, _DUPLICATE, _LOOK, "4.6 [O]", names_post=True),
    Row(422, None, _UNSURE, _DUPLICATE, _LOOK, "4.6 [S]", contains="is a duplicate of", names_post=True),
    Row(422, "UNPROCESSABLE_ENTITY", _REJECT, _INVALID, _CONTENT, "10.2 [S]"),
    # --- 9: limits
    *(
        row
        for code, service in _LIMITED
        for row in (
            Row(429, code, _DAY, _APP_DAY, _TOMORROW, "9 [O]", service, "application day", before=True,
                whole_app=True, limit=Scope.APP),
            Row(429, code, _DAY, _MEMBER_DAY, _TOMORROW, "9 [G]", service, "member day", before=True,
                limit=Scope.ACCOUNT),
        )
    ),
    # Of a limit that isn't named nobody says where it is counted: protection in front of a network answers so as well
    # when the work behind it was done (9 [P]: "infra protection can also give 429 in bursts").
    Row(429, "TOO_MANY_REQUESTS", _WAIT, _BUSY, _WAITS, "9 [P]", service=101, whole_app=True, limit=Scope.APP),
    Row(429, None, _WAIT, _BUSY, _WAITS, "9 [P]", contains="resource level throttle", whole_app=True, limit=Scope.APP),
    Row(429, None, _WAIT, "LinkedIn wants fewer comments a minute.", _WAITS, "9 [O]",
        contains="comment create throttled", before=True),
    # --- 10.2: LinkedIn's side
    Row(500, "INTERNAL_SERVER_ERROR", _UNSURE, _FAULT, _LOOK, "10.2 [P]"),
    Row(500, None, _UNSURE, _FAULT, _LOOK, "10.2 [P]"),
    Row(503, "SERVICE_UNAVAILABLE", _UNSURE, "LinkedIn is out of service for a moment.", _LOOK, "10.2 [S]"),
    Row(503, "UNDER_MAINTENANCE", _UNSURE, "LinkedIn is out of service for a moment.", _LOOK, "10.2 [S]"),
    Row(504, None, _UNSURE, "LinkedIn took too long.", _LOOK, "10.2 [P]"),
)
# fmt: on
