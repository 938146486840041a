"""What people see while a server is away."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.driving import PATIENCE_MS, Product, Someone


def test_a_page_comes_back_by_itself_after_postgres_was_killed(
    product: Product, someone: Callable[..., Someone]
) -> None:
    ivo = someone("Ivo Brandt", at="/posts")
    postmaster = int((product.data / "pg" / "postmaster.pid").read_text().split()[0])

    os.kill(postmaster, signal.SIGKILL)
    ivo.page.get_by_role("link", name=re.compile("Accounts")).first.click()

    expect(ivo.page.get_by_role("heading", name="Accounts")).to_be_visible(timeout=30_000)
    expect(ivo.page.get_by_text("could not be drawn")).to_have_count(0, timeout=PATIENCE_MS)
    ivo.see("Northwind Wholesale")
