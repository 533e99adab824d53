"""The three groups of staff and the least rights each needs (A1). Set anew after every migration."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from members.staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT

READ_RECORD = (
    "members.view_member",
    "members.view_representativeconsent",
    "consents.view_consent",
    "consents.view_consentevent",
    "policy.view_notice",
    "policy.view_noticeitem",
    "policy.view_collection",
    "policy.view_item",
    "policy.view_purpose",
    "policy.view_collectionmethod",
)
READ_REQUESTS = ("requests.view_memberrequest", "requests.view_requestevent", "requests.view_message")
WORK_REQUESTS = (*READ_REQUESTS, "requests.view_document", "requests.work_request", "members.change_information")
READ_RETENTION = ("retention.view_retentionrule", "retention.view_legalhold", "retention.view_destructionrun")
READ_ACCESS = (
    "audit.view_accessentry",
    "audit.view_ownaccessentry",
    "audit.view_reveal",
    "audit.view_accessreview",
    "audit.view_watchedperson",
    "audit.view_checkpoint",
)
READ_STAFF = (
    "members.view_account",
    "members.view_rightsrequest",
    "members.view_rightschange",
    "members.view_rightsreview",
)
READ_SERVICES = ("consents.view_serviceclient",)
RIGHTS: dict[str, tuple[str, ...]] = {
    PRIVACY_OFFICER: (
        *READ_RECORD,
        "members.view_paymentmethod",
        *READ_ACCESS,
        "audit.reveal_values",
        "audit.reveal_without_reference",
        "audit.sign_off_accessreview",
        "audit.export_evidence",
        "audit.change_watchedperson",
        *READ_STAFF,
        *READ_SERVICES,
        "consents.manage_services",
        "members.confirm_address",
        "members.grant_rights",
        "members.sign_off_rightsreview",
        "members.reset_second_factor",
        "consents.record_consent",
        "members.record_representative",
        "policy.add_notice",
        "policy.change_notice",
        "policy.add_noticeitem",
        "policy.change_noticeitem",
        "policy.delete_noticeitem",
        "policy.publish_notice",
        "vault.view_destructionrecord",
        *READ_RETENTION,
        "retention.set_period",
        "retention.place_hold",
        "retention.approve_run",
        "retention.view_retainedrecord",
        *WORK_REQUESTS,
        "requests.work_any_request",
        "requests.confirm_decision",
    ),
    SUPPORT_AGENT: (
        "members.view_member",
        "members.view_representativeconsent",
        "members.record_representative",
        "consents.view_consent",
        "consents.view_consentevent",
        "consents.record_consent",
        "audit.reveal_values",
        "policy.view_notice",
        "policy.view_noticeitem",
        "policy.view_collection",
        *WORK_REQUESTS,
    ),
    AUDITOR: (
        *READ_RECORD,
        "members.view_paymentmethod",
        *READ_ACCESS,
        *READ_STAFF,
        *READ_SERVICES,
        "vault.view_destructionrecord",
        *READ_RETENTION,
        *READ_REQUESTS,
    ),
}


def set_rights(sender: Any = None, **kwargs: Any) -> None:
    """Give each group exactly its rights; connected to `post_migrate`."""
    if sender is not None:
        create_permissions(sender, verbosity=0)  # of this last app, whose own turn comes after ours
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for group_name, names in RIGHTS.items():
        group, _made = Group.objects.get_or_create(name=group_name)
        # While only some apps are migrated, the rights to the others are not there yet.
        group.permissions.set([known[name] for name in names if name in known])
