from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from members.rights.password_link import send_password_link
from members.staff import STAFF_GROUPS, Because, add_staff
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError


class Command(BaseCommand):
    help = (
        "Makes a staff account where no officer can approve one yet, as at the first set-up, and mails a link to "
        "choose a password. It is on the record of rights with both names given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="of whoever gets the account")
        parser.add_argument("--group", required=True, action="append", choices=STAFF_GROUPS, dest="groups")
        parser.add_argument("--requested-by", required=True, help="name of whoever asked for it")
        parser.add_argument("--approved-by", required=True, help="name of whoever approved it; somebody else")
        parser.add_argument("--reason", required=True)

    @transaction.atomic
    def handle(self, *, email: str, name: str, groups: list[str], **options: Any) -> None:
        because = why(options)
        try:
            account = add_staff(email, name=name, groups=groups, actor=Actor.system("add_staff"), because=because)
        except PortalError as error:
            raise CommandError(str(error)) from error
        send_password_link(account)
        self.stdout.write(f"Made the account {account.pk}; the link to choose a password is on its way.")


def why(options: dict[str, Any]) -> Because:
    """What the record says. Raises `CommandError` where one person asks and approves."""
    requested, approved = options["requested_by"].strip(), options["approved_by"].strip()
    if not requested or not approved or requested.casefold() == approved.casefold():
        raise CommandError("Whoever approves it is somebody else than whoever asked for it: give both names.")
    if not options["reason"].strip():
        raise CommandError("Give the reason.")
    return Because(options["reason"].strip(), requested_by_name=requested, approved_by_name=approved)
