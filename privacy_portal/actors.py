"""Who acts: one value, made at each door and passed down to every verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["member", "staff", "service", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """An account, a service or the system itself.

    `account_id` is empty for the system and for people who are not signed in. `method` is the collection
    method of Article 2 (`policy.CollectionMethod.code`) by which what is done reached us. `address` and
    `browser` are evidence: they are sealed wherever they are stored, and never logged.
    """

    kind: Kind
    account_id: UUID | None = None
    method: str = "website"
    address: str = ""
    browser: str = ""
    name: str = ""

    def by(self, method: str) -> Actor:
        """The same actor, passing on what came by another way, such as a paper form."""
        return Actor(self.kind, self.account_id, method, self.address, self.browser, self.name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """The portal itself; `name` says which command or job."""
        return cls("system", method="generated_information_tool", name=name)
