"""The invented people who can sign in to the stand-in, as NAVER's profile would show them (V5)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

PEOPLE: dict[str, dict[str, Any]] = {
    "complete": {
        "id": "jw9MfS0lJ4n7pZx2cVb5-8QdTgHkLrYeUaOi_1",
        "nickname": "안개꽃",
        "name": "오지안",
        "email": "jian.oh@mail.example",
        "gender": "F",
        "age": "20-29",
        "birthday": "04-17",
        "profile_image": "https://phinf.pstatic.example/jian.png",
        "birthyear": "1997",
        "mobile": "010-3141-5926",
        "mobile_e164": "+821031415926",
    },
    "without_mobile": {
        "id": "Zk3RtB8vN6mQwE1y-4XsPaDfGhJoCuLi_7T2",
        "nickname": "돌고래",
        "name": "윤하준",
        "email": "hajun.yoon@post.example",
    },
    "member_already": {
        "id": "p0OiUyTrEwQ9-8aSdFgHjKlMnBvCxZ_5432",
        "nickname": "구름빵",
        "name": "박서연",
        "email": "seoyeon.park@example.com",
        "mobile": "010-1234-5678",
        "mobile_e164": "+821012345678",
    },
    "nothing": {"id": "h7GfDsA6-pOlIkUjYhTgRfEdWsQ_zXcVbNm1"},
}
TOLD = {
    "complete": _("passes on everything"),
    "without_mobile": _("has no mobile number at NAVER"),
    "member_already": _("a member of this portal, by e-mail and password"),
    "nothing": _("agreed to pass on nothing"),
}
