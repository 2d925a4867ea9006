"""The dialogs that end in files: export and welcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from inbox_tui.domain.errors import ExportError
from inbox_tui.tui.dialogs.export import ExportDialog, Exported, Stage
from inbox_tui.tui.dialogs.welcome import FillWithSample, ImportFile, Offer, WelcomeDialog
from tui.dialog_host import Host

SIZES = [(120, 36), (40, 10)]


class Exporter:
    """An export that goes on when the test says so."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.report: Callable[[int], None] = print
        self.ends: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def __call__(self, path: Path, report: Callable[[int], None]) -> int:
        self.paths.append(path)
        self.report = report
        return await self.ends


@pytest.mark.parametrize("size", SIZES)
async def test_export_to_a_new_file(tmp_path: Path, size: tuple[int, int]) -> None:
    export = Exporter()
    app = Host(ExportDialog(1200, tmp_path / "out.csv", export))
    async with app.run_test(size=size) as pilot:
        assert "1,200 conversations" in app.shown()
        await pilot.press("enter")
        await pilot.pause()
        assert export.paths == [tmp_path / "out.csv"]
        export.report(300)
        await pilot.pause()
        assert "300 of 1,200 (25 %)" in app.shown()
        await pilot.press("enter")
        assert app.results == [], "one Enter too many must not stop it"
        export.ends.set_result(1200)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "1,200 conversations in" in app.shown()
        await pilot.press("enter")
        assert app.results == [Exported(tmp_path / "out.csv", 1200)]


async def test_closing_the_dialog_stops_the_export(tmp_path: Path) -> None:
    export = Exporter()
    app = Host(ExportDialog(10, tmp_path / "out.csv", export))
    async with app.run_test() as pilot:
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert app.results == [None]
        assert export.ends.cancelled()


async def test_what_is_not_counted_yet_is_counted_meanwhile(tmp_path: Path) -> None:
    counted = asyncio.get_running_loop().create_future()
    app = Host(ExportDialog(lambda: counted, tmp_path / "out.csv", Exporter()))
    async with app.run_test() as pilot:
        assert "Counting" in app.shown()
        counted.set_result(600)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "600 conversations" in app.shown()


async def test_an_export_does_not_wait_for_the_count(tmp_path: Path) -> None:
    counted, export = asyncio.get_running_loop().create_future(), Exporter()
    app = Host(ExportDialog(lambda: counted, tmp_path / "out.csv", export))
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert counted.cancelled()
        assert export.paths == [tmp_path / "out.csv"]


@pytest.mark.parametrize("size", SIZES)
async def test_export_replaces_a_file_only_when_told(tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "out.csv"
    file.write_text("old")
    export = Exporter()
    modal = ExportDialog(10, file, export)
    app = Host(modal)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "exists." in app.shown()
        await pilot.press("enter")
        assert modal.stage is Stage.CHOOSING
        assert app.focused is modal.query_one("#path")
        await pilot.press("enter", "escape")
        assert modal.stage is Stage.CHOOSING
        assert export.paths == []
        await pilot.press("enter", "r")
        assert export.paths == [file]


async def test_export_that_fails_keeps_the_path(tmp_path: Path) -> None:
    export = Exporter()
    modal = ExportDialog(10, tmp_path / "out.csv", export)
    app = Host(modal)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        export.ends.set_exception(ExportError("The disk is full.", hint="Choose another place."))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "The disk is full. Choose another place." in app.shown()
        assert modal.query_one("#path", Input).value == str(tmp_path / "out.csv")
        await pilot.press("escape")
        assert app.results == [None]


async def test_export_expands_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    export = Exporter()
    app = Host(ExportDialog(1, Path("~/out.csv"), export))
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert export.paths == [tmp_path / "out.csv"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the name of a file."),
        (".", "is a folder"),
        ("missing/out.csv", "There is no folder"),
        ("~nobody-of-this-name/out.csv", "Nobody here is called"),
        ("x" * 300, "name too long"),
    ],
)
async def test_export_says_what_is_wrong_with_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Host(ExportDialog(1, Path("out.csv"), Exporter()))
    async with app.run_test() as pilot:
        app.dialog.query_one("#path", Input).value = text
        await pilot.press("enter")
        await pilot.pause()
        assert words.lower() in app.shown().lower()
        assert app.results == []


@pytest.mark.parametrize("size", SIZES)
async def test_welcome_with_the_sample(size: tuple[int, int]) -> None:
    app = Host(WelcomeDialog("sqlite:///inbox.db"))
    async with app.run_test(size=size) as pilot:
        assert "This inbox is empty." in app.shown()
        await pilot.press("1")
        assert app.results == [FillWithSample()]


@pytest.mark.parametrize("size", SIZES)
async def test_welcome_puts_nothing_in_unless_it_is_chosen(size: tuple[int, int]) -> None:
    app = Host(WelcomeDialog("sqlite:///inbox.db"))
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter", *"root", "space", "4", "0")
        await pilot.pause()
        assert "Choose with 1, 2 or 3." in app.shown()
        assert app.results == []
        await pilot.press("escape")
        assert app.results == [None]


@pytest.mark.parametrize("size", SIZES)
async def test_welcome_with_a_file(tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "conversations.jsonl"
    file.write_text("{}\n")
    app = Host(WelcomeDialog("sqlite:///inbox.db"))
    async with app.run_test(size=size) as pilot:
        await pilot.press("2", "x", "1", "enter")
        await pilot.pause()
        assert "There is no file x1." in app.shown()
        app.dialog.query_one("#path", Input).value = str(file)
        await pilot.press("enter")
        assert app.results == [ImportFile(file)]


@pytest.mark.parametrize("size", SIZES)
async def test_welcome_explains_how_to_reach_a_team(size: tuple[int, int]) -> None:
    app = Host(WelcomeDialog("sqlite:///inbox.db"))
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert "--store URL" in app.shown()
        assert app.results == []


async def test_welcome_goes_on_with_what_was_chosen_elsewhere() -> None:
    app = Host(WelcomeDialog("sqlite:///inbox.db", Offer.FILE))
    async with app.run_test() as pilot:
        await pilot.press("x", "enter")
        await pilot.pause()
        assert "There is no file x." in app.shown()
    app = Host(WelcomeDialog("sqlite:///inbox.db", Offer.TEAM))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "--store URL" in app.shown()


async def test_welcome_by_mouse() -> None:
    app = Host(WelcomeDialog("sqlite:///inbox.db"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click("#sample")
        assert app.results == [FillWithSample()]
