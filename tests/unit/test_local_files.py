"""What lies on this machine: settings written back, keys, drafts."""

from __future__ import annotations

import tomllib
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.models import ConversationId
from inbox_tui.local.crash_report import write_report
from inbox_tui.local.keymap import DEFAULT_KEYS, character_name, keymap
from inbox_tui.local.settings import Settings, checked, load_settings, names
from inbox_tui.local.settings_file import save_settings

ID = ConversationId("c-1")

# Settings


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine\nstore = 'sqlite:///x.db'\n",
        "theme = 'dark'  # at night\nmouse = false",
        "  theme='dark'\n[keys]\ntheme = 'not this one'\n",
        '[keys]\n"inbox.reply" = "w"\n',
        "auto_assign = true\r\n\r\n[keys]\r\n",
    ],
)
def test_saving_changes_one_setting_and_keeps_the_rest(tmp_path: Path, text: str) -> None:
    file = tmp_path / "folder" / "config.toml"
    if text:
        file.parent.mkdir()
        file.write_bytes(text.encode())
        file.chmod(0o640)
    was = tomllib.loads(text.replace("\r\n", "\n"))
    save_settings(file, {"theme": "light", "auto_assign": False})
    assert tomllib.loads(file.read_text()) == {**was, "theme": "light", "auto_assign": False}
    for kept in ("# mine", "# at night", "'not this one'"):
        assert (kept in text) == (kept in file.read_text())
    if text:
        assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_saving_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles.toml").write_text("theme = 'dark'\n")
    (tmp_path / "config.toml").symlink_to("dotfiles.toml")
    save_settings(tmp_path / "config.toml", {"theme": "light"})
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text() == 'theme = "light"\n'


def test_what_cannot_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = 'as = """\ntheme = "dark"\n"""\ntheme = "dark"\n'
    file.write_text(text)
    with pytest.raises(ConfigError, match="cannot be changed from here"):
        save_settings(file, {"theme": "light"})
    assert file.read_text() == text
    (tmp_path / "plain").write_text("")
    with pytest.raises(ConfigError):
        save_settings(tmp_path / "plain" / "config.toml", {"theme": "light"})


@pytest.mark.parametrize("value", ['quote " and \\ and \x07 \x7f', "ü € 😀", ""])
def test_any_text_can_be_saved(tmp_path: Path, value: str) -> None:
    save_settings(tmp_path / "c.toml", {"as": value})
    assert load_settings({}, str(tmp_path / "c.toml"), {}).settings.identity == value


def test_every_setting_has_words_and_a_default() -> None:
    from msgspec.inspect import StructType, type_info

    described = type_info(Settings)
    assert isinstance(described, StructType)
    assert names() == [
        *("store", "as", "token_command", "theme", "auto_assign"),
        *("undo_send", "after_send", "slow", "mouse", "keys"),
    ]
    assert Settings() is not None
    import typing

    for hint in typing.get_type_hints(Settings, include_extras=True).values():
        assert hint.__metadata__[0].description.endswith(".")


ANY_VALUE = st.recursive(
    st.one_of(st.text(), st.booleans(), st.integers(), st.floats(), st.datetimes(), st.dates(), st.times()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
)


@given(st.dictionaries(st.sampled_from(names()), ANY_VALUE))
def test_any_value_is_a_setting_or_a_mistake_in_words(values: dict[str, object]) -> None:
    file = Path("c.toml")
    try:
        found = checked(values, file)
        keymap(found.keys, file)
    except ConfigError as error:
        assert error.message.startswith("c.toml: ")


# Keys


def test_keys_are_named_as_textual_names_them() -> None:
    from textual.keys import _character_to_key

    for point in range(0x21, 0x7F):
        assert character_name(chr(point)) == _character_to_key(chr(point))


def test_the_defaults_are_a_valid_keymap() -> None:
    split = {id: keys.split(",") for id, keys in DEFAULT_KEYS.items()}
    assert keymap(split, Path("c.toml")) == DEFAULT_KEYS


def test_every_id_is_a_binding_with_these_keys() -> None:
    from textual.binding import Binding

    from inbox_tui.tui.app import InboxApp
    from inbox_tui.tui.dialogs.conflict import ConflictDialog
    from inbox_tui.tui.inbox.screen import InboxScreen
    from inbox_tui.tui.widgets import reply_box
    from inbox_tui.tui.widgets.conversation_list import ConversationList

    owners = [InboxApp, InboxScreen, ConflictDialog, ConversationList, *vars(reply_box).values()]
    bindings = [binding for owner in owners for binding in getattr(owner, "BINDINGS", ())]
    found = {binding.id: binding.key for binding in bindings if isinstance(binding, Binding) and binding.id}
    assert {id: key for id, key in found.items() if id.startswith(("inbox.", "reply.", "app."))} == DEFAULT_KEYS


def test_two_keys_can_change_places() -> None:
    changed = keymap({"inbox.reply": "a", "inbox.assign": "r"}, Path("c.toml"))
    assert changed == {"inbox.reply": "a", "inbox.assign": "r"}


# Reports of crashes


def test_a_report_says_where_and_nothing_that_anybody_wrote(tmp_path: Path) -> None:
    def fail() -> None:
        token = "s3cret of a visitor"
        try:
            raise KeyError(token)
        except KeyError as error:
            raise RuntimeError(token) from error

    folder = tmp_path / "state" / "crashes"
    with pytest.raises(RuntimeError) as failed:
        fail()
    report = write_report(failed.value, folder, datetime(2026, 11, 6, 15, tzinfo=timezone.utc))
    text = report.read_text("utf-8")
    assert "s3cret" not in text
    assert text.index("builtins.KeyError") < text.index("builtins.RuntimeError")
    assert f"{__file__}:" in text
    assert "2026-11-06T15:00:00+00:00" in text
    assert (report.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
