"""What the documents say is true: generated pages are up to date, links lead somewhere, commands run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from docs.generate import PAGES

from inbox_tui.cli.serving import serve as serve_command
from inbox_tui.local.keymap import keymap
from inbox_tui.local.settings import load_settings
from inbox_tui.operations.import_lines import read_line
from inbox_tui.operations.records import COLUMNS
from inbox_tui.store.protocol import Intake
from inbox_tui.store.registry import Identity, open_store, utc_now
from inbox_tui.store.url import StoreUrl

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = ROOT / "docs" / "guide.md"
SERVER = ROOT / "docs" / "server.md"
ME = "dana@acme.example"
SHARED = "/srv/acme"
"""The folder of the documents' examples, which a test has elsewhere."""
SERVED = "http://127.0.0.1:8420"
"""The server of the documents' examples, likewise."""
SOON = 60.0

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_STANDS_FOR_SOMETHING = re.compile(r"…|\b[A-Z]{2,}\b")


def fences(document: Path, language: str) -> list[str]:
    return [body for _, found, body in _FENCE.findall(document.read_text("utf-8")) if found == language]


def spans(document: Path, program: str) -> list[str]:
    """Commands in the running text."""
    text = _FENCE.sub("", document.read_text("utf-8"))
    return [span for span in _SPAN.findall(text) if span.split()[0] == program and span != program]


def name_of(document: Path) -> str:
    return document.name


