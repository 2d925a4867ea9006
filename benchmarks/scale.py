"""How a store's work grows with the inbox: SQLite and PostgreSQL side by side, through the port.

    python -m benchmarks.scale [--sizes 10k,100k,1M] [--postgres postgresql://…] [--rounds 40] [--folder FOLDER]

The server that ``--postgres`` names is one for this: a superuser's address, in which
databases named ``bench_…`` are made and kept. Each is written to and put back.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeVar

from benchmarks.__main__ import machine
from benchmarks.generate import ME, SEED, default_folder, size, workspace
from benchmarks.vocabulary import Vocabulary
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import ConversationId, ReplyDraft, SetStatus, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.operations.exporting import export_to_file
from inbox_tui.operations.records import COLUMNS
from inbox_tui.store.protocol import Scan, Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

T = TypeVar("T")

BULK = 10_000
_PAGE = PageRequest(limit=50)
_NS_PER_MS = 1e6
_WARM_UP = 3
_IDLE = 5
"""Seconds in which what is prepared behind the first jumps is ready in any store."""
_OPENED = 500
_COMMON = slice(5, 60)
"""Ranks of words that every tenth message has."""

Act = Callable[[], Awaitable[object]]
Figures = dict[str, list[float]]
"""Measure → samples: milliseconds, or rows a second."""


def acts(store: Store, random: Random, ids: list[ConversationId], phones: list[str]) -> dict[str, Act]:
    """What is measured, by name: each call does it anew, and differently where that matters."""
    vocabulary = Vocabulary(SEED)
    common = _shuffled(vocabulary.words[_COMMON], random)
    letters = _shuffled(sorted({word[:2] for word in vocabulary.words}), random)
    filters = _cycled(list(Filter))
    numbers = count(time.time_ns())

    async def middle() -> object:
        total = (await store.counts()).all
        offset = total // 3 + random.randrange(max(1, total // 3))
        return await store.list(Query(), PageRequest(offset=offset, limit=50))

    async def reply() -> object:
        id = random.choice(ids)
        seen = (await store.thread(id, limit=1)).messages[-1].id
        return await store.reply(id, ReplyDraft("Let me look into that.", f"bench-{next(numbers)}", last_seen=seen))

    def search(words: Iterator[str]) -> Act:
        return lambda: store.list(Query(search=next(words)), _PAGE)

    return {
        "first page": lambda: store.list(Query(next(filters)), _PAGE),
        "page in the middle": middle,
        "counts": store.counts,
        "open": lambda: store.thread(random.choice(ids)),
        "search, a phone number": search(_shuffled(phones, random)),
        "search, common word": search(common),
        "search, two letters": search(letters),
        "reply": reply,
    }


async def figures(stores: dict[str, Store], rounds: int) -> dict[str, Figures]:
    """All of it, on stores of several sizes in turn, so that what else the machine does falls on each alike."""
    by_size = {name: await prepared(store) for name, store in stores.items()}
    found: dict[str, Figures] = {name: {} for name in stores}
    for measure in next(iter(by_size.values())):
        for acts in by_size.values():
            for _ in range(_WARM_UP):
                await acts[measure]()
        if measure == "page in the middle":
            await asyncio.sleep(_IDLE)  # anchors are built behind the first jumps
        for _ in range(rounds):
            for name, acts in by_size.items():
                found[name].setdefault(measure, []).append(await _taken(acts[measure]))
        medians = (f"{name} {statistics.median(found[name][measure]):.2f} ms" for name in stores)
        print(f"  {measure}: {', '.join(medians)}", file=sys.stderr)
    for name, store in stores.items():
        found[name][f"resolve {BULK:,}"] = await bulk(store)
        assert isinstance(store, Scan)
        found[name]["export, rows/s"], found[name]["csv module alone, rows/s"] = await export(store)
    return found


async def prepared(store: Store) -> dict[str, Act]:
    """What is measured on a store, once it is known what it holds."""
    recent = await store.list(Query(Filter.UNRESOLVED), PageRequest(limit=_OPENED))
    phones = [row.lead.phone.split()[-1] for row in recent.rows if row.lead.phone]
    return acts(store, Random(SEED), [row.id for row in recent.rows], phones)


async def bulk(store: Store) -> list[float]:
    """The newest conversations resolved, those that were so first reopened; afterwards all are as before."""
    assert isinstance(store, Scan)
    rows = await store.matching(Query(), BULK)
    resolved = [row for row in rows if row.status is Status.RESOLVED]
    opened = [row for row in rows if row.status is Status.OPEN]
    await store.decide([SetStatus(row.id, Status.OPEN, Status.RESOLVED) for row in resolved])
    taken = await _taken(lambda: store.decide([SetStatus(row.id, Status.RESOLVED, Status.OPEN) for row in rows]))
    await store.decide([SetStatus(row.id, Status.OPEN, Status.RESOLVED, row.waiting_since) for row in opened])
    return [taken]


async def export(store: Scan) -> tuple[list[float], list[float]]:
    """Rows a second into a file; and what the csv module alone writes of as many finished rows."""
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-") as folder:
        file = Path(folder) / "out.csv"
        begin = time.monotonic()
        rows = await export_to_file(store, Query(), file)
        ours = rows / (time.monotonic() - begin)
        with file.open(encoding="utf-8", newline="") as given:
            finished = [row for row, _ in zip(csv.reader(given), range(100_000), strict=False)]
        with (Path(folder) / "alone.csv").open("w", encoding="utf-8", newline="") as target:
            begin = time.monotonic()
            csv.writer(target).writerows(finished)
        assert len(finished[0]) == len(COLUMNS)
        return [ours], [len(finished) / (time.monotonic() - begin)]


async def _taken(act: Act) -> float:
    begin = time.monotonic_ns()
    await act()
    return (time.monotonic_ns() - begin) / _NS_PER_MS


def _shuffled(words: list[str], random: Random) -> Iterator[str]:
    """Each word once before any comes again, so that no result is remembered."""
    return _cycled(random.sample(words, len(words)))


def _cycled(things: list[T]) -> Iterator[T]:
    while True:
        yield from things


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Store]:
    """The store at an address."""
    store = await open_store(StoreUrl.parse(address), Identity(ME, is_given=True))
    try:
        yield store
    finally:
        await store.aclose()


def table(kind: str, columns: dict[str, Figures]) -> str:
    """Markdown: median / p95 for each size, and how many times the smallest the largest takes."""
    lines = [f"| {kind}; ms, p50 / p95 | {' | '.join(columns)} | growth |", "|---" * (len(columns) + 2) + "|"]
    first, last = next(iter(columns.values())), list(columns.values())[-1]
    for measure in first:
        cells = [_cell(figures[measure]) for figures in columns.values()]
        growth = statistics.median(last[measure]) / statistics.median(first[measure])
        lines.append(f"| {measure} | {' | '.join(cells)} | × {growth:.2f} |")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:,.0f}"
    return f"{statistics.median(values):.2f} / {sorted(values)[int(len(values) * 0.95)]:.2f}"


def main() -> None:
    """Make what is missing, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", default="10k,100k,1M", help="conversations, comma-separated (default: %(default)s)")
    parser.add_argument("--postgres", default="", help="a superuser's address; without it only SQLite is measured")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where workspaces are kept")
    options = parser.parse_args()
    files = {name: workspace(size(name), options.folder) for name in options.sizes.split(",")}
    kinds: dict[str, dict[str, Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="inbox-tui-bench-", dir=options.folder) as folder:
        copies = {name: Path(shutil.copy(file, Path(folder) / f"{name}.db")) for name, file in files.items()}
        addresses = {name: f"sqlite:///{copy}" for name, copy in copies.items()}
        kinds["SQLite"] = asyncio.run(measured(addresses, options.rounds))
    if options.postgres:
        from benchmarks.postgres import database

        addresses = {name: database(options.postgres, file) for name, file in files.items()}
        kinds["PostgreSQL"] = asyncio.run(measured(addresses, options.rounds))
    print(f"{machine()}; {options.rounds} rounds")
    for kind, columns in kinds.items():
        print(f"\n{table(kind, columns)}")


async def measured(addresses: dict[str, str], rounds: int) -> dict[str, Figures]:
    """``figures`` of the stores at these addresses."""
    async with AsyncExitStack() as stack:
        stores = {name: await stack.enter_async_context(opened(address)) for name, address in addresses.items()}
        return await figures(stores, rounds)


if __name__ == "__main__":
    main()
