"""Files of every kind held against what a form of post takes: which file, what it is, what is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.provider_kit.checks import problems
from core.provider_kit.file_checks import shapes
from core.provider_kit.types import (
    DocumentRules,
    Format,
    ImageRules,
    MediaItem,
    Network,
    Payload,
    TextRules,
    VideoRules,
)

IMAGES = ImageRules(("image/jpeg",), 8_000_000, ratio=(0.8, 1.91), min_width=320, max_alt=10)
VIDEOS = VideoRules(
    ("video/mp4",),
    max_bytes=300_000_000,
    duration_s=(3, 90),
    ratio=(0.5, 1),
    min_width=540,
    min_height=960,
    max_width=1920,
    codecs=("h264", "hevc"),
    audio_codecs=("aac",),
    frame_rate=(23, 60),
    bit_rate=25_000_000,
    plain=True,
)
PAPERS = DocumentRules(("application/pdf",), 100_000_000, max_pages=300)
NETWORK = Network(
    "town",
    "Town Crier",
    "x",
    "#000000",
    TextRules("utf16", 100),
    takes_link=True,
    images=IMAGES,
    formats=(
        Format("feed", "Post", files=(0, 4), images=IMAGES, videos=VIDEOS, takes_link=True),
        Format("carousel", "Carousel", files=(2, 10), images=IMAGES, videos=VIDEOS, videos_most=10, mixed=True),
        Format("reel", "Reel", files=(1, 1), videos=VIDEOS, covers=IMAGES),
        Format("story", "Story", files=(1, 1), images=IMAGES, videos=VIDEOS, takes_text=False),
        Format("paper", "Document", files=(1, 1), documents=PAPERS),
    ),
)
PHOTO = MediaItem("0" * 64, "image/jpeg", 1080, 1080, 500_000)
CLIP = MediaItem(
    "1" * 64,
    "video/mp4",
    1080,
    1920,
    9_000_000,
    duration_ms=12_000,
    codec="h264",
    audio_codec="aac",
    frame_rate=29.97,
    bit_rate=6_000_000,
    packing="plain",
)
PAPER = MediaItem("2" * 64, "application/pdf", 0, 0, 1_000_000, pages=12)
POST = Payload("town", "1", "Hello")


def words(payload: Payload) -> list[str]:
    return [problem.words for problem in problems(NETWORK, payload)]


@pytest.mark.parametrize(
    ("form", "media"),
    [
        ("feed", ()),
        ("feed", (PHOTO,) * 4),
        ("feed", (CLIP,)),
        ("carousel", (PHOTO, CLIP)),
        ("carousel", (CLIP,) * 10),
        ("reel", (CLIP,)),
        ("story", (PHOTO,)),
        ("paper", (PAPER,)),
    ],
)
def test_what_a_form_takes_has_no_problem(form: str, media: tuple[MediaItem, ...]) -> None:
    text = "" if form == "story" else "Hello"
    assert words(replace(POST, text=text, format=form, media=media)) == []


@pytest.mark.parametrize(
    ("form", "media", "said"),
    [
        ("feed", (PHOTO,) * 5, "Town Crier carries at most 4 files, and this post has 5."),
        ("feed", (PHOTO, CLIP), "Town Crier carries either images or videos, not both."),
        ("feed", (CLIP, CLIP), "Town Crier carries one video."),
        ("feed", (PAPER,), "Town Crier posts can't carry a document here."),
        ("carousel", (PHOTO,), "Town Crier's carousel needs at least 2 images or videos."),
        ("reel", (), "Town Crier's reel needs a video."),
        ("reel", (PHOTO,), "Town Crier's reel can't carry an image here."),
        ("story", (), "Town Crier's story needs an image or a video."),
        ("polka", (), "Town Crier has no form of post called polka."),
    ],
)
def test_number_and_kinds_of_files(form: str, media: tuple[MediaItem, ...], said: str) -> None:
    assert words(replace(POST, text="" if form == "story" else "Hello", format=form, media=media)) == [said]


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (replace(CLIP, mime="video/quicktime"), "Town Crier takes MP4, and this video is another kind."),
        (replace(CLIP, size=400_000_000), "The video is 400.0 MB; Town Crier takes at most 300 MB."),
        (replace(CLIP, duration_ms=2_500), "The video lasts 2.5 s; Town Crier takes 3 s to 1 min 30 s."),
        (replace(CLIP, duration_ms=61_000 * 2), "The video lasts 2 min 2 s; Town Crier takes 3 s to 1 min 30 s."),
        (
            replace(CLIP, width=1920, height=1080),
            "The video is 1920 x 1080 pixels, 16:9; Town Crier takes 1:2 to 1:1.",
        ),
        (
            replace(CLIP, width=500, height=900),
            "The video is 500 x 900 pixels; Town Crier needs at least 540 x 960.",
        ),
        (
            replace(CLIP, width=2160, height=3840),
            "The video is 2,160 pixels wide; Town Crier takes at most 1,920.",
        ),
        (replace(CLIP, codec="vp9"), "The video is VP9; Town Crier takes H264 or HEVC."),
        (replace(CLIP, audio_codec="opus"), "The video's sound is OPUS; Town Crier takes AAC."),
        (replace(CLIP, frame_rate=12.0), "The video has 12 frames a second; Town Crier takes 23 to 60."),
        (replace(CLIP, bit_rate=40_000_000), "The video has 40.0 Mbit a second; Town Crier takes at most 25."),
    ],
)
def test_a_video_is_held_against_what_the_form_takes(clip: MediaItem, said: str) -> None:
    assert said in words(replace(POST, format="reel", media=(clip,)))


def test_a_video_may_be_too_small_to_be_one() -> None:
    form = replace(NETWORK.formats[2], videos=replace(VIDEOS, min_bytes=75_000))
    small = replace(POST, format="reel", media=(replace(CLIP, size=74_999),))
    (problem,) = problems(replace(NETWORK, formats=(form,)), small)
    assert problem.words == "The video has only 74,999 bytes; Town Crier takes at least 75,000."


def test_a_silent_video_has_no_wrong_sound() -> None:
    assert words(replace(POST, format="reel", media=(replace(CLIP, audio_codec=""),))) == []


def test_a_video_whose_edit_list_can_not_be_left_out_is_refused_where_none_is_taken() -> None:
    edited = replace(CLIP, packing="edited")
    (problem,) = problems(NETWORK, replace(POST, format="carousel", media=(PHOTO, edited)))
    assert (problem.severity, problem.at) == ("error", 1)
    assert problem.words.startswith("Video 2 was cut by an edit list alone, which Town Crier refuses")
    assert problem.fix == "Export it anew, so that only what is to be seen is in the file, and upload that."
    elsewhere = replace(NETWORK.formats[2], videos=replace(VIDEOS, plain=False))
    reel = replace(POST, format="reel", media=(edited,))
    assert list(problems(replace(NETWORK, formats=(elsewhere,)), reel)) == []


def test_of_a_video_from_before_edit_lists_were_looked_for_it_is_said_that_none_is_known() -> None:
    (problem,) = problems(NETWORK, replace(POST, format="reel", media=(replace(CLIP, packing=""),)))
    assert problem.severity == "warning"
    assert problem.words == "The video was uploaded before Masthead looked for edit lists, which Town Crier refuses."
    assert problem.fix == "Upload it again: if it has one, it is prepared without."


def test_what_has_to_be_encoded_anew_anyway_has_no_second_problem_of_its_packing() -> None:
    other = replace(CLIP, codec="vp9", packing="edited")
    assert words(replace(POST, format="reel", media=(other,))) == ["The video is VP9; Town Crier takes H264 or HEVC."]


def test_a_document_is_held_against_what_the_form_takes() -> None:
    long = replace(PAPER, pages=301)
    assert words(replace(POST, format="paper", media=(long,))) == [
        "The document has 301 pages; Town Crier takes at most 300."
    ]


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        ((0.8, 1.91), "4:5 to 1.91:1"),
        ((0.55, 0.58), "about 9:16"),
        ((0.5, 1.0), "1:2 to 1:1"),
        ((0.1, 10), "0.10:1 to 10.00:1"),
    ],
)
def test_shapes_are_said_by_the_names_that_people_know(ratio: tuple[float, float], said: str) -> None:
    assert shapes(*ratio) == said


def test_a_problem_names_its_file() -> None:
    small = replace(PHOTO, width=300, height=300)
    (problem,) = problems(NETWORK, replace(POST, format="carousel", media=(PHOTO, CLIP, small)))
    assert problem.words == "Image 3 is 300 pixels wide; Town Crier needs at least 320."
    assert (problem.place, problem.at) == ("image", 2)


def test_a_cover_stands_only_where_the_form_has_one() -> None:
    assert words(replace(POST, format="reel", media=(CLIP,), cover=PHOTO)) == []
    assert words(replace(POST, media=(CLIP,), cover=PHOTO)) == ["Town Crier's post takes no cover."]


def test_a_text_that_a_form_leaves_out_is_said() -> None:
    (problem,) = problems(NETWORK, replace(POST, format="story", media=(PHOTO,)))
    assert (problem.severity, problem.words) == ("warning", "Town Crier's story has no text: yours is left out.")


@pytest.mark.parametrize(
    ("kinds", "form"),
    [
        ([], "feed"),
        (["image"], "feed"),
        (["image"] * 5, "carousel"),
        (["image", "video"], "carousel"),
        (["video"], "feed"),
        (["document"], "paper"),
        (["document", "image"], "feed"),
    ],
)
def test_a_post_without_a_chosen_form_gets_the_first_that_carries_its_files(kinds: list[str], form: str) -> None:
    assert NETWORK.fitting(kinds).key == form  # type: ignore[arg-type]
