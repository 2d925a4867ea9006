"""The API's own description: it is the one that the project keeps, and the server does what it says."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import httpx
import pytest

from inbox_tui.testing.factories import DANA, WEBSITE
from server.harness import Served

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"
STREAMS = "agent/replies|events|scan|export"
"""They answer with no JSON, or never end; tests of their own ask for them."""
CONFIG = """
[checks]
# 422 is what a rule refuses although it is well formed: an empty reply, the last admin's access.
positive_data_acceptance.expected-statuses = ["2xx", "404", "409", "422"]
"""


async def test_the_project_keeps_what_the_server_tells(served: Served) -> None:
    async with httpx.AsyncClient() as client:
        told = await client.get(f"{served.api}/openapi.json")
    assert json.loads(KEPT.read_text("utf-8")) == told.json(), "make docs"


async def test_every_record_it_names_is_described(served: Served) -> None:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{served.api}/openapi.json")).text
    described = json.loads(text)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named <= set(described["components"]["schemas"])
    for path in described["paths"].values():
        for operation in path.values():
            assert operation["description"]
            assert operation["responses"]["default"]["content"]


async def checked(served: Served, folder: Path, secret: str, *options: str) -> tuple[int, str]:
    """What schemathesis finds, with every check it has."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", f"{served.api}/openapi.json", "--url", served.address, "-H", f"Authorization: Bearer {secret}"),
        *("--checks", "all", "--no-color", "--generation-deterministic", "--continue-on-failure", *options),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode(errors="replace")


@pytest.mark.timeout(300)
async def test_it_does_what_it_says_of_members(served: Served, tmp_path: Path) -> None:
    secret, _ = await served.token(DANA)
    code, out = await checked(
        served, tmp_path, secret, "--exclude-path-regex", f"v1/agent/|{STREAMS}", "--phases", "coverage"
    )
    assert code == 0, out


@pytest.mark.slow
async def test_it_does_what_it_says_of_agents(served: Served, tmp_path: Path) -> None:
    secret, _ = await served.token(agent=WEBSITE)
    code, out = await checked(
        *(served, tmp_path, secret, "--include-path-regex", "v1/agent/|health|ready"),
        *("--exclude-path-regex", STREAMS, "--phases", "coverage"),
    )
    assert code == 0, out


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_it_does_what_it_says_whatever_is_asked(served: Served, tmp_path: Path) -> None:
    access = "members/{id}/access"  # by which a member may take from themselves what is asked for next
    for owner, whose in (
        (await served.token(DANA), ("--exclude-path-regex", f"v1/agent/|{access}|{STREAMS}")),
        (await served.token(agent=WEBSITE), ("--include-path-regex", "v1/agent/", "--exclude-path-regex", STREAMS)),
    ):
        code, out = await checked(
            *(served, tmp_path, owner[0], *whose),
            *("--phases", "coverage,fuzzing,stateful", "--max-examples", "100"),
        )
        assert code == 0, out
