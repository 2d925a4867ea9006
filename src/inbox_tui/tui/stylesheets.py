"""Where the stylesheets are: beside the package, in a wheel and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

STYLES = Path(__file__).parent.parent / "styles"


def stylesheet(name: str) -> Path:
    """The path of a stylesheet of ours."""
    return STYLES / name
