"""Errors as the Graph API words them (meta 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.answers import Answer, Kind, as_json
from sandbox.meta.facts import STATUS

PACIFIC = timedelta(hours=-8)


@dataclass(slots=True)
class GraphError(Exception):
    """One error of the table; `kind` says whether a correct client can meet it."""

    code: int
    message: str
    subcode: int | None = None
    type: str = "OAuthException"
    kind: Kind = Kind.REFUSED
    status: int | None = None
    transient: bool = False
    user_title: str | None = None
    user_message: str | None = None
    data: Mapping[str, Any] | None = None

    def answer(self, trace: str) -> Answer:
        """The envelope of meta 10.1."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["is_transient"] = self.transient
        if self.user_title:
            error |= {"error_user_title": self.user_title, "error_user_msg": self.user_message}
        if self.data is not None:
            error["error_data"] = self.data
        error["fbtrace_id"] = trace
        headers = []
        if self.code == 190:
            headers.append(("WWW-Authenticate", f'OAuth "Facebook Platform" "invalid_token" "{self.message}"'))
        return as_json({"error": error}, self.status or STATUS.get(self.code, 400), self.kind, headers)


def malformed(message: str, code: int = 100) -> GraphError:
    """A request that no correct client sends."""
    return GraphError(code, f"(#{code}) {message}", kind=Kind.PROTOCOL)


def invalid(message: str, subcode: int | None = None) -> GraphError:
    """A parameter whose value is refused (100)."""
    return GraphError(100, f"(#100) {message}", subcode)


def missing_object(method: str, node: str) -> GraphError:
    """100/33: gone, never there, or not for this token (meta 4.3, 10.2)."""
    return GraphError(
        100,
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api",
        33,
        "GraphMethodException",
    )


def unsupported(method: str, path: str) -> GraphError:
    """A path or method that doesn't exist."""
    return GraphError(2500, f"Unknown path components: {path} ({method})", kind=Kind.PROTOCOL)


def no_token(me: bool) -> GraphError:
    """A call without a token (meta 10.2: 2500, 104)."""
    if me:
        message = "An active access token must be used to query information about the current user."
        return GraphError(2500, message, kind=Kind.PROTOCOL)
    return GraphError(104, "An access token is required to request this resource.", kind=Kind.PROTOCOL)


def unreadable_token() -> GraphError:
    """Garbage instead of a token (meta 2.5)."""
    return GraphError(190, "Invalid OAuth access token.", kind=Kind.PROTOCOL)


def dead_token(subcode: int, app_id: str, expires_at: float, now: float) -> GraphError:
    """190 with the reason (meta 2.5, 2.7)."""
    reasons = {
        458: f"The user has not authorized application {app_id}.",
        459: "The user is enrolled in a blocking, logged-in checkpoint.",
        460: "The session has been invalidated because the user changed their password or Facebook has changed the"
        " session for security reasons.",
        463: f"Session has expired on {_pacific(expires_at)}. The current time is {_pacific(now)}.",
        464: "Sessions for the user are not allowed because the user is not a confirmed user.",
        467: "The session is invalid because the user logged out.",
        492: "The user must be an administrator, editor, or moderator of the page in order to impersonate it.",
    }
    reason = reasons.get(subcode, "The session is invalid.")
    return GraphError(190, f"Error validating access token: {reason}", subcode)


def _pacific(at: float) -> str:
    return (datetime.fromtimestamp(at, UTC) + PACIFIC).strftime("%A, %d-%b-%y %H:%M:%S PST")


def in_development() -> GraphError:
    """The app isn't live and the person has no role on it (meta 2.9); the code isn't documented [A]."""
    return GraphError(200, "(#200) The app is in development mode, and its user has no role on the app")


def cannot_publish() -> GraphError:
    """Permission or task missing for publishing (meta 10.2, code 200)."""
    return GraphError(
        200,
        "(#200) If posting to a group, requires app being installed in the group, and either publish_to_groups"
        " permission with user token, or both pages_read_engagement and pages_manage_posts permission with page token;"
        " If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with sufficient"
        " administrative permission",
    )


def cannot_moderate() -> GraphError:
    """Permission or task missing for comments (meta 10.2, code 200); the words are ours [A]."""
    return GraphError(
        200,
        "(#200) Commenting as the Page requires pages_manage_engagement, pages_read_engagement and"
        " pages_read_user_content with page token, and the task MODERATE",
    )


