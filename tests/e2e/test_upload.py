"""An image goes from a page of the console to ingest in parts, whatever the network does meanwhile (PRODUCT 5)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import JSHandle, Page, Route, expect

from tests.e2e.driving import PATIENCE_MS, Someone
from tests.e2e.writing import Composer
from tests.factories.media import picture
from tests.fixtures.programs import PROJECT

SCRIPT = (PROJECT / "console/components/frontend/upload.js").read_text(encoding="utf-8")
PART = 512 * 1024
# Runs `upload` over a file of these bytes; gives what it gave, or its words, with everything it reported.
RUN = f"""async ({{content, name, base, resumeId, stopAt}}) => {{
  {SCRIPT}
  UPLOAD.pausesMs = [50, 50, 50];
  const bytes = Uint8Array.from(atob(content), character => character.charCodeAt(0));
  const controller = new AbortController();
  const seen = {{started: null, progress: []}};
  const options = {{
    base, resumeId, signal: controller.signal,
    onStarted: id => {{ seen.started = id; }},
    onProgress: (sent, total) => {{
      seen.progress.push(sent / total);
      if (stopAt && sent >= stopAt) controller.abort();
    }},
  }};
  try {{
    seen.image = await upload(new File([bytes], name), options);
  }} catch (error) {{
    seen.refused = error.message;
    seen.kind = error.name;
  }}
  return seen;
}}"""


def run(page: Page, content: bytes, base: str, **more: Any) -> Any:
    told = {"content": base64.b64encode(content).decode(), "name": "autumn.png", "base": base, "resumeId": None}
    return page.evaluate(RUN, {**told, "stopAt": 0, **more})


def test_an_image_is_sent_in_parts_through_trouble_and_a_reload(someone: Callable[..., Someone]) -> None:
    maya = someone("Maya Okafor")
    page, base = maya.page, maya.product.ingest_url
    photo = picture("PNG", (800, 600), noise=True)
    parts = -(-len(photo) // PART)
    assert parts >= 3

    calls: list[str] = []

    def troubled(route: Route) -> None:
        calls.append(route.request.method)
        if calls.count("PATCH") == 2 and calls[-1] == "PATCH":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/uploads/**", troubled)
    sent = run(page, photo, base)
    page.unroute("**/api/uploads/**")
    assert "refused" not in sent, sent
    assert sent["image"]["mediaId"] == sent["image"]["id"]
    assert (sent["image"]["width"], sent["image"]["height"], sent["image"]["file_name"]) == (800, 600, "autumn.png")
    assert sent["progress"] == sorted(sent["progress"])
    assert sent["progress"][-1] == 1
    assert calls.count("PATCH") == parts + 1, "the part that was lost, and no other, went twice"

    stopped = run(page, photo, base, stopAt=PART)
    assert stopped["kind"] == "AbortError"
    page.reload()
    resumed = run(page, photo, base, resumeId=stopped["started"])
    assert resumed["progress"][0] > 0, "what had arrived is not sent again"
    assert resumed["started"] is None
    assert resumed["image"]["sha256"] == sent["image"]["sha256"]

    shown = page.evaluate(
        "async address => { const image = new Image(); image.src = address; await image.decode();"
        " return [image.naturalWidth, image.naturalHeight]; }",
        resumed["image"]["address"],
    )
    assert shown == [800, 600], "the console may show it"


def test_what_can_not_be_taken_is_said_in_words(someone: Callable[..., Someone]) -> None:
    maya = someone("Maya Okafor")
    page, base = maya.page, maya.product.ingest_url
    assert "This is a GIF" in run(page, b"GIF89a" + bytes(500), base)["refused"]
    assert "at most 10 MB" in run(page, bytes(10 * 1024 * 1024 + 1), base)["refused"]
    assert "can't be reached" in run(page, picture(), "http://localhost:9")["refused"]
    page.context.clear_cookies()
    assert "You are signed out" in run(page, picture(), base)["refused"]


# A transfer as a drag carries it, and the clipboard as a copied picture leaves it.
DRAGGED = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), character => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type: "image/png"}));
  return transfer;
}"""
COPY = """content => {
  const bytes = Uint8Array.from(atob(content), character => character.charCodeAt(0));
  return navigator.clipboard.write([new ClipboardItem({"image/png": new Blob([bytes], {type: "image/png"})})]);
}"""


def test_images_are_dropped_on_the_composer_cancelled_pasted_and_put_in_another_order(
    someone: Callable[..., Someone],
) -> None:
    sara = someone("Sara Lund")
    page, composer = sara.page, Composer(sara).open()
    composer.choose("Northwind Coffee")
    composer.write("An image from elsewhere")
    box, sending = page.locator(".box"), page.locator(".sending")

    page.route("**/api/uploads/*", lambda route: None)  # never answered: it stays under way
    drop(composer, picture("PNG", (500, 400)), "first.png")
    expect(sending).to_contain_text("Sending first.png, 0 %")
    sending.get_by_role("button", name="Cancel").click()
    expect(sending).to_be_hidden()
    expect(composer.thumb).to_be_hidden()
    page.unroute("**/api/uploads/*")

    drop(composer, picture("PNG", (600, 400)), "second.png")
    expect(box.locator(".name")).to_have_text("second.png", timeout=PATIENCE_MS)
    expect(box.locator(".size")).to_contain_text("600 x 400")
    composer.saved()

    sara.context.grant_permissions(["clipboard-write", "clipboard-read"])
    page.evaluate(COPY, base64.b64encode(picture("PNG", (700, 400))).decode())
    composer.text.press("Control+V")
    expect(box.locator(".size").last).to_contain_text("700 x 400", timeout=PATIENCE_MS)
    page.get_by_role("button", name=re.compile("^Move .*, 2 of 2")).press("Alt+ArrowUp")
    expect(box.locator(".size").first).to_contain_text("700 x 400")
    last = box.locator(".file").last
    below_its_middle = {"x": 40, "y": (last.bounding_box() or {"height": 0})["height"] * 0.75}
    page.get_by_role("button", name=re.compile("^Move .*, 1 of 2")).drag_to(last, target_position=below_its_middle)
    expect(box.locator(".size").first).to_contain_text("600 x 400")
    page.get_by_role("button", name=re.compile("^Move .*, 2 of 2")).press("Alt+ArrowUp")
    composer.saved()
    composer.open(composer.path)
    expect(box.locator(".size").first).to_contain_text("700 x 400", timeout=PATIENCE_MS)
    expect(box.locator(".size").last).to_contain_text("600 x 400")
    expect(composer.text).to_have_value("An image from elsewhere")


def drop(composer: Composer, content: bytes, name: str) -> None:
    """Let go of a file over the composer."""
    box, told = composer.page.locator(".box"), [base64.b64encode(content).decode(), name]
    dragged: JSHandle = composer.page.evaluate_handle(DRAGGED, told)
    box.dispatch_event("dragover", {"dataTransfer": dragged})
    expect(box).to_contain_class("drop")
    box.dispatch_event("drop", {"dataTransfer": dragged})
    expect(box).not_to_contain_class("drop")
