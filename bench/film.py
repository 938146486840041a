"""A video as large as one likes, with pictures of noise: encoded for seconds, then repeated."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from PIL import Image

_SIZE: Final = (640, 360)
_RATE: Final = 30
_SECONDS: Final = 8
_BITS_A_SECOND: Final = 8_000_000  # as phones film: so a gigabyte is a quarter of an hour


def film(place: Path, at_least: int, *, index_first: bool) -> None:
    """Write an MP4 of so many bytes and a few more."""
    template = place.with_suffix(".part.mp4")
    _encode(template)
    times = -(-at_least // template.stat().st_size)
    options = {"movflags": "faststart" if index_first else "0"}
    with av.open(str(place), "w", format="mp4", options=options) as output:
        stream = None
        for number in range(times):
            with av.open(str(template)) as container:
                stream = stream or output.add_stream_from_template(container.streams.video[0])
                for packet in container.demux(container.streams.video[0]):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue  # the empty one at the end
                    later = round(number * _SECONDS / packet.time_base)
                    packet.dts, packet.pts, packet.stream = packet.dts + later, packet.pts + later, stream
                    output.mux(packet)
    template.unlink()


def _encode(place: Path) -> None:
    with av.open(str(place), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
        stream.width, stream.height = _SIZE
        stream.pix_fmt, stream.bit_rate = "yuv420p", _BITS_A_SECOND
        noise = [Image.effect_noise(_SIZE, 90).convert("RGB") for _ in range(_RATE)]
        for number in range(_SECONDS * _RATE):
            frame = av.VideoFrame.from_image(noise[number % len(noise)])
            frame.pts, frame.time_base = number, Fraction(1, _RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
