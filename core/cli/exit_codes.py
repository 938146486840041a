"""What the exit codes of commands mean. 0: what was asked is done."""

from __future__ import annotations

from typing import Final

LEFT: Final = 1  # some of it is left to do, or something is missing
MEND: Final = 2  # nothing is done, and a person can mend why
STOPPED: Final = 130  # by a person, as shells say it
