"""Every line is one JSON object that says whose click it belongs to and no secret, whoever logs it and however."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.infra import logs, redaction
from core.infra.redaction import MASK

SECRET = "EAAcanary0123456789ABCDEFcanary"
PLAIN = "plain-canary-9f8e7d6c5b4a"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Configured logging of this process, put back afterwards; call it for what was written."""
    known = {name: (logger.handlers[:], logger.propagate) for name, logger in _loggers().items()}
    monkeypatch.setattr(redaction, "_known", set())
    stream = io.StringIO()
    logs.configure("web", "DEBUG", secrets=[PLAIN], stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for name, (handlers, propagate) in known.items():
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = handlers, propagate


def _loggers() -> dict[str, logging.Logger]:
    everything = logging.getLogger().manager.loggerDict.items()
    return {name: logger for name, logger in everything if isinstance(logger, logging.Logger)}


def test_a_line_says_when_what_and_from_where(lines: Any) -> None:
    logging.getLogger("core.posts").info("post %s submitted", 7, extra={"post_id": "p-7", "network": "facebook"})
    (line,) = lines()
    assert line["at"].endswith("+00:00")
    assert {name: value for name, value in line.items() if name != "at"} == {
        "level": "INFO",
        "event": "post 7 submitted",
        "program": "web",
        "logger": "core.posts",
        "post_id": "p-7",
        "network": "facebook",
    }


def test_what_is_bound_is_on_every_line_of_the_block_and_on_none_after(lines: Any) -> None:
    log = logging.getLogger("core.posts")
    with logs.bound(correlation_id="c-1", organization_id="o-1", actor="person:1"):
        log.info("outer")
        with logs.bound(correlation_id="c-2", job="drain", account_id=None):
            log.info("inner")
        log.info("outer again")
    log.info("after")
    found = [(line.get("correlation_id"), line.get("job"), line.get("actor")) for line in lines()]
    assert found == [
        ("c-1", None, "person:1"),
        ("c-2", "drain", "person:1"),
        ("c-1", None, "person:1"),
        (None, None, None),
    ]


def test_threads_do_not_see_each_others_click(lines: Any) -> None:
    def work(number: int) -> None:
        with logs.bound(correlation_id=f"c-{number}"):
            for _ in range(20):
                logging.getLogger("core.posts").info("n %s", number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(lines()) == 800
    assert all(line["event"] == f"n {line['correlation_id'].removeprefix('c-')}" for line in lines())


def test_the_correlation_id_is_the_bound_one_or_a_new_one() -> None:
    with logs.bound(correlation_id="c-1"):
        assert logs.correlation_id() == "c-1"
    assert logs.correlation_id() != logs.correlation_id()
    assert len(logs.correlation_id()) == 16


def test_incidents_can_be_read_out_and_differ() -> None:
    made = {logs.incident() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(each) == 8 and not set(each) & set("ilou") and each == each.lower() for each in made)


def test_a_line_break_in_what_is_logged_stays_inside_its_line(lines: Any) -> None:
    logging.getLogger("core").info('x\n{"level":"INFO","event":"forged"}\r\u2028y', extra={"note": "a\nb"})
    (line,) = lines()
    assert line["event"].startswith("x\n")


def test_an_extra_field_can_not_pass_for_one_of_ours(lines: Any) -> None:
    logging.getLogger("core").info("real", extra={"event": "forged", "level": "forged", "program": "forged"})
    (line,) = lines()
    assert (line["event"], line["level"], line["program"]) == ("real", "INFO", "web")
    assert line["event_"] == "forged"


def test_fields_are_masked_by_name_and_by_shape(lines: Any) -> None:
    extra = {"access_token": PLAIN * 2, "answer": {"headers": {"Authorization": "x"}, "text": f"got {SECRET}"}}
    logging.getLogger("core").warning("exchanged %s for %s", SECRET, PLAIN, extra=extra)
    (line,) = lines()
    assert line["event"] == f"exchanged {MASK} for {MASK}"
    assert line["access_token"] == MASK
    assert line["answer"] == {"headers": {"Authorization": MASK}, "text": f"got {MASK}"}


def test_what_is_bound_is_masked_too(lines: Any) -> None:
    with logs.bound(correlation_id=SECRET, note=f"token={PLAIN}"):
        logging.getLogger("core").info("x")
    assert SECRET not in json.dumps(lines())
    assert PLAIN not in json.dumps(lines())


def test_exceptions_are_masked_with_their_causes_and_notes(lines: Any) -> None:
    def fail() -> None:
        try:
            raise ValueError(f"inner {SECRET}")
        except ValueError as inner:
            outer = RuntimeError({"client_secret": PLAIN, "url": f"https://x.example/?code={PLAIN[:9]}"})
            outer.add_note(f"Authorization: Bearer {PLAIN}")
            raise outer from inner

    try:
        fail()
    except RuntimeError:
        logging.getLogger("core").exception("call failed for %s", SECRET)
    (line,) = lines()
    assert SECRET not in json.dumps(line)
    assert PLAIN[:9] not in json.dumps(line)
    assert "RuntimeError" in line["exception"]
    assert "ValueError: inner" in line["exception"]
    assert "def fail" not in line["exception"]


def test_exception_groups_are_masked(lines: Any) -> None:
    try:
        raise ExceptionGroup("many", [ValueError(f"token={SECRET}"), KeyError(PLAIN)])
    except ExceptionGroup:
        logging.getLogger("core").exception("many")
    assert SECRET not in json.dumps(lines())
    assert PLAIN not in json.dumps(lines())


def test_a_stack_is_kept(lines: Any) -> None:
    logging.getLogger("core").info("where", stack_info=True)
    assert "test_a_stack_is_kept" in lines()[0]["stack"]


def test_a_wrong_format_costs_neither_the_line_nor_a_secret(lines: Any, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("core").info("two %s %s", SECRET)
    logging.getLogger("core").info("%d", "no number")
    logging.getLogger("core").info("%(name)s", {"other": SECRET})
    assert len(lines()) == 3
    assert SECRET not in json.dumps(lines()) + "".join(capsys.readouterr())


def test_an_object_that_can_not_be_shown_costs_no_line(lines: Any) -> None:
    class Shy:
        def __str__(self) -> str:
            raise ValueError("not me")

    logging.getLogger("core").info("shy", extra={"shy": Shy()})
    assert [(line["event"], line["shy"]) for line in lines()] == [("shy", "[a Shy that can't be shown]")]


def test_an_argument_that_can_not_be_shown_costs_no_line(lines: Any) -> None:
    class Shy:
        def __str__(self) -> str:
            raise RuntimeError("not me")

    logging.getLogger("core").info("%s", Shy())
    assert [line["event"] for line in lines()] == ["%s (its arguments don't fit)"]


class Stumbles(io.StringIO):
    """A stream whose first write fails."""

    stumbled = False

    def write(self, text: str) -> int:
        if not self.stumbled:
            self.stumbled = True
            raise OSError("disk full")
        return super().write(text)


def test_a_line_that_can_not_be_written_is_missed_without_its_arguments(
    lines: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = Stumbles()
    logs.configure("web", stream=stream)
    logging.getLogger("core").info("one token=%s", SECRET)
    assert json.loads(stream.getvalue()) == {
        "level": "ERROR",
        "event": "a line was lost",
        "logger": "core",
        "error": "OSError",
    }
    assert SECRET not in "".join(capsys.readouterr())


def test_numbers_json_does_not_know_become_words(lines: Any) -> None:
    logging.getLogger("core").info("x", extra={"ratio": float("nan"), "nested": {"deep": float("inf")}})
    (line,) = lines()
    assert (line["ratio"], line["nested"]) == ("nan", {"deep": "inf"})


def test_a_very_long_text_is_cut_and_says_so(lines: Any) -> None:
    logging.getLogger("core").info("x" * 20_000)
    assert lines()[0]["event"].endswith("[4000 more]")


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "requests", "streamlit", "authlib", "rq.worker", "uvicorn"])
def test_a_third_party_that_set_up_its_own_handler_speaks_json_all_the_same(lines: Any, name: str) -> None:
    foreign, logger = io.StringIO(), logging.getLogger(name)
    logger.handlers[:], logger.propagate = [logging.StreamHandler(foreign)], False
    logger.setLevel(logging.DEBUG)
    logger.debug('%s "%s %s HTTP/1.1" %s', "https://graph.facebook.com:443", "GET", f"/me?access_token={SECRET}", 200)
    logger.handlers[:], logger.propagate = [logging.StreamHandler(foreign)], False
    logger.error("again")
    assert foreign.getvalue() == ""
    assert [line["logger"] for line in lines()] == [name, name]
    assert SECRET not in json.dumps(lines())


def test_a_handler_of_somebody_elses_sees_no_secret_either(lines: Any) -> None:
    foreign = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(foreign))
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("core").exception("with %s and %s", SECRET, {"password": PLAIN})
    assert SECRET not in foreign.getvalue()
    assert PLAIN not in foreign.getvalue()
    assert MASK in foreign.getvalue()


def test_the_access_log_of_uvicorn_that_formats_its_arguments_itself_is_masked(lines: Any) -> None:
    from uvicorn.logging import AccessFormatter

    foreign = logging.StreamHandler(io.StringIO())
    foreign.setFormatter(AccessFormatter("%(client_addr)s %(request_line)s %(status_code)s", use_colors=False))
    logging.getLogger().addHandler(foreign)
    path = f"/oauth2callback?code={PLAIN}&state=short1"
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", path, "1.1", 302)
    written = foreign.stream.getvalue()
    assert "GET /oauth2callback?code=" in written
    assert PLAIN not in written
    assert "short1" not in written


def test_a_record_made_elsewhere_is_masked_by_the_formatter() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "token=%s", (SECRET,), None)
    assert SECRET not in logs.JsonLines("web").format(record)
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.LogRecord("x", logging.INFO, __file__, 1, "failed", (), sys.exc_info())
    assert SECRET not in logs.JsonLines("web").format(record)


