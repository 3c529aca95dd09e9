"""Judging a page as people with other eyes and hands meet it: axe, large text, narrow screens, thick fingers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
MOST_TABS = 80

_OVERFLOW = """() => {
    const wide = document.documentElement.clientWidth;
    const scrolled = document.scrollingElement.scrollWidth;
    if (scrolled <= wide + 1) return [];
    const guilty = [...document.querySelectorAll('body *')].filter((each) => {
        const box = each.getBoundingClientRect();
        return box.width > 0 && (box.right > wide + 1 || box.left < -1);
    });
    const named = guilty.slice(-3).map((each) => `${each.tagName}.${each.className}`);
    return [`${scrolled} px wide on ${wide}: ${named.join(', ')}`];
}"""
_TARGETS = """(least) => {
    const wanted = 'button, a[href], input:not([type=hidden]), select, textarea, summary';
    const small = [];
    for (const each of document.querySelectorAll(wanted)) {
        // A link within a sentence is as high as its line (WCAG 2.2, criterion 2.5.8, exception "inline").
        if (each.tagName === 'A' && getComputedStyle(each).display === 'inline') continue;
        if (!each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const label = each.matches('[type=checkbox], [type=radio]') ? each.closest('label') : null;
        // Some links are stretched over all that they stand in.
        const stretched = getComputedStyle(each, '::after').position === 'absolute' ? each.offsetParent : null;
        const box = (label ?? stretched ?? each).getBoundingClientRect();
        if (box.width <= 1 || box.height <= 1) continue;
        if (box.width < least - 0.5 || box.height < least - 0.5) {
            const what = (each.innerText || each.name || each.className).trim().slice(0, 30);
            small.push(`${each.tagName} "${what}" ${Math.round(box.width)}x${Math.round(box.height)}`);
        }
    }
    return small;
}"""


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe finds on the page as it stands, one line for each place; all rules unless some are named."""
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": STANDARDS}
    found = page.evaluate(
        "options => axe.run(document, options).then(result => result.violations)",
        {"runOnly": only, "resultTypes": ["violations"]},
    )
    return [
        f"{each['id']}: {json.dumps(node['target'])} {node['html'][:90]}" for each in found for node in each["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """Return a line if one has to scroll sideways."""
    lines: list[str] = page.evaluate(_OVERFLOW)
    return lines


def small_targets(page: Page, least_px: int) -> list[str]:
    """Return what is too small for a thick or trembling finger."""
    lines: list[str] = page.evaluate(_TARGETS, least_px)
    return lines


def large_text(page: Page, *, on: bool) -> None:
    """Set the text of the page to 200 %, or back."""
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", "200%" if on else "")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is there; fail when the keyboard does not get there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not get to {target}", pytrace=False)
