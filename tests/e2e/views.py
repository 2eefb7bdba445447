"""What is asked of every view: axe finds nothing serious in either theme, and no width makes it scroll sideways."""

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
THEMES = ("light", "dark")
WIDTHS = (1440, 1024, 360)
SETTLE_MS = 400
"""Colours fade and charts are laid anew after a theme or a width has changed."""


def serious_faults(page):
    """Theme and rule → where, of what axe calls serious in a view that is open."""
    faults = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(SETTLE_MS)
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in SERIOUS:
                faults[f"{theme}: {one['id']}"] = [node["html"][:150] for node in one["nodes"][:3]]
    return faults


def too_wide(page):
    """Window width → width of what is shown, where that is more."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(SETTLE_MS)
        shown = page.evaluate("document.documentElement.scrollWidth")
        if shown > width:
            found[width] = shown
    return found
