from typing import Any

import yaml
from django.core.management.base import BaseCommand

from privacy_portal.policy import exporting


class Command(BaseCommand):
    help = "Prints the policy in force as YAML."

    def handle(self, **options: Any) -> None:
        policy = exporting.export()
        text = yaml.safe_dump(policy, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
        self.stdout.write(text, ending="")
