"""What the specification says about the wire, and what it leaves open: the open ones carry their tag.

[M] Meta's own text, [SDK] Meta's SDK, [2] secondary, [G] general knowledge, [A] our decision. Sections are of meta.md.
"""

from __future__ import annotations

GRAPH = "graph.facebook.com"
GRAPH_VIDEO = "graph-video.facebook.com"
RUPLOAD = "rupload.facebook.com"
WWW = "www.facebook.com"
INSTAGRAM = "www.instagram.com"
CDN = "scontent.xx.fbcdn.net"  # [G] where pictures of Pages lie

# Versions (meta 1): what is usable on 2026-11-22. An expired one falls forward to the oldest usable [G].
NEWEST_VERSION = "v26.0"
USABLE_VERSIONS = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")

# Lifetimes (meta 2.2, 2.3, 2.7).
CODE_LIFETIME_S = 600  # [G] about ten minutes
SHORT_LIVED_S = 5_200  # [M] "hours", figure of the sample
LONG_LIVED_S = 60 * 86_400  # [M]
LONG_EXCHANGE_AGE_S = 86_400  # [G] a long-lived token is renewed at most once a day
DATA_ACCESS_S = 90 * 86_400  # [M]
PROOF_TIME_S = 300  # [2] appsecret_time is good for five minutes

# Permissions that exist (meta 2.9); the dialog refuses every other.
BASIC_SCOPES = ("public_profile", "email")
SCOPES = {
    "public_profile": "Your name and profile picture",
    "email": "Your email address",
    "pages_show_list": "Show a list of the Pages you manage",
    "pages_manage_posts": "Create and manage content on your Page",
    "pages_read_engagement": "Read content posted on the Page",
    "pages_read_user_content": "Read user content on your Page",
    "pages_manage_engagement": "Create and manage comments on your Page",
    "pages_manage_metadata": "Manage accounts, settings and webhooks for a Page",
    "pages_messaging": "Manage and access Page conversations in Messenger",
    "read_insights": "Access Page and app insights",
    "business_management": "Manage your business",
    "ads_management": "Manage ads for ad accounts you can access",
    "ads_read": "Read ads reports",
    "instagram_basic": "Access profile and posts from your Instagram account",
    "instagram_content_publish": "Upload media and create posts for your Instagram account",
    "instagram_manage_comments": "Manage comments for your Instagram account",
    "instagram_manage_insights": "Access insights for your Instagram account",
    "instagram_manage_messages": "Manage and access Instagram messages",
    "instagram_manage_contents": "Delete content of your Instagram account",
}
# Permissions that name the Pages they hold for; the others hold for the person (meta 2.5, granular_scopes).
PAGE_SCOPES = frozenset(scope for scope in SCOPES if scope.startswith(("pages_", "instagram_", "read_")))

# One of these is needed besides where the Page role comes from a portfolio; older text: business_management (meta 2.9).
BUSINESS_SCOPES = ("ads_management", "ads_read", "business_management")

