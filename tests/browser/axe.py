"""Accessibility as axe-core judges it; the engine lies inside a package, nothing is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

SERIOUS = ("serious", "critical")


def findings(page: Page, within: str = "body") -> list[str]:
    """What would keep somebody out, as rule, place and reason.

    Parameters
    ----------
    page : playwright Page
    within : str
        Selector of what is judged; the rest of the page may be somebody else's.
    """
    from axe_playwright_python.sync_playwright import Axe

    result: dict[str, Any] = Axe().run(page, within).response
    return [
        f"{v['id']}: {node['html'][:120]} · {node['any'][0]['message'] if node['any'] else ''}"
        for v in result["violations"]
        if v["impact"] in SERIOUS
        for node in v["nodes"]
    ]
