"""The links that mails carry to approvals: each is for one person and one approval.

The secret in a link is random and is not kept. What is kept with the approval is its SHA-256, for each person those of
the last few mails: a reminder has a new link, and the one of the first mail is still good.
"""

import hmac
import json
import re
import secrets
from hashlib import sha256

import frappe

APPROVAL = "Dogan Approval"
PAGE = "dogan-approval"
MAX_LINKS = 4  # of one person that are good at a time
_TOKEN = re.compile(r"([A-Za-z0-9_.-]{1,140})\.([A-Za-z0-9_-]{43})")


def path(token: str) -> str:
	"""Where a token leads to."""
	return f"/{PAGE}?token={token}"


def issue(approval: str, user: str) -> str:
	"""A new token for a person; the caller's transaction keeps its hash."""
	secret = secrets.token_urlsafe(32)
	kept = _kept(approval, for_update=True)
	kept[user] = [*kept.get(user, [])[1 - MAX_LINKS :], _hash(approval, secret)]
	frappe.db.set_value(APPROVAL, approval, "link_hashes", json.dumps(kept), update_modified=False)
	return f"{approval}.{secret}"


def holder(token: str | None) -> tuple[str, str] | None:
	"""The approval and the person that a token was made for; None for any other text."""
	parts = _TOKEN.fullmatch(token) if isinstance(token, str) else None
	if not parts:
		return None
	approval, secret = parts.groups()
	given, found = _hash(approval, secret), None
	for user, hashes in _kept(approval).items():
		for each in hashes:
			if hmac.compare_digest(given, each):
				found = (approval, user)
	return found


def _hash(approval: str, secret: str) -> str:
	return sha256(f"{approval}.{secret}".encode()).hexdigest()


def _kept(approval: str, *, for_update: bool = False) -> dict[str, list[str]]:
	text = frappe.db.get_value(APPROVAL, {"name": approval}, "link_hashes", for_update=for_update)
	found: dict[str, list[str]] = json.loads(text) if text else {}
	return found
