"""`/dogan-approval?token=…`: where the link of a mail leads.

Opening the page only asks, whatever stands in its address: programs that look through mails open every link. Deciding is
a POST of the page's own form, which carries a proof that this browser was shown the form. The token says for whom the
link is. Unless Dogan Settings let it be used without signing in, that person has to be signed in as well.
"""

import hmac
import secrets
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import frappe
from frappe import _
from frappe.sessions import get_csrf_token
from frappe.utils import get_fullname

from dogansystem.api.approvals import seen_by
from dogansystem.api.rates import limit
from dogansystem.engine import errors
from dogansystem.homes.frappe import approval_links
from dogansystem.homes.frappe.approval_ends import ends
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated
from dogansystem.people import approvals, seeing
from dogansystem.people.settling import repeated
from dogansystem.www.approval_form import form_of, said, values_of

no_cache = 1
sitemap = 0

COOKIE = "dogan_approval"
WRONG, VIEWS = 30, 120  # a minute: wrong tokens from one address, and pages for one person
# The first one that fits is the status of the answer.
_STATUS = (
	(errors.WrongState, 409),
	(errors.NotAllowed, 403),
	(errors.NotFound, 404),
	(errors.DoganError, 422),
)


def get_context(context: Any) -> None:
	"""Everything that the page shows."""
	context.update(notices=[], approval=None, form=None, lang=frappe.local.lang)
	try:
		_fill(context)
	except frappe.RateLimitExceededError as error:
		_end(context, 429, _("Please Wait"), str(error))


def _fill(context: Any) -> None:
	token = frappe.form_dict.get("token")
	found = approval_links.holder(token)
	if found is None:
		limit("approvals.wrong_link", WRONG, frappe.local.request_ip)
		text = _("It may have been cut off: open it from the mail once more.")
		_end(context, 404, _("This link is not valid"), text)
		return
	approval, person = found
	if _may_use(context, token, person):
		limit("approvals.link", VIEWS, person)
		frappe.local.lang = frappe.db.get_value("User", person, "language") or frappe.local.lang
		context.update(lang=frappe.local.lang, person_name=get_fullname(person))
		_answer(context, token, approval, person)


def _may_use(context: Any, token: str, person: str) -> bool:
	"""Whether the caller may use a link of this person. Where they have to sign in first, they are led there."""
	user = frappe.session.user
	if not frappe.db.get_value("User", person, "enabled"):
		_end(context, 403, _("This link is not valid any more"), _("The user it was made for is disabled."))
	elif user == "Guest" and not frappe.db.get_single_value("Dogan Settings", "decide_without_login"):
		back = quote(approval_links.path(token), safe="")
		frappe.local.flags.redirect_location = f"/login?redirect-to={back}"
		raise frappe.Redirect(302)
	elif user not in ("Guest", person):
		text = _(
			"It was sent to somebody else, and you are signed in as {0}. Sign in as the person it was sent to."
		)
		_end(context, 403, _("This link is not for you"), text.format(get_fullname(user)))
	else:
		return True
	return False


def _answer(context: Any, token: str, approval: str, person: str) -> None:
	"""Decide if the form was sent, and show how things stand then."""
	given: Mapping[str, Any] = {}
	if frappe.request.method == "POST":
		given = frappe.form_dict
		if _is_proven(token, given.get("proof")):
			_decide(context, approval, person, given)
		else:
			context.http_status_code = 400
			_notice(
				context,
				_("Nothing was decided: this page did not come from the link. Please press once more."),
			)
	try:
		found = seen_by(person, approval)
	except errors.NotFound:
		_end(context, 403, _("This is not asked of you any more"), "")
		return
	_show(context, found, token, given, is_done=bool(context.notices and not context.http_status_code))


def _decide(context: Any, approval: str, person: str, given: Mapping[str, Any]) -> None:
	"""What the form asks for, in a transaction that is committed here: an error on the page must not undo it."""
	site, decision = current_site(), str(given.get("decision") or "")
	try:
		fields = seeing.get(site, approval, person)["fields"]
		comment = str(given.get("comment") or "")
		with acting_as(person):
			values = values_of(fields, given)
			work = partial(approvals.decide, site, approval, person, decision, comment, values, "mail")
			repeated(site, work)
	except errors.DoganError as error:
		frappe.db.rollback()
		context.http_status_code = next(status for kind, status in _STATUS if isinstance(error, kind))
		_notice(context, translated(error))
		return
	frappe.db.commit()
	_notice(context, _thanks(decision), "done")


def _thanks(decision: str) -> str:
	texts = {
		"approved": _("Thank you. You have approved this."),
		"rejected": _("Thank you. You have rejected this."),
	}
	return texts.get(decision) or _("Thank you. Your answer was sent.")


def _show(
	context: Any, found: dict[str, Any], token: str, given: Mapping[str, Any], *, is_done: bool
) -> None:
	"""How things stand. Once nothing is asked any more, a link alone shows no more than how it has ended."""
	context.heading = " ".join(found["subject"].split())
	if found["may_decide"] or frappe.session.user != "Guest":
		context.update(approval=found, said=said(found))
	context.stands_in_for = get_fullname(found["for"]) if found.get("for") else None
	context.deadline = frappe.utils.format_datetime(found["deadline"]) if found.get("deadline") else None
	if frappe.db.get_value("User", frappe.session.user, "user_type") == "System User":
		context.desk_link = f"/app/dogan-inbox/{quote(found['approval'])}"
	if found["may_decide"]:
		proof = {"token": token, "proof": _prove(token), "csrf_token": _token_of_session()}
		context.form = form_of(found, given) | proof
	elif found["status"] != "Open":
		_notice(context, ends(found), "ended")
	elif not is_done:
		_notice(context, found["why_not"], "ended")
	else:
		_notice(context, _("Others have to decide as well."), "ended")


# The proof that the form was shown to this browser


def _prove(token: str) -> str:
	"""What the form has to carry: nobody who cannot read this browser's cookie can make it up."""
	cookie = frappe.request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
	frappe.local.cookie_manager.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict")
	return _proof(token, cookie)


def _is_proven(token: str, proof: Any) -> bool:
	cookie = frappe.request.cookies.get(COOKIE)
	expected = _proof(token, cookie or "")
	return bool(cookie) and hmac.compare_digest(expected.encode(), str(proof or "").encode())


def _proof(token: str, cookie: str) -> str:
	return hmac.new(cookie.encode(), token.encode(), sha256).hexdigest()


def _token_of_session() -> str | None:
	"""Frappe's own token against forgery, which it wants of whoever is signed in."""
	return get_csrf_token() if frappe.session.user != "Guest" else None


def _notice(context: Any, text: str, kind: str = "wrong") -> None:
	context.notices.append({"text": text, "kind": kind})


def _end(context: Any, status: int, heading: str, text: str) -> None:
	context.http_status_code = status
	context.heading = heading
	if text:
		_notice(context, text, "ended")
