"""Hostile text in every field of a store, through the whole program: what comes out to the terminal, byte by byte."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hostile_texts import HOSTILE, SEQUENCES
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.limits import AGENT_NAME_LIMIT, FIELD_LIMIT, shortened
from inbox_tui.domain.models import Access
from inbox_tui.store.protocol import Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

from .conftest import ME, Desk, found_workspace, new_desk
from .harness import BIN, needs_tmux
from .line import Line

pytestmark = [needs_tmux, pytest.mark.xdist_group("hostile store")]  # which one worker makes, once

OWN_SEQUENCES = re.compile(
    rb"\x1b\[[0-9;]*m"  # how what follows looks
    rb"|\x1b\[[0-9;]*[HACKXJ]"  # where it stands, and erasing
    rb"|\x1b\[\?(?:1049|25|2004|7|1000|1006|2026)[hl]"  # what the program switches on and off
    rb"|\x1b\[>25u|\x1b\[<u|\x1b\[>4;1m|\x1b\[>4m|\x1b\[\?u|\x1b\[\?2026\$p|\x1b\[c"
)
HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn"}


TEXTS = [text[:240] for name, text in HOSTILE.items() if text.strip() and name != "control: half a pair"]
"""The texts that are known to break terminals, cut to a length that a test has time for. No file of an import can hold
half a surrogate pair."""


def require_own(seen: bytes, *, draws: bool) -> None:
    """Nothing but characters and, from a program that draws, its own sequences."""
    rest = OWN_SEQUENCES.sub(b"", seen) if draws else seen
    for character in set(rest.decode("utf-8")) - set("\r\n\t"):
        where = rest.find(character.encode())
        assert unicodedata.category(character) not in HARMFUL, rest[max(0, where - 60) : where + 60]


@pytest.fixture(scope="module")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every field of every conversation is hostile, and many a colleague's name."""
    with ExitStack() as terminals:
        desk = new_desk(tmp_path_factory.mktemp("hostile"), terminals)
        found_workspace(desk)
        lines = []
        for number, text in enumerate(TEXTS):
            at = f"2026-11-0{1 + number % 6}T10:{number % 60:02}"
            said = [
                {
                    "id": f"{number}-{index}{text[:60]}",
                    "author": author,
                    "body": text,
                    "created_at": f"{at}:{index:02}Z",
                }
                for index, author in enumerate(("visitor", "agent", "visitor"))
            ]
            field = shortened(text, FIELD_LIMIT)
            who = {"name": field, "email": field, "phone": field, "company": field}
            agent = f"{shortened(text, AGENT_NAME_LIMIT - 1)[:69]}x"  # for what cannot be seen alone names no agent
            line = {"id": f"{number} {text[:60]}", "agent": agent, "visitor": who, "topic": text, "messages": said}
            lines.append(json.dumps({**line, "needs_human": number % 2 == 0}))
        (desk.folder / "in.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        desk.run("import", "in.jsonl")
        asyncio.run(admit_colleagues(desk))
        return desk.store


async def admit_colleagues(desk: Desk) -> None:
    """As somebody might who writes to the file with another program than ours, as far as the store lets them."""
    store = await open_store(StoreUrl.parse(desk.url), Identity(ME, is_given=True))
    try:
        assert isinstance(store, Team)
        for number, text in enumerate(text for text in TEXTS if "\x00" not in text):
            with suppress(Rejected):
                await store.add_member(f"m{number}@acme.example", text, Access.EDIT)
        assert len(await store.members()) > 5
    finally:
        await store.aclose()


@pytest.fixture
def hostile_desk(empty_desk: Desk, hostile_store: Path) -> Desk:
    """A place with a copy of that store."""
    shutil.copy(hostile_store, empty_desk.store)
    return empty_desk


def test_only_the_programs_own_sequences_reach_the_screen(hostile_desk: Desk) -> None:
    line = Line(hostile_desk)
    line.read_until(b"Enter sends")
    for keys in ("A", "\x1b[27u", "a", "\x1b[27u", "E", "\x1b[27u", "?", "\x1b[27u", "/\x1b[27u", "r\x1b[27u", "x"):
        line.type(keys.encode())
        line.read_until_quiet()
    for _ in TEXTS:
        line.type(b"j")
        line.read_until_quiet()
    line.type(b"xa")
    line.read_until_quiet()
    line.type(b"\x1b[27u\x1b[27uq")
    line.read_until_quiet()
    assert line.end() == 0
    line.hang_up()
    require_own(line.seen, draws=True)
    assert b"evil.example" in line.seen, "what was written is shown, as text"


@pytest.mark.timeout(300)
def test_no_command_sends_more_than_characters_to_a_terminal(hostile_desk: Desk) -> None:
    rows = [json.loads(row) for row in hostile_desk.run("list", "--json", "--limit", "200").splitlines()]
    as_it_came = {f"{number} {text[:60]}" for number, text in enumerate(TEXTS) if text in SEQUENCES.values()}
    assert {row["conversation_id"] for row in rows} >= as_it_came
    (hostile_desk.folder / "bad\x1b]0;x\x07.jsonl").write_text('{"id": "\x1b[2J"}\n{"\\u001b[2J": 1}\n', "utf-8")
    (hostile_desk.folder / "bad.toml").write_text('"\\u001b]0;x\\u0007" = 1\n', "utf-8")
    ids = [id for row in rows if not (id := row["conversation_id"]).isprintable() and "\x00" not in id][:8]
    commands = [
        ["list", "--limit", "200"],
        ["list", "--json", "--limit", "200"],
        ["members", "list"],
        ["export"],
        *(["show", id] for id in ids),
        *(["show", id, "--json"] for id in ids[:2]),
        ["show", "\x1b]0;gone\x07"],
        ["assign", ids[0], "\x1b]0;nobody\x07@x"],
        ["assign", *ids[:3], "me"],
        ["resolve", *ids[:3], "\x9bno"],
        ["list", "--agent", "\x1b[2J"],
        ["export", "-o", "no\x1b]0;x\x07/where.csv"],
        ["--config", "bad.toml", "list"],
        ["--store", "sqlite:///no\x1b]0;x\x07/where.db", "list"],
        ["--store", "\x1b]0;x\x07://where", "list"],
        ["no\x1b]0;x\x07such"],
    ]
    require_own(run_all(hostile_desk, commands), draws=False)
    imports = [["import", "bad\x1b]0;x\x07.jsonl"], ["import", "none\x1b]0;x\x07.jsonl"]]
    require_own(run_all(hostile_desk, imports), draws=True)  # a bar shows how far it is


def run_all(desk: Desk, commands: Sequence[Sequence[str]]) -> bytes:
    """What some commands print on a terminal."""
    lines = [shlex.join([str(BIN / "inbox-tui"), "--store", desk.url, *words]) for words in commands]
    script = "".join(f"{line}\necho The end of {number}.\n" for number, line in enumerate(lines))
    (desk.folder / "script.sh").write_text(script, "utf-8")
    line = Line(desk, "sh", "script.sh", INBOX_TUI_AS=ME)
    for number in range(len(lines)):
        line.read_until(b"The end of %d.\r\n" % number)
    assert line.end() == 0
    line.hang_up()
    assert b"Traceback" not in line.seen
    return line.seen
