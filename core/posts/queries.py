"""What pages show of posts: frozen dataclasses, a few statements each.

One post is in `looking`, lists in `listing`, the month in `calendar`, Home and the badges of the menu in `overview`;
pages come in here.
"""

from core.posts.calendar import calendar
from core.posts.library import carriers, library
from core.posts.listing import authors, listing, review_queue
from core.posts.looking import approvers, detail, draft, review
from core.posts.overview import counts, home

__all__ = [
    "approvers",
    "authors",
    "calendar",
    "carriers",
    "counts",
    "detail",
    "draft",
    "home",
    "library",
    "listing",
    "review",
    "review_queue",
]
