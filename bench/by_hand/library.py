"""The library: files with the posts that carry them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from bench.reads import Read, Sample, written
from core.media import store as media
from core.posts import library_reads

_PAGE: Final = 41
_MOST_CARRIERS: Final = 50
_LATELY: Final = timedelta(days=1)

_EVERYTHING: Final[dict[str, Any]] = {"words": "", "kinds": (), "used": None, "after": None, "limit": _PAGE}
_WAYS: Final = (
    """select f.post_id from masthead.post_media f
    join masthead.post t on t.organization_id = {organization} and t.id = f.post_id and t.deleted_at is null
    where f.organization_id = {organization} and f.media_id = [file] and f.place is not null""",
    """select t.id from masthead.post t
    where t.organization_id = {organization} and t.cover_id = [file] and t.deleted_at is null""",
    """select v.post_id from masthead.post_variant v
    join masthead.post t on t.organization_id = {organization} and t.id = v.post_id and t.deleted_at is null
    where v.organization_id = {organization} and v.cover_id = [file]""",
)
_USES: Final = " union ".join(_WAYS)
_USED: Final = " or ".join(f"exists ({way})" for way in _WAYS)
_LISTED: Final = """select m.id, m.created_at as at, (select count(*) from ([uses]) u) as uses
from masthead.media m where m.organization_id = {organization} and m.deleted_at is null [condition]
order by m.created_at desc, m.id desc limit 41"""
_WORDS: Final = "and strpos(lower(concat_ws(' ', m.file_name, m.alt, m.rights)), 'image-1') > 0"


def _listed(condition: str = "", **narrowed: Any) -> dict[str, Any]:
    """A page of the library."""
    return {
        "ours": lambda session, _: library_reads.listed(session, **{**_EVERYTHING, **narrowed}),
        "by_hand": written(_LISTED, condition=condition, used=_USED, uses=_USES, file="m.id"),
    }


def _uploads(session: Any, sample: Sample) -> object:
    return media.open_uploads(session, sample.member, _LATELY)


READS: Final = (
    Read("library", **_listed()),
    Read("library_by_words", **_listed(_WORDS, words="image-1")),
    Read("library_used", **_listed("and ([used])", used=True)),
    Read("library_not_used", **_listed("and not ([used])", used=False)),
    Read(
        "library_files",
        lambda session, sample: media.several_media(session, sample.files),
        "select m.* from masthead.media m where m.organization_id = {organization} and m.id = any({files})",
        unordered=True,
    ),
    Read(
        "library_carriers",
        lambda session, sample: library_reads.carriers(session, sample.files[0], _MOST_CARRIERS),
        written(
            """select t.id, left(t.text, 120) as text, t.updated_at as at from ([uses]) u(post_id)
            join masthead.post t on t.organization_id = {organization} and t.id = u.post_id
            order by t.updated_at desc, t.id desc limit 50""",
            uses=_USES,
            file="({files}::uuid[])[1]",
        ),
    ),
    Read(
        "library_uploads",
        _uploads,
        """select u.* from masthead.upload u where u.organization_id = {organization} and u.created_by = {member}
          and u.created_at > (select clock_timestamp() - interval '1 day') and u.media_id is null
        order by u.created_at desc, u.id desc limit 20""",
    ),
)
