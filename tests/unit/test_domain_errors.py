"""Every error says what went wrong and what to do."""

from __future__ import annotations

import inspect
import re

import pytest

from inbox_tui.domain import errors
from inbox_tui.domain.errors import Conflict, InboxError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, InboxError)]
DRAWING = errors.__doc__ or ""
WITH_A_HINT = [kind for kind in ALL if kind is not InboxError]


@pytest.mark.parametrize("kind", WITH_A_HINT)
def test_each_has_a_message_and_a_hint(kind: type[InboxError]) -> None:
    error = kind("It went wrong.")
    assert (str(error), error.message) == ("It went wrong.", "It went wrong.")
    assert error.hint
    assert kind("It went wrong.", hint="Do this.").hint == "Do this."
    assert kind.__doc__


def drawn(kind: type[InboxError]) -> list[str]:
    """The class and all below it, each with as many marks as it is deep, in the order of the drawing."""
    below = sorted(kind.__subclasses__(), key=lambda one: (bool(one.__subclasses__()), DRAWING.index(one.__name__)))
    return [kind.__name__, *(f"> {line}" for one in below for line in drawn(one))]


def test_the_tree_is_as_it_is_drawn() -> None:
    """For the reader of the module; a new error is drawn too, in its place."""
    lines = re.findall(r"^([ │├└─]*)([A-Z]\w+)(?: {2,}\S.*)?$", DRAWING, re.MULTILINE)
    assert ["> " * (len(marks) // 4) + name for marks, name in lines] == drawn(InboxError)


def test_a_conflict_carries_nothing_unless_it_is_told() -> None:
    conflict = Conflict("Too late.")
    assert (conflict.conversation, conflict.messages) == (None, ())
