"""Terminals that know only some characters: the inbox is drawn with those."""

from __future__ import annotations

import pytest

from .conftest import Desk
from .harness import needs_tmux
from .line import Line

pytestmark = needs_tmux

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""What Python makes of a system whose locale is not UTF-8 and may not be taken for it."""
LATIN_1 = {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "iso-8859-1"}


@pytest.mark.parametrize(("env", "encoding"), [(ASCII, "ascii"), (LATIN_1, "iso-8859-1")], ids=["ascii", "latin-1"])
def test_marks_and_borders_have_stand_ins(desk: Desk, env: dict[str, str], encoding: str) -> None:
    line = Line(desk, **env)
    line.read_until(b"Enter sends")
    line.type(b"r")
    line.type("Gr\u00fc\u00dfe".encode(encoding, "ignore") + b" from here")
    screen = line.read_until_shown(" from here", encoding)
    line.type(b"\x1b[27uq")
    line.read_until_quiet()
    assert line.end() == 0
    line.hang_up()
    assert "\n|* Ada Lund " in screen
    assert "+- Reply as Dana Ortiz ---" in screen
    assert ("Gr\u00fc\u00dfe from here" if encoding != "ascii" else "Gre from here") in screen
    assert "?" not in screen.replace("? help", "").replace("parcel?", "")
    assert line.seen.decode(encoding).isascii() or encoding != "ascii"


def test_the_c_locale_is_utf_8_as_python_takes_it(desk: Desk) -> None:
    line = Line(desk, LC_ALL="C", LANG="C")
    line.read_until(b"Enter sends")
    line.type(b"q")
    line.read_until_quiet()
    assert line.end() == 0
    line.hang_up()
    assert "─" in line.seen.decode("utf-8")
