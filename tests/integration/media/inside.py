"""Ways to make Masthead ask something inside for somebody outside, each with words that a person gets for it.

`ADDRESSES` are pasted, or come as a redirect's (after `AT`, with `{inner}` for the port of what listens inside).
`NETWORK_ADDRESSES` are what a network's answer could name as the place for a file. `FILES` name an address in
themselves. Where the words are empty, what lies outside is taken and nothing inside was asked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.factories import clips, videos

PUBLIC: Final = "93.184.216.34"
# What names lead to, one list for each time that somebody asks; the last one stays.
NAMES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "good.example": ((PUBLIC,),),
    "localhost": (("127.0.0.1", "::1"),),
    "localhost.": (("127.0.0.1",),),
    "loopback.example": (("127.0.0.1",),),
    "six.example": (("::1",),),
    "private.example": (("10.0.0.5",),),
    "mapped.example": (("::ffff:192.168.1.1",),),
    "link.example": (("fe80::1%lo",),),
    "127.0.0.1.names.example": (("127.0.0.1",),),
    "metadata.google.internal": (("169.254.169.254",),),
    "mixed.example": ((PUBLIC, "127.0.0.1"),),
    "mixed-six.example": ((PUBLIC, "fd00::5"),),
    "rebinds.example": ((PUBLIC,), ("127.0.0.1",)),
}
AT: Final = "http://good.example/to?"
_PASSWORDS: Final = "/etc/passwd"
_INSIDE: Final = "public internet"
_NO_FILE: Final = "no address of a file"
_PORTS: Final = "web's own ports"
_AWAY: Final = "no answer from this address"
_SLOW: Final = "takes too long"

ADDRESSES: Final[Mapping[str, tuple[str, str]]] = {
    # This machine, however it is written
    "loopback": ("http://127.0.0.1/", _INSIDE),
    "loopback by its own port": ("http://127.0.0.1:{inner}/", _INSIDE),
    "another loopback": ("http://127.8.9.1/", _INSIDE),
    "short loopback": ("http://127.1/", _INSIDE),
    "decimal": ("http://2130706433/", _INSIDE),
    "octal": ("http://017700000001/", _INSIDE),
    "octal parts": ("http://0177.0.0.01/", _INSIDE),
    "hexadecimal": ("http://0x7f000001/", _INSIDE),
    "hexadecimal parts": ("http://0x7f.0x0.0x0.0x1/", _INSIDE),
    "mixed notations": ("http://0x7f.1/", _INSIDE),
    "this host": ("http://0.0.0.0/", _INSIDE),
    "zero": ("http://0/", _INSIDE),
    "its name": ("http://localhost/", _INSIDE),
    "its name, loud and with a dot": ("http://LOCALHOST./", _INSIDE),
    "loopback of the newer kind": ("http://[::1]/", _INSIDE),
    "no address of the newer kind": ("http://[::]/", _INSIDE),
    "mapped": ("http://[::ffff:127.0.0.1]/", _INSIDE),
    "mapped and written out": ("http://[0:0:0:0:0:ffff:7f00:1]/", _INSIDE),
    "compatible": ("http://[::127.0.0.1]/", _INSIDE),
    "NAT64": ("http://[64:ff9b::7f00:1]/", _INSIDE),
    "NAT64 of one's own": ("http://[64:ff9b:1::7f00:1]/", _INSIDE),
    "6to4": ("http://[2002:7f00:1::]/", _INSIDE),
    "Teredo": ("http://[2001:0:7f00:1::]/", _INSIDE),
    "wide digits": ("http://\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11/", _INSIDE),
    "circled digits": ("http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", _INSIDE),
    "dots of Chinese": ("http://127\u30020\u30020\u30021/", _INSIDE),
    # The network around it
    "private 10": ("http://10.0.0.1/", _INSIDE),
    "private 172": ("http://172.16.0.1/", _INSIDE),
    "private 192": ("http://192.168.0.1/", _INSIDE),
    "of a provider's customers": ("http://100.64.0.1/", _INSIDE),
    "unique local": ("http://[fd12:3456::1]/", _INSIDE),
    "link-local": ("http://[fe80::1]/", _INSIDE),
    "link-local in a zone": ("http://[fe80::1%lo]/", _INSIDE),
    "link-local in an escaped zone": ("http://[fe80::1%25lo]/", _AWAY),
    "site-local": ("http://[fec0::1]/", _INSIDE),
    "multicast": ("http://224.0.0.1/", _INSIDE),
    "multicast of the newer kind": ("http://[ff02::1]/", _INSIDE),
    "broadcast": ("http://255.255.255.255/", _INSIDE),
    "reserved": ("http://240.0.0.1/", _INSIDE),
    "documentation": ("http://203.0.113.7/", _INSIDE),
    "a machine's secrets": ("http://169.254.169.254/latest/meta-data/", _INSIDE),
    "a machine's secrets as a number": ("http://2852039166/latest/meta-data/", _INSIDE),
    "a machine's secrets by name": ("http://metadata.google.internal/computeMetadata/v1/", _INSIDE),
    "a machine's secrets, newer kind": ("http://[fd00:ec2::254]/latest/meta-data/", _INSIDE),
    "a machine's secrets at 192.0.0": ("http://192.0.0.192/opc/v2/instance/", _INSIDE),
    "a machine's secrets at 168": ("http://168.63.129.16/machine/", _INSIDE),
    "a machine's secrets at 100": ("http://100.100.100.200/latest/meta-data/", _INSIDE),
    # What names lead to
    "a name of loopback": ("http://loopback.example/", _INSIDE),
    "a name of loopback, newer kind": ("http://six.example/", _INSIDE),
    "a name of a private address": ("https://private.example/", _INSIDE),
    "a name of a mapped address": ("http://mapped.example/", _INSIDE),
    "a name of a link-local address": ("http://link.example/", _INSIDE),
    "a name that says its address": ("http://127.0.0.1.names.example/", _INSIDE),
    "a name of one outside and one inside": ("http://mixed.example/", _INSIDE),
    "a name of one outside and one inside, newer kind": ("http://mixed-six.example/", _INSIDE),
    "a name that leads elsewhere after the look": ("http://rebinds.example/photo", ""),
    "a name that leads elsewhere at its redirect": ("http://rebinds.example/to?http://rebinds.example/", _INSIDE),
    # Forms that readers of addresses disagree on
    "as somebody": ("http://good.example@127.0.0.1/", _NO_FILE),
    "as somebody with a port": ("http://good.example:80@127.0.0.1:{inner}/", _NO_FILE),
    "behind a backslash": ("http://good.example\\@127.0.0.1/", _NO_FILE),
    "behind a number sign": ("http://good.example/photo#@127.0.0.1/", ""),
    "with a line of its own": ("http://good.example/photo HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", _NO_FILE),
    "with an escaped line": ("http://good.example/photo%0d%0aHost:%20127.0.0.1", "has nothing there"),
    "with a tab in the host": ("http://127.0.\t0.1/", _NO_FILE),
    "with a NUL in the host": ("http://127.0.0.1\0.good.example/", _NO_FILE),
    "an empty label": ("http://127..0.0.1/", _NO_FILE),
    "a bracket left open": ("http://[::1/", _NO_FILE),
    "without a host": ("http:127.0.0.1/", _NO_FILE),
    "another port": ("http://good.example:6379/", _PORTS),
    "another port inside": ("http://127.0.0.1:22/", _PORTS),
    "a file": (f"file://{_PASSWORDS}", _NO_FILE),
    "a file of a host": ("file://localhost/etc/passwd", _NO_FILE),
    "gopher": ("gopher://127.0.0.1:6379/_FLUSHALL", _NO_FILE),
    "FTP": ("ftp://127.0.0.1/a.jpg", _NO_FILE),
    "dict": ("dict://127.0.0.1:11211/stats", _NO_FILE),
    # Redirects: each is looked at as if it had been pasted
    "a redirect to loopback": (AT + "http://127.0.0.1/", _INSIDE),
    "a redirect to its own port": (AT + "http://127.0.0.1:{inner}/", _INSIDE),
    "a redirect to a name of loopback": (AT + "http://loopback.example/", _INSIDE),
    "a redirect to loopback, newer kind": (AT + "http://[::1]/", _INSIDE),
    "a redirect to a machine's secrets": (AT + "http://169.254.169.254/latest/meta-data/", _INSIDE),
    "a redirect without a scheme": (AT + "//127.0.0.1/", _INSIDE),
    "a redirect to a file": (f"{AT}file://{_PASSWORDS}", _NO_FILE),
    "a redirect to gopher": (AT + "gopher://127.0.0.1:6379/_FLUSHALL", _NO_FILE),
    "a redirect as somebody": (AT + "http://good.example@127.0.0.1/", _NO_FILE),
    "a redirect to no address": (AT + "http://[::1/", _NO_FILE),
    "a redirect behind two others": (AT + AT + AT + "http://127.0.0.1/", _INSIDE),
    "a redirect that keeps the method": ("http://good.example/307?http://127.0.0.1/", _INSIDE),
    "a permanent redirect": ("http://good.example/308?http://127.0.0.1/", _INSIDE),
    "a redirect to a proxy": ("http://good.example/305?http://127.0.0.1/", "answers with 305"),
    "a redirect to itself": ("http://good.example/loop", "without an end"),
    "headers that name another place": ("http://good.example/headers", ""),
    "a page that leads on": ("http://good.example/page", "leads to a web page"),
    # Answers that don't end, or end as something else
    "an answer without an end": ("http://good.example/endless", "at most 10 MB"),
    "an answer that promises too much": ("http://good.example/promises", "at most 10 MB"),
    "an answer that comes by the byte": ("http://good.example/slow", _SLOW),
    "headers that come by the byte": ("http://good.example/slow-head", _SLOW),
    "headers without an end": ("http://good.example/endless-head", _AWAY),
    "a hundred continues": ("http://good.example/continues", _SLOW),
    "a silence": ("http://good.example/silent", _SLOW),
    "a packed bomb": ("http://good.example/packed", "gives the file packed"),
}

# `{outer}` is the port of the network, whose base is http://localhost:{outer}/uploads.
NETWORK_ADDRESSES: Final[Mapping[str, str]] = {
    "loopback": "http://127.0.0.1:{inner}/uploads/1",
    "its own name at another port": "http://localhost:{inner}/uploads/1",
    "as somebody": "http://localhost:{outer}@127.0.0.1:{inner}/uploads/1",
    "as somebody behind a path": "http://localhost:{outer}\\@127.0.0.1:{inner}/uploads/1",
    "a name that begins alike": "http://localhost:{outer}.names.example/uploads/1",
    "a path that begins alike": "http://localhost:{outer}/uploads-of-others/1",
    "a machine's secrets": "http://169.254.169.254/latest/meta-data/",
    "a file": f"file://{_PASSWORDS}",
}


def _film_elsewhere(inner: str) -> bytes:
    """A video whose pictures are said to lie at an address (ISO/IEC 14496-12, 8.7.2)."""
    content = videos.video(2.0, (320, 240))
    here = (b"\0\0\0\x0curl \0\0\0\1", b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov")
    address = inner.encode() + b"\0"
    there = (12 + len(address)).to_bytes(4, "big") + b"url \0\0\0\0" + address
    return _grown(content, here, there)


def _grown(content: bytes, boxes: tuple[bytes, ...], there: bytes) -> bytes:
    """The first of `boxes` is bytes that `there` replaces; the others are the boxes around it, innermost first."""
    at = content.index(boxes[0])
    more = len(there) - len(boxes[0])
    written = bytearray(content)
    for kind in boxes[1:]:
        head = content.rindex(kind, 0, at) - 4
        written[head : head + 4] = (int.from_bytes(content[head : head + 4], "big") + more).to_bytes(4, "big")
    written[at : at + len(boxes[0])] = there
    return bytes(written)


def _paper_that_acts(inner: str) -> bytes:
    """A PDF that opens an address and sends a form to it when it is opened (ISO 32000-1, 12.6)."""
    said = inner.encode()
    return paper(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(" + said + b")>>/AA<</WC 4 0 R>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/AA<</O<</S/SubmitForm/F(" + said + b")>>>>>>",
        b"<</S/JavaScript/JS(app.launchURL\\('" + said + b"'\\))>>",
    )


def _paper_elsewhere(inner: str) -> bytes:
    """A PDF whose page lies at an address (ISO 32000-1, 7.3.8.2: a stream's `F`)."""
    return paper(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
        b"<</Length 0/F<</FS/URL/F(" + inner.encode() + b")>>>>stream\n\nendstream",
    )


def paper(*bodies: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    written, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(written))
        written += b"%d 0 obj" % number + body + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, at = len(bodies) + 1, len(written)
    trailer = b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, root, at)
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer


