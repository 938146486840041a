"""What Meta's error codes mean: one table, data only (meta 9, 10.2 to 10.5); `failures` reads it.

A row says what to do on a read, what a person reads, and whether the refusal comes provably before anything is done.
Only rows with `before` hold on the call that makes a post visible (RELIABILITY C row 8: authentication, permission,
validation, and the documented call limits). All others end there as OutcomeUnknown, because Meta is known to refuse
posts that are live: 4/2207051 (postiz#1681), code 2 with HTTP 500 (koala#699).
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
    RECONNECT = "reconnect"
    REJECT = "reject"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the specification. Rows with a subcode, or with words to look for, come before rows of a code alone.

    `code` may be a range; `any_subcode` lets the row stand for subcodes that nobody has described. Words and fix may
    hold `{network}` and `{place}`, who says it and of what. `wait_s`: when to ask again, where Meta doesn't tell.
    `limit`: whose budget of calls is used up; with `of_route`, the account's number of posts.
    """

    code: int | range | None
    subcode: int | None
    then: Then
    words: str
    fix: str
    source: str
    before: bool = False
    any_subcode: bool = False
    contains: str = ""
    status: int | None = None
    whole_app: bool = False
    wait_s: float | None = None
    limit: Scope | None = None
    of_route: bool = False

    def has_code(self, code: int) -> bool:
        """Whether the row is for this code."""
        return code in self.code if isinstance(self.code, range) else code == self.code

    @property
    def exact(self) -> bool:
        """Whether the row names more than a code."""
        return self.subcode is not None or bool(self.contains)

    @property
    def mend(self) -> Mend:
        """Where a person mends it: by what they are told to do, else by what Masthead does."""
        return _MENDED_AT.get(self.fix) or _THEN_MENDED[self.then]


_AGAIN: Final = "Reconnect the account under Accounts."
_GRANT: Final = "Reconnect the account under Accounts and grant every permission that is asked."
_SIGN_IN: Final = "They sign in at facebook.com, then reconnect the account under Accounts."
_OPERATOR: Final = "Ask your operator to check PROVIDER_META_CLIENT_ID and PROVIDER_META_CLIENT_SECRET."
_REDIRECT: Final = "Ask your operator to enter Masthead's callback address in the Meta app's settings."
_REVIEW: Final = "Ask your operator whether Meta has reviewed and approved the app for this."
_RESTART: Final = "Press Connect again."
_WAITS: Final = "Masthead waits and goes on by itself."
_CONTENT: Final = "Change the post and send it again."
_LINK: Final = "Check that the address opens without signing in, or remove the link."
_PAGE: Final = "Open the {place} on {network}, do what it asks there, then press Try again."
_REACH: Final = "Ask your operator whether MASTHEAD_PUBLIC_URL can be reached from outside."
_LOOK: Final = "Look at the {place} before you send it again."

_MENDED_AT: Final[Mapping[str, Mend]] = {
    **dict.fromkeys((_OPERATOR, _REDIRECT, _REVIEW, _REACH), "setup"),
    **dict.fromkeys((_AGAIN, _GRANT, _SIGN_IN, _RESTART), "reconnect"),
    _LOOK: "look",
    _PAGE: "post",
}
_THEN_MENDED: Final[Mapping[Then, Mend]] = {
    Then.WAIT: "wait",
    Then.RECONNECT: "reconnect",
    Then.REJECT: "post",
    Then.UNSURE: "look",
}

_WAIT, _RECONNECT, _REJECT, _UNSURE = Then.WAIT, Then.RECONNECT, Then.REJECT, Then.UNSURE
_ENDED: Final = "The access to this account has ended."
_RUN_OUT: Final = "The access to this account has run out."
_BUSY: Final = "{network} was busy."
_USED: Final = "This sign-in was used already."
_TOOK_LONG: Final = "This sign-in took too long."
_ADDRESS: Final = "Facebook doesn't know this address of Masthead."
_NOT_OUR_APP: Final = "Facebook doesn't accept Masthead's app secret."
_APP_LIMIT: Final = "{network}'s call limit for Masthead's whole app is reached."
_PERSON_LIMIT: Final = "{network}'s call limit for the person who connected this account is reached."
_PAGE_LIMIT: Final = "{network}'s call limit for this Page is reached."
_ACCOUNT_LIMIT: Final = "{network}'s call limit for this account is reached."

