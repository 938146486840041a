"""What a network gets of a video where it takes no edit lists: the same pictures and sound, otherwise packed."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from core.infra import db
from core.infra.actor import Actor, Role
from core.media import boxes, files, making, queries, store
from core.media.boxes import Layout
from core.media.rules import MOV, MP4
from core.media.views import MediaView
from core.provider_kit.types import MediaItem
from tests.factories import clips
from tests.factories.media import make_prepared
from tests.factories.organizations import make_actor


@pytest.fixture
def author(committed_database: db.Database, storage: Path) -> Iterator[Actor]:
    return make_actor(role=Role.EDITOR)


def content_of(actor: Actor, sha256: str) -> bytes:
    return files.read(actor.organization_id, sha256)


def layout(content: bytes) -> Layout:
    return boxes.layout(io.BytesIO(content), len(content))


def items(actor: Actor, made: MediaView) -> dict[str, MediaItem]:
    with db.transaction(actor) as session:
        return queries.items(session, made.id, ["any", "plain"])


def packets(content: bytes) -> dict[str, list[bytes]]:
    """Pictures and sound, byte by byte, without what an edit list hides."""
    with av.open(io.BytesIO(content), format="mov") as container:
        found: dict[str, list[bytes]] = {"video": [], "audio": []}
        for packet in container.demux():
            if packet.size and not packet.is_discard:
                found[packet.stream.type].append(bytes(packet))
        return found


def sound_ahead_s(content: bytes) -> float:
    """By how much the last sound comes before the last picture."""
    with av.open(io.BytesIO(content), format="mov") as container:
        last: dict[str, float] = {}
        for packet in container.demux():
            if packet.size and not packet.is_discard and packet.pts is not None:
                at = float(packet.pts * packet.time_base)
                last[packet.stream.type] = max(at, last.get(packet.stream.type, at))
        return last["video"] - last["audio"]


@pytest.mark.parametrize(
    ("sent", "mime"),
    [
        (clips.clip, MP4),
        (lambda: clips.clip(index_first=False), MP4),
        (lambda: clips.clip(fragmented=True, edit_list=False), MP4),
        (lambda: clips.clip(form="mov", index_first=False), MOV),
        (lambda: clips.clip(sound=False), MP4),
    ],
    ids=["index first", "index last", "in fragments", "QuickTime", "silent"],
)
def test_a_network_without_edit_lists_gets_a_rendition_and_all_others_what_is_kept(
    author: Actor, worker_database: db.Database, sent: Callable[[], bytes], mime: str
) -> None:
    made = make_prepared(author, worker_database, sent())
    got = items(author, made)
    kept, plain = content_of(author, got["any"].sha256), content_of(author, got["plain"].sha256)
    assert (got["any"].sha256, got["any"].packing, layout(kept).edited) == (made.sha256, "edited", True)
    assert (got["plain"].mime, got["plain"].packing, got["plain"].size) == (mime, "plain", len(plain))
    assert (layout(plain).begins_with_index, layout(plain).edited) == (True, False)
    assert packets(plain) == packets(kept), "not a byte of the pictures and of the sound is another"
    assert got["plain"].duration_ms == pytest.approx(got["any"].duration_ms, abs=250)
    assert got["plain"].bit_rate == pytest.approx(got["plain"].size * 8_000 / got["plain"].duration_ms, rel=0.01)
    for fact in ("width", "height", "codec", "audio_codec", "frame_rate"):
        assert getattr(got["plain"], fact) == getattr(got["any"], fact)
    assert made.prepared == "Prepared for Plain Films: packed anew, pictures and sound unchanged"
    (rendition,) = made.renditions
    assert (rendition.network, rendition.sha256, rendition.as_kept) == ("plain", got["plain"].sha256, False)


def test_sound_and_pictures_stay_together(author: Actor, worker_database: db.Database) -> None:
    made = make_prepared(author, worker_database, clips.clip(seconds=3, rate=25))
    got = items(author, made)
    before, after = (sound_ahead_s(content_of(author, got[network].sha256)) for network in ("any", "plain"))
    assert after == pytest.approx(before, abs=0.002)


def test_a_video_without_an_edit_list_goes_everywhere_as_it_is_kept(
    author: Actor, worker_database: db.Database
) -> None:
    made = make_prepared(author, worker_database, clips.clip(edit_list=False))
    got = items(author, made)
    assert {item.sha256 for item in got.values()} == {made.sha256}
    assert {item.packing for item in got.values()} == {"plain"}
    assert (made.renditions, made.prepared) == ((), "")


def test_what_no_form_takes_whatever_its_packing_gets_no_rendition(author: Actor, worker_database: db.Database) -> None:
    made = make_prepared(author, worker_database, clips.clip(codec="mpeg4"))
    got = items(author, made)
    assert (got["plain"].sha256, got["plain"].codec, got["plain"].packing) == (made.sha256, "mpeg4", "edited")


def begun_later(content: bytes, share: float) -> bytes:
    """The same file whose edit list leaves out the first part of its pictures, as phones cut."""
    at = content.index(b"elst")
    (media_time,) = struct.unpack_from(">i", content, at + 16)
    with av.open(io.BytesIO(content), format="mov") as container:
        later = media_time + round((container.streams.video[0].duration or 0) * share)
    return content[: at + 16] + struct.pack(">i", later) + content[at + 20 :]


def test_pictures_that_an_edit_list_hides_are_never_shown_by_a_rendition(
    author: Actor, worker_database: db.Database
) -> None:
    made = make_prepared(author, worker_database, begun_later(clips.clip(seconds=4), 0.5))
    got = items(author, made)
    assert (got["plain"].sha256, got["plain"].packing, made.renditions) == (made.sha256, "edited", ())


_UPRIGHT = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def on_its_side(content: bytes) -> bytes:
    """The same file as from a camera that was held upright: stored wide, shown high."""
    at = content.index(_UPRIGHT, content.index(b"tkhd"))
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 240 << 16, 0, 0x40000000)
    return content[:at] + turned + content[at + len(turned) :]


def test_a_video_from_a_camera_held_upright_stays_upright(author: Actor, worker_database: db.Database) -> None:
    made = make_prepared(author, worker_database, on_its_side(clips.clip()))
    plain = content_of(author, items(author, made)["plain"].sha256)
    assert (made.width, made.height) == (240, 320)
    with av.open(io.BytesIO(plain), format="mov") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, abs(frame.rotation)) == (320, 240, 90)


def test_hevc_keeps_the_name_by_which_apples_players_know_it(author: Actor, worker_database: db.Database) -> None:
    sent = clips.clip(codec="libx265", index_first=False).replace(b"hev1", b"hvc1")
    made = make_prepared(author, worker_database, sent)
    for item in items(author, made).values():
        with av.open(io.BytesIO(content_of(author, item.sha256)), format="mov") as container:
            assert (item.codec, container.streams.video[0].codec_context.codec_tag) == ("hevc", "hvc1")


def test_the_same_video_again_has_the_same_rendition(author: Actor, worker_database: db.Database) -> None:
    film = clips.clip(index_first=False)  # made twice it isn't always the same to the last byte
    first = make_prepared(author, worker_database, film)
    again = make_prepared(author, worker_database, film)
    assert (again.id, again.renditions) == (first.id, first.renditions)


def test_a_video_from_before_packing_was_looked_at_is_prepared_when_it_comes_again(
    author: Actor, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = clips.clip()
    with monkeypatch.context() as before:
        before.setattr(making, "_wanted_plain", list)
        old = make_prepared(author, worker_database, film)
    with db.transaction(author) as session:
        store.change_media(session, old.id, packing="")
    unknown = items(author, old)["plain"]
    assert (unknown.sha256, unknown.packing) == (old.sha256, "")
    again = make_prepared(author, worker_database, film)
    assert again.id == old.id
    got = items(author, again)
    assert (got["any"].packing, got["plain"].packing, got["plain"].sha256 != old.sha256) == ("edited", "plain", True)
