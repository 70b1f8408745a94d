"""What a terminal would show."""

from __future__ import annotations

from rich.console import Console, RenderableType


def to_text(renderable: RenderableType, width: int = 100) -> str:
    """What would be printed, without colour."""
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
