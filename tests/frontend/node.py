"""Where node is: on the machine, or inside the playwright wheel, so that nothing needs to be installed for it."""

import shutil
from pathlib import Path

import playwright

NODE = shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")
