"""What is loaded when: start-up stays short, and the layers stand on what they say they stand on.

What the commands load is held by the tests of the command line.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "inbox_tui"
EXTRAS = {"h11": "server", "litestar": "server", "uvicorn": "server", "psycopg": "postgres", "PIL": "photos"}
"""Packages that the program imports and does without where they are not installed."""
NAMED_OTHERWISE = {"PIL": "pillow", "httpx_sse": "httpx-sse"}

DIALOGS = {
    f"inbox_tui.tui.{name}"
    for name in (
        "dialogs.agents",
        "dialogs.assign",
        "dialogs.confirm",
        "dialogs.conflict",
        "dialogs.export",
        "dialogs.help",
        "dialogs.profile",
        "dialogs.settings",
        "dialogs.welcome",
        "inbox.key_help",
        "inbox.palette",
        "terminal.external_editor",
        "widgets.search_input",
    )
}
"""Parts of the screen that are loaded when they are first asked for."""


FIRST_LIST = (
    "inbox_tui.cli.open",
    "inbox_tui.tui.app",
    "inbox_tui.tui.terminal.hangup",
    "inbox_tui.backends.sqlite.store",
)
"""What the way from the command to the first list of a file imports, with all that these import."""
MODULES_AT_MOST = 550
"""Each costs a fifth of a millisecond and more. Textual by itself is 360 of them."""
OURS_AT_MOST = 190
NOT_FOR_THE_FIRST_LIST = (
    *("hashlib", "csv", "email", "html", "http", "multiprocessing", "tomllib", "xml"),
    *("PIL", "httpx", "inscriptis", "keyring", "lxml", "psycopg"),
    *("textual.widgets._text_area", "textual.widgets._markdown", "textual.drivers.linux_driver"),
    *("inbox_tui.tui.terminal.decoder", "inbox_tui.operations.importing", "inbox_tui.operations.sample"),
)


def loaded_by(module: str) -> set[str]:
    """Everything that a fresh program has loaded once it has imported the module."""
    program = f"import sys\nbefore = set(sys.modules)\nimport {module}\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def within(loaded: set[str], *packages: str) -> set[str]:
    """Those of the loaded modules that are, or are in, the packages."""
    return {name for name in loaded if any(f"{name}.".startswith(f"{package}.") for package in packages)}


def test_the_screens_load_no_store_and_no_network() -> None:
    loaded = loaded_by("inbox_tui.tui.app")
    assert "inbox_tui.tui.inbox.screen" in loaded
    assert not within(loaded, "inbox_tui.backends", "inbox_tui.cli", "httpx", "psycopg", "keyring")


def test_the_first_screen_loads_no_dialog() -> None:
    loaded = loaded_by("inbox_tui.tui.app")
    assert not loaded & DIALOGS
    assert not within(loaded, "PIL", "csv", "tomllib", "inbox_tui.operations.importing", "inbox_tui.sample")


def test_the_first_list_loads_no_more_than_it_needs() -> None:
    loaded = loaded_by(", ".join(FIRST_LIST))
    assert not within(loaded, *NOT_FOR_THE_FIRST_LIST)
    assert len(loaded) <= MODULES_AT_MOST
    assert len(within(loaded, "inbox_tui")) <= OURS_AT_MOST


def test_to_import_a_screen_changes_nothing_in_the_process() -> None:
    program = """
import gc, os, sys
before = dict(os.environ), gc.isenabled(), gc.get_freeze_count(), sys.getswitchinterval()
import inbox_tui.tui.app, inbox_tui.tui.run
assert (dict(os.environ), gc.isenabled(), gc.get_freeze_count(), sys.getswitchinterval()) == before
inbox_tui.tui.run.prepare_process()
assert os.environ["TEXTUAL_FPS"] == "240" and not gc.isenabled()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("name", sorted(DIALOGS))
def test_each_dialog_can_be_loaded_by_itself(name: str) -> None:
    assert name in loaded_by(name)


@pytest.mark.parametrize(
    "module",
    [
        "inbox_tui.backends.sqlite.store",
        "inbox_tui.operations.exporting",
        "inbox_tui.operations.importing",
        "inbox_tui.operations.sample",
        "inbox_tui.local.outbox",
        "inbox_tui.local.keymap",
        "inbox_tui.store.registry",
        "inbox_tui.testing.model",
    ],
)
def test_what_is_below_the_screens_runs_without_them(module: str) -> None:
    loaded = loaded_by(module)
    assert module in loaded
    assert not within(loaded, "textual", "rich", "inbox_tui.tui", "inbox_tui.cli")


@pytest.mark.parametrize("module", ["errors", "filters", "intake", "models", "paging", "rules", "team", "text"])
def test_the_domain_stands_on_the_standard_library(module: str) -> None:
    loaded = loaded_by(f"inbox_tui.domain.{module}")
    ours = within(loaded, "inbox_tui") - within(loaded, "inbox_tui.domain") - {"inbox_tui"}
    assert not ours
    assert not within(loaded, "click", "rich", "textual", "platformdirs", "sqlite3", "asyncio")


def foreign(module: Path) -> set[str]:
    """The packages outside the standard library that a module imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.partition(".")[0] for name in found} - set(sys.stdlib_module_names) - {"inbox_tui", "_typeshed"}


def required(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", one)[0].lower() for one in requirements}


def test_what_the_program_imports_is_installed_with_it_or_with_a_named_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    always = required(project["dependencies"])
    extras = {name: required(packages) for name, packages in project["optional-dependencies"].items()}
    modules = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "testing" not in path.parents]
    imported = set().union(*map(foreign, modules))
    assert {"httpx", "httpx_sse", "keyring", "textual"} <= imported
    for name in imported:
        package = NAMED_OTHERWISE.get(name, name).lower()
        assert package in (extras[EXTRAS[name]] if name in EXTRAS else always), name


def test_the_store_is_asked_before_the_screens_are_loaded() -> None:
    """Over a line its answer takes as long as they do: neither waits for the other."""
    program = (
        "import asyncio, sys\n"
        "from types import SimpleNamespace\n"
        "from inbox_tui.domain.errors import StoreUnavailable\n"
        "from inbox_tui.domain.filters import Filter\n"
        "from inbox_tui.tui.run import BEGUN_WITHIN, run_inbox\n"
        "async def open_store():\n"
        "    print('textual' in sys.modules)\n"
        "    await asyncio.sleep(2 * BEGUN_WITHIN)\n"
        "    print('textual' in sys.modules)\n"
        "    raise StoreUnavailable('The line is down.')\n"
        "settings = SimpleNamespace(slow=False)\n"
        "launch = SimpleNamespace(open_store=open_store, filter=Filter.ALL, agent_name='', settings=settings)\n"
        "try:\n"
        "    run_inbox(launch)\n"
        "except StoreUnavailable as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "True", "The line is down."]
