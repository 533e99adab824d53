from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from members.addresses import account_with
from members.models import Account
from members.staff import remove_staff
from privacy_portal.actors import Actor

from .add_staff import why


class Command(BaseCommand):
    help = (
        "Takes every right and the way in from a staff account, where no two officers are at hand to do so. It is on "
        "the record of rights with both names given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--requested-by", required=True, help="name of whoever asked for it")
        parser.add_argument("--approved-by", required=True, help="name of whoever approved it; somebody else")
        parser.add_argument("--reason", required=True)

    def handle(self, *, email: str, **options: Any) -> None:
        because, account = why(options), account_with(email)
        if not isinstance(account, Account) or not account.is_staff:
            raise CommandError("There is no staff account with this address.")
        remove_staff(account, actor=Actor.system("remove_staff"), because=because)
        self.stdout.write(f"The account {account.pk} has no rights and no way in any more.")
