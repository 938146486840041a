"""Mail: taken by SMTP, told by the control interface, shown to people (PRODUCT 6, 8)."""

from __future__ import annotations

import re
import signal
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.sandbox.driver import Box


@pytest.fixture
def post(box: Box) -> Iterator[smtplib.SMTP]:
    box.control("mail", method="DELETE")
    with box.smtp as connection:
        yield connection


def letter(to: str = "maya@northwind.example", **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": "Masthead <no-reply@masthead.example>", "To": to, "Subject": "Grüße: a post needs you", **headers}
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    message.set_content("Open http://localhost:8501/posts?id=1&tab=2 now.\n")
    message.add_alternative('<p>Open <a href="http://localhost:8501/posts">the post</a></p>', subtype="html")
    return message


def test_a_message_is_told_with_its_parts(box: Box, post: smtplib.SMTP) -> None:
    post.send_message(letter(List_Unsubscribe="<http://localhost:8501/you>"))
    [mail] = box.control("mail")
    assert mail["sender"] == "no-reply@masthead.example"
    assert mail["recipients"] == ["maya@northwind.example"]
    assert mail["subject"] == "Grüße: a post needs you"
    assert mail["text"].strip() == "Open http://localhost:8501/posts?id=1&tab=2 now."
    assert "<a href=" in mail["html"]
    assert mail["headers"]["List-Unsubscribe"] == "<http://localhost:8501/you>"
    assert mail["at"] == box.control("mail")[0]["at"]


def test_the_newest_message_comes_first(box: Box, post: smtplib.SMTP) -> None:
    for number in range(3):
        post.send_message(letter(X_Number=str(number)))
    assert [mail["headers"]["X-Number"] for mail in box.control("mail")] == ["2", "1", "0"]


def test_mail_can_be_narrowed_to_one_address(box: Box, post: smtplib.SMTP) -> None:
    post.send_message(letter("Sara@northwind.example, ivo@northwind.example"))
    post.send_message(letter("tomas@harbor.example"))
    assert len(box.control("mail?to=sara@NORTHWIND.example")) == 1
    assert box.control("mail?to=nadia@harbor.example") == []


def test_a_hidden_recipient_is_told(box: Box, post: smtplib.SMTP) -> None:
    post.send_message(letter(), to_addrs=["hidden@harbor.example"])
    assert box.control("mail?to=hidden@harbor.example")[0]["headers"]["To"] == "maya@northwind.example"


def test_mail_can_be_forgotten(box: Box, post: smtplib.SMTP) -> None:
    post.send_message(letter())
    assert box.control("mail", method="DELETE") == {"removed": 1}
    assert box.control("mail") == []


def test_a_message_that_is_no_message_is_kept_all_the_same(box: Box, post: smtplib.SMTP) -> None:
    post.sendmail("a@b.example", ["c@d.example"], b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\r\n")
    post.sendmail("a@b.example", ["c@d.example"], b"")
    assert [mail["subject"] for mail in box.control("mail")] == ["", ""]


def test_refused_mail_is_not_taken(box: Box, post: smtplib.SMTP) -> None:
    box.fault("MAIL *", "refuse", times=1)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        post.send_message(letter())
    assert refused.value.smtp_code == 550
    assert box.control("mail") == []
    post.send_message(letter())
    assert len(box.control("mail")) == 1


def test_a_refusal_can_be_for_now_and_for_one_address(box: Box, post: smtplib.SMTP) -> None:
    box.fault("MAIL *sara@*", "refuse", args={"status": 450, "message": "4.2.0 Full"})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        post.send_message(letter("sara@northwind.example"))
    assert (refused.value.smtp_code, refused.value.smtp_error) == (450, b"4.2.0 Full")
    post.send_message(letter())
    assert len(box.control("mail")) == 1


def test_a_server_in_trouble_takes_nothing(box: Box, post: smtplib.SMTP) -> None:
    box.fault("MAIL *", "error_before", times=1)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        post.send_message(letter())
    assert refused.value.smtp_code == 451
    assert box.control("mail") == []


@pytest.mark.parametrize(("mode", "taken"), [("error_after", 1), ("reset_after", 1), ("reset_before", 0)])
def test_the_answer_can_be_lost(box: Box, post: smtplib.SMTP, mode: str, taken: int) -> None:
    box.fault("MAIL *", mode, times=1)
    begun = time.monotonic()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        post.send_message(letter())
    assert time.monotonic() - begun < 5, "cut, not left without an answer until the client gives up"
    assert len(box.control("mail")) == taken
    with box.smtp as again:
        again.send_message(letter())
    assert len(box.control("mail")) == taken + 1


@pytest.mark.parametrize("mode", ["slow_after", "latency"])
def test_a_server_can_be_slow(box: Box, post: smtplib.SMTP, mode: str) -> None:
    box.fault("MAIL *", mode, times=1, args={"ms": 400})
    begun = time.monotonic()
    post.send_message(letter())
    assert time.monotonic() - begun >= 0.4
    assert len(box.control("mail")) == 1


def test_mail_that_was_acknowledged_survives_kill_9(own_box: Box) -> None:
    with own_box.smtp as connection:
        connection.send_message(letter())
        own_box.end(signal.SIGKILL)
    own_box.start()
    assert len(own_box.control("mail")) == 1


def test_a_reset_forgets_mail(own_box: Box) -> None:
    with own_box.smtp as connection:
        connection.send_message(letter())
    own_box.control("reset", {})
    assert own_box.control("mail") == []


def test_people_see_the_list_and_each_message(box: Box, post: smtplib.SMTP) -> None:
    assert "No mail yet" in box.http.get("/mail").text
    post.send_message(letter())
    listed = box.http.get("/mail").text
    [address] = re.findall(r'href="(/mail/\d+)"', listed)
    assert "Grüße: a post needs you" in listed
    html = box.http.get(address).text
    assert 'href="http://localhost:8501/posts?id=1&amp;tab=2"' in html
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in html
    assert "No mail yet" in box.http.get("/mail?to=nobody@x.example").text
    assert box.http.get("/mail/999999").status_code == 404


def test_a_message_is_shown_as_it_is_and_never_run(box: Box, post: smtplib.SMTP) -> None:
    message = EmailMessage()
    message["Subject"] = "<script>alert(1)</script>"
    message.set_content("<b>text</b>")
    message.add_alternative('"><script>alert(2)</script>', subtype="html")
    post.send_message(message, "a@b.example", ["c@d.example"])
    for path in ("/mail", f"/mail/{box.control('mail')[0]['number']}"):
        answer = box.http.get(path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
