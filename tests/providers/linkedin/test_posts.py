"""LinkedIn's own rules and what is sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import OutcomeUnknown, Rejected, RetryLater
from core.provider_kit.types import Access, MediaItem, Payload
from core.providers.linkedin import build
from core.providers.linkedin.posts import link_title
from tests.providers.linkedin.test_contract import MEMBER, PAGE, posts
from tests.providers.scripted import Scripted, answer

PAYLOAD = Payload("linkedin", PAGE, "Hello", "https://www.example.com/a/")
ACCESS = Access(PAGE, SecretStr("member-token"), "cid-5")
ITEM = MediaItem("ab" * 32, "image/jpeg", 1200, 800, 1000, "Beans")
CLIP = MediaItem("cd" * 32, "video/mp4", 1920, 1080, 900_000, duration_ms=9000, codec="h264", audio_codec="aac")
PAPER = MediaItem("ef" * 32, "application/pdf", 0, 0, 1000, pages=3)
DOCUMENT = Payload("linkedin", PAGE, "Leaf", None, (PAPER,), {"title": "Report"}, "document")


def poll(**more: Any) -> Payload:
    asked = {"question": "Tea?", "answers": ["Yes", "No"], "days": 3} | more
    return Payload("linkedin", PAGE, "", None, (), {"poll": asked}, "poll")


# Good ones of the other kinds.
MORE = (
    DOCUMENT,
    poll(),
    replace(PAYLOAD, media=(ITEM,), options={"title": "T", "description": "D"}),
    replace(PAYLOAD, link=None, media=(ITEM,) * 20),
    replace(PAYLOAD, link=None, media=(CLIP,), cover=replace(ITEM, alt=""), options={"title": "T"}),
)


def severities(payload: Payload) -> dict[str, str]:
    return {problem.words: problem.severity for problem in build({})[0].publishers["linkedin"].problems(payload)}


def body(payload: Payload, access: Access = ACCESS) -> Any:
    return orjson.loads(build({})[0].publishers["linkedin"].prepare(payload, access, KeptSteps()).body)


@pytest.mark.parametrize(
    ("payload", "words", "severity"),
    [
        (replace(PAYLOAD, text="x" * 3001), "1 character too long", "error"),
        (replace(PAYLOAD, text="😀" * 1501), "2 characters too long", "error"),
        (replace(PAYLOAD, text="(" * 1501), "2 characters too long", "error"),
        (replace(PAYLOAD, text=" ", link=None), "empty", "error"),
        (replace(PAYLOAD, link="ftp://example.com"), "must begin with https", "error"),
        (replace(PAYLOAD, media=(ITEM, ITEM)), "either several images or a link's card", "error"),
        (replace(PAYLOAD, media=(CLIP,)), "either a video or a link's card", "error"),
        (replace(PAYLOAD, link=None, media=(ITEM,) * 21), "at most 20 files", "error"),
        (replace(PAYLOAD, link=None, media=(ITEM, CLIP)), "either images or videos", "error"),
        (replace(PAYLOAD, link=None, media=(CLIP, CLIP)), "carries one video", "error"),
        (replace(PAYLOAD, link=None, media=(replace(CLIP, size=74_999),)), "only 74,999 bytes", "error"),
        (replace(PAYLOAD, link=None, media=(replace(CLIP, size=500_000_001),)), "at most 500 MB", "error"),
        (replace(PAYLOAD, link=None, media=(replace(CLIP, duration_ms=2_999),)), "takes 3 s to 30 min", "error"),
        (replace(PAYLOAD, link=None, media=(replace(CLIP, mime="video/quicktime"),)), "takes MP4", "error"),
        (replace(PAYLOAD, link=None, media=(PAPER,)), "can't carry a document", "error"),
        (replace(DOCUMENT, options={}), "LinkedIn needs: Title", "error"),
        (replace(DOCUMENT, media=(replace(PAPER, pages=301),)), "301 pages", "error"),
        (replace(DOCUMENT, media=(replace(PAPER, size=100_000_001),)), "at most 100 MB", "error"),
        (replace(DOCUMENT, media=(PAPER, PAPER)), "one document", "error"),
        (replace(DOCUMENT, link="https://example.com"), "takes no separate link", "error"),
        (poll(question="x" * 141), "The question is 1 too long", "error"),
        (poll(question="😀" * 71), "The question is 2 too long", "error"),
        (poll(answers=["Tea", "x" * 31]), "is 1 too long for LinkedIn (at most 30)", "error"),
        (poll(answers=["Tea", "😀" * 16]), "is 2 too long", "error"),
        (poll(answers=["Tea"]), "2 to 4 answers", "error"),
        (poll(days=2), "runs 1, 3, 7 or 14 days", "error"),
        (poll(days=None), "runs 1, 3, 7 or 14 days", "error"),
        (poll(days=[]), "runs 1, 3, 7 or 14 days", "error"),
        (replace(poll(), media=(ITEM,)), "can't carry an image", "error"),
        (replace(PAYLOAD, link=None, options={"title": "T"}), "a title only with a link or a video", "warning"),
        (replace(PAYLOAD, link=None, options={"description": "T"}), "a description only on a link's card", "warning"),
        (replace(PAYLOAD, options={"title": "T"}), "the card has no picture", "warning"),
        (replace(PAYLOAD, media=(ITEM,)), "the card shows “example.com/a”.", "warning"),
        (replace(PAYLOAD, text=f"By @[Ada Byron]({MEMBER})"), "“Ada Byron” a mention only where", "warning"),
        (
            replace(PAYLOAD, text="By @[Ada](urn:li:share:1)"),
            "nobody by the address in “@[Ada](urn:li:share:1)”",
            "warning",
        ),
        (replace(PAYLOAD, link=None, media=(replace(ITEM, mime="image/webp"),)), "takes JPEG or PNG", "error"),
        (replace(PAYLOAD, link=None, media=(replace(ITEM, size=10_000_001),)), "at most 10 MB", "error"),
        (replace(PAYLOAD, link=None, media=(replace(ITEM, width=9040, height=4000),)), "36,160,000 pixels", "error"),
        (replace(PAYLOAD, link=None, media=(replace(ITEM, alt="x" * 4087),)), "1 characters too long", "error"),
        (replace(PAYLOAD, options={"visibility": "CONNECTIONS"}), "no option called", "error"),
        (PAYLOAD, "the card shows “example.com/a” and no picture", "warning"),
    ],
)
def test_problems(payload: Payload, words: str, severity: str) -> None:
    found = severities(payload)
    assert [found[said] for said in found if words in said] == [severity]


def test_good_payloads_have_no_problems() -> None:
    text = replace(PAYLOAD, link=None)
    image = replace(text, media=(ITEM,))
    for payload in (text, replace(text, text="x" * 3000), image, replace(image, text=""), *MORE):
        assert severities(payload) == {}


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("https://www.example.com", "example.com"),
        ("https://www.example.com/?a=1#b", "example.com"),
        ("https://shop.example.com/spring-roast/?utm=1", "shop.example.com/spring-roast"),
        ("https://example.com/" + "a" * 500, "example.com/" + "a" * 387),
    ],
)
def test_a_links_title_is_its_host_and_path(link: str, title: str) -> None:
    assert link_title(link) == title
    assert len(title) < 400


def test_the_call_holds_only_what_was_written() -> None:
    call = build({})[0].publishers["linkedin"].prepare(replace(PAYLOAD, link=None), ACCESS, KeptSteps())
    assert (call.method, call.url) == ("POST", "https://api.linkedin.com/rest/posts")
    assert call.content_type == "application/json"
    assert orjson.loads(call.body) == {
        "author": PAGE,
        "commentary": "Hello",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    article = {"source": "https://www.example.com/a/", "title": "example.com/a"}
    assert body(PAYLOAD)["content"] == {"article": article}
    assert body(replace(PAYLOAD, text=""))["commentary"] == ""


def test_a_member_posts_by_the_same_call() -> None:
    mine = replace(PAYLOAD, provider_account_id=MEMBER)
    assert body(mine, replace(ACCESS, provider_account_id=MEMBER))["author"] == MEMBER


def test_the_call_goes_out_with_version_protocol_and_token(stand_in: Scripted) -> None:
    publisher = posts(stand_in.url)
    stand_in.say(answer(201, b"", {"X-RestLi-Id": "urn:li:ugcPost:9", "x-li-uuid": "AAYk+3/x=="}))
    published = publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)
    (heard,) = stand_in.received
    assert heard.target == "/api.linkedin.com/rest/posts"
    sent = ("authorization", "linkedin-version", "x-restli-protocol-version", "x-restli-method", "content-type")
    assert [heard.headers[name] for name in sent] == [
        *("Bearer member-token", "202609", "2.0.0", "CREATE", "application/json")
    ]
    assert (published.provider_post_id, published.trace_id, published.http_status) == (
        *("urn:li:ugcPost:9", "AAYk+3/x==", 201),
    )
    assert published.permalink == f"{stand_in.url}/www.linkedin.com/feed/update/urn:li:ugcPost:9/"


def test_the_older_name_of_the_id_is_taken_too(stand_in: Scripted) -> None:
    publisher = posts(stand_in.url)
    stand_in.say(answer(201, b"", {"x-linkedin-id": "urn:li:share:9"}))
    published = publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)
    assert published.provider_post_id == "urn:li:share:9"


@pytest.mark.parametrize(
    "made", ["", "9", "urn:li:comment:9", "urn:li:share:9/../x", "urn:li:share:", "urn:li:image:a"]
)
def test_a_yes_that_names_no_post_is_in_doubt(stand_in: Scripted, made: str) -> None:
    publisher = posts(stand_in.url)
    stand_in.say(answer(201, b"", {"x-restli-id": made}))
    with pytest.raises(OutcomeUnknown, match="named no post"):
        publisher.publish(publisher.prepare(PAYLOAD, ACCESS, KeptSteps()), ACCESS, timeout_s=2)


def test_the_hash_does_not_depend_on_where_the_network_is() -> None:
    """A harness that points elsewhere approves the same bytes."""
    real = build({})[0].publishers["linkedin"].prepare(PAYLOAD, ACCESS, KeptSteps())
    assert real.sha256 == posts("http://localhost:8503").prepare(PAYLOAD, ACCESS, KeptSteps()).sha256


@pytest.mark.parametrize(
    "payload",
    [replace(PAYLOAD, network="facebook"), replace(PAYLOAD, provider_account_id="urn:li:organization:1002")],
)
def test_a_payload_of_another_account_is_not_prepared(payload: Payload) -> None:
    with pytest.raises(Rejected, match="another account"):
        build({})[0].publishers["linkedin"].prepare(payload, ACCESS, KeptSteps())


@pytest.mark.parametrize("account", ["1001", "urn:li:share:1", "urn:li:organizationBrand:1", "urn:li:person:../x"])
def test_only_pages_and_people_are_authors(account: str) -> None:
    with pytest.raises(Rejected):
        body(replace(PAYLOAD, provider_account_id=account), replace(ACCESS, provider_account_id=account))


def test_what_is_no_post_has_no_permalink(stand_in: Scripted) -> None:
    with pytest.raises(Rejected):
        posts(stand_in.url).permalink("urn:li:person:x", ACCESS, timeout_s=2)


def test_the_finder_is_asked_as_restli_reads_it(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"elements": []}))
    posts(stand_in.url).read_back(PAYLOAD, ACCESS, KeptSteps(), since=datetime.now(UTC), timeout_s=2)
    (heard,) = stand_in.received
    assert heard.target == (
        "/api.linkedin.com/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A1001&start=0&count=50&sortBy=CREATED"
    )
    assert heard.headers["x-restli-method"] == "FINDER"


def test_pages_overlap_and_a_failure_after_a_match_is_incomplete(stand_in: Scripted) -> None:
    now = datetime.now(UTC)
    ours = {"id": "urn:li:share:1", "commentary": "Hello", "createdAt": int(now.timestamp() * 1000), "content": {}}
    more = {"links": [{"rel": "next", "href": "/rest/posts?start=7"}]}
    text = replace(PAYLOAD, link=None)
    stand_in.say(answer(200, {"elements": [ours], "paging": more}), answer(503, b""))
    found = posts(stand_in.url).read_back(text, ACCESS, KeptSteps(), since=now - timedelta(1), timeout_s=2)
    assert [one.query["start"] for one in stand_in.received] == ["0", "49"]
    assert not found.complete
    assert [post.provider_post_id for post in found.matches] == ["urn:li:share:1"]
    stand_in.say(answer(503, b""))
    with pytest.raises(RetryLater):
        posts(stand_in.url).read_back(text, ACCESS, KeptSteps(), since=now, timeout_s=2)


def test_an_empty_page_that_says_there_is_more_is_not_the_end(stand_in: Scripted) -> None:
    more = {"elements": [], "paging": {"links": [{"rel": "next", "href": "/rest/posts?start=49"}]}}
    stand_in.say(answer(200, more))
    found = posts(stand_in.url).read_back(PAYLOAD, ACCESS, KeptSteps(), since=datetime.now(UTC), timeout_s=2)
    assert (found.complete, found.seen, len(stand_in.received)) == (False, 0, 1)


def test_read_back_obeys_its_total_time(stand_in: Scripted) -> None:
    now = datetime.now(UTC)
    item = {"id": "urn:li:share:3", "commentary": "Other", "createdAt": int(now.timestamp() * 1000)}
    page = {"elements": [item], "paging": {"links": [{"rel": "next"}]}}
    stand_in.say(*(answer(200, page, delay_s=0.15) for _ in range(50)))
    begun = time.monotonic()
    found = posts(stand_in.url, read_pages_max="50").read_back(
        PAYLOAD, ACCESS, KeptSteps(), since=now - timedelta(minutes=2), timeout_s=0.6
    )
    assert time.monotonic() - begun < 1.2
    assert not found.complete


@pytest.mark.parametrize(
    ("said", "urn"),
    [
        ("urn:li:activity:70", "urn:li:activity:70"),
        (" urn:li:share:70 ", "urn:li:share:70"),
        ("urn%3Ali%3AugcPost%3A70", "urn:li:share:70"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:70/", "urn:li:activity:70"),
        ("http://linkedin.com/feed/update/urn%3Ali%3AugcPost%3A70?utm_source=share", "urn:li:share:70"),
        ("https://www.linkedin.com/posts/old-town_market-activity-9-hall-activity-70-x1Yz?rcm=a", "urn:li:activity:70"),
        ("https://de.linkedin.com/posts/old-town_activity-70-x1Yz", "urn:li:activity:70"),
        ("www.linkedin.com/posts/old-town_market-ugcPost-70-x1Yz", "urn:li:share:70"),
        ("https://www.linkedin.com/feed/?highlightedUpdateUrn=urn%3Ali%3Aactivity%3A70", "urn:li:activity:70"),
        (
            "https://www.linkedin.com/feed/update/urn:li:activity:70?commentUrn=urn:li:comment:(activity:71,72)",
            "urn:li:activity:70",
        ),
    ],
)
def test_a_post_is_known_by_its_urn_and_opened_at_linkedins_own_address(said: str, urn: str) -> None:
    name = build({})[0].publishers["linkedin"].post_named(said)
    assert name is not None
    assert (name.key, name.part) == (urn, "70")
    assert urn in name.ids
    assert name.url in {f"https://www.linkedin.com/feed/update/{each}/" for each in name.ids}


@pytest.mark.parametrize(
    "said",
    [
        "https://www.linkedin.com.evil.example/feed/update/urn:li:activity:70/",
        "https://evil.example/posts/old-town_market-activity-70-x1Yz",
        "https://www.linkedin.com/redir/redirect?url=https%3A%2F%2Fevil.example",
        "https://www.linkedin.com/in/old-town",
        "https://lnkd.in/x1Yz",
        "https://[www.linkedin.com/feed/update/urn:li:activity:70/",
    ],
)
def test_an_address_that_is_no_post_of_linkedin_names_none(said: str) -> None:
    assert build({})[0].publishers["linkedin"].post_named(said) is None


def test_words_without_an_address_name_what_they_say() -> None:
    name = build({})[0].publishers["linkedin"].post_named("the second from above")
    assert name is not None
    assert (name.key, name.url) == ("the second from above", None)
