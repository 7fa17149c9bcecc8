"""Called by Hatchling when it builds wheels, source archives and editable installs; see `build_steps`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from build_steps import engine, page


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes the studio's page for all, and the engine's libraries for wheels.

    An editable install compiles the engine at its first use, and again when its source has changed.
    """

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Packages that the steps need."""
        needed = page.requirements() if page.is_wanted(Path(self.root)) else []
        if self.target_name == "wheel" and engine.is_wanted():
            needed += engine.requirements(self.metadata.core.optional_dependencies["compile"])
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them before files are gathered."""
        root = Path(self.root)
        if page.is_wanted(root):
            self._build_page(root, version)
        if self.target_name == "wheel" and version != "editable" and engine.is_wanted():
            try:
                tag = engine.build(root)
            except engine.EngineError as error:
                raise SystemExit(
                    f"pellucid: {error}\nWithout the compiled engine: set {engine.SKIP}=1, and install again with the "
                    "extra compile."
                ) from error
            if tag is not None:
                build_data |= {"tag": f"py3-none-{tag}", "pure_python": False}
                build_data["artifacts"].append("src/pellucid/engine/libraries/**")

    def _build_page(self, root: Path, version: str) -> None:
        try:
            page.build(root)
        except page.PageError as error:
            if version != "editable":
                raise SystemExit(
                    f"pellucid: {error}\nWithout the studio's page: set {page.SKIP}=1 and install again."
                ) from error
            self.app.display_warning(f"{error} All but `pellucid studio` works; `make web` builds the page later.")
