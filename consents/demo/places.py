"""Addresses and telephone numbers as they look in each country."""

from __future__ import annotations

import random

from .data import read


def address(rng: random.Random, country: str) -> str:
    places = read("places")
    if country == "KR":
        return f"{rng.choice(places['korean_streets'])} {digits(rng, rng.choice(places['korean_houses']))}"
    return digits(rng, rng.choice(places["foreign_addresses"][country]))


def mobile_number(rng: random.Random, country: str) -> str:
    return digits(rng, rng.choice(read("places")["mobile_numbers"][country]))


def office_number(rng: random.Random, country: str) -> str:
    if country == "KR":
        return digits(rng, rng.choice(read("places")["korean_office_numbers"]))
    return mobile_number(rng, country)


def digits(rng: random.Random, pattern: str) -> str:
    """`pattern` with a digit for each # (none that begins a number is 0), and one from 1 to 6 for each *."""
    written = ""
    for character in pattern:
        begins = not written or not written[-1].isdigit()
        if character == "#":
            written += str(rng.randint(1 if begins else 0, 9))
        else:
            written += str(rng.randint(1, 6)) if character == "*" else character
    return written
