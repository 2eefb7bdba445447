import subprocess
from pathlib import Path

import pytest

from api.joined_modules import joined
from tests.frontend.node import NODE

FRONTEND = Path(__file__).parents[2] / "frontend"


def written(folder, **modules):
    for name, source in modules.items():
        path = folder / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return folder


def run(script, folder):
    (folder / "joined.mjs").write_text(script)
    found = subprocess.run([NODE, folder / "joined.mjs"], capture_output=True, text=True, timeout=30)
    assert found.returncode == 0, found.stderr
    return found.stdout.split()


def test_modules_run_once_each_after_those_they_need_and_keep_their_own_names(tmp_path):
    folder = written(
        tmp_path,
        app="import { one, twice as double } from './lib/a.js';\nimport { own } from './lib/b.js';\n"
        "console.log('app', one, double(4), own());\n",
        lib__a="import { own } from './b.js';\nconst hidden = 3;\nexport const one = 1;\n"
        "export function twice(x) {\n  return 2 * x + hidden - hidden + own() - own();\n}\nconsole.log('a');\n",
        lib__b="const hidden = 7;\nexport function own() {\n  return hidden;\n}\nconsole.log('b');\n",
    )
    assert run(joined(folder, "app.js"), tmp_path) == ["b", "a", "app", "1", "8", "7"]


def test_an_import_may_span_lines_and_a_class_and_an_async_function_may_be_exported(tmp_path):
    folder = written(
        tmp_path,
        app="import {\n  Thing,\n  later as soon,\n} from './x.js';\n"
        "soon().then((word) => console.log(new Thing().word, word));\n",
        x="export class Thing {\n  word = 'thing';\n}\nexport async function later() {\n  return 'later';\n}\n",
    )
    assert run(joined(folder, "app.js"), tmp_path) == ["thing", "later"]


def test_comments_of_their_own_lines_are_left_out_and_others_stay(tmp_path):
    folder = written(
        tmp_path,
        app="// @ts-check\n/** Of the module. */\n\n/**\n * @param {string} x\n */\nfunction f(x) {\n"
        "  /** Inside. */\n  return /** @type {any} */ (x) + `/** text */`;\n}\n"
        "console.log(f('kept').replaceAll(' ', '_'));\n",
    )
    script = joined(folder, "app.js")
    assert "Of the module" not in script
    assert "@param" not in script
    assert "Inside" not in script
    assert run(script, tmp_path) == ["kept/**_text_*/"]


def test_a_module_of_types_has_nothing_to_run(tmp_path):
    folder = written(
        tmp_path, app="import {} from './types.js';\nconsole.log('fine');\n", types="/** @typedef */\nexport {};\n"
    )
    assert run(joined(folder, "app.js"), tmp_path) == ["fine"]


def test_a_circle_is_refused_and_named(tmp_path):
    folder = written(
        tmp_path,
        app="import { a } from './a.js';\n",
        a="import { b } from './b.js';\nexport const a = 1;\n",
        b="import { a } from './a.js';\nexport const b = 1;\n",
    )
    with pytest.raises(ValueError, match=r"a\.js → b\.js → a\.js"):
        joined(folder, "app.js")


@pytest.mark.parametrize(
    "line",
    [
        "export default 3;",
        "export { a } from './b.js';",
        "import './b.js';",
        "import * as b from './b.js';",
        "export let a = 1;",
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_line(tmp_path, line):
    folder = written(tmp_path, app=f"const x = 1;\n{line}\n", b="export const a = 1;\n")
    with pytest.raises(ValueError, match=r"app\.js cannot be joined") as refused:
        joined(folder, "app.js")
    assert line in str(refused.value)


def test_the_page_itself_is_a_script_that_node_can_read(tmp_path):
    script = joined(FRONTEND, "app.js")
    (tmp_path / "page.mjs").write_text(script)
    found = subprocess.run([NODE, "--check", tmp_path / "page.mjs"], capture_output=True, text=True, timeout=30)
    assert found.returncode == 0, found.stderr
    modules = [path for path in FRONTEND.rglob("*.js") if "recorded" not in path.parts and path.name != "types.js"]
    missing = [
        str(path.relative_to(FRONTEND)) for path in modules if f"// {path.relative_to(FRONTEND)}\n" not in script
    ]
    assert missing == [], "modules that no page needs"
