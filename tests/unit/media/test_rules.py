"""Names of files as people may see them, and kinds of files by what is in them."""

from __future__ import annotations

import pytest

from core.media.rules import JPEG, PNG, NotAnImage, cleaned_name, kind_by_content


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("autumn.jpg", "autumn.jpg"),
        ("C:\\Users\\maya\\autumn leaves.jpg", "autumn leaves.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/srv/", "file"),
        ("", "file"),
        ("  two\nlines\t.png ", "two lines .png"),
        ("a\x00b\x1b[31m.png", "ab[31m.png"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("half \ud800.png", "half .png"),
        ("Größe 🍂.png", "Größe 🍂.png"),
        ("x" * 200 + ".jpeg", "x" * 115 + ".jpeg"),
        ("x" * 200, "x" * 120),
        ("." + "x" * 200, "." + "x" * 119),
    ],
)
def test_a_name_is_one_short_line_without_its_folder(given: str, shown: str) -> None:
    assert cleaned_name(given) == shown


def test_what_a_file_is_stands_in_its_first_bytes() -> None:
    assert kind_by_content(b"\xff\xd8\xff\xe0rest") == JPEG
    assert kind_by_content(b"\x89PNG\r\n\x1a\nrest") == PNG
    with pytest.raises(NotAnImage, match="This is a HEIC photo, whatever its name says"):
        kind_by_content(b"\0\0\0\x18ftypheic")
    with pytest.raises(NotAnImage, match="neither a JPEG nor a PNG"):
        kind_by_content(b"\x89PNG\n\x1a\n")
