"""The settings in force: read from the configuration file, the environment and the command line.

A command-line word beats the environment, which beats the file. Every value remembers
where it came from. A mistake in the file is reported with file, key and nearest
valid key; nothing is guessed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from inbox_tui.domain.errors import ConfigError
from inbox_tui.local import paths

CONFIG_VARIABLE = "INBOX_TUI_CONFIG"
VARIABLES = {"store": "INBOX_TUI_STORE", "as": "INBOX_TUI_AS"}
"""Setting → environment variable. The other settings are for the file only."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set, with what holds when it is not."""

    store: Annotated[str, msgspec.Meta(description="URL of the store; empty means inbox.db in your data folder.")] = ""
    identity: Annotated[
        str,
        msgspec.Meta(description="Your e-mail address, for stores that hold several members without a login."),
    ] = msgspec.field(name="as", default="")
    token_command: Annotated[
        list[str],
        msgspec.Meta(description="Program, and its arguments, that prints your token for a remote store."),
    ] = []
    theme: Annotated[Literal["dark", "light"], msgspec.Meta(description="Colours of the screen.")] = "dark"
    auto_assign: Annotated[
        bool, msgspec.Meta(description="Replying to a waiting conversation that nobody has assigns it to you.")
    ] = True
    undo_send: Annotated[
        float,
        msgspec.Meta(
            ge=0, le=60, description="Seconds that a sent reply waits, in which it can be taken back; 0 sends at once."
        ),
    ] = 3.0
    after_send: Annotated[
        Literal["list", "next", "stay"],
        msgspec.Meta(
            description="Where the keys go after sending: to the list, "
            "to the next conversation in it, or nowhere: they stay in the box."
        ),
    ] = "list"
    slow: Annotated[
        bool,
        msgspec.Meta(description="Send less over a slow line: 16 colours, and the conversation follows after a rest."),
    ] = False
    mouse: Annotated[
        bool, msgspec.Meta(description="Take part in mouse clicks; false leaves the mouse to the terminal.")
    ] = True
    keys: Annotated[
        dict[str, Any],  # checked key by key in keymap.py, for the names in its messages
        msgspec.Meta(
            description='Keys by binding id, for example "inbox.reply" = "w" or = ["w", "f2"]; [] switches it off.'
        ),
    ] = {}


class Source(StrEnum):
    """Where a value came from."""

    FLAG = "command line"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class ResolvedSettings(msgspec.Struct, frozen=True):
    """The settings, and where each comes from."""

    settings: Settings
    sources: dict[str, Source]
    file: Path
    """The configuration file, whether or not it exists."""

    def values(self) -> dict[str, object]:
        """Every setting by its name in the file."""
        return {field.encode_name: getattr(self.settings, field.name) for field in msgspec.structs.fields(Settings)}


def load_settings(flags: Mapping[str, str | None], config: str | None, environ: Mapping[str, str]) -> ResolvedSettings:
    """Read what is set.

    Args:
        flags: Settings given on the command line; None where not.
        config: The configuration file, if the command line names one.
        environ: The environment.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is wrong.
    """
    named = config or environ.get(CONFIG_VARIABLE)
    file = Path(named).expanduser() if named else paths.config_file()
    values = _read_file(file, must_exist=bool(named))
    sources = dict.fromkeys(values, Source.FILE)
    checked(values, file)  # also what is overruled below
    for key, variable in VARIABLES.items():
        if environ.get(variable):
            values[key], sources[key] = environ[variable], Source.ENVIRONMENT
        if flags.get(key):
            values[key], sources[key] = flags[key], Source.FLAG
    settings = checked(values, file)
    every = {name: sources.get(name, Source.DEFAULT) for name in names()}
    return ResolvedSettings(settings, every, file)


def checked(values: Mapping[str, object], file: Path) -> Settings:
    """What a configuration file says, as settings. Raises ConfigError for a value that cannot be."""
    try:
        return msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_in_words(str(error))}.") from error


def names() -> list[str]:
    """Every setting by its name in the file."""
    return [field.encode_name for field in msgspec.structs.fields(Settings)]


def parsed(text: str, file: Path) -> dict[str, Any]:
    """The tables of a configuration file. Raises ConfigError."""
    import tomllib  # only who has a configuration file pays for it

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error


def text_of(file: Path) -> str:
    """A configuration file without byte order mark, its lines ended by LF. Raises FileNotFoundError, ConfigError."""
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is not UTF-8 text"
        raise ConfigError(f"The configuration file {file} cannot be read: {reason}.") from error


def _read_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        values = parsed(text_of(file), file)
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError(f"There is no configuration file {file}.", hint="Check --config FILE.") from error
        return {}
    for key in values:
        if key not in names():
            raise ConfigError(f"{file}: unknown key {key!r}.", hint=nearest(key, names(), "key"))
    return values


def nearest(word: str, known: list[str], what: str) -> str:
    """A hint that names the known word most like the given one, or all of them."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"The {what}s are: {', '.join(known)}."


_TYPES = {
    "str": "a text",
    "bool": "true or false",
    "object": "a table",
    "array": "a list of texts",
    "int": "a number",
    "float": "a number",
    "date": "a date",
    "time": "a time",
    "datetime": "a time",
}


def _in_words(error: str) -> str:
    """What msgspec says of a value, as a person who wrote the file understands it."""
    what, _, place = error.partition(" - at `$.")
    key = place.rstrip("`")
    if wanted := _allowed(key):
        return f"{key!r} must be {wanted}"
    if what.startswith("Expected ") and ", got " in what:
        wanted, got = (part.strip("`") for part in what.removeprefix("Expected ").split(", got "))
        return f"{key!r} must be {_TYPES.get(wanted, wanted)}, not {_TYPES.get(got, got)}"
    return f"{key!r}: {what}"


def _allowed(key: str) -> str:
    """The values that a setting can have, where these are few words or a range; otherwise ""."""
    field = next((field for field in msgspec.structs.fields(Settings) if field.encode_name == key), None)
    if field is None:
        return ""
    hint = get_type_hints(Settings, include_extras=True)[field.name]
    kind = get_args(hint)[0]
    if get_origin(kind) is Literal:
        *others, last = (f'"{word}"' for word in get_args(kind))
        return f"{', '.join(others)} or {last}"
    limits = range_of(hint)
    return f"a number from {limits}" if limits else ""


def range_of(hint: Any) -> str:
    """The least and the greatest number that an annotation allows, like "0 to 60"; "" for one without."""
    for meta in get_args(hint)[1:]:
        if meta.ge is not None and meta.le is not None:
            return f"{meta.ge:g} to {meta.le:g}"
    return ""
