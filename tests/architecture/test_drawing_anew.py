"""A part of a page that runs by itself never draws the whole page past an open dialog: that closes it, unsaid."""

from __future__ import annotations

import ast
from pathlib import Path

CONSOLE = Path(__file__).resolve().parents[2] / "console"
FOR_GOOD = {"frame.py"}  # whose sign-in is over sees nothing any more, in a dialog neither


def runs_by_itself(function: ast.FunctionDef) -> bool:
    return any("run_every" in ast.unparse(each) for each in function.decorator_list)


def test_what_runs_by_itself_draws_the_page_anew_only_while_no_dialog_is_open() -> None:
    found = [
        (path.relative_to(CONSOLE).as_posix(), function)
        for path in CONSOLE.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef) and runs_by_itself(function)
    ]
    assert len(found) > 5
    assert {place for place, function in found if "st.rerun" in ast.unparse(function)} == FOR_GOOD
