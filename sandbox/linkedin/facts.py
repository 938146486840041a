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
ACCESS_LIFETIME_S = 5_184_000  # [P] 60 days
REFRESH_LIFETIME_S = 31_536_000  # [P] 365 days from the consent; refreshing never extends it
TOKEN_LENGTH = 500  # [P] about; clients must allow 1,000 and more
UPLOAD_URL_LIFETIME_S = 30 * 86_400  # [S]
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
SIGN_IN_AND_SHARE = ("openid", "profile", "email", "w_member_social")
COMMUNITY_MANAGEMENT = tuple(scope for scope in SCOPES if scope not in ("openid", "profile", "email"))

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
STATES = frozenset({"APPROVED", "REQUESTED", "REJECTED", "REVOKED"})

# Posts (4.1, 4.4).
COMMENTARY_LIMIT = 3_000  # UTF-16 units, escapes included [S]
ALT_TEXT_LIMIT = 4_086
ARTICLE_TITLE_LIMIT = 399
DESCRIPTION_LIMIT = 4_085
IMAGES_MIN, IMAGES_MAX = 2, 20
DEFAULT_COUNT, COUNT_MAX = 10, 100

# Pictures (5.1).
PIXELS_MAX = 36_152_320
GIF_FRAMES_MAX = 250
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}

# Sizes (1.6): more is 414.
URL_LIMIT, QUERY_LIMIT, SEGMENT_LIMIT = 8_192, 4_096, 4_096

# Calls a day for each endpoint, by app and by member (2.9, 9).
SHARE_APPLICATION_DAY, SHARE_MEMBER_DAY = 100_000, 150  # [S] Share on LinkedIn
DEVELOPMENT_APPLICATION_DAY, DEVELOPMENT_MEMBER_DAY = 500, 100  # [S] Community Management, Development tier

OPTIONS = {
    "duplicate_window_s": "600",  # 4.6: "a recent post", about ten minutes; 0 switches it off [S]
    "tier": "standard",  # of the Community Management app: standard or development (2.9)
    "refresh_tokens": "true",  # does the Community Management app get any (2.4)
    "processing_s": "0.5",  # how long a picture is PROCESSING [A]
    # Standard tier: unpublished (9) [A]. Share on LinkedIn: as published.
    "application_day": "1000000",
    "member_day": "1000000",
    "share_application_day": str(SHARE_APPLICATION_DAY),
    "share_member_day": str(SHARE_MEMBER_DAY),
}
