"""The package as users get it: built, installed into an empty environment, started in a terminal."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import inbox_tui
from terminal.harness import Terminal, environment, needs_tmux

ROOT = Path(__file__).parents[2]
STYLESHEETS = sorted(path.name for path in (ROOT / "styles").glob("*.tcss"))
OFFLINE = ("No matching distribution", "Could not find a version", "Temporary failure", "Connection", "ProxyError")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("install"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Built:
    """What was made of this checkout."""

    source: Path
    wheel: Path
    """Built from the checkout."""
    wheel_of_source: Path
    """Built from the source archive."""


def run(command: Sequence[str], folder: Path) -> str:
    """Run a command that may need the package registry; without one, the test is skipped."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    said = done.stdout + done.stderr
    if done.returncode and any(words in said for words in OFFLINE):
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, said
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    pytest.importorskip("build", reason="the package 'build' is not installed")
    folder = tmp_path_factory.mktemp("built")
    both, direct = folder / "both", folder / "direct"
    build = [sys.executable, "-m", "build"]
    run([*build, "--outdir", str(both), str(ROOT)], folder)  # a source archive, and a wheel from that
    run([*build, "--wheel", "--outdir", str(direct), str(ROOT)], folder)
    return Built(next(both.glob("*.tar.gz")), next(direct.glob("*.whl")), next(both.glob("*.whl")))


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment into which the wheel of the source archive was installed."""
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
    programs = folder / "venv" / "bin"
    run([str(programs / "pip"), "install", "--quiet", str(built.wheel_of_source)], folder)
    return programs


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_a_wheel_holds_each_file_once(built: Built) -> None:
    held = Counter(names(built.wheel))
    assert [name for name, times in held.items() if times > 1] == []
    assert sorted(name for name in held if name.endswith(".tcss")) == [f"inbox_tui/styles/{n}" for n in STYLESHEETS]


def test_a_wheel_of_the_source_archive_is_the_same(built: Built) -> None:
    assert sorted(names(built.wheel_of_source)) == sorted(names(built.wheel))


def test_a_wheel_holds_the_whole_package_and_nothing_else(built: Built) -> None:
    package = ROOT / "src" / "inbox_tui"
    wanted = {
        f"inbox_tui/{path.relative_to(package)}"
        for path in [*package.rglob("*"), *(package / "styles").iterdir()]
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names(built.wheel) if ".dist-info/" not in name} == wanted


def test_the_source_archive_holds_what_the_readme_and_the_license_need(built: Built) -> None:
    with tarfile.open(built.source) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"} <= held


def test_the_installed_program_knows_its_version(installed: Path, tmp_path: Path) -> None:
    for command in ([installed / "inbox-tui"], [installed / "python", "-m", "inbox_tui"]):
        said = run([*(str(word) for word in command), "--version"], tmp_path)
        assert said == f"inbox-tui {inbox_tui.__version__}\n"


def test_the_installed_program_finds_its_parts(installed: Path, tmp_path: Path) -> None:
    where = run([str(installed / "python"), "-c", "import inbox_tui; print(inbox_tui.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    stores = run([str(installed / "inbox-tui"), "stores"], tmp_path)
    lacking = {line.split()[0] for line in stores.splitlines() if "needs the package" in line}
    assert "sqlite" in stores and "https" in stores
    assert {name.removesuffix("://") for name in lacking} == {"postgresql"}


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    home = tmp_path / "home"
    home.mkdir()
    with Terminal(tmp_path, environment(home)) as terminal:
        yield terminal


@needs_tmux
def test_the_installed_program_shows_the_list(installed: Path, terminal: Terminal) -> None:
    terminal.start(str(installed / "inbox-tui"), "demo")
    screen = terminal.wait_for("● live")
    assert any(line.startswith("▌") for line in screen.splitlines())
    terminal.keys("E")  # a dialog has a stylesheet of its own
    terminal.wait_for("┌─ Export CSV")
    terminal.escape()
    terminal.keys("q")
    assert terminal.wait_for_end() == 0