def anchors(document: Path) -> set[str]:
    """The places in a page that a link can name."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_up_to_date(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text("utf-8")
    assert kept == PAGES[name](), f"docs/{name} is old: make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", document.read_text("utf-8"))):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_found() -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in _LINK.findall(document.read_text("utf-8"))
    }
    assert set(DOCUMENTS) - linked <= {ROOT / "README.md"}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A home with a small workspace, and a folder with what the examples name."""
    programs = tmp_path / "bin"
    programs.mkdir()
    run = f'"{sys.executable}" -m inbox_tui "$@" 2>"$HOME/said"; code=$?; cat "$HOME/said" >&2\n'
    # Where a command opens the screen, that it wants a terminal is as far as it can come here.
    scripts = {
        "inbox-tui": f'{run}grep -q "^The inbox needs a terminal" "$HOME/said" && exit 0\nexit $code',
        "make": f'exec {shutil.which("make")} --no-print-directory -n -C "{ROOT}" "$@"',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    (tmp_path / "srv").mkdir()
    data = tmp_path / "home" / ".local" / "share" / "inbox-tui"
    data.mkdir(parents=True)
    asyncio.run(fill(data / "inbox.db"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "conversations.jsonl").write_text("\n".join(map(json.dumps, [example(), second_example()])))
    (folder / "reply.txt").write_text("Dear Maya,\n\nit is moved.\n")
    return tmp_path


def example() -> dict[str, object]:
    """The conversation that the guide shows."""
    (found,) = fences(GUIDE, "json")
    conversation: dict[str, object] = json.loads(found)
    return conversation


def second_example() -> dict[str, object]:
    return {"id": "c-2", "messages": [{"author": "visitor", "body": "Is the table for 7 or 8?"}]}


async def fill(file: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{file}"), Identity(ME, "Dana Ortiz", is_given=True))
    try:
        assert isinstance(store, Intake)
        lines = [json.dumps(conversation).encode() for conversation in (example(), second_example())]
        await store.ingest([read_line(line, utc_now()) for line in lines])
    finally:
        await store.aclose()


def environment(desk: Path) -> dict[str, str]:
    """That of a person who has installed the program."""
    return {
        "HOME": str(desk / "home"),
        "PATH": f"{desk / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "INBOX_TUI_AS": ME,
    }


def run(desk: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a person would."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(SHARED, str(desk / "srv"))],
        cwd=desk / "folder",
        env=environment(desk),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_an_example_that_does_not_work_is_noticed(desk: Path) -> None:
    assert run(desk, "inbox-tui show c-99\ninbox-tui list").returncode == 1
    assert run(desk, "make no-such-target").returncode != 0


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if fences(path, "bash")], ids=name_of)
def test_examples_run_in_their_order(desk: Path, document: Path, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("served") if document == SERVER else ""
    for block in fences(document, "bash"):
        done = run(desk, block.replace(SERVED, address) if address else block)
        assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.fixture
def served(desk: Path) -> Iterator[str]:
    """A server as the page on it starts one, but at a port that is free; gives its address."""
    if shutil.which("curl") is None:
        pytest.skip("curl is missing")
    command = [sys.executable, "-m", "inbox_tui", "serve", "--port", "0", "--quiet"]
    with subprocess.Popen(command, env=environment(desk), stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        yield server.stderr.readline().split()[-1]
        server.terminate()


def test_the_bots_of_the_page_on_the_server_hear_a_reply(desk: Path, served: str) -> None:
    [header] = [line for block in fences(SERVER, "bash") for line in block.splitlines() if "> website.header" in line]
    assert run(desk, header).returncode == 0
    [in_python] = fences(SERVER, "python")
    [in_curl] = re.findall(r"^    (curl .*)$", SERVER.read_text("utf-8"), re.MULTILINE)
    with (
        follow(desk, ["bash", "-c", f"exec {in_curl.replace(SERVED, served)}"]) as curl,
        follow(desk, [sys.executable, "-c", in_python.replace(SERVED, served)]) as python,
    ):
        assert next(curl) == ": alive"
        until = time.monotonic() + SOON
        while run(desk, 'inbox-tui reply chat-8 "From seven to ten."').returncode != 0:
            assert time.monotonic() < until, "no conversation was begun"
        assert next(python) == "To chat-8 from Dana Ortiz: From seven to ten."
        assert any('"body":"From seven to ten."' in line for line in curl)


@contextmanager
def follow(desk: Path, command: list[str]) -> Iterator[Iterator[str]]:
    """The lines that a program prints, as they come, from when it runs until the block ends."""
    with subprocess.Popen(
        command, cwd=desk / "folder", env=environment(desk), stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        try:
            yield (line.rstrip("\n") for line in program.stdout)
        finally:
            program.terminate()


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if spans(path, "inbox-tui")], ids=name_of)
def test_commands_in_the_text_run(desk: Path, document: Path) -> None:
    for command in spans(document, "inbox-tui"):
        named = [word for word in command.split()[:2] if not word.startswith("-")]
        is_about_it = _STANDS_FOR_SOMETHING.search(command) or "serve" in named or "login" in named
        done = run(desk, f"{' '.join(named)} --help" if is_about_it else command)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if spans(path, "make")], ids=name_of)
def test_targets_in_the_text_exist(desk: Path, document: Path) -> None:
    for command in spans(document, "make"):
        done = run(desk, command)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.parametrize("target", ["run", "test", "bench"])
def test_the_main_targets_exist(desk: Path, target: str) -> None:
    done = run(desk, f"make {target}")
    assert done.returncode == 0, done.stderr


def test_the_examples_of_a_configuration_are_right(tmp_path: Path) -> None:
    examples = fences(ROOT / "docs" / "configuration.md", "toml")
    assert len(examples) == 2
    for text in examples:
        file = tmp_path / "config.toml"
        file.write_text(text)
        in_force = load_settings({}, str(file), {})
        assert in_force.settings != load_settings({}, None, {}).settings
        assert len(keymap(in_force.settings.keys, file)) == len(in_force.settings.keys)


def test_the_guide_names_the_columns_in_their_order() -> None:
    table = GUIDE.read_text("utf-8").partition("| column | holds |\n|---|---|\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines() for name in _SPAN.findall(row.split("|")[1])]
    assert tuple(named) == COLUMNS


def limits() -> list[tuple[str, str, str]]:
    """The rows of the table of limits: what each is of, its option or nothing, its test."""
    section = SERVER.read_text("utf-8").partition("\n## Limits\n")[2].partition("\n### ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    assert rows[0] == ["of", "limit", "option", "test"]
    assert all(limit for _, limit, _, _ in rows)
    return [(of, option.strip("`"), test.strip("`")) for of, _, option, test in rows[2:]]


def test_each_limit_names_an_option_that_exists() -> None:
    context = click.Context(serve_command, help_option_names=["-h", "--help"])  # kept by the command from here on
    shown = serve_command.get_help(context)
    offered = set(re.findall(r"--[a-z-]+", shown))
    named = {option for _, option, _ in limits() if option}
    assert named and named <= offered, named - offered


def test_each_limit_names_a_test_that_is_run() -> None:
    named = {f"tests/{test}" for _, _, test in limits()}
    files = sorted({test.partition("::")[0] for test in named})
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow or not slow", *files],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    collected = {line.partition("[")[0] for line in found.stdout.splitlines()}
    assert named <= collected, named - collected
