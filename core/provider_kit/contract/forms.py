"""Every form of post that a network declares is one that its publisher can prepare: made of the declared data alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pydantic import SecretStr

from core.provider_kit.contract.means import CANARY, KeptSteps, StandIn, failure_of, listening, promise
from core.provider_kit.errors import NotReady, OutcomeUnknown
from core.provider_kit.port import Publisher
from core.provider_kit.types import (
    Access,
    Format,
    ImageRules,
    MediaItem,
    MediaKind,
    Network,
    Option,
    Payload,
    VideoRules,
    VisibleCall,
)

Answers = Sequence[tuple[int, bytes, Mapping[str, str]]]
_MOST_LOOKS: Final = 8
_SIZE: Final = 64  # of the files that `KeptSteps` makes: their hash in hex


class FormsContract(ABC):
    """One network's forms: each fits what it declares, is prepared unseen, and isn't made twice."""

    stand_in: StandIn

    @abstractmethod
    def network(self) -> Network:
        """The network's declared data."""

    @abstractmethod
    def publisher(self) -> Publisher:
        """The publisher, speaking to the stand-in."""

    @property
    @abstractmethod
    def account(self) -> str:
        """The network's id of an account."""

    @abstractmethod
    def answers(self, payload: Payload) -> Answers:
        """What preparing asks for, in order, when no step is done yet; looks after a NotReady included."""

    @abstractmethod
    def answers_again(self, payload: Payload) -> Answers:
        """What preparing asks for when every step is done."""

    def test_what_fits_a_form_has_no_error(self) -> None:
        """The checks, the composer and the network's own rules agree about what may be written."""
        network, publisher = self.network(), self.publisher()
        keys = [form.key for form in network.forms]
        promise(len(set(keys)) == len(keys), "no two forms have one key")
        for form in network.forms:
            promise(bool(form.title and (form.source or not network.formats)), f"{form.key}: has a title and a source")
            sorts = [*_carried(form), *([("link",)] if form.takes_link else [])]
            idle = [each.key for each in form.options if not any(map(each.belongs, sorts))]
            promise(not idle, f"{form.key}: asks nothing that belongs to what it doesn't carry, but {idle}")
            for payload in fitting(network, form, self.account):
                errors = [one.words for one in publisher.problems(payload) if one.severity == "error"]
                promise(not errors, f"{form.key} with {_kinds(payload)}: {errors}")

    def test_every_declared_form_is_prepared_unseen_and_once(self) -> None:
        """Prepared again after a crash or a wait it is the same call, and only looks are taken at the network."""
        publisher, network = self.publisher(), self.network()
        for form in network.forms:
            for payload in fitting(network, form, self.account):
                what, steps = f"{form.key} with {_kinds(payload)}", KeptSteps()
                self.stand_in.forget()
                with listening() as lines:
                    call = self._prepared(publisher, payload, steps, self.answers(payload))
                bodies = [heard.body for heard in self.stand_in.received]
                promise(call.body not in bodies, f"{what}: the visible call isn't made by preparing")
                promise(CANARY not in " ".join([*lines, repr(call)]), f"{what}: no token is said")
                self.stand_in.forget()
                again = self._prepared(publisher, payload, steps, self.answers_again(payload))
                promise(again == call, f"{what}: the same payload prepares the same call")
                made = [heard.target for heard in self.stand_in.received if heard.method != "GET"]
                promise(not made, f"{what}: nothing is made twice, but {made}")

    def test_what_does_not_fit_a_form_reaches_nobody(self) -> None:
        """More files than it carries, a kind that it doesn't, an option that it doesn't know."""
        publisher, network = self.publisher(), self.network()
        for form in network.forms:
            good = fitting(network, form, self.account)[-1]
            video = _video(VideoRules(("video/x-unknown",), 1, (1, 1)), 0)
            for bad in (
                replace(good, media=(*good.media, *[video] * (form.files[1] + 1))),
                replace(good, media=(video,)),
                replace(good, options={**good.options, "no_such_option": True}),
                replace(good, format="no_such_form"),
            ):
                self.stand_in.forget()
                failure = failure_of(partial(publisher.prepare, bad, self._access(), KeptSteps()), form.key)
                promise(not isinstance(failure, OutcomeUnknown | NotReady), f"{form.key}: what doesn't fit is refused")
                promise(not self.stand_in.received, f"{form.key}: and nobody is asked")

    def _access(self) -> Access:
        return Access(self.account, SecretStr(CANARY), "cid-1")

    def _prepared(self, publisher: Publisher, payload: Payload, steps: KeptSteps, answers: Answers) -> VisibleCall:
        for status, body, headers in answers:
            self.stand_in.reply(status, body, headers)
        for _ in range(_MOST_LOOKS):
            try:
                return publisher.prepare(payload, self._access(), steps)
            except NotReady as wait:
                promise(wait.after_s > 0, "it says when to come back")
        raise AssertionError(f"{payload.format}: preparing ends when the network is ready")


