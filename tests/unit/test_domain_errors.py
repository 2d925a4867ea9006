"""Every error says what went wrong and what to do."""

from __future__ import annotations

import inspect

import pytest

from inbox_tui.domain import errors
from inbox_tui.domain.errors import Conflict, InboxError, StoreError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, InboxError)]
WITH_A_HINT = [kind for kind in ALL if kind is not InboxError]


@pytest.mark.parametrize("kind", WITH_A_HINT)
def test_each_has_a_message_a_hint_and_an_exit_code(kind: type[InboxError]) -> None:
    error = kind("It went wrong.")
    assert (str(error), error.message) == ("It went wrong.", "It went wrong.")
    assert error.hint
    assert kind("It went wrong.", hint="Do this.").hint == "Do this."
    assert error.exit_code == {"ConfigError": 2, "CredentialError": 3}.get(kind.__name__, 1)
    assert kind.__doc__


def test_the_tree() -> None:
    of_the_store = {kind.__name__ for kind in ALL if issubclass(kind, StoreError)}
    assert of_the_store == {
        "StoreError",
        "StoreUnavailable",
        "NotAllowed",
        "NotFound",
        "Conflict",
        "Rejected",
        "ProfileIncomplete",
        "Unsupported",
        "StoreBroken",
    }
    assert {kind.__name__ for kind in ALL} - of_the_store == {
        "InboxError",
        "ConfigError",
        "CredentialError",
        "BadImport",
        "ExportError",
    }


def test_a_conflict_carries_nothing_unless_it_is_told() -> None:
    conflict = Conflict("Too late.")
    assert (conflict.conversation, conflict.messages) == (None, ())
