"""How personal values look on a screen that need not show them in full."""

from __future__ import annotations

import pytest

from privacy_portal.audit.masking import MASKS, mask, masked
from privacy_portal.policy.models import Item
from privacy_portal.vault.fields import DOTS

EXAMPLES = {
    "name": {
        "김": "*",
        "이산": "이*",
        "홍길동": "홍*동",
        "남궁민수": "남**수",
        "남궁 민수": "남***수",
        "황보가나다": "황***다",
        "Mary Jane Watson": "M*** J*** W***",
        "Jean-Luc": "J***",
        "O": "***",
        "X Li": "*** L***",
        "山田太郎": "山***",
    },
    "company_name": {
        "네이버클라우드": "네이***",
        "한빛소프트 주식회사": "한빛소***",
        "A very long company name, Incorporated": "A ve***",
        "SK": "S***",
        "X": "***",
    },
    "email": {
        "marie@abcd.com": "ma******@abcd.com",
        "a.very.long.address@abcd.com": "a.******@abcd.com",
        "joe@abcd.com": "j******@abcd.com",
        "jo@abcd.com": "j******@abcd.com",
        "j@abcd.com": "******@abcd.com",
        "not an address": DOTS,
    },
    "mobile_phone": {
        "+821012345678": "010-****-5678",
        "+82111234567": "011-****-4567",
        "+447911123456": "+44 ****3456",
        "+12015550123": "+1 ****0123",
        "010-1234-5678": DOTS,
    },
    "phone": {
        "+82212345678": "02-****-5678",
        "+82311234567": "031-****-4567",
        "+8215881234": "****-1234",
        "+29022158": "+290 ****58",
    },
    "address": {
        "서울특별시 강남구 테헤란로 152, 10층": "서울특별시 강남구 ***",
        "경기도 성남시 분당구 정자일로 95": "경기도 성남시 ***",
        "세종특별자치시 한누리대로 2130": "세종특별자치시 ***",
        "서울 강남구 테헤란로 152": "서울 강남구 ***",
        "06236 서울특별시 강남구 테헤란로 152": "서울특별시 강남구 ***",
        "대한민국 부산광역시 해운대구 센텀중앙로 90": "부산광역시 해운대구 ***",
        "테헤란로 152 101동 1203호": "***",
        "서울특별시 강남구": "서울특별시 ***",
        "서울": "***",
        "12 Acacia Avenue, London": "***, London",
        "Flat 3, 10 Downing Street, London SW1A 2AA": "***, London",
        "1600 Amphitheatre Parkway, Mountain View, CA 94043": "***, CA",
        "152 Teheran-ro, Gangnam-gu, Seoul": "***, Seoul",
        "Flat 3, 12 Acacia Avenue": "***",
        "12 Acacia Avenue": "***",
    },
    "country_of_residence": {"ZZ": "ZZ"},
    "birth_date": {"1990-05-31": "1990-**-**", "31 May 1990": DOTS},
    "business_registration_number": {"2208162517": "220-81-*****", "220-81-62517": "220-81-*****", "22": DOTS},
    "card_number": {
        "4558123456783872": "4558-12**-****-3872",
        "378282246310005": "3782-8***-***0-005",
        "4558": DOTS,
    },
    "account_number": {"110123456789": "*******6789", "1101234": "*******34", "1101": "*******"},
    "ip_address": {
        "123.45.67.89": "123.45.***.89",
        "2001:db8:85a3::8a2e:370:7334": "2001:0db8:***",
        "::1": "0000:0000:***",
        "not an address": DOTS,
    },
}


@pytest.mark.parametrize(
    ("item", "value", "shown"), [(item, *pair) for item, pairs in EXAMPLES.items() for pair in pairs.items()]
)
def test_a_value_is_masked_by_the_rule_of_its_item(item: str, value: str, shown: str) -> None:
    assert mask(item, value) == shown


def test_items_of_one_sort_are_masked_alike() -> None:
    assert mask("ceo_name", "홍길동") == mask("person_in_charge_name", "홍길동") == "홍*동"
    assert mask("paypal_email", "marie@abcd.com") == "ma******@abcd.com"
    assert mask("cash_receipt_card_number", "4558123456783872") == "4558-12**-****-3872"


@pytest.mark.parametrize("item_class", [Item.Class.CREDENTIAL, Item.Class.DOCUMENT, Item.Class.LOCATION])
def test_secrets_documents_and_places_show_nothing(db: None, item_class: str) -> None:
    codes = list(Item.objects.filter(item_class=item_class).values_list("code", flat=True))
    assert codes
    assert {mask(code, "anything at all") for code in codes} == {DOTS}


def test_when_a_card_expires_is_not_shown() -> None:
    assert mask("card_expiry", "08/29") == DOTS


def test_every_item_with_a_mask_is_an_item_of_the_policy(db: None) -> None:
    assert set(MASKS) <= set(Item.objects.values_list("code", flat=True))


def test_what_is_not_held_shows_nothing() -> None:
    assert masked("name", None) == ""
