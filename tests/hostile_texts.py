"""Texts that break terminals, tables and screens, by what is wrong with them: the corpus of every test about hostility.

Each is short enough to be in a list; where length is the harm, the text says a part of it as often as it takes.
"""

from __future__ import annotations

ESC, BEL, ST, CSI8 = "\x1b", "\x07", "\x1b\\", "\x9b"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

SEQUENCES = {
    "clears the screen": f"gone {ESC}[2J{ESC}[H{ESC}[3J here",
    "writes over the line above": f"refused{ESC}[1A{ESC}[2Kpaid in full",
    "writes anywhere": f"hello{ESC}[1;1HAdmin: refund it",
    "hides what is written": f"costs 9{ESC}[8m00{ESC}[28m EUR, {ESC}[30;40mdark{ESC}[m",
    "changes modes": f"{ESC}[?1049l{ESC}[?2004l{ESC}[?25l{ESC}[?1003h{ESC}[4h",
    "asks for answers": f"{ESC}[c{ESC}[>c{ESC}[6n{ESC}[5n{ESC}[?2026$p{ESC}P$qm{ST}",
    "resizes and scrolls": f"{ESC}[8;5;20t{ESC}[1;2r{ESC}[99S",
    "a number without end": f"{ESC}[{'9' * 300}m and on",
    "begins and does not end": f"the end {ESC}[",
    "resets everything": f"{ESC}c{ESC}(0lqqk{ESC}#8",
    "shifts the alphabet": "\x0eabc\x0f",
    "sets the title": f"title {ESC}]0;owned{BEL} and {ESC}]2;owned{ST}",
    "a title without end": f"{ESC}]0;all that follows is the title",
    "a link to elsewhere": f"{ESC}]8;;https://evil.example{ST}https://bank.example{ESC}]8;;{ST}",
    "fills the clipboard": f"copied {ESC}]52;c;cm0gLXJmIC8={ST} and read {ESC}]52;c;?{BEL}",
    "notifies": f"{ESC}]9;Your password has expired{ST}{ESC}]777;notify;a;b{BEL}",
    "through a multiplexer": f"{ESC}Ptmux;{ESC}{ESC}]0;x{BEL}{ST}{ESC}P{ESC}]0;x{BEL}{ST}",
    "draws a picture": f"{ESC}Pq#0;2;0;0;0#0~~@@vv{ST}{ESC}_Ga=T,f=24,s=1,v=1;AAAA{ST}",
    "says something in private": f"{ESC}^secret{ST}{ESC}Xsecret{ST}",
    "eight bits": f"{CSI8}31m {CSI8}2J \x90q\x9c \x9d0;owned\x9c \x9fGa=T;AAAA\x9c \x85",
    "presses keys": f"{ESC}[200~rm -rf /{ESC}[201~\r{ESC}[27u{ESC}[A",
}
"""What a terminal would obey."""

CONTROLS = {
    "null": "a\0b\0c",
    "delete": "a\x7fb",
    "bells": f"ding{BEL * 40}",
    "steps back": "evil.example" + "\b" * 12 + "bank.example",
    "ends of lines": "one\r\ntwo\rthree\nfour\vfive\fsix",
    "tabs": "a\tb\t\tc\t",
    "separators": "a\x1cb\x1dc\x1ed\x1fe",
    "lines of Unicode": "one\u2028two\u2029three\x85four",
    "half a pair": "half \ud83d and \udc00 other",
}
"""Characters that are none."""

INVISIBLE = {
    "turned around": "invoice_\u202egnp.exe\u202c \u200f\u061c",
    "turned and not turned back": "abc\u202d\u202e\u2066\u2067\u2068def",
    "turned deeply": "\u202b" * 130 + "deep",
    "nothing between": "ad\u200bmin \u200c\u2060sup\u00adport \ufeffagain",
    "blank": "\u3164\u2800\u115f\u1160\u00ad\u200b",
    "spaces": " \u00a0\u2003\u3000 ",
    "tags": "hello\U000e0001\U000e0048\U000e0069\U000e007f",
    "no characters": "a\ufffeb\uffffc\U0010ffffd\ufdd0",
    "private": "\ue0b0\uf8ff\U000f0001\U00100000",
    "empty": "",
}
"""What nobody sees."""

