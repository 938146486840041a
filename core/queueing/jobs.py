"""The one kind of RQ job that Masthead writes and reads: a known name, no arguments, JSON.

RQ reads jobs with pickle unless told otherwise in every place, and calls whatever names a job carries. So that write
access to the queue is no way to run code, this class is JSON by default (rq-scheduler, which can't be told, follows it)
and refuses every name but those of `JobName`; callbacks and webhooks of a job are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rq.job import Job
from rq.serializers import JSONSerializer
from typing_extensions import override

from core.queueing.names import JobName


class UnknownJob(Exception):
    """A job in the queue isn't one of ours; it was not run."""


class KnownJob(Job):
    """A job of ours."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args[:2], **(named | {"serializer": JSONSerializer}))

    @property
    @override
    def func(self) -> Callable[..., Any]:
        name = self.func_name
        if name not in list(JobName) or self.instance or self.args or self.kwargs:
            raise UnknownJob(f"{UnknownJob.__doc__} ({name!s:.100})")
        found: Callable[..., Any] = super().func
        return found

    @override
    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        super().restore(raw_data)
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
