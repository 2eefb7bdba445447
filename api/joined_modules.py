"""The page's modules as one script, so that a first visit asks once and not a hundred times.

It is joined when it is asked for, not built: whoever changes a module reloads the page. Comments that stand on lines of
their own are left out: they are for those who read the modules, and a quarter of the bytes.

Each module becomes a function that answers what it exports, in the order in which they need each other:

    const lib_dom = (() => { …; return { h, icon }; })();

The modules keep to what that needs, and whatever else is refused at the start: imports of names by relative address,
exports of functions, classes and constants where they are declared, no cycles.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath

IMPORT = re.compile(r"^import\s+\{([^}]*)\}\s+from\s+'(\.[^']+)';[ \t]*$", re.MULTILINE)
RENAMED = re.compile(r"(\w+)\s+as\s+(\w+)")
EXPORT = re.compile(r"^export\s+((?:async\s+)?function\*?|const|class)\s+(\w+)", re.MULTILINE)
NOTHING = re.compile(r"^export \{\};[ \t]*$", re.MULTILINE)
"""What a module of types alone ends with."""
COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
OTHER = re.compile(r"^\s*(?:import\b(?!\()|export\b).*$", re.MULTILINE)


def joined(folder: Path, entry: str) -> str:
    """One script that does what the entry module does.

    Raises:
        ValueError: if modules need each other in a circle, or import or export in a way that cannot be joined.
    """
    order: dict[str, str] = {}
    _add(folder, entry, order, ())
    return "\n".join(order.values())


def target(importer: str, address: str) -> str:
    """The module that is meant by a relative address, from the folder on."""
    return normpath(PurePosixPath(importer).parent / address)


def _add(folder: Path, path: str, order: dict[str, str], above: tuple[str, ...]) -> None:
    """This module after those that it needs.

    Raises:
        ValueError: if one of those needs this one.
    """
    if path in above:
        raise ValueError(f"modules need each other in a circle: {' → '.join([*above[above.index(path) :], path])}")
    if path in order:
        return
    source = (folder / path).read_text(encoding="utf-8")
    for _, address in IMPORT.findall(source):
        _add(folder, target(path, address), order, (*above, path))
    order[path] = _as_function(path, source)


def _as_function(path: str, source: str) -> str:
    """The module's text as a function.

    Raises:
        ValueError: if a line of it imports or exports in another way.
    """
    names = [name for _, name in EXPORT.findall(source)]
    body = IMPORT.sub(lambda match: _constants(match[1], target(path, match[2])), COMMENT.sub("", source))
    body = NOTHING.sub("", EXPORT.sub(r"\1 \2", body))
    other = OTHER.search(body)
    if other is not None:
        raise ValueError(
            f"{path} cannot be joined to the page's script: {other[0].strip()!r}; see api/joined_modules.py"
        )
    return f"// {path}\nconst {_variable(path)} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def _constants(names: str, target: str) -> str:
    """`{ a, b as c }` of a module, as constants; on as many lines as the import had."""
    renamed = RENAMED.sub(r"\1: \2", names)
    return f"const {{{renamed}}} = {_variable(target)};"


def _variable(path: str) -> str:
    return re.sub(r"\W", "_", path.removesuffix(".js"))