def cannot_manage(scope: str) -> GraphError:
    """Permission missing for an object (meta 10.2, code 283)."""
    return GraphError(283, f"(#283) Requires {scope} permission to manage the object")


def cannot_read(scope: str) -> GraphError:
    """Permission missing for a read (meta 10.2, code 10)."""
    return GraphError(
        10,
        f"(#10) This endpoint requires the '{scope}' permission or the 'Page Public Content Access' feature. Refer to"
        " https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages for details.",
    )


def needs_page_token() -> GraphError:
    """A user token where the Page itself must speak (meta 10.2, code 210)."""
    message = "(#210) A page access token is required to request this resource."
    return GraphError(210, message, kind=Kind.PROTOCOL)


def needs_app_token() -> GraphError:
    """A person's or a Page's token where the app itself must speak (meta 8.4); code and words aren't documented [G]."""
    message = "(#15) This method must be called with an app access_token."
    return GraphError(15, message, kind=Kind.PROTOCOL)


def callback_unverified(why: str) -> GraphError:
    """The callback didn't answer the challenge (meta 8.1, 8.4); code and words aren't documented [G]."""
    return GraphError(2200, f"(#2200) Callback verification failed with the following errors: {why}")


def duplicate() -> GraphError:
    """506 (meta 10.2, 12)."""
    return GraphError(
        506,
        "(#506) Duplicate status message",
        user_title="Duplicate Status Update",
        user_message="This status update is identical to the last one you posted. Try posting something different, or"
        " delete your previous update.",
    )


def image_missing(why: str) -> GraphError:
    """324: no image file, or none that can be read (meta 4.4, 10.2)."""
    return GraphError(324, f"(#324) {why}")


def image_refused() -> GraphError:
    """1366046: too large, or of another format. The code beside it is not documented [G] (meta 4.4, 10.3)."""
    return GraphError(
        100,
        "Invalid parameter",
        1366046,
        user_title="Can't Read Files",
        user_message="Your photos couldn't be uploaded. Photos should be smaller than 4 MB and saved as JPG or PNG"
        " files.",
    )


def already_posted() -> GraphError:
    """1366051: a photo belongs to a post already. The code beside it is not documented [G] (meta 4.4, 10.3)."""
    return GraphError(
        100,
        "Invalid parameter",
        1366051,
        user_title="Already Posted",
        user_message="These photos were already posted.",
    )


def video_too_small() -> GraphError:
    """382 (meta 4.5, 10.2)."""
    return GraphError(382, "(#382) The video file you selected is too small. Please try again with a larger file.")


def video_unreachable() -> GraphError:
    """389: `file_url` couldn't be fetched (meta 4.5, 10.2)."""
    return GraphError(389, "(#389) Unable to fetch video file from URL.")


def video_refused(subcode: int, why: str) -> GraphError:
    """6000: a bad or unsupported file; the subcode says why (meta 4.5)."""
    return GraphError(
        6000,
        "(#6000) There was a problem uploading your video file. Please try again with another file.",
        subcode,
        user_title="Your Video Couldn't Be Uploaded",
        user_message=f"The video is {why}.",
    )


def upload_problem(
    why: str, subcode: int | None = None, data: Mapping[str, Any] | None = None, transient: bool = False
) -> GraphError:
    """6001: something is wrong with an upload (meta 4.5)."""
    return GraphError(
        6001, f"(#6001) There was a problem uploading your video. {why}", subcode, data=data, transient=transient
    )


def already_published() -> GraphError:
    """A photo or video that was published before can't be a story, a video can't be finished twice (meta 4.6, 4.7).

    With which error is not documented: the one of photos that were posted already [A].
    """
    error = already_posted()
    error.user_message = "This was already posted."
    return error


def too_many_reels() -> GraphError:
    """30 reels in 24 hours (meta 4.6); the code is not documented, this is the one of limits of a product [A]."""
    return GraphError(613, "(#613) The limit of reels that a Page can publish by API within 24 hours is reached")


RATE_MESSAGES = {
    4: "(#4) Application request limit reached",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    341: "(#341) Feed action request limit reached",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80001: "(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info,"
    " please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
    80002: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For more info,"
    " please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
}


def rate_limited(code: int) -> GraphError:
    """Too many calls (meta 9)."""
    return GraphError(code, RATE_MESSAGES.get(code, f"(#{code}) Request limit reached"))


def unexpected() -> GraphError:
    """Code 2: the write may have succeeded (meta 10.2, 12)."""
    return GraphError(
        2, "An unexpected error has occurred. Please retry your request later.", transient=True, status=500
    )
