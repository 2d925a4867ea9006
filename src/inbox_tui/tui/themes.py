"""The two themes, and the tokens that stylesheets use.

Colours stand here and nowhere else. Both themes are chosen so that they still read
when a terminal rounds them to 16 colours: text stays far from its background, and
nothing is told by colour alone.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="inbox-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#87d7ff",
    warning="#ffaf5f",
    error="#ff5f5f",
    success="#87d787",
    foreground="#dadada",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "inbox-cursor": "#303a44",
        "inbox-rule": "#4e4e4e",
        "inbox-muted": "#9e9e9e",
        "inbox-note": "#d7d787",
        "inbox-visitor": "#87d7ff",
        "inbox-agent": "#9e9e9e",
        "inbox-member": "#afd787",
        "badge-red": "#ff8787",
        "badge-orange": "#ffaf5f",
        "badge-yellow": "#ffff87",
        "badge-green": "#87d787",
        "badge-teal": "#5fd7af",
        "badge-blue": "#87afff",
        "badge-violet": "#d7afff",
        "badge-pink": "#ff87d7",
        "scrollbar": "#4e4e4e",
        "scrollbar-hover": "#6c6c6c",
        "scrollbar-active": "#87afaf",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-background-hover": "#1c1c1c",
        "scrollbar-background-active": "#1c1c1c",
        "input-selection-background": "#3a5f7d",
    },
)

LIGHT = Theme(
    name="inbox-light",
    primary="#005f87",
    secondary="#5f8787",
    accent="#005faf",
    warning="#af5f00",
    error="#af0000",
    success="#005f00",
    foreground="#1c1c1c",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    dark=False,
    variables={
        "inbox-cursor": "#d7e7f3",
        "inbox-rule": "#bcbcbc",
        "inbox-muted": "#5f5f5f",
        "inbox-note": "#875f00",
        "inbox-visitor": "#005faf",
        "inbox-agent": "#5f5f5f",
        "inbox-member": "#005f00",
        "badge-red": "#af0000",
        "badge-orange": "#af5f00",
        "badge-yellow": "#875f00",
        "badge-green": "#005f00",
        "badge-teal": "#005f5f",
        "badge-blue": "#0000af",
        "badge-violet": "#5f00af",
        "badge-pink": "#af005f",
        "scrollbar": "#bcbcbc",
        "scrollbar-hover": "#9e9e9e",
        "scrollbar-active": "#5f8787",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
        "input-selection-background": "#afd7ff",
    },
)

THEMES = {"dark": DARK, "light": LIGHT}
"""Setting ``theme`` → theme."""
