"""The demo's image: a cup on a table, drawn here so that no file has to be shipped. And how it is uploaded."""

from __future__ import annotations

from io import BytesIO
from typing import Final
from uuid import UUID

from PIL import Image, ImageDraw

from core.infra.actor import Actor
from core.infra.ids import new_id
from core.media import commands

ALT: Final = "A cup of coffee on a wooden table in front of a blue wall."
_SIZE: Final = 1080
_WALL, _TABLE, _CUP, _COFFEE, _STEAM = "#35566b", "#b98a5a", "#f4efe6", "#4b2e1e", "#7d97a6"


def upload(actor: Actor, file_name: str = "cup.jpg") -> UUID:
    """Draw it and upload it as the composer does; gives the image's id."""
    content = drawn()
    begun = commands.start_upload(actor, new_id(), file_name=file_name, size=len(content))
    commands.add_chunk(actor, begun.id, offset=0, content=content)
    return commands.finish_upload(actor, begun.id).id


def drawn() -> bytes:
    """The image's bytes, a JPEG: the same at each call."""
    image = Image.new("RGB", (_SIZE, _SIZE), _WALL)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 720, _SIZE, _SIZE), fill=_TABLE)
    draw.ellipse((250, 800, 790, 900), fill="#a37646")  # its shadow
    draw.ellipse((690, 520, 880, 710), outline=_CUP, width=38)
    draw.rectangle((300, 470, 740, 695), fill=_CUP)
    draw.pieslice((300, 530, 740, 860), 0, 180, fill=_CUP)
    draw.ellipse((300, 420, 740, 520), fill=_CUP)
    draw.ellipse((330, 436, 710, 504), fill=_COFFEE)
    for left in (410, 520, 630):
        draw.arc((left - 30, 190, left + 30, 300), 90, 270, fill=_STEAM, width=14)
        draw.arc((left - 30, 286, left + 30, 396), 270, 90, fill=_STEAM, width=14)
    held = BytesIO()
    image.save(held, "JPEG", quality=85)
    return held.getvalue()
