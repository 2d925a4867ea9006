"""``doctor``: what to look at when something does not work.

Only gathers the facts and prints what is found; the judging is done under ``operations``.
Prints no secret and no message, so that its output can be sent to whoever helps.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from inbox_tui import __version__
from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import write_json, write_lines
from inbox_tui.cli.session import CommandSession, file_url, run_async
from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.text import clean, clean_line
from inbox_tui.local import paths
from inbox_tui.local.keymap import DEFAULT_KEYS, OFF, keymap
from inbox_tui.local.settings import CONFIG_VARIABLE
from inbox_tui.local.terminal_probe import Answer, ask_terminal
from inbox_tui.operations import diagnosis, diagnosis_files
from inbox_tui.operations.diagnosis import Environment, Finding, State
from inbox_tui.operations.diagnosis_files import FileFact, KeyringFact, StoreFact
from inbox_tui.store.registry import WITHOUT_TOKEN
from inbox_tui.store.url import StoreUrl

_NEWLINE = "reply.newline"
_MARKS = {State.OK: "ok", State.WRONG: "!", State.NOTE: "-"}
_TMUX_TIMEOUT = 1.0
"""Seconds that tmux has to say how it is set."""


@command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for whoever helps; it holds no secret.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look at the terminal, the files and the store; say what is wrong and how to mend it.

    Ends with 1 if something is wrong.
    """
    session: CommandSession = ctx.obj
    wrong = _configuration_error(session)
    around = _surroundings(session, is_configured=wrong is None)
    url = None if wrong else _url(session)
    files = _files(session, url, is_configured=wrong is None)
    store = _store(session, url, wrong)
    takes_token = url is not None and url.scheme not in WITHOUT_TOKEN
    keyring = diagnosis_files.look_at_keyring(takes_token=takes_token)
    found = [
        *diagnosis.of_terminal(around),
        *diagnosis.of_multiplexer(around),
        *map(diagnosis_files.of_file, files),
        *([diagnosis_files.of_configuration(wrong)] if wrong else []),
        *diagnosis_files.of_store(store),
        diagnosis_files.of_keyring(keyring, takes_token=takes_token),
    ]
    if as_json:
        write_json([_report(around, files, store, keyring, found)])
    else:
        write_lines(_lines(found))
    ctx.exit(1 if _is_wrong(found) else 0)


def _configuration_error(session: CommandSession) -> ConfigError | None:
    try:
        in_force = session.in_force
        keymap(in_force.settings.keys, in_force.file)
    except ConfigError as error:
        return error
    return None


def _surroundings(session: CommandSession, *, is_configured: bool) -> Environment:
    streams = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    are_terminals = {name: stream is not None and stream.isatty() for name, stream in streams.items()}
    keys, is_slow = DEFAULT_KEYS[_NEWLINE], False
    if is_configured:
        settings = session.in_force.settings
        keys = keymap(settings.keys, session.in_force.file).get(_NEWLINE, keys)
        is_slow = settings.slow
    # A job of cron, or a script whose output somebody gathers: the terminal that it came from is not its own to ask.
    answer = ask_terminal(os.environ) if any(are_terminals.values()) else Answer(not_asked="there is no terminal")
    return Environment(
        environ=os.environ,
        answer=answer,
        streams=are_terminals,
        encoding=sys.stderr.encoding if sys.stderr else "",  # the screens are written there
        newline_keys=[] if keys == OFF else keys.split(","),
        is_slow=is_slow,
        extended_keys=_extended_keys(answer),
    )


