"""Every form that Facebook and Instagram declare keeps the contract of forms."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest

from core.provider_kit.contract import FormsContract
from core.provider_kit.contract.forms import Answers
from core.provider_kit.port import Publisher
from core.provider_kit.types import Network, Payload
from tests.providers.meta.test_contract import INSTAGRAM, PAGE, meta
from tests.providers.scripted import Scripted


@pytest.fixture(autouse=True)
def _stand_in(request: pytest.FixtureRequest, stand_in: Scripted) -> None:
    if request.instance is not None:
        request.instance.stand_in = stand_in


def said(*bodies: Any) -> Answers:
    return [(200, orjson.dumps(body), {}) for body in bodies]


class TestFacebookForms(FormsContract):
    stand_in: Scripted
    account = PAGE

    def network(self) -> Network:
        return meta(self.stand_in.url).networks["facebook"]

    def publisher(self) -> Publisher:
        return meta(self.stand_in.url).publishers["facebook"]

    def answers(self, payload: Payload) -> Answers:
        if not any(item.kind == "video" for item in payload.media):
            return said(*({"id": f"{3001 + number}"} for number in range(len(payload.media))))
        (item,) = payload.media
        if payload.format == "feed":
            begun = {"upload_session_id": "9", "video_id": "4001", "start_offset": "0", "end_offset": f"{item.size}"}
            return said(begun, {"start_offset": f"{item.size}", "end_offset": f"{item.size}"})
        address = f"{self.stand_in.url}/rupload.facebook.com/video-upload/v26.0/4002"
        waits = {"status": {"video_status": "uploading", "uploading_phase": {"status": "in_progress"}}}
        begun = {"video_id": "4002", "upload_url": address}
        still = self.state(processing="in_progress")
        return [*said(begun, waits, {"success": True}, still), *self.answers_again(payload)]

    def answers_again(self, payload: Payload) -> Answers:
        if not any(item.kind == "video" for item in payload.media):
            return self.answers(payload)
        return () if payload.format == "feed" else said(self.state(processing="complete"))

    @staticmethod
    def state(*, processing: str) -> Any:
        return {
            "id": "4002",
            "status": {
                "video_status": "processing",
                "uploading_phase": {"status": "complete"},
                "processing_phase": {"status": processing},
                "publishing_phase": {"status": "not_started", "publish_status": "draft"},
            },
        }


class TestInstagramForms(FormsContract):
    stand_in: Scripted
    account = INSTAGRAM

    def network(self) -> Network:
        return meta(self.stand_in.url).networks["instagram"]

    def publisher(self) -> Publisher:
        return meta(self.stand_in.url).publishers["instagram"]

    def answers(self, payload: Payload) -> Answers:
        ids = (f"{number}" for number in itertools.count(17_900_000_000_000_001))
        children = len(payload.media) if payload.format == "carousel" else 0
        return [
            *said(*({"id": next(ids)} for _ in range(children))),
            *said(*({"status_code": "FINISHED"} for _ in range(children))),
            *said({"id": next(ids)}),
            *self.answers_again(payload),
        ]

    def answers_again(self, payload: Payload) -> Answers:
        del payload
        limit = {"data": [{"quota_usage": 2, "config": {"quota_total": 50, "quota_duration": 86400}}]}
        return said({"status_code": "FINISHED"}, limit)
