"""What the specification says about the wire, and what it leaves open: the open ones carry their tag.

[P] primary source, [O] observed, [S] secondary, [G] general knowledge, [A] our decision. Sections are of linkedin.md.
"""

from __future__ import annotations

from datetime import UTC, datetime

API = "api.linkedin.com"
WWW = "www.linkedin.com"
MEDIA = "media.licdn.com"

# Versions with the day of their sunset, about a year after release (1.2). 202412 and 202512 never existed.
# [G] the last two: the specification infers them.
SUNSETS = {
    "202508": "2026-08-17",
    "202509": "2026-09-15",
    "202510": "2026-10-15",
    "202511": "2026-11-16",
    "202601": "2027-01-15",
    "202602": "2027-02-15",
    "202603": "2027-03-16",
    "202604": "2027-04-15",
    "202605": "2027-05-15",
    "202606": "2027-06-15",
    "202607": "2027-07-15",
    "202608": "2027-08-16",
    "202609": "2027-09-15",
}
SUNSET_AT = {name: datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() for name, day in SUNSETS.items()}

# Lifetimes (2.2, 2.4).
CODE_LIFETIME_S = 30 * 60  # [P]
TOKEN_LENGTH = 500  # [P] about; clients must allow 1,000 and more
DOWNLOAD_URL_LIFETIME_S = 30 * 86_400  # [A] "short lived; never store"

# Scopes and what they say to the person who is asked (2.8).
SCOPES = {
    "openid": "Use your name and photo",
    "profile": "Use your name and photo",
    "email": "Use the primary email address associated with your LinkedIn account",
    "w_member_social": "Create, modify, and delete posts, comments, and reactions on your behalf",
    "r_basicprofile": "Use your basic profile including your name, photo, headline, and public profile URL",
    "w_organization_social": "Create, modify, and delete posts on behalf of your organizations",
    "r_organization_social": "Retrieve your organizations' posts",
    "w_organization_social_feed": "Create, modify, and delete comments and reactions of your organizations",
    "r_organization_social_feed": "Retrieve comments and reactions on your organizations' posts",
    "w_member_social_feed": "Create, modify, and delete comments and reactions on your behalf",
    "rw_organization_admin": "Manage your organizations' pages and retrieve reporting data",
    "r_organization_followers": "Use your organizations' followers for mentions",
    "r_1st_connections_size": "Use the number of your 1st-degree connections",
    "r_member_postAnalytics": "Retrieve the analytics of your posts",
    "r_member_profileAnalytics": "Retrieve the analytics of your profile",
}
# They exist and are closed or belong to other products: no app here has them (2.8).
CLOSED_SCOPES = frozenset({"r_member_social", "r_member_social_feed", "r_organization_admin", "r_ads", "rw_ads"})
COMMUNITY_MANAGEMENT = tuple(scope for scope in SCOPES if scope not in ("openid", "profile", "email"))
# Which scopes a product gives to an app that has it.
PRODUCTS = {
    "community_management": COMMUNITY_MANAGEMENT,
    "sign_in": ("openid", "profile", "email"),
    "share": ("w_member_social",),
}

# Roles on a Page, and those that may publish and read posts (3.1, 3.2).
ADMINISTRATOR, CONTENT_ADMINISTRATOR, ANALYST = "ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "ANALYST"
ROLES = frozenset(
    {
        ADMINISTRATOR,
        CONTENT_ADMINISTRATOR,
        "DIRECT_SPONSORED_CONTENT_POSTER",
        "RECRUITING_POSTER",
        "LEAD_CAPTURE_ADMINISTRATOR",
        "LEAD_GEN_FORMS_MANAGER",
        ANALYST,
        "CURATOR",
    }
)
POSTING_ROLES = frozenset({ADMINISTRATOR, CONTENT_ADMINISTRATOR, "DIRECT_SPONSORED_CONTENT_POSTER"})
COMMENTING_ROLES = frozenset({ADMINISTRATOR, "DIRECT_SPONSORED_CONTENT_POSTER", "RECRUITING_POSTER"})  # [S]
COMMENT_READING_ROLES = frozenset({ADMINISTRATOR, "DIRECT_SPONSORED_CONTENT_POSTER"})  # [S]
STATES = frozenset({"APPROVED", "REQUESTED", "REJECTED", "REVOKED"})

