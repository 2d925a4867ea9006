"""Messages in HTML are read as text; those that only mention a tag, and what is stored, stay as they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

from inbox_tui.domain.rules import preview
from inbox_tui.operations.html_bodies import is_html, readable, readable_preview

HTML = {
    "<p>Hello <b>there</b></p>": "Hello there",
    "<div>one<br>two</div>\n": "one\ntwo",
    "<P CLASS='x'>a &amp; b&nbsp;c</P>": "a & b\u00a0c",
    "<!DOCTYPE html><html><head><style>p {}</style></head><body><p>Hi</p></body></html>": "Hi",
    '<p>See <a href="https://x.example/a?b=1&amp;c=2">here</a>.</p>': "See [here](https://x.example/a?b=1&c=2).",
}
PLAIN = (
    "use <br> for a new line",
    "<div>hello</div> does not work",
    "<b> makes it bold",
    "a < b and c > d",
    "<3",
    "<script>alert(1)</script>",
    "<p>",
    "<br>",
    "<img src=x onerror=alert(1)>",
    "<name@mail.example>",
    "<p></p>",
    "<div> \u200b</div>",
    "",
)


@pytest.mark.parametrize(("body", "text"), HTML.items())
def test_html_is_read_as_text(body: str, text: str) -> None:
    assert is_html(body)
    assert readable(body).replace("\u00a0", " ") == text.replace("\u00a0", " ")


@pytest.mark.parametrize("body", PLAIN)
def test_what_only_mentions_a_tag_or_shows_nothing_stays(body: str) -> None:
    assert readable(body) == body


def test_a_message_nested_beyond_reason_is_shown() -> None:
    body = "<div>" * 5_000 + "x" + "</div>" * 5_000
    assert "x" in readable(body)


def test_what_looks_like_html_for_long_is_told_at_once() -> None:
    for body in (
        "<!---->" * 20_000 + "x>",
        "<p>" + "<a " * 200_000 + ">",
        "<p" * 200_000 + ">",
        "<p>" + " >" * 200_000,
    ):
        assert readable(body) == body


def test_the_converter_is_imported_when_a_message_needs_it() -> None:
    code = (
        "import sys; from inbox_tui.operations.html_bodies import readable; readable('<b> is a tag');"
        "assert 'inscriptis' not in sys.modules; readable('<p>x</p>'); assert 'inscriptis' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>Hello <b>there</b>,<br>my order&nbsp;&amp; I</p>", "Hello there , my order & I"),
        (f"<div style='x'><p>Where is it? {'la ' * 200}</p></div>", f"Where is it? {'la ' * 56}l"),
        (f"<html><head><style>p {{ color: red }}</style></head><body>Hi <i>you</i> {'x' * 300}", None),
        (f"<p>{'word ' * 39}<a href='https://x.example/{'y' * 50}'>here</a></p>", ("word " * 39).strip()),
    ],
)
def test_a_row_shows_the_words_of_a_message_in_html(body: str, words: str | None) -> None:
    shown = readable_preview(preview(body))
    assert "<" not in shown and "style" not in shown
    assert words is None or shown == words


@pytest.mark.parametrize("body", [*PLAIN, f"<3 {'love ' * 80}", f"a <b>b</b> {'c' * 300}", f"<name@x> {'d' * 300}"])
def test_a_row_of_any_other_message_shows_it_as_it_is(body: str) -> None:
    assert readable_preview(preview(body)) == preview(body)
