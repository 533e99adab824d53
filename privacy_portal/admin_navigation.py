"""The admin's side bar: what each person may open, by the words of the house."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# Title, then (title, icon, model, permission) of each list.
GROUPS = (
    (
        _("Support desk"),
        (
            (_("Requests"), "inbox", "requests_memberrequest", "requests.view_memberrequest"),
            (_("Request events"), "history", "requests_requestevent", "requests.view_requestevent"),
            (_("Documents"), "attach_file", "requests_document", "requests.view_document"),
        ),
    ),
    (
        _("People and consents"),
        (
            (_("Members"), "group", "members_member", "members.view_member"),
            (
                _("Children's representatives"),
                "family_restroom",
                "members_representativeconsent",
                "members.view_representativeconsent",
            ),
            (_("Payment methods"), "credit_card", "members_paymentmethod", "members.view_paymentmethod"),
            (_("Consents"), "fact_check", "consents_consent", "consents.view_consent"),
            (_("Consent events"), "timeline", "consents_consentevent", "consents.view_consentevent"),
        ),
    ),
    (
        _("Policy"),
        (
            (_("Notices"), "description", "policy_notice", "policy.view_notice"),
            (_("Collections"), "inventory_2", "policy_collection", "policy.view_collection"),
            (_("Items"), "sell", "policy_item", "policy.view_item"),
            (_("Purposes"), "flag", "policy_purpose", "policy.view_purpose"),
            (_("Collection methods"), "move_to_inbox", "policy_collectionmethod", "policy.view_collectionmethod"),
        ),
    ),
    (
        _("Keeping and destroying"),
        (
            (_("Destruction runs"), "auto_delete", "retention_destructionrun", "retention.view_destructionrun"),
            (_("Legal holds"), "gavel", "retention_legalhold", "retention.view_legalhold"),
            (_("Retained records"), "lock_clock", "retention_retainedrecord", "retention.view_retainedrecord"),
            (_("Retention rules"), "event_repeat", "retention_retentionrule", "retention.view_retentionrule"),
        ),
    ),
    (
        _("Proof and access"),
        (
            (_("Access log"), "visibility", "audit_accessentry", "audit.view_accessentry"),
            (_("Reveals"), "lock_open", "audit_reveal", "audit.view_reveal"),
            (_("Reviews of the access log"), "rule", "audit_accessreview", "audit.view_accessreview"),
            (_("Watch list"), "visibility_lock", "audit_watchedperson", "audit.view_watchedperson"),
            (_("Members' access to their own"), "person_check", "audit_ownaccessentry", "audit.view_ownaccessentry"),
            (_("Ledger"), "verified", "audit_checkpoint", "audit.view_checkpoint"),
            (_("Destruction records"), "delete_forever", "vault_destructionrecord", "vault.view_destructionrecord"),
            (_("Accounts"), "badge", "members_account", "members.view_account"),
            (_("Requests for rights"), "how_to_reg", "members_rightsrequest", "members.view_rightsrequest"),
            (_("Changes of rights"), "manage_accounts", "members_rightschange", "members.view_rightschange"),
            (_("Reviews of rights"), "rule_settings", "members_rightsreview", "members.view_rightsreview"),
            (_("Services"), "hub", "consents_serviceclient", "consents.view_serviceclient"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups, without what this person may not open."""
    return [
        {"title": str(title), "items": items}
        for title, entries in GROUPS
        if (items := [_item(request, *entry) for entry in entries if request.user.has_perm(entry[3])])
    ]


def _item(request: HttpRequest, title: Any, icon: str, model: str, permission: str) -> dict[str, Any]:
    link = reverse(f"admin:{model}_changelist")
    return {"title": str(title), "icon": icon, "link": link, "active": request.path.startswith(link)}