FULL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")  # meta 2.4
CREATE_TASKS = frozenset({"CREATE_CONTENT", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_FULL_CONTROL"})  # [SDK]
MODERATE_TASKS = frozenset({"MODERATE", "PROFILE_PLUS_MODERATE", "PROFILE_PLUS_FULL_CONTROL"})  # [SDK]

# Publishing (meta 4.2).
MESSAGE_LIMIT = 63_206  # [2]
SCHEDULE_MIN_S = 600  # [M]
SCHEDULE_MAX_S = 75 * 86_400  # CONFLICT 30 or 75 days; the sandbox takes the larger [A]
CONTENT_TYPES = (
    "SCHEDULED",
    "SCHEDULED_RECURRING",
    "DRAFT",
    "PUBLISH_PENDING",
    "ADS_POST",
    "INLINE_CREATED",
    "PUBLISHED",
    "REVIEWABLE_BRANDED_CONTENT",
)  # [SDK]
CARDS_MIN, CARDS_MAX, CARDS_MAX_OPTIMIZED = 2, 5, 10  # [M] child_attachments

DEFAULT_DELAY_MS = 10_000  # [A] delayed_visibility without `ms`

# Instagram (meta 5.1 to 5.7).
DAY_S = 86_400
CONTAINER_LIFETIME_S = DAY_S  # [M]
CAPTION_LIMIT, HASHTAGS_MAX, MENTIONS_MAX = 2_200, 30, 20  # [M]
ALT_TEXT_LIMIT = 1_000  # [M]
IMAGE_BYTES_MAX = 8 * 1024 * 1024  # [M] 8 MiB in the words of the error
PERSON_TAGS_MAX, COLLABORATORS_MAX, SPONSORS_MAX = 20, 3, 2  # [M]
CAROUSEL_MIN, CAROUSEL_MAX = 2, 10  # [M]
INSTAGRAM_REACH = 10_000  # [M] only the latest are listed

# Photos of Pages (meta 4.4, 6).
UNUSED_PHOTO_LIFETIME_S = DAY_S  # [M] "within about 24 h"
PHOTO_BYTES_MAX = 10 * 1024 * 1024  # CONFLICT 10 or 4 MB; the sandbox takes the larger [A]
PHOTO_FORMATS = frozenset({"JPEG", "MPO", "BMP", "PNG", "GIF", "TIFF"})  # [M]; MPO is what phones call .jpeg too

# Videos of Pages (meta 4.5, 4.6). What a video may be is in `limits.py`.
FILE_TYPES = frozenset({"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"})  # [M]
UPLOAD_LIFETIME_S = DAY_S  # [G] upload sessions, and videos that were begun and never finished
VIDEO_BYTES_MIN = 128  # [A] "file too small" (382)
CHUNK_BYTES = 1_048_576  # the sample's; `video_chunk_bytes` changes it
VIDEO_SCHEDULE_MAX_S = 183 * 86_400  # [M] six months
REEL_SCHEDULE_MAX_S = 29 * 86_400  # [M]
REELS_WINDOW_S = DAY_S  # [M] rolling
VERTICAL_SECONDS_MAX = 90  # [2] up to which a vertical video becomes a reel
STORY_LIFETIME_S = DAY_S  # meta 4.7, 11.2
FETCHER = "facebookexternalhit/1.1"  # [M] who fetches hosted files

# Comments (meta 11.3, 11.4).
COMMENT_LIMIT = 8_000  # [G]
COMMENTS_LIMIT = 100  # [A] as for posts
INSTAGRAM_COMMENTS_LIMIT = 50  # [M]
INSTAGRAM_COMMENT_LIMIT, COMMENT_HASHTAGS_MAX, COMMENT_LINKS_MAX = 300, 4, 1  # [G] not verified again

# Page fields that can be subscribed to (meta 8.4, those we use) [SDK].
SUBSCRIBED_FIELDS = frozenset(
    {
        "feed",
        "mention",
        "messages",
        "messaging_postbacks",
        "message_reactions",
        "message_reads",
        "message_deliveries",
        "message_echoes",
        "messaging_referrals",
        "ratings",
        "videos",
        "live_videos",
    }
)

# Instagram fields that can be subscribed to (meta 8.4) [SDK].
INSTAGRAM_SUBSCRIBED_FIELDS = frozenset(
    {
        "comments",
        "live_comments",
        "mentions",
        "messages",
        "message_reactions",
        "message_edit",
        "messaging_postbacks",
        "messaging_referral",
        "messaging_seen",
        "story_insights",
        "share_to_story",
        "standby",
    }
)
CHALLENGE_BYTES_MAX = 1_024  # [A] of what a callback answers to the verification (meta 8.1)

# Reading (meta 11.1, 7.6).
DEFAULT_LIMIT = 25  # [G]
POSTS_LIMIT = 100  # [M] more is an error
ACCOUNTS_LIMIT = 500  # [A] no maximum is documented
POSTS_REACH = 600  # [M] about the newest 600 a year are listed, not a full archive

# Rate limits (meta 9).
APP_WINDOW_S = 3_600
APP_CALLS_PER_USER = 200
PAGE_WINDOW_S = 86_400  # CONFLICT one hour or 24; 24 better supported
PAGE_CALLS_PER_USER = 4_800
INSTAGRAM_CALLS_PER_IMPRESSION = 4_800

# HTTP statuses by code: "almost always 400; 403 for some permission/limit errors, 401 for some token errors,
# 500/503 for codes 1/2" (meta 10.1, [2/G]).
STATUS = {1: 500, 2: 500, 4: 403, 10: 403, 190: 401, 200: 403}

OPTIONS = {
    "require_appsecret_proof": "true",  # meta 2.8, the app's setting "Require app secret"
    "duplicate_window_s": "600",  # meta 12 (d): 506 for the same text within N minutes; 0 switches it off [A]
    "daily_active_users": "5000",  # meta 9: 200 calls an hour for each [A]
    "engaged_users": "100",  # meta 9: 4800 calls a day for each, per Page [A]
    "impressions": "100",  # meta 9: 4800 calls a day for each, per Instagram account [A]
    "publish_quota": "50",  # CONFLICT meta 5.5: 50 or 100 posts in 24 hours for each Instagram account
    "containers_a_day": "400",  # meta 5.3 [M]
    "republish": "error",  # meta 5.8: a container published already is an `error`, or answers the `same_id` [A]
    "fetch_within_s": "10",  # how long a picture or video may take to fetch [A]
    "video_processing_s": "2",  # how long a video is processed; real ones take from seconds to minutes (meta 5.3) [A]
    "video_chunk_bytes": str(CHUNK_BYTES),  # meta 4.5: how much of a chunked upload is asked for at a time [A]
    "reels_a_day": "30",  # meta 4.6 [M]
    "reel_post_id": "false",  # meta 14.6: whether finishing a reel tells its post [A]
    "vertical_videos": "reel",  # meta 4.5: a short vertical video sent to /videos becomes a `reel`, a `draft`, or stays
    "status_words": "captures",  # CONFLICT meta 4.6: `complete`, `bytes_transferred`, `errors`, or those of the `docs`
    "comment_rules": "true",  # meta 14.15: what Instagram takes as a comment, not verified again
    "strict_reels": "true",  # meta 6: 9:16 and at least 540 x 960; false takes every shape [A]
    "story_seconds": "60",  # CONFLICT meta 4.7: 60 or 90 seconds for a video story of a Page
    "uploads_by_pages": "false",  # meta 4.5: the guide names a user token for upload sessions; true takes Pages' too
    "usage_headers_after": "5",  # "present once enough calls were made" [A]
}
