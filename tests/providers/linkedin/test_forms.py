"""Every form that LinkedIn declares keeps the contract of forms, for a Page and for a member."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from core.provider_kit.contract import FormsContract
from core.provider_kit.contract.forms import Answers
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import Network, Payload
from tests.providers.linkedin.test_contract import MEMBER, PAGE, Answer, linkedin
from tests.providers.scripted import Scripted


@pytest.fixture(autouse=True)
def _stand_in(request: pytest.FixtureRequest, stand_in: Scripted) -> None:
    if request.instance is not None:
        request.instance.stand_in = stand_in


def said(body: Any) -> Answer:
    return 200, orjson.dumps(body), {}


class TestPageForms(FormsContract):
    stand_in: Scripted
    account = PAGE

    def provider(self) -> Provider:
        # The contract's videos have 64 bytes, so this setting doesn't stand as it is shipped.
        return linkedin(self.stand_in.url, video_min_bytes="1")["linkedin"]

    def network(self) -> Network:
        return self.provider().networks["linkedin"]

    def publisher(self) -> Publisher:
        return self.provider().publishers["linkedin"]

    def answers(self, payload: Payload) -> Answers:
        made = [each for number, item in enumerate(payload.media) for each in self.handed(item.kind, number)]
        return [*made, *self.looked_at(payload, "PROCESSING")[:1], *self.looked_at(payload, "AVAILABLE")]

    def answers_again(self, payload: Payload) -> Answers:
        return self.looked_at(payload, "AVAILABLE")

    def handed(self, kind: str, number: int) -> list[Answer]:
        """The answers to everything that gives one file to LinkedIn."""
        address = f"{self.stand_in.url}/www.linkedin.com/dms-uploads/{number}"
        if kind != "video":
            value = {"uploadUrl": address, kind: f"urn:li:{kind}:C{number}"}
            return [said({"value": value}), (201, b"", {})]
        parts = [
            {"firstByte": first, "lastByte": first + 31, "uploadUrl": f"{address}/{first}"}
            for first in range(0, 64, 32)
        ]
        value = {"video": "urn:li:video:C0", "uploadToken": "", "uploadInstructions": parts}
        etags = [(200, b"", {"ETag": f"/ambry-video/signedId/{part}"}) for part in "AB"]
        return [said({"value": value}), *etags, (200, b"", {})]

    def looked_at(self, payload: Payload, status: str) -> list[Answer]:
        return [said({"status": status}) for _ in payload.media]


class TestMemberForms(TestPageForms):
    """Whose files nobody may look at."""

    account = MEMBER

    def looked_at(self, payload: Payload, status: str) -> list[Answer]:
        return []
