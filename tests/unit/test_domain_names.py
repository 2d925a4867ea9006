"""Names that look alike are the same name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbox_tui.domain.names import is_blank, name_key
from inbox_tui.domain.text import replace_unstorable

ALIKE = {
    "composed and decomposed": ("Café", "Cafe\u0301"),
    "case": ("Website assistant", "WEBSITE ASSISTANT"),
    "case without a single capital": ("Straße", "STRASSE"),
    "no-break space": ("Website assistant", "Website\u00a0assistant"),
    "ideographic space": ("Website assistant", "Website\u3000assistant"),
    "many blanks": ("Website assistant", " Website \t assistant\n"),
    "zero-width space": ("Website assistant", "Web\u200bsite assistant"),
    "joiners": ("Website assistant", "\u200dWebsite\u200c assistant\u2060"),
    "soft hyphen": ("Website assistant", "Web\u00adsite assistant"),
    "byte order mark": ("dana@acme.example", "\ufeffdana@acme.example"),
    "full width": ("dana@acme.example", "ｄａｎａ＠ａｃｍｅ．ｅｘａｍｐｌｅ"),
    "ligature": ("Office", "Oﬃce"),
    "variation selector": ("❤ shop", "❤\ufe0f shop"),
    "tags": ("Dana", "Da\U000e0061na"),
    "Hangul filler": ("Dana", "Dana\u3164"),
    "right-to-left mark": ("Dana", "\u202eDana\u202c"),
    "Braille blank": ("a b", "a\u2800b"),
    "what no database holds": ("a\ufffdb", "a\0b"),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE.keys())
def test_what_looks_alike_is_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("Dana", "Dána"), ("a b", "ab"), ("Dana", "D\u0430na"), ("1", "2"), ("日", "月")]
)
def test_what_is_written_otherwise_is_another(one: str, other: str) -> None:
    """Accents count, blanks count, and a Cyrillic letter is none of the Latin ones."""
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u00a0\u2003\u3000", "\u00ad\ufeff", "\u2800", "\u3164", "\t\r\n", "\x01"]
)
def test_where_there_is_nothing_to_see_there_is_no_name(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", " x ", "\u200bx", "\0", "🦊", "\u0301"])
def test_anything_to_see_is_a_name(text: str) -> None:
    assert not is_blank(text)


@given(st.text())
@example("\u0345\u1fb3")
@example("\u1e9e\u0390\ufb03")
@example("\u3164\u200d\u00a0\u0301")
@example("ǰ\u0331\u0301")
def test_folding_again_changes_nothing(text: str) -> None:
    key = name_key(text)
    assert name_key(key) == key == name_key(replace_unstorable(text))
    assert key == key.strip() and "  " not in key


@given(st.text())
@example("\u1fb3")
@example("e\u0301")
def test_the_form_in_which_a_text_comes_does_not_matter(text: str) -> None:
    keys = {name_key(unicodedata.normalize(form, replace_unstorable(text))) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert keys == {name_key(text)}


@given(st.text(), st.sampled_from(["\u200b", "\u00ad", "\ufeff", "\u2060", "\ufe0f"]), st.data())
def test_an_invisible_character_anywhere_changes_nothing(text: str, invisible: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    assert name_key(text[:place] + invisible + text[place:]) == name_key(text)


def test_every_character_settles() -> None:
    """Alone and between others, so that no lookup can hang or go in circles."""
    for point in (*range(0xD800), *range(0xE000, 0x110000, 7), *range(0x1F00, 0x2000), *range(0xF900, 0xFFFF)):
        key = name_key(f"x{chr(point)}\u0345y")
        assert name_key(key) == key