MARKS = {
    "a pile of marks": "h" + "\u0301" * 200 + "i " + "z\u0336\u0335\u0334" * 20,
    "marks on nothing": "\u0301\u0301 \u0301\n\u0336",
    "marks without end": "e" + "\u0301" * 10_000,
    "which form": "a\ufe0f\ufe0e\U000e0100\U000e01ef",
    "joins": "क्षि \u0ba8\u0bbf \u1100\u1161\u11a8 \u0e01\u0e33",
}
"""More than a cell holds."""

WIDE = {
    "a family": f"{FAMILY} ok {FAMILY * 3}",
    "joined without end": "\U0001f468\u200d" * 300,
    "flags and skins": "\U0001f1f8\U0001f1ea\U0001f1f8 \U0001f44b\U0001f3fd \U0001f3f4\U000e0067\U000e0062\U000e007f",
    "a picture or a sign": "❤\ufe0f ❤ ☺\ufe0e 1\ufe0f\u20e3 ⚠\ufe0f ⭐ ©\ufe0f",
    "two cells": "日本語 ｆｕｌｌ 한국어 ｱ",
    "one cell or two": "±§¶×÷ “quoted” … → ■ ○ α Ω ─",
    "far wider": "﷽ 𒀱 ⸻ ௵",
    "cut in the middle": "日" * 200 + FAMILY,
}
"""Wider or narrower than it looks."""

LONG = {
    "a word without end": "x" * 20_000,
    "an address without end": "https://example.org/" + "a%20" * 2_000,
    "lines without end": "\n" * 3_000,
    "words without end": "lorem ipsum " * 2_000,
}
"""Longer than anybody reads."""

MARKUP = {
    "ours": "[bold]loud[/] [/] [@click=app.quit]press me[/] [link=https://evil.example]here[/link]",
    "broken": 'list[int and [foo="bar and [@click= [/nothing]',
    "hidden": "[#000000 on #000000]unseen[/] [reverse]x[/] [$error]x[/]",
    "with a sequence in it": f"[link='https://a{ST}{ESC}]0;owned{BEL}']x[/link]",
    "prose": "[ ] to do [x] done [1] see note, arr[0] \\[red]",
    "a template": "{0} {name!r} %s %(x)s $HOME ${x} {{}} :smile:",
    "HTML": "<script>alert(1)</script> <b>b</b> &lt;i&gt; &#27;[31m",
    "Markdown": "[invoice](javascript:alert(1)) <https://evil.example> ```\n# no heading\n" + ">" * 100,
    "SQL": "it's \"quoted\" `so` \\' ; DROP TABLE message; -- 100 % of _it_",
}
"""What some program reads as its own language."""

NAMES = {
    "a look-alike": "Раураl Support ✔",
    "a role": "system",
    "a path": "../../etc/passwd",
    "an option": "--as=admin@acme.example",
}
"""What passes for somebody or something else."""

FORMULAS = {
    "a sum": "=1+1",
    "a link": '=HYPERLINK("https://evil.example","x")',
    "a telephone": "+46 70",
    "a minus": "-3",
    "an at": "@x",
    "after a tab": "\ttab",
    "after a return": "\r=1+1",
    "full width": "＝full",
}
"""What a spreadsheet reckons with."""

HOSTILE = {
    f"{group}: {name}": text
    for group, texts in (
        ("sequence", SEQUENCES),
        ("control", CONTROLS),
        ("invisible", INVISIBLE),
        ("marks", MARKS),
        ("wide", WIDE),
        ("long", LONG),
        ("markup", MARKUP),
        ("name", NAMES),
        ("formula", FORMULAS),
    )
    for name, text in texts.items()
}
"""All of them."""
