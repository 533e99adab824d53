"""What a browser says of itself, in plain words: enough to know one's own devices by."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The first that is found in what the browser says. Many name others too, to be taken for them.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("NAVER(", "NAVER"),
    ("KAKAOTALK", "KakaoTalk"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def in_words(browser: str) -> str:
    """Mozilla/5.0 (Windows NT 10.0; …) … Chrome/129.0.0.0 Safari/537.36 -> Chrome · Windows."""
    found = [next((name for mark, name in names if mark in browser), "") for names in (BROWSERS, DEVICES)]
    return " · ".join(name for name in found if name) or _("an unknown browser")
