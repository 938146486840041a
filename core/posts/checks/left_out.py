"""What was written and doesn't go there?"""

from __future__ import annotations

from collections.abc import Iterator

from core import providers
from core.posts import option_words
from core.posts.candidates import Subject
from core.posts.content import AccountContent
from core.posts.payloads import is_said
from core.posts.views import AccountProblem
from core.provider_kit.types import Network, Payload


def check(subject: Subject) -> Iterator[AccountProblem]:
    """Whatever the form of post, or the network, takes none of: a link, a description, files, options, a comment."""
    content, payload, network = subject.candidate.content, subject.payload, subject.network
    if content is None:
        return
    form = network.form(payload.format) if network is not None else None
    this = "this network" if network is None or form is None or len(network.forms) == 1 else _form(network, payload)
    wished = content.common_format if content.format is None else None
    if wished and network is not None and form is not None and network.form(wished) is None:
        words = f"{network.title} has no form of post called {wished}."
        fix = f"It goes out as {form.title.lower()}; choose a form for this account if it should be another."
        yield subject.problem("warning", words, fix, place="format")
    if content.text.strip() and not payload.text.strip():
        yield subject.problem("warning", f"The text is left out: {this} has none.", place="text")
    if content.link is not None and payload.link is None:
        words = f"The link is left out: {this} takes none."
        fix = "Put the address into the text if people should see it."
        yield subject.problem("warning", words, fix, place="link")
    if content.files and not payload.media:
        what = "The file is" if len(content.files) == 1 else "The files are"
        yield subject.problem("warning", f"{what} left out: {this} takes none.", place="image")
    yield from _descriptions(subject, content, this)
    if content.cover is not None and payload.cover is None and any(each.kind == "video" for each in payload.media):
        yield subject.problem("warning", f"The cover is left out: {this} takes none.", place="image")
    for key, value in sorted(content.options.items()):
        if is_said(value) and value is not False and form is not None and all(key != o.key for o in form.options):
            title = option_words.title_of(key, providers.networks())
            words = f"What stands under {title} is left out: {this} has no such thing."
            yield subject.problem("warning", words, place="option", at=key)
    if content.comment.strip() and not payload.comment:
        where = this if network is not None and network.comments is not None else "this network"
        yield subject.problem("warning", f"The first comment is left out: {where} takes none.", place="comment")


def _descriptions(subject: Subject, content: AccountContent, this: str) -> Iterator[AccountProblem]:
    media = subject.payload.media
    if len(media) != len(content.files):
        return
    lost = [at for at, each in enumerate(content.files) if each.alt.strip() and not media[at].alt]
    if lost:
        what = f"The description of the {media[lost[0]].kind} is" if len(media) == 1 else "Descriptions of files are"
        yield subject.problem("warning", f"{what} left out: {this} takes none.", place="image", at=lost[0])


def _form(network: Network, payload: Payload) -> str:
    form = network.form(payload.format)
    return f"{network.title}'s {form.title.lower()}" if form is not None else network.title
