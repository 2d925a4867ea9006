"""Every key has one meaning in its place, and an id by which a configuration can change it."""

from __future__ import annotations

from collections import Counter

import pytest
from docs.generate import DIALOGS, PLACES, bindings
from textual.binding import Binding

from inbox_tui.local.keymap import DEFAULT_KEYS
from inbox_tui.tui.dialogs.base import Dialog

BINDINGS = bindings()
CAN_CHANGE = ("inbox", "reply", "app")
"""Places whose keys a configuration can change."""
IN_FORCE = {"inbox": ("inbox", "app"), "reply": ("reply", "app")}
"""Places whose keys work at the same time."""


def keys_of(found: list[Binding]) -> Counter[str]:
    return Counter(key for binding in found for key in binding.key.split(","))


def twice(counted: Counter[str]) -> set[str]:
    return {name for name, times in counted.items() if times > 1}


def test_every_place_has_keys() -> None:
    assert [place for place in PLACES if not BINDINGS[place]] == []


@pytest.mark.parametrize("place", PLACES)
def test_ids_are_unique(place: str) -> None:
    assert not twice(Counter(binding.id or "" for _, binding in BINDINGS[place]))


def test_what_can_be_changed_is_what_the_configuration_knows() -> None:
    code = {binding.id: binding.key for place in CAN_CHANGE for _, binding in BINDINGS[place]}
    assert code == DEFAULT_KEYS


@pytest.mark.parametrize("place", IN_FORCE)
def test_no_key_does_two_things(place: str) -> None:
    in_force = [binding for part in IN_FORCE[place] for _, binding in BINDINGS[part]]
    assert not twice(keys_of(in_force))


@pytest.mark.parametrize("place", [place for place in PLACES if place not in IN_FORCE])
def test_no_key_does_two_things_in_a_widget_of_its_own(place: str) -> None:
    for owner in {owner for owner, _ in BINDINGS[place]}:
        own = [binding for found, binding in BINDINGS[place] if found is owner]
        assert not twice(keys_of(own)), owner


def test_dialogs_say_in_words_which_they_are() -> None:
    assert {owner.__name__ for owner, _ in BINDINGS["dialog"]} == set(DIALOGS)


def test_a_dialog_is_left_with_escape() -> None:
    found = {binding.key: binding.action for _, binding in BINDINGS["dialog"] if _ is Dialog}
    assert found["escape"] == "cancel"


@pytest.mark.parametrize("place", PLACES)
def test_every_key_says_what_it_does(place: str) -> None:
    assert [binding.id for _, binding in BINDINGS[place] if not binding.description.strip()] == []