def _form_with_entities(inner: str) -> bytes:
    types = f"""<!DOCTYPE Types [<!ENTITY inner SYSTEM "{inner}">]><Types>&inner;<Override
      ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
    return clips.package({"[Content_Types].xml": types.encode()})


def _form_with_template(inner: str) -> bytes:
    relation = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship
      Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
      Target="{inner}" TargetMode="External"/></Relationships>"""
    return clips.office(more={"word/_rels/settings.xml.rels": relation.encode()})


FILES: Final[Mapping[str, tuple[Callable[[str], bytes], str]]] = {
    "a video whose pictures lie elsewhere": (_film_elsewhere, "can't be read"),
    "a list of videos": (lambda inner: f"#EXTM3U\n#EXTINF:5,\n{inner}\n".encode(), "no file of a kind"),
    "a list in the head of a video": (
        lambda inner: b"\0\0\0\x10ftypisom\0\0\0\0" + f"#EXTM3U\n#EXTINF:5,\n{inner}\n".encode(),
        "cut off",
    ),
    "a drawing": (
        lambda inner: f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{inner}'/></svg>".encode(),
        "a web page or drawing",
    ),
    "a document that acts": (_paper_that_acts, ""),
    "a document that lies elsewhere": (_paper_elsewhere, ""),
    "a Word file with entities": (_form_with_entities, ""),
    "a Word file with a template": (_form_with_template, ""),
}
