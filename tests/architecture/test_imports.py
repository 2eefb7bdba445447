"""Who may import whom: import-linter's contracts, and the page's folders, which no tool knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FRONTEND = REPOSITORY / "frontend"
MAY_IMPORT = {
    "": {"lib", "pages", "panels"},
    "pages": {"lib", "panels", "pages"},
    "panels": {"charts", "lib", "panels"},
    "charts": {"charts", "lib"},
    "lib": {"lib"},
    "recorded": {"lib", "pages", "panels", "recorded"},
}
"""Folder of the page → folders from which its modules may import: app → pages → panels → charts → lib."""
IMPORT = re.compile(r"^\s*(?:import|export)\b[^;]*?from\s+['\"]([^'\"]+)['\"]|^\s*import\s+['\"]([^'\"]+)['\"]", re.M)
NETWORK = re.compile(r"\bfetch\s*\(|\bnew\s+EventSource\b|\bXMLHttpRequest\b|\bWebSocket\b|\bsendBeacon\b")
MODULES = sorted(path.relative_to(FRONTEND) for path in FRONTEND.rglob("*.js"))


def folder(module: Path) -> str:
    return module.parts[0] if len(module.parts) > 1 else ""


def test_import_linters_contracts_hold():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_the_page_has_modules():
    assert {folder(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_page_module_imports_only_from_below(module):
    for match in IMPORT.finditer((FRONTEND / module).read_text()):
        name = match[1] or match[2]
        assert name.startswith("."), f"{module} imports {name}: only our own modules, by relative address"
        target = (FRONTEND / module).parent.joinpath(name).resolve()
        assert target.is_file(), f"{module} imports {name}, which is not there"
        allowed = MAY_IMPORT[folder(module)]
        assert folder(target.relative_to(FRONTEND)) in allowed, f"{module} must not import {name}; allowed: {allowed}"


@pytest.mark.parametrize("module", [module for module in MODULES if str(module) != "lib/connection.js"], ids=str)
def test_network_is_used_in_one_module(module):
    found = NETWORK.search((FRONTEND / module).read_text())
    assert found is None, f"{module} has {found[0]}: all network is in lib/connection.js"
