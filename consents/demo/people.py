"""Who the demo's members are: drawn by chance from names and places, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from privacy_portal.policy.models import MemberKind

from . import places
from .data import read

ITEMS_OF_SIGN_UP = {
    MemberKind.INDIVIDUAL: ("name", "mobile_phone", "address", "country_of_residence"),
    MemberKind.BUSINESS: ("company_name", "person_in_charge_name", "mobile_phone", "address", "country_of_residence"),
    MemberKind.NAVER: ("name", "mobile_phone"),
    MemberKind.VISITOR: (),
}
KOREAN_MAIL = ["example.com", "example.net", "mail.example", "post.example"]
FOREIGN_MAIL = ["example.com", "example.org", "inbox.example"]
BROWSERS = [
    f"Mozilla/5.0 ({system}"
    for system in (
        "Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
        "Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
        "Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36",
        "iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148",
        "X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    )
]
# Addresses kept for documentation: they lead nowhere.
NETWORKS = ["192.0.2.", "198.51.100.", "203.0.113."]
# Numbers card companies publish for trying things out.
CARDS = ["4111 1111 1111 1111", "5555 5555 5555 4444", "4012 8888 8888 1881", "5105 1051 0510 5100"]
CARD_COMPANIES = ["새빛카드", "한강카드", "두레카드", "Visa", "Mastercard"]
BANKS = ["한마음은행", "나래은행", "두레은행", "바다저축은행"]
LONGEST_AGO, SHORTEST_AGO = 735, 2


@dataclass
class Person:
    """One member to be. `values` are by item code, whatever may be asked; `delegate` is another person's."""

    kind: MemberKind
    country: str
    language: str
    values: dict[str, str]
    delegate: dict[str, str]
    shares_optional_items: bool
    joined: float  # days ago
    address: str
    browser: str
    rng: random.Random = field(repr=False, compare=False)

    @property
    def email(self) -> str:
        return self.values["email"]

    def sign_up_values(self) -> dict[str, str]:
        items = ["email", *ITEMS_OF_SIGN_UP[self.kind]]
        if self.kind == MemberKind.BUSINESS and self.country == "KR" and self.shares_optional_items:
            items += ["ceo_name", "business_registration_number"]
        return {item: self.values[item] for item in items}


class Crowd:
    """Draws people one after the other, no address twice."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.taken: set[str] = set()
        self.drawn = 0

    def draw(self, kind: MemberKind, *, country: str = "KR", lives_in: str = "") -> Person:
        """Someone of `kind` with a name of `country`, who may live elsewhere."""
        self.drawn += 1
        rng = random.Random(f"{self.seed}/{self.drawn}")  # noqa: S311 (nothing secret: the same people every time)
        residence = lives_in or country
        name, latin = _name(rng, country)
        company, domain = _company(rng, country)
        is_business = kind == MemberKind.BUSINESS
        email = self._free_address(rng, latin, domain if is_business else "", foreign=country != "KR")
        other_name, _latin = _name(rng, country)
        foreign, words, language = country != "KR", read("names"), "ko" if country == "KR" else "en"
        values = {
            "email": email,
            "name": name,
            "person_in_charge_name": name,
            "ceo_name": other_name,
            "company_name": company,
            "mobile_phone": places.mobile_number(rng, residence),
            "phone": places.office_number(rng, residence),
            "address": places.address(rng, residence),
            "country_of_residence": residence,
            "business_registration_number": business_number(rng),
            "nickname": rng.choice(words["nicknames"][language]) + str(rng.randint(10, 99)),
            "department_name": rng.choice(words["departments"][language]),
            "job_title": rng.choice(words["job_titles"][language]),
            "card_company_name": rng.choice(CARD_COMPANIES[-2:] if foreign else CARD_COMPANIES),
            "card_number": rng.choice(CARDS),
            "bank_name": rng.choice(BANKS),
            "account_number": places.digits(rng, "###-######-##-###"),
            "cash_receipt_card_number": places.digits(rng, "9410-####-####-####-##"),
            "paypal_email": email,
        }
        delegate = {
            "name": other_name,
            "business_registration_number": business_number(rng),
            "address": places.address(rng, "KR"),
            "mobile_phone": places.mobile_number(rng, "KR"),
        }
        return Person(
            kind=kind,
            country=residence,
            language=language,
            values=values,
            delegate=delegate,
            shares_optional_items=rng.random() < 0.6,
            # More have joined lately than in the beginning.
            joined=SHORTEST_AGO + (LONGEST_AGO - SHORTEST_AGO) * rng.random() ** 1.3,
            address=rng.choice(NETWORKS) + str(rng.randint(2, 250)),
            browser=rng.choice(BROWSERS),
            rng=rng,
        )

    def _free_address(self, rng: random.Random, latin: str, domain: str, *, foreign: bool) -> str:
        domain = domain or rng.choice(FOREIGN_MAIL if foreign else KOREAN_MAIL)
        local = latin if rng.random() < 0.4 else f"{latin}{rng.randint(1, 99):02}"
        while f"{local}@{domain}" in self.taken:
            local = f"{latin}{rng.randint(100, 999)}"
        self.taken.add(f"{local}@{domain}")
        return f"{local}@{domain}"


def crowd(seed: int, size: int = 200) -> list[Person]:
    """`size` people: six in ten individuals, the rest businesses, NAVER IDs and visitors; one in seven foreign."""
    drawing = Crowd(seed)
    shares = (
        (MemberKind.INDIVIDUAL, size * 60 // 100),
        (MemberKind.BUSINESS, size * 22 // 100),
        (MemberKind.NAVER, size * 10 // 100),
    )
    kinds = [kind for kind, share in shares for _one in range(share)]
    kinds += [MemberKind.VISITOR] * (size - len(kinds))
    people = []
    abroad = list(read("names")["foreign"])
    companies_abroad = list(read("names")["foreign_companies"])
    for number, kind in enumerate(kinds):
        if number % 7 != 3:
            people.append(drawing.draw(kind))
            continue
        countries = companies_abroad if kind == MemberKind.BUSINESS else abroad
        country = countries[number // 7 % len(countries)]
        # Every third foreigner lives in Korea.
        people.append(drawing.draw(kind, country=country, lives_in="KR" if number % 3 == 0 else ""))
    return people


def business_number(rng: random.Random) -> str:
    """A business registration number whose last digit is right (F1)."""
    nine = f"{rng.randint(101, 899)}{rng.choice([81, 86, 87, 88])}{rng.randint(1, 9999):04}"
    weighed = sum(int(digit) * weight for digit, weight in zip(nine, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    return f"{nine}{(10 - (weighed + int(nine[8]) * 5 // 10) % 10) % 10}"


def _name(rng: random.Random, country: str) -> tuple[str, str]:
    """A name, and how it is written in an e-mail address."""
    names = read("names")
    if country != "KR":
        name, latin = rng.choice(names["foreign"][country])
        return name, latin
    family, family_latin, _often = rng.choices(names["family"], weights=[often for *_name, often in names["family"]])[0]
    given, given_latin = rng.choice(names["given"])
    return family + given, f"{given_latin}.{family_latin}"


def _company(rng: random.Random, country: str) -> tuple[str, str]:
    """A company, and its domain."""
    names = read("names")
    if country in names["foreign_companies"]:
        company, domain = rng.choice(names["foreign_companies"][country])
        return company, f"{domain}.example"
    head, head_latin = rng.choice(names["company_heads"])
    tail, tail_latin = rng.choice(names["company_tails"])
    return rng.choice(names["company_forms"]).format(head + tail), f"{head_latin}-{tail_latin}.example"
