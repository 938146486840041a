"""How a payload becomes a cry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from core.providers.town.settings import TownSettings

from core.provider_kit import checks, hostile
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import OutcomeUnknown, Rejected, RetryLater, Trace
from core.provider_kit.http import FORM, Http, Request, form_bytes
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import (
    Access,
    LivePost,
    Network,
    Payload,
    PostName,
    Problem,
    Published,
    ReadBack,
    VisibleCall,
)

_MADE, _OK, _REFUSED = 201, 200, 422


class Halls:
    """Posts of halls."""

    def __init__(self, network: Network, settings: TownSettings, http: Http) -> None:
        self._network = network
        self._settings = settings
        self._http = http

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What the town would refuse."""
        return checks.problems(self._network, payload)

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """The one call."""
        for problem in self.problems(payload):
            if problem.severity == "error":
                raise Rejected(problem.words, how_to_fix=problem.fix)
        body = form_bytes({"hall": access.provider_account_id, "text": payload.text})
        return VisibleCall("POST", f"{self._settings.town_url}/cries", body, FORM, call_sha256("POST", "/cries", body))

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        """Cry it, once."""
        request = Request(
            call.method,
            call.url,
            body=call.body,
            content_type=call.content_type,
            token=access.token,
            correlation_id=access.correlation_id,
        )
        answer = self._http.send(request, timeout_s=timeout_s, begin_by=begin_by)
        if answer.status == _MADE:
            return Published(str(hostile.json_object(answer.body)["id"]), answer.status)
        trace = Trace(http_status=answer.status)
        if answer.status == _REFUSED:
            raise Rejected("The town refuses this text.", how_to_fix="Change it.", trace=trace)
        raise OutcomeUnknown("The town gave no clear answer.", trace=trace)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """All cries of the hall since an instant."""
        cries = self._cries(access, timeout_s)
        found = [self._live(each) for each in cries]
        return ReadBack(
            complete=True,
            matches=tuple(each for each in found if each.created_at >= since and each.text == payload.text),
            seen=len(found),
        )

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """The hall's cries, which are few."""
        self._cries(access, timeout_s)

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """Where people read it."""
        return f"{self._settings.town_url}/cries/{provider_post_id}"

    def post_named(self, said: str) -> PostName | None:
        """By its id or by its address."""
        return post_name(said, self._settings.town_url)

    def _cries(self, access: Access, timeout_s: float) -> list[Mapping[str, object]]:
        request = Request(
            "GET",
            f"{self._settings.town_url}/cries",
            query={"hall": access.provider_account_id},
            token=access.token,
            correlation_id=access.correlation_id,
        )
        lost = ""
        try:
            answer = self._http.send(request, timeout_s=timeout_s)
        except OutcomeUnknown as unknown:
            lost = unknown.reason
        if lost or answer.status != _OK:
            raise RetryLater(lost or "The town can't be read now.")
        return [hostile.mapping(each) for each in hostile.items(hostile.json_object(answer.body).get("cries"))]

    def _live(self, cry: Mapping[str, object]) -> LivePost:
        at = datetime.fromisoformat(str(cry["at"]))
        return LivePost(str(cry["id"]), str(cry["text"]), None, at, None)