# One line of the specification is one entry here.
# fmt: off
TABLE: Final[tuple[Row, ...]] = (
    # --- 2.2: the code of a callback
    Row(100, 36007, _REJECT, _TOOK_LONG, _RESTART, "2.2 [G]"),
    Row(100, 36008, _REJECT, _ADDRESS, _REDIRECT, "2.2 [G]"),
    Row(100, 36009, _REJECT, _USED, _RESTART, "2.2 [G]"),
    Row(100, None, _REJECT, _TOOK_LONG, _RESTART, "2.2 [2]", contains="authorization code has expired"),
    Row(100, None, _REJECT, _ADDRESS, _REDIRECT, "2.2 [G]", contains="redirect_uri"),
    Row(100, None, _REJECT, _USED, _RESTART, "2.2 [2]", contains="authorization code has been used"),
    Row(100, None, _REJECT, "Facebook doesn't know this sign-in.", _RESTART, "2.2 [2]", contains="verification code"),
    Row(1, None, _REJECT, _NOT_OUR_APP, _OPERATOR, "2.2 [2]", contains="client secret"),
    # --- 2.8: proof of the app's secret. No post is at fault, so posts wait for the operator instead of failing.
    Row(100, None, _WAIT, _NOT_OUR_APP, _OPERATOR, "2.8 [2]", before=True, contains="appsecret_proof", whole_app=True),
    # --- 10.2: exact pairs
    Row(1, 99, _REJECT, "{network} couldn't read the request.", _CONTENT, "10.2 [M]"),
    Row(1, None, _UNSURE, "{network} was asked for too much at once.", _WAITS, "7.6 [2]", contains="reduce the amount"),
    Row(100, 33, _RECONNECT, "{network} no longer shows this {place} or post to Masthead.",
        "If the {place} still exists, reconnect it under Accounts.", "10.2 [M]", before=True),
    *(
        Row(code, subcode, _RECONNECT, words, fix, "10.2 [M]", before=True)
        for code in (190, 102)
        for subcode, words, fix in (
            (458, "The person who connected this account has removed Masthead on Facebook.", _AGAIN),
            (459, "Facebook wants the person who connected this account to sign in there first.", _SIGN_IN),
            (460, "The password of the person who connected this account has changed.", _AGAIN),
            (463, _RUN_OUT, _AGAIN),
            (464, "Facebook wants the person who connected this account to confirm who they are.", _SIGN_IN),
            (467, _ENDED, _AGAIN),
        )
    ),
    Row(190, 490, _RECONNECT, _RUN_OUT, _AGAIN, "10.2 [2:Postiz]", before=True),
    Row(190, 492, _RECONNECT, "The person who connected this Page no longer has a role on it.",
        "Someone with full control of the Page reconnects it under Accounts.", "10.2 [M]", before=True),
    Row(17, 2446079, _WAIT, _PERSON_LIMIT, _WAITS, "9 [2]", before=True, limit=Scope.ACCOUNT),
    Row(613, 1996, _WAIT, "{network} wants this account's calls spread more evenly.", _WAITS, "9 [2]", before=True,
        limit=Scope.ACCOUNT),
    Row(3001, 1504028, _REJECT, "{network} couldn't read the request.", _CONTENT, "10.2 [M]"),
    Row(4, 2207051, _WAIT, "{network} took the post for spam, yet it may be live.", _LOOK, "10.4 [M:ig-errors], [2]"),
    # --- 10.4: Instagram's. A refusal that isn't `before` costs little here, for the container's status
    # --- tells what became of it (meta 12).
    Row(-2, 2207003, _WAIT, "{network} took too long to fetch the file from Masthead.", _REACH, "10.4 [M:ig-errors]"),
    Row(-2, 2207020, _WAIT, "The file has expired at {network}.", _WAITS, "10.4 [M:ig-errors]"),
    Row(-1, 2207001, _UNSURE, "{network} had an error.", _LOOK, "10.4 [M:ig-errors]"),
    Row(-1, 2207032, _UNSURE, "{network} couldn't make a post of the file.", _LOOK, "10.4 [M:ig-errors]"),
    Row(-1, 2207053, _UNSURE, "{network} had an unknown error with the file.", _LOOK, "10.4 [M:ig-errors]"),
    Row(-1, 2207073, _REJECT, "{network} doesn't let Masthead take away a post of this kind.",
        "Take it away in the app.", "10.4 [M:ig-errors]"),
    Row(1, 2207057, _REJECT, "The moment chosen for the cover is outside the video.", _CONTENT, "10.4 [M:ig-errors]"),
    Row(9, 2207042, _WAIT, "{network} takes no more posts of this account for now: its daily number is reached.",
        _WAITS, "10.4 [M:ig-errors]", before=True, wait_s=600, limit=Scope.ACCOUNT, of_route=True),
    Row(24, 2207006, _UNSURE, "{network} doesn't find the prepared post.", _LOOK, "10.4 [M:ig-errors]"),
    Row(24, 2207008, _UNSURE, "{network} doesn't find the prepared post, or it has expired.", _LOOK,
        "10.4 [M:ig-errors]"),
    Row(25, 2207050, _REJECT, "{network} has restricted this account, or wants to check something first.", _PAGE,
        "10.4 [M:ig-errors]", before=True),
    Row(100, 2207023, _REJECT, "{network} doesn't know this kind of post.", _CONTENT, "10.4 [M:ig-errors]",
        before=True),
    Row(100, 2207028, _REJECT, "A carousel has 2 to 10 images and videos.", _CONTENT, "10.4 [M:ig-errors]",
        before=True),
    *(
        Row(100, subcode, _REJECT, "{network} can't tag products so.", "Remove the tags of products.",
            "10.4 [M:ig-errors]", before=True)
        for subcode in (2207035, 2207036, 2207037)
    ),
    Row(100, 2207040, _REJECT, "The post tags more than 20 accounts.", _CONTENT, "10.4 [M:ig-errors]", before=True),
    Row(100, None, _RECONNECT, "{network} says a permission is missing.", _GRANT, "10.4 [2]", before=True,
        contains="instagram_platform_api__permission"),
    Row(100, None, _REJECT, "{network} doesn't know the location of this post.", "Remove the location.", "10.4 [2]",
        before=True, contains="instagram_platform_api__invalid_location_id"),
    Row(100, None, _REJECT, "{network} refused this as invalid.", _CONTENT, "10.4 [2]", before=True,
        contains="instagram_platform_api__invalid_param"),
    Row(100, None, _REJECT, "{network} takes no collaborators on this post.", "Remove the collaborators.",
        "5.1 [2:Postiz]", before=True, contains="collaborators is not allowed"),
    Row(352, 2207026, _REJECT, "The video is not of a kind {network} takes.", _CONTENT, "10.4 [M:ig-errors]"),
    Row(9004, 2207052, _WAIT, "{network} couldn't fetch the file from Masthead.", _REACH, "10.4 [M:ig-errors]"),
    Row(9007, 2207027, _WAIT, "{network} is still preparing the post.", _WAITS, "10.4 [M:ig-errors]", before=True),
    Row(36000, 2207004, _REJECT, "The image is larger than {network} takes.", _CONTENT, "10.4 [M:ig-errors]",
        before=True),
    Row(36001, 2207005, _REJECT, "The image is not of a kind {network} takes.", _CONTENT, "10.4 [M:ig-errors]",
        before=True),
    Row(36003, 2207009, _REJECT, "The image is too tall or too wide for {network}.", _CONTENT, "10.4 [M:ig-errors]",
        before=True),
    Row(36004, 2207010, _REJECT, "The text is too long for {network}, or has too many hashtags or mentions.", _CONTENT,
        "10.4 [M:ig-errors]", before=True),
    Row(None, 2207077, _UNSURE, "{network} couldn't download the video.", _REACH, "10.4 [2]"),
    Row(None, 2207081, _REJECT, "This account can't make trial reels.", _CONTENT, "10.4 [2]"),
    Row(None, 2207082, _UNSURE, "{network} couldn't process the file.", _LOOK, "10.4 [2]"),
    Row(None, 2207085, _UNSURE, "{network} couldn't process the file.", _LOOK, "10.4 [2]"),
    # --- 4.5: uploads of videos, seen by others. None is answered by the finish, which is the visible call, so far as
    # --- is known; if one is, the video's own status tells.
    *(
        Row(None, subcode, _UNSURE, "The upload of the video broke off.", _LOOK, "4.5 [2:Trypost]")
        for subcode in (1363019, 1363021, 1363030, 1363033)
    ),
    Row(None, 1363041, _UNSURE, "The upload of the video took too long and has expired.", _LOOK, "4.5 [2:Trypost]"),
    Row(None, 1363045, _UNSURE, "{network} got another number of bytes than was said.", _LOOK, "4.5 [2:Trypost]"),
    Row(None, 1363022, _REJECT, "The video file is too small for {network}.", _CONTENT, "4.5 [2:Trypost]"),
    Row(None, 1363023, _REJECT, "The video file is too large for {network}.", _CONTENT, "4.5 [2:Trypost]"),
    *(
        Row(None, subcode, _REJECT, "The video is not of a kind {network} takes.", _CONTENT, "4.5 [2:Trypost]")
        for subcode in (1363024, 1363031, 1363032)
    ),
    Row(None, 1363025, _REJECT, "The video is too short for {network}.", _CONTENT, "4.5 [2:Trypost]"),
    Row(None, 1363026, _REJECT, "The video is too long for {network}.", _CONTENT, "4.5 [2:Trypost]"),
    Row(None, 1363042, _RECONNECT, "{network} doesn't let the person who connected this Page upload videos.", _GRANT,
        "4.5 [2:Trypost]"),
    # --- 10.3: publishing subcodes, seen by others, never documented. They name the trouble; only those about
    # --- permission or about the form of the request count as provably before.
    Row(None, 1366046, _REJECT, "The photo is too large or not of a kind {network} takes.", _CONTENT,
        "10.3 [2:Postiz]"),
    Row(None, 1366051, _REJECT, "These photos were posted already.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1363047, _UNSURE, _BUSY, _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1609010, _UNSURE, _BUSY, _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1390008, _WAIT, "{network} says this Page posts too fast.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1346003, _REJECT, "{network} flagged the text as abusive.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1349125, _REJECT, "{network} doesn't take the post in this form.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1363037, _UNSURE, "The upload broke off.", _LOOK, "10.3 [SDK]"),
    Row(None, 1404006, _REJECT, "{network} wants a security check first.", _PAGE, "10.3 [2:Postiz]"),
    Row(None, 1404078, _REJECT, "{network} hasn't authorized the person who connected this Page to publish on it.",
        _PAGE, "10.3 [2:Postiz]", before=True),
    Row(None, 1404102, _REJECT, "{network} says the post breaks its community standards.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1404112, _WAIT, "{network} limits this Page for some days.", _LOOK, "10.3 [2:Postiz]"),
    Row(None, 1609005, _REJECT, "{network} couldn't open the link.", _LINK, "10.2 [M] as a subcode [G]", before=True),
    Row(None, 1609008, _REJECT, "{network} doesn't take links to facebook.com here.", "Change or remove the link.",
        "10.3 [2:Postiz]", before=True),
    Row(None, 2061006, _REJECT, "{network} can't use the link.", "Change or remove the link.", "10.3 [2:Postiz]",
        before=True),
    Row(None, 2069019, _REJECT, "{network} can't use the file.", _CONTENT, "10.3 [2:Postiz]"),
    Row(None, 4854002, _REJECT, "Facebook wants the person who connected this Page to confirm who they are.", _PAGE,
        "10.3 [2:Postiz]", before=True),
    # --- 10.2 and 9: codes
    Row(1, None, _UNSURE, "{network} had an error.", _LOOK, "10.2 [M]"),
    Row(2, None, _UNSURE, "{network} was out of service for a moment.", _LOOK, "10.2 [M], [2: koala#699]",
        any_subcode=True),
    Row(3, None, _REJECT, "Masthead's Meta app lacks a capability.", _OPERATOR, "10.2 [M]", before=True,
        any_subcode=True),
    Row(4, None, _WAIT, _APP_LIMIT, _WAITS, "9 [M:rate]", before=True, whole_app=True, limit=Scope.APP),
    Row(9, None, _WAIT, "A limit of {network} for this account is reached.", _LOOK, "10.5 [A]"),
    Row(10, None, _RECONNECT, "{network} says a permission is missing.", _GRANT, "10.2 [M]", before=True,
        any_subcode=True),
    Row(17, None, _WAIT, _PERSON_LIMIT, _WAITS, "9 [M:rate]", before=True, limit=Scope.ACCOUNT),
    Row(32, None, _WAIT, _PAGE_LIMIT, _WAITS, "9 [M:rate]", before=True, limit=Scope.ACCOUNT),
    Row(100, None, _REJECT, "{network} refused this as invalid.", _CONTENT, "10.2 [M]", before=True),
    Row(101, None, _WAIT, "Facebook doesn't know Masthead's Meta app.", _OPERATOR, "10.2 [M]", before=True,
        any_subcode=True, whole_app=True),
    Row(102, None, _RECONNECT, _ENDED, _AGAIN, "10.2 [M]", before=True, any_subcode=True),
    Row(104, None, _WAIT, _NOT_OUR_APP, _OPERATOR, "10.2 [M]", before=True, any_subcode=True, whole_app=True),
    Row(190, None, _RECONNECT, _ENDED, _AGAIN, "10.2 [M]", before=True, any_subcode=True),
    Row(210, None, _RECONNECT, "{network} wants the Page's own access for this.", _AGAIN, "10.2 [M]", before=True,
        any_subcode=True),
    Row(240, None, _RECONNECT, "{network} doesn't let Masthead act on this {place}.", _AGAIN, "10.2 [M]", before=True,
        any_subcode=True),
    Row(283, None, _RECONNECT, "The permission pages_read_engagement is missing.", _GRANT, "10.2 [M]", before=True,
        any_subcode=True),
    Row(range(200, 300), None, _RECONNECT, "A permission is missing, or whoever connected this Page lost their role.",
        _GRANT, "10.2 [M]", before=True, any_subcode=True),
    Row(324, None, _REJECT, "The image is missing or not valid.", _CONTENT, "10.2 [M]"),
    Row(341, None, _WAIT, _APP_LIMIT, _WAITS, "9 [M:rate]", before=True, whole_app=True, limit=Scope.APP),
    Row(368, None, _WAIT, "{network} has blocked this for a while because of its policies.", _LOOK, "10.2 [M]",
        any_subcode=True),
    Row(382, None, _REJECT, "The video file is too small.", _CONTENT, "10.2 [M]"),
    Row(389, None, _UNSURE, "{network} couldn't fetch the file.", _LOOK, "10.2 [M]"),
    # A refused repeat proves neither that the first is live nor which post it is (RELIABILITY 0, fact 10).
    Row(506, None, _REJECT, "{network} says the same text was posted a moment ago; it names no post.", _LOOK,
        "10.2 [M]", any_subcode=True),
    Row(613, None, _WAIT, _ACCOUNT_LIMIT, _WAITS, "9 [M:rate]", before=True, limit=Scope.ACCOUNT),
    Row(803, None, _REJECT, "{network} doesn't know this account or post.", _AGAIN, "10.2 [G]", before=True),
    Row(2500, None, _RECONNECT, "{network} didn't accept the access to this account.", _AGAIN, "10.2 [2]", before=True),
    Row(6000, None, _REJECT, "The video file is broken or not of a kind {network} takes.", _CONTENT, "10.2 [M]"),
    Row(6001, None, _UNSURE, "The upload broke off.", _LOOK, "10.2 [M]"),
    Row(80001, None, _WAIT, _PAGE_LIMIT, _WAITS, "9 [M:rate]", before=True, limit=Scope.ACCOUNT),
    Row(range(80000, 80015), None, _WAIT, _ACCOUNT_LIMIT, _WAITS, "9 [M:rate]", before=True, limit=Scope.ACCOUNT),
    Row(1609005, None, _REJECT, "{network} couldn't open the link.", _LINK, "10.2 [M]", before=True),
    # --- 9: an answer without a code
    Row(None, None, _WAIT, "{network} wants fewer calls.", _WAITS, "9 [A]", status=429, whole_app=True,
        limit=Scope.APP),
)
# fmt: on