PROGRAM = """
    import logging, sys, threading, warnings
    from core.infra import logs
    logs.configure("worker", "{level}", secrets=["{plain}"])
    {body}
"""


def run(body: str, level: str = "DEBUG") -> tuple[list[dict[str, Any]], str, int]:
    """What a program of its own writes to stdout, as JSON, and to stderr, and how it ends."""
    program = textwrap.dedent(PROGRAM).format(level=level, plain=PLAIN, body=textwrap.dedent(body).strip())
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr, done.returncode


def test_an_exception_nobody_caught_is_a_masked_line_and_nothing_on_stderr() -> None:
    lines, errors, code = run(f"raise RuntimeError('access_token={SECRET} and {PLAIN}')")
    assert (len(lines), errors, code) == (1, "", 1)
    assert (lines[0]["level"], lines[0]["event"]) == ("CRITICAL", "uncaught exception")
    assert "RuntimeError" in lines[0]["exception"]
    assert SECRET not in json.dumps(lines)
    assert PLAIN not in json.dumps(lines)


def test_an_exception_in_a_thread_is_a_masked_line() -> None:
    lines, errors, _ = run(
        f"t = threading.Thread(target=lambda: [][1] or '{SECRET}', name='drain'); t.start(); t.join()"
    )
    assert errors == ""
    assert (lines[0]["event"], lines[0]["thread_name"]) == ("uncaught exception in a thread", "drain")