def fitting(network: Network, form: Format, account: str) -> list[Payload]:
    """Payloads of one form, out of its declared data: with the fewest files and the most, of each kind, and mixed."""
    found = []
    for kinds in _carried(form):
        media = tuple(_file(form, kind, number) for number, kind in enumerate(kinds))
        options = {option.key: _value(option) for option in form.options if option.required and option.belongs(kinds)}
        text = "Fresh beans today" if form.takes_text else ""
        found.append(Payload(network.key, account, text, None, media, options, form.key))
    return found


def _carried(form: Format) -> list[tuple[MediaKind, ...]]:
    least, most = form.files
    carried: list[tuple[MediaKind, ...]] = [()] if least == 0 else []
    known: dict[MediaKind, object] = {"image": form.images, "video": form.videos, "document": form.documents}
    for kind, rules in known.items():
        if rules is not None:
            top = min(most, form.videos_most) if kind == "video" else most
            carried += [(kind,) * count for count in dict.fromkeys((max(least, 1), top)) if 0 < count <= top]
    if form.mixed:
        carried.append(("image", "video"))
    return [kinds for kinds in carried if form.takes(kinds)]


def _kinds(payload: Payload) -> list[str]:
    return [item.kind for item in payload.media]


def _file(form: Format, kind: MediaKind, number: int) -> MediaItem:
    if kind == "image" and form.images is not None:
        return _image(form.images, number)
    if kind == "video" and form.videos is not None:
        return _video(form.videos, number)
    mimes = form.documents.mimes if form.documents is not None else ()
    return MediaItem(_sha256(number), mimes[0], 0, 0, _SIZE, pages=1)


def _image(rules: ImageRules, number: int) -> MediaItem:
    width = max(rules.min_width, min(1080, rules.max_width or 1080))
    return MediaItem(_sha256(number), rules.mimes[0], width, round(width / _ratio(rules.ratio)), _SIZE)


def _video(rules: VideoRules, number: int) -> MediaItem:
    ratio = _ratio(rules.ratio)
    width = max(rules.min_width, round(rules.min_height * ratio), min(1080, rules.max_width or 1080))
    rate = rules.frame_rate or (30, 30)
    return MediaItem(
        _sha256(number),
        rules.mimes[0],
        width,
        round(width / ratio),
        _SIZE,
        duration_ms=round(min(max(10, rules.duration_s[0]), rules.duration_s[1]) * 1000),
        codec=(*rules.codecs, "h264")[0],
        audio_codec=(*rules.audio_codecs, "aac")[0],
        frame_rate=min(max(30.0, rate[0]), rate[1]),
        bit_rate=min(1_000_000, rules.bit_rate or 1_000_000),
    )


def _ratio(allowed: tuple[float, float] | None) -> float:
    if allowed is None or allowed[0] <= 1 <= allowed[1]:
        return 1.0
    return sum(allowed) / 2


def _sha256(number: int) -> str:
    return f"{number:02x}" * (_SIZE // 2)


def _value(option: Option) -> Any:
    """Something that an option of this shape may hold."""
    match option.shape:
        case "switch":
            return True
        case "line" | "text":
            return "Beans"
        case "people":
            return ["ana"]
        case "tags":
            return [{"username": "ana", "file": 0, "x": 0.5, "y": 0.5}]
        case "moment":
            return 0
        case "poll":
            return {"question": "Which?", "answers": ["One", "Two"], "days": 3}