# Posts (4.1, 4.4).
COMMENTARY_LIMIT = 3_000  # UTF-16 units, escapes included [S]
ALT_TEXT_LIMIT = 4_086
ARTICLE_TITLE_LIMIT = 399
DESCRIPTION_LIMIT = 4_085
IMAGES_MIN, IMAGES_MAX = 2, 20
POLL_QUESTION_LIMIT, POLL_OPTION_LIMIT = 140, 30
POLL_OPTIONS_MIN, POLL_OPTIONS_MAX = 2, 4
POLL_DURATIONS_S = {"ONE_DAY": 86_400, "THREE_DAYS": 259_200, "SEVEN_DAYS": 604_800, "FOURTEEN_DAYS": 1_209_600}
VOTE_SELECTION = "SINGLE_VOTE"
DEFAULT_COUNT, COUNT_MAX = 10, 100

# Pictures (5.1).
PIXELS_MAX = 36_152_320
GIF_FRAMES_MAX = 250
IMAGE_BYTES_MAX = 16 * 1024 * 1024  # no byte limit is published [A]
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}

# Videos (5.2). KB and MB are taken as thousands [A].
PART_BYTES = 4 * 1024 * 1024
VIDEO_BYTES_MIN, VIDEO_BYTES_MAX = 75_000, 500_000_000
VIDEO_MIN_S, VIDEO_MAX_S = 3, 30 * 60

# Documents (5.3).
DOCUMENT_PAGES_MAX = 300
DOCUMENT_BYTES_MAX = 100_000_000

# How long each kind is PROCESSING is an option of its own.
PROCESSING_OPTIONS = {"image": "processing_s", "video": "video_processing_s", "document": "document_processing_s"}

# Comments (6.1).
COMMENT_WINDOW_S = 60  # [O] "about 1 minute"

# Sizes (1.6): more is 414.
URL_LIMIT, QUERY_LIMIT, SEGMENT_LIMIT = 8_192, 4_096, 4_096

# Calls a day for each endpoint, by app and by member (2.9, 9).
SHARE_APPLICATION_DAY, SHARE_MEMBER_DAY = 100_000, 150  # [S] Share on LinkedIn
DEVELOPMENT_APPLICATION_DAY, DEVELOPMENT_MEMBER_DAY = 500, 100  # [S] Community Management, Development tier

OPTIONS = {
    "duplicate_window_s": "600",  # 4.6: "a recent post", about ten minutes; 0 switches it off [S]
    "tier": "standard",  # of the Community Management app: standard or development (2.9)
    "refresh_tokens": "true",  # does the Community Management app get any (2.4)
    "share_refresh_tokens": "false",  # and the other one: self-serve apps get none (2.4)
    "access_lifetime_s": "5184000",  # 60 days (2.2)
    "refresh_lifetime_s": "31536000",  # 365 days from the consent; refreshing never extends it (2.4)
    "products": "community_management",  # of the Community Management app; empty: not granted (2.9)
    "member_products": "sign_in,share",  # of the other one
    "versions": "",  # the active ones, with commas; empty: by their sunsets and the clock (1.2)
    "processing_s": "0.5",  # how long a picture is PROCESSING [A]
    "video_processing_s": "1",
    "document_processing_s": "1",
    "upload_url_lifetime_s": "2592000",  # 30 days [S]
    "document_bytes": str(DOCUMENT_BYTES_MAX),  # a larger document is 413
    # Whose state a token of a member can't read: of pictures that was observed [O], the others follow it [A] (5.1).
    "unreadable_for_members": "image,video,document",
    "publish_before_ready": "refuse",  # or request: 201, PUBLISH_REQUESTED until the asset is ready (5.2)
    "edit_polls": "false",  # may the text of a post with a poll be edited (4.1: "can't be edited")
    "comment_length": "1250",  # [S]
    "comments_a_minute": "20",  # of one member; the number is unpublished [A] (6.1)
    "member_comments": "true",  # false: w_member_social alone isn't enough for comments, as some see it (6.1) [S]
    # Standard tier: unpublished (9) [A]. Share on LinkedIn: as published.
    "application_day": "1000000",
    "member_day": "1000000",
    "share_application_day": str(SHARE_APPLICATION_DAY),
    "share_member_day": str(SHARE_MEMBER_DAY),
}