def test_an_exception_in_a_finalizer_is_a_masked_line() -> None:
    lines, errors, _ = run(
        f"""
class Leaves:
    def __del__(self): raise ValueError('{SECRET}')
leaves = Leaves(); del leaves
"""
    )
    assert errors == ""
    assert lines[0]["event"] == "exception nobody could raise"
    assert SECRET not in json.dumps(lines)


def test_warnings_are_lines() -> None:
    lines, errors, _ = run(f"warnings.warn('old: token={SECRET}')")
    assert errors == ""
    assert lines[0]["logger"] == "py.warnings"
    assert SECRET not in json.dumps(lines)


def test_a_level_holds_for_everybody() -> None:
    lines, _, _ = run("logging.getLogger('urllib3').debug('x'); logging.getLogger('core').warning('y')", "WARNING")
    assert [line["event"] for line in lines] == ["y"]


def test_ctrl_c_ends_a_program_as_ever() -> None:
    lines, errors, code = run("raise KeyboardInterrupt")
    assert lines == []
    assert "KeyboardInterrupt" in errors
    assert code in (-2, 130)


THIRD_PARTIES = f"""
import http.server, threading

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Set-Cookie", "session={PLAIN}0")
        self.end_headers()
        self.wfile.write(b"{{}}")
    def log_message(self, *ignored): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{{server.server_port}}/v26.0/me?access_token={SECRET}&appsecret_proof={PLAIN}1&code={PLAIN}2"
headers = {{"Authorization": "Bearer {PLAIN}3", "Cookie": "_streamlit_user={PLAIN}4"}}

import requests, httpx
requests.get(url, headers=headers)
httpx.get(url, headers=headers)
try:
    requests.get(url.replace(str(server.server_port), "1"), headers=headers)
except requests.ConnectionError:
    logging.getLogger("core").exception("no answer")

import streamlit
from streamlit.logger import get_logger
get_logger("streamlit.web.server.starlette").error("exchange failed: %s", "{SECRET}")
streamlit.logger.update_formatter()
get_logger("streamlit.auth_util").warning("cookie _streamlit_user_1={PLAIN}5; x")

from authlib.integrations.httpx_client import OAuth2Client
logging.getLogger("authlib").debug("code_verifier={PLAIN}6")

import rq, rq.worker, rq.logutils
rq.logutils.setup_loghandlers("DEBUG")
logging.getLogger("rq.worker").debug("job args: %r", {{"token": "{PLAIN}7"}})

import sqlalchemy
sqlalchemy.create_engine("sqlite://", echo="debug").connect().exec_driver_sql("select ?", ("token={PLAIN}8",))
"""


def test_third_parties_at_debug_write_json_without_a_canary() -> None:
    lines, errors, code = run(THIRD_PARTIES)
    assert (errors, code) == ("", 0)
    spoke = {str(line["logger"]).partition(".")[0] for line in lines}
    assert spoke >= {"urllib3", "httpx", "httpcore", "streamlit", "authlib", "rq", "core", "sqlalchemy"}
    text = json.dumps(lines)
    assert SECRET not in text
    assert PLAIN not in text
    assert "/v26.0/me" in text