def _extended_keys(answer: Answer) -> str:
    """How this session's tmux is set; "" if there is none or it does not say."""
    if not os.environ.get("TMUX") or diagnosis.multiplexer(os.environ, answer.name) != "tmux":
        return ""
    import subprocess

    try:
        done = subprocess.run(
            ["tmux", "show-options", "-sv", "extended-keys"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TMUX_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return clean_line(done.stdout.decode(errors="replace")) if done.returncode == 0 else ""


def _url(session: CommandSession) -> StoreUrl | None:
    """The store's address, without making the default one's folder; None if it is none."""
    given = session.in_force.settings.store
    try:
        return StoreUrl.parse(given) if given else file_url(paths.default_store_file())
    except ConfigError:
        return None


def _files(session: CommandSession, url: StoreUrl | None, *, is_configured: bool) -> list[FileFact]:
    named = session.options.get("config") or os.environ.get(CONFIG_VARIABLE)
    unread = Path(named).expanduser() if named else paths.config_file()
    look_at = diagnosis_files.look_at
    found = [look_at("configuration", session.in_force.file if is_configured else unread)]
    if url is not None and url.scheme == diagnosis_files.LOCAL_SCHEME and url.path:
        found.append(look_at("store", Path(url.path).absolute(), needs_folder=True))
    return [
        *found,
        look_at("drafts", paths.unsent_file(), needs_folder=True),
        look_at("log", paths.log_file()),
        look_at("crash reports", paths.crash_folder(), is_folder=True),
    ]


def _store(session: CommandSession, url: StoreUrl | None, wrong: ConfigError | None) -> StoreFact:
    if wrong is not None:
        return StoreFact(error="Not opened, because the settings cannot be read.", hint="Correct them first.")
    if url is None:  # the words of the error itself repeat what was given, a password perhaps
        return StoreFact(error="The store's address has no scheme.", hint="Write it like sqlite:///inbox.db.")
    if url.scheme == diagnosis_files.LOCAL_SCHEME and url.path and "?" not in url.text:
        file = Path(url.path).absolute()
        is_default = not session.in_force.settings.store
        if not file.exists() and (file.parent.is_dir() or is_default):
            return StoreFact(diagnosis_files.shown(url), exists=False)
    return run_async(diagnosis_files.ask_store(url, partial(session.open_store, must_exist=True)))


def _is_wrong(found: Sequence[Finding]) -> bool:
    return any(finding.state is State.WRONG for finding in found)


def _lines(found: Sequence[Finding]) -> Iterator[str]:
    """The findings under the names of their parts, and what to do under each that needs it."""
    width = max(len(finding.what) for finding in found)
    part = ""
    for finding in found:
        if finding.part != part:
            if part:
                yield ""
            part = finding.part
            yield part.capitalize()
        yield clean(f"{_MARKS[finding.state]:<2}  {finding.what:<{width}}  {finding.value}")
        if finding.mend:
            yield f"{'':<{4 + width}}  > {clean(finding.mend)}"
    count = sum(finding.state is State.WRONG for finding in found)
    yield ""
    yield "Nothing is wrong." if not count else f"{count} thing{'' if count == 1 else 's'} to mend, marked with !"


def _report(
    around: Environment,
    files: Sequence[FileFact],
    store: StoreFact,
    keyring: KeyringFact,
    found: Sequence[Finding],
) -> Mapping[str, Any]:
    answer, environ = around.answer, around.environ
    kind = diagnosis.multiplexer(environ, answer.name)
    report = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "ok": not _is_wrong(found),
        "terminal": {
            "is_there": answer.is_there,
            "streams": dict(around.streams),
            "term": environ.get("TERM", ""),
            "columns": answer.columns,
            "lines": answer.lines,
            "encoding": around.encoding,
            "locale": diagnosis.locale_name(environ),
            "colours": diagnosis.colours(environ),
            "name": answer.name,
            "not_asked": answer.not_asked,
            "speaks_kitty": answer.speaks_kitty,
            "tells_shift_enter": diagnosis.tells_shift_enter(around) if answer.is_there else None,
            "newline_keys": diagnosis.newline_keys(around) if answer.is_there else [],
            "round_trip_ms": None if answer.round_trip is None else round(answer.round_trip * 1000, 1),
        },
        "multiplexer": {"kind": kind or None, "extended_keys": around.extended_keys or None},
        "files": msgspec.to_builtins(files),
        "store": msgspec.to_builtins(store),
        "keyring": msgspec.to_builtins(keyring),
        "findings": msgspec.to_builtins(found),
    }
    cleaned: dict[str, Any] = _cleaned(report)
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_cleaned(held) for held in value]
    return value
