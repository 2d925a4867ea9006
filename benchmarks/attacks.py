"""A server at work under attack: how much slower its members are, what it takes, and whether it keeps its promises.

    python -m benchmarks.attacks [--seconds 60] [--clients 200] [--pace 0.5] [--only NAME,…] [--memory 1024]

A team works undisturbed first, then beside each attack in turn, each time with a new server
over a new copy of the workspace. Ends with 1 when the members' 95th percentile grows beyond
``--times``, the server takes more memory than ``--memory`` says, or anything is lost, doubled or
miscounted. Everything is a process of this one machine, and goes to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from benchmarks.__main__ import machine
from benchmarks.attackers import ATTACKS, Attack, Scene
from benchmarks.generate import ME, SEED, default_folder, size, workspace
from benchmarks.loopback import HERE, Site
from benchmarks.runs import surroundings
from benchmarks.shift import Shift
from benchmarks.stage import Stage, certificate, has_addresses
from benchmarks.stranger import Orders
from benchmarks.verdict import HEAD, MEMORY, TIMES, Run, row, spread_of, spreads_of
from benchmarks.watched import Watched, watched

FILES = 4_096
"""Files that the server may have open: what many systems allow a service."""

_LOOKS_EVERY = 0.25
_BUSY = 5.0
"""Milliseconds by which clients wake late where a comparison tells little."""


class Setting(msgspec.Struct, frozen=True):
    """How a run is made."""

    clients: int = 200
    pace: float = 0.5
    """Acts a second of each client."""
    warm_up: float = 3.0
    """Seconds of work that are not measured."""
    seconds: float = 60.0
    strength: float = 1.0
    """Of the attacks: the share of their full count."""
    files: int = FILES
    nice: int = 19
    """By how much the attacks step back where processors are short."""


async def perform(stage: Stage, setting: Setting, scene: Scene, attack: Attack | None = None) -> Run:
    """One run: the team, and an attack beside it.

    Args:
        stage: Prepared.
        setting: How many, how long.
        scene: How the server is started, and what the team does.
        attack: None for the team undisturbed.
    """
    with stage.copy() as (address, file):
        environment = surroundings(stage.folder) | {"INBOX_TUI_STORE": address, "INBOX_TUI_AS": ME}
        log, tls = stage.folder / "server.log", stage.tls if scene.is_tls else None
        with watched(environment, log, *scene.serves, files=setting.files, tls=tls) as server:
            began = time.monotonic()
            shift = Shift(
                server.site,
                stage.tokens,
                setting.clients,
                setting.pace,
                has_writes=not scene.is_quiet,
                has_addresses=has_addresses(),
            )
            await shift.begin()
            seen = _Seen(server, file)
            watching = asyncio.create_task(seen.watch())
            try:
                work = asyncio.create_task(shift.work(setting.warm_up + setting.seconds))
                await asyncio.sleep(setting.warm_up)
                tally = await _attacked(attack, stage, server.site, setting) if attack else {}
                await work
                hello = await shift.says_hello()
                await shift.end()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                seen.look()
            server.end()
            wrote_for = time.monotonic() - began
        acts = [act for act in shift.ledger.acts if act.due >= shift.begun + setting.warm_up]
        return Run(
            attack=attack.name if attack else "",
            spreads=spreads_of(acts),
            lag=spread_of(sorted(lag * 1000 for lag in shift.ledger.lags)).p95,
            failed=sum(act.has_failed for act in acts),
            answers=dict(shift.ledger.answers),
            tally=tally,
            memory=seen.memory,
            open_files=seen.open_files,
            wal=seen.wal,
            log=server.log(),
            logged_in=wrote_for,
            hello=hello,
            has_ended_well=server.has_ended_well,
            ended_within=server.ended_within,
            audit=stage.audit(address, file, shift.ledger.promises),
        )


class _Seen:
    """What is looked at from outside while a server runs."""

    def __init__(self, server: Watched, file: Path) -> None:
        self._server = server
        self._wal = file.with_name(f"{file.name}-wal")
        self.memory = self.open_files = self.wal = 0

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            self.look()
            await asyncio.sleep(_LOOKS_EVERY)

    def look(self) -> None:
        """Note what is larger than before."""
        self.memory = max(self.memory, self._server.peak_memory())
        self.open_files = max(self.open_files, self._server.open_files())
        with suppress(OSError):
            self.wal = max(self.wal, self._wal.stat().st_size)


async def _attacked(attack: Attack, stage: Stage, site: Site, setting: Setting) -> dict[str, int]:
    """Have a process attack; what it got."""
    orders = Orders(site, setting.seconds, setting.strength, setting.nice, has_addresses(), **stage.secrets)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.attackers", attack.name,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    try:
        told, _ = await process.communicate(msgspec.json.encode(orders))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"The attack {attack.name} itself failed.")
    return msgspec.json.decode(told, type=dict[str, int])


async def _all(stage: Stage, attacks: Sequence[Attack], setting: Setting, options: argparse.Namespace) -> bool:
    """Run and print one after the other; whether all verdicts are good."""
    await stage.prepare()
    bases: dict[Scene, Run] = {}
    holds = True
    print(HEAD + "\n" + "|---" * (HEAD.count("|") - 1) + "|", flush=True)

    async def one(scene: Scene, attack: Attack | None = None) -> Run:
        run = await perform(stage, setting, scene, attack)
        base = bases.setdefault(scene, run)
        if attack is None and run.lag > _BUSY:
            print(f"Clients woke {run.lag:.0f} ms late: the machine is busy beside this.", file=sys.stderr)
        print(row(run, base, memory=options.memory, times=options.times), flush=True)
        if options.json:
            with Path(options.json).open("ab") as lines:
                lines.write(msgspec.json.encode({"machine": machine(), "setting": setting, "run": run}) + b"\n")
        return run

    if not attacks:
        await one(Scene())
    for attack in attacks:
        if attack.scene.is_tls and stage.tls is None:
            print(f"{attack.name}: without openssl there is no certificate", file=sys.stderr)
            continue
        if options.each or attack.scene not in bases:
            bases.pop(attack.scene, None)
            await one(attack.scene)
        run = await one(attack.scene, attack)
        holds = holds and not run.faults(bases[attack.scene], memory=options.memory, times=options.times)
    return holds


def main() -> None:
    """Work, attack, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=__doc__)
    names = [attack.name for attack in ATTACKS]
    parser.add_argument("--size", default="20k", type=size, help="conversations (default: 20k)")
    parser.add_argument("--clients", type=int, default=200, help="who works (default: %(default)s)")
    parser.add_argument("--pace", type=float, default=0.5, help="acts a second of each (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each attack (default: %(default)s)")
    parser.add_argument("--strength", type=float, default=1.0, help="of the attacks (default: %(default)s)")
    parser.add_argument(
        "--only", default=",".join(names), help=f"attacks, comma-separated, or '' for none, of: {', '.join(names)}"
    )
    parser.add_argument("--memory", type=int, default=MEMORY, help="MB that the server may take (default: %(default)s)")
    parser.add_argument("--times", type=float, default=TIMES, help="that p95 may grow by (default: %(default)s)")
    parser.add_argument("--files", type=int, default=FILES, help="that the server may open (default: %(default)s)")
    parser.add_argument(
        "--each", action="store_true", help="compare each with a run just before it: for a machine that others use too"
    )
    parser.add_argument("--postgres", help="the address of a superuser of a PostgreSQL server for this, any database")
    parser.add_argument("--json", help="a file to add each run to, as a line of JSON")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    chosen = [name for name in options.only.split(",") if name]
    if unknown := set(chosen) - set(names):
        parser.error(f"there is no attack {', '.join(sorted(unknown))}")
    setting = Setting(
        options.clients, options.pace, seconds=options.seconds, strength=options.strength, files=options.files
    )
    file = workspace(options.size, options.folder)
    database = ""
    if options.postgres:
        from benchmarks.postgres import database as filled

        database = filled(options.postgres, file)
    print(f"{machine()}; {options.size:,} conversations, {setting.clients} clients, {setting.pace} acts/s of each,")
    print(f"{setting.seconds:.0f} s beside each attack, strength {setting.strength}, seed {SEED}, at {HERE}\n")
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as folder:
        attacks = [attack for attack in ATTACKS if attack.name in chosen]
        stage = Stage(Path(folder), file, database, certificate(Path(folder)))
        try:
            holds = asyncio.run(_all(stage, attacks, setting, options))
        finally:
            stage.close()
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
