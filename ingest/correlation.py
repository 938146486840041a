"""One id per request, from here through rows, jobs and the network's own trace id."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Flask, Response, g

from core.infra import logs

HEADER = "X-Correlation-Id"


def install(app: Flask) -> None:
    """Give every request a correlation id of ours (what strangers send is not taken) and bind it to its log lines."""

    @app.before_request
    def _bind() -> None:
        g.log_context = ExitStack()
        g.correlation_id = logs.correlation_id()
        g.log_context.enter_context(logs.bound(correlation_id=g.correlation_id))

    @app.after_request
    def _tell(response: Response) -> Response:
        response.headers[HEADER] = current()
        return response

    @app.teardown_request
    def _unbind(_error: BaseException | None) -> None:
        bound: ExitStack | None = g.pop("log_context", None)
        if bound is not None:
            bound.close()


def current() -> str:
    """The correlation id of the request at hand."""
    found: str = g.correlation_id
    return found


def add(**context: object) -> None:
    """Put more on the log lines of the request at hand."""
    bound: ExitStack = g.log_context
    bound.enter_context(logs.bound(**context))
