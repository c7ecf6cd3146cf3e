"""What a Frappe site gives to workflows: documents with permissions, mails, notifications, methods, clock, doorbell."""

import threading
import time
from typing import Any
from unittest.mock import patch

import frappe
import redis

from dogansystem.engine.errors import NotFound
from dogansystem.homes.databases import session
from dogansystem.homes.frappe.doorbell import LOOKED_THROUGH, Doorbell
from dogansystem.tests import own
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import OTHER, USER, SiteTestCase


class TestFrappeSite(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(USER)
		self.addCleanup(frappe.set_user, "Administrator")
		self.addCleanup(frappe.db.rollback)

	def todo(self, **values: object) -> str:
		return self.site.documents.create(
			"ToDo", {"description": "contract site", "assigned_by": USER, **values}
		)["name"]

	def test_documents_are_created_read_changed_and_deleted(self):
		name = self.todo(priority="Low", date="2026-03-01")
		found = self.site.documents.get("ToDo", name)
		self.assertEqual((found["priority"], found["date"], found["owner"]), ("Low", "2026-03-01", USER))
		self.assertEqual(self.site.documents.get("ToDo", name, ["status"]), {"name": name, "status": "Open"})
		self.assertEqual(self.site.documents.update("ToDo", name, {"priority": "High"})["priority"], "High")
		rows = self.site.documents.list("ToDo", {"description": "contract site"}, ["name", "priority"])
		self.assertEqual(rows, [{"name": name, "priority": "High"}])
		self.assertEqual(self.site.documents.delete("ToDo", name), {"name": name, "docstatus": 0})
		with self.assertRaises(frappe.DoesNotExistError):
			self.site.documents.get("ToDo", name)

	def test_a_list_may_ask_for_functions_of_fields(self):
		for priority in ("Low", "High", "High"):
			self.todo(priority=priority)
		rows = self.site.documents.list(
			"ToDo",
			{"description": "contract site"},
			["count(name)", "max(priority) as last"],
			order_by="count(name) desc",
		)
		self.assertEqual(rows, [{"count(name)": 3, "last": "Low"}])

	def test_permissions_are_those_of_the_acting_user(self):
		name = self.todo()
		with self.site.acting_as(OTHER):
			self.assertEqual(self.site.documents.list("ToDo", {"name": name}), [])
			for call in (
				lambda: self.site.documents.get("ToDo", name),
				lambda: self.site.documents.update("ToDo", name, {"priority": "High"}),
				lambda: self.site.documents.delete("ToDo", name),
				lambda: self.site.documents.comment("ToDo", name, "seen"),
				lambda: self.site.documents.assign("ToDo", name, OTHER),
			):
				with self.assertRaises(frappe.PermissionError):
					call()

	def test_a_doctype_that_does_not_exist_is_named_whatever_is_wanted_of_it(self):
		documents = self.site.documents
		for call in (
			lambda: documents.get("Leadd", "x"),
			lambda: documents.create("Leadd", {}),
			lambda: documents.update("Leadd", "x", {}),
			lambda: documents.submit("Leadd", "x"),
			lambda: documents.delete("Leadd", "x"),
			lambda: documents.comment("Leadd", "x", "text"),
			lambda: documents.assign("Leadd", "x", PERSON),
		):
			with self.assertRaisesRegex(frappe.DoesNotExistError, "no DocType.*Leadd"):
				call()

	def test_a_field_that_the_doctype_does_not_have_is_named_with_the_nearest_one(self):
		name = self.todo()
		contact = {
			"doctype": "Contact",
			"first_name": "contract site",
			"email_ids": [{"email_idd": "a@example.com"}],
		}
		with self.site.acting_as(PERSON):
			for field, call in {
				"ToDo has no field statuss.*status": lambda: self.site.documents.update(
					"ToDo", name, {"statuss": "Closed"}
				),
				"ToDo has no field statuss.*status?": lambda: self.site.documents.create(
					"ToDo", {"statuss": "x"}
				),
				"Contact Email has no field email_idd.*email_id": lambda: self.site.documents.create(
					"Contact", contact
				),
			}.items():
				with self.assertRaisesRegex(frappe.DataError, field):
					call()

	def test_what_was_read_can_be_written_back(self):
		name = self.todo()
		found = self.site.documents.get("ToDo", name)
		self.assertEqual(self.site.documents.update("ToDo", name, found)["description"], found["description"])

	def test_comments_and_assignments(self):
		name = self.todo()
		comment = self.site.documents.comment("ToDo", name, "Please look")["name"]
		self.assertEqual(frappe.db.get_value("Comment", comment, ["content", "owner"]), ("Please look", USER))
		first = self.site.documents.assign("ToDo", name, OTHER, "contract site, yours")["name"]
		self.assertEqual(frappe.db.get_value("ToDo", first, "allocated_to"), OTHER)
		self.assertEqual(self.site.documents.assign("ToDo", name, OTHER)["name"], first)

	@patch(
		"frappe.utils.pdf.get_pdf", return_value=b"%PDF-1.4"
	)  # the real one fetches styles from the web server
	def test_a_mail_waits_in_the_queue_with_its_print(self, _: Any):
		make_mail_account(self)
		name = self.todo()
		frappe.set_user(PERSON)
		reached = self.site.people.send_email(
			to=["customer@example.com"],
			cc=["copy@example.com"],
			subject="Your task",
			message="<p>See attached</p>",
			attachments=[{"fname": "note.txt", "fcontent": "hello"}],
			print_of={"doctype": "ToDo", "name": name},
			reference=("ToDo", name),
		)
		self.assertEqual(reached, ["customer@example.com", "copy@example.com"])
		queued = frappe.get_last_doc("Email Queue", {"reference_name": name})
		self.assertEqual({row.recipient for row in queued.recipients}, set(reached))
		self.assertIn("Subject: Your task", queued.message)
		self.assertIn("note.txt", queued.message)
		self.assertIn(f"{name}.pdf", queued.message)

	def test_a_print_needs_the_permission(self):
		make_mail_account(self)
		name = self.todo()
		with self.site.acting_as(OTHER), self.assertRaises(frappe.PermissionError):
			self.site.people.send_email(
				to=["a@example.com"], subject="s", message="m", print_of={"doctype": "ToDo", "name": name}
			)

	def test_a_notification_is_on_the_desk(self):
		name = self.todo()
		reached = self.site.people.notify([OTHER, "nobody@example.com"], "Look here", "Now", ("ToDo", name))
		self.assertEqual(reached, [OTHER])
		log = frappe.get_last_doc("Notification Log", {"for_user": OTHER})
		self.assertEqual((log.subject, log.document_name, log.from_user), ("Look here", name, USER))

	def test_only_whitelisted_methods_are_called(self):
		self.assertEqual(self.site.call_method("frappe.ping", {}), "pong")
		count = self.site.call_method(
			"frappe.client.get_count", {"doctype": "ToDo", "filters": {"name": "none"}}
		)
		self.assertEqual(count, 0)
		with self.assertRaises(frappe.PermissionError):
			self.site.call_method("frappe.utils.nowdate", {})
		with self.assertRaisesRegex(NotFound, "no.such.method"):
			self.site.call_method("no.such.method", {})

	def test_the_clock_is_the_databases(self):
		(seconds,) = frappe.db.sql("SELECT UNIX_TIMESTAMP(NOW(6))")[0]
		self.assertAlmostEqual(self.site.now(), float(seconds), delta=0.5)
		local = self.site.local_time(float(seconds))
		self.assertLess(abs((local - frappe.utils.now_datetime()).total_seconds()), 2)

	def test_who_goes_silent_on_a_control_connection_does_not_hold_its_locks_for_long(self):
		silent = self.site.open_control()
		self.addCleanup(silent.close)
		self.assertEqual(silent.sql("SELECT @@SESSION.idle_transaction_timeout"), [(session.IDLE,)])

	def test_settings_are_read_anew_in_the_next_transaction(self):
		with self.site.step_scope(USER):
			pass  # as in a drainer
		self.addCleanup(own.put_settings_back)
		own.keep_settings()
		self._overlay.clear()
		before = self.site.settings().max_agents
		other = self.site.open_control()
		self.addCleanup(other.close)
		other.execute(
			"UPDATE `tabSingles` SET value = %s WHERE doctype = 'Dogan Settings' AND field = 'max_agents'",
			(before + 7,),
		)
		other.commit()
		self.assertEqual(self.site.settings().max_agents, before)
		self.site.database.rollback()
		self.assertEqual(self.site.settings().max_agents, before + 7)

	def test_what_waits_for_the_commit_is_dropped_by_a_rollback(self):
		happened = []
		self.site.after_commit(lambda: happened.append("dropped"))
		self.site.database.rollback()
		self.site.after_commit(lambda: happened.append("done"))
		self.site.database.commit()
		self.assertEqual(happened, ["done"])

	def test_an_error_after_the_commit_is_not_an_error_of_the_commit(self):
		happened = []
		self.site.after_commit(lambda: 1 / 0)
		self.site.after_commit(lambda: happened.append("still"))
		with self.assertLogs("dogansystem.homes.frappe.database", "ERROR"):
			self.site.database.commit()
		self.assertEqual(happened, ["still"])

	def test_a_connection_lost_in_a_statement_is_replaced_by_the_rollback(self):
		((number,),) = self.site.database.sql("SELECT CONNECTION_ID()")
		other = self.site.open_control()
		self.addCleanup(other.close)
		other.execute(f"KILL CONNECTION {number}")
		self.site.database.rollback()
		self.assertEqual(self.site.database.sql("SELECT 1"), [(1,)])


class TestDoorbell(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.called: list[bool] = []
		self.ringing = Doorbell("contract.example")
		self.ringing._call = lambda has_workers: self.called.append(has_workers)
		self.ringing._workers = "rq:dogansystem:contract.example:workers"
		self.ringing._queue = "rq:dogansystem:contract.example:queue"
		self.ringing._fallback = "rq:dogansystem:contract.example:fallback"
		keys = (self.ringing._workers, self.ringing._queue, self.ringing._fallback)
		self.addCleanup(self.ringing.redis.delete, *keys)
		self.addCleanup(self.ringing.remove)

	def test_a_ring_wakes_one_who_listens(self):
		heard = []
		listener = Doorbell("contract.example")
		thread = threading.Thread(target=lambda: heard.append(listener.wait(5)))
		listener.redis  # connected here, where Frappe is
		thread.start()
		time.sleep(0.3)
		started = time.monotonic()
		self.ringing.ring()
		thread.join()
		self.assertEqual((heard, self.called), ([True], []))
		self.assertLess(time.monotonic() - started, 0.5)

	def test_without_a_listener_one_job_is_called_however_often_it_rings(self):
		for _ in range(5):
			self.ringing.ring()
		self.assertEqual(len(self.called), 1)
		self.ringing.answered()
		self.ringing.ring()
		self.assertEqual(len(self.called), 2)

	def test_workers_with_nothing_to_do_are_called_one_after_another(self):
		self.ringing.redis.sadd(self.ringing._workers, "one", "another")
		with patch("dogansystem.homes.frappe.doorbell.CALL_GAP", 0.001):
			for _ in range(3):
				self.ringing.ring()
				time.sleep(0.01)
		self.assertEqual(self.called, [True] * 3)

	def ring_three_times(self) -> None:
		self.ringing.redis.sadd(self.ringing._workers, "one")
		with patch("dogansystem.homes.frappe.doorbell.CALL_GAP", 0.001):
			for _ in range(3):
				self.ringing.ring()
				time.sleep(0.01)

	def test_nobody_is_called_while_a_drain_job_of_the_site_waits_for_a_worker(self):
		"""They would pile up in front of another site's jobs, and keep those waiting for a turn each."""
		self.ringing.redis.rpush(self.ringing._queue, "another.example::job", self.ringing._own_jobs + b"-1")
		self.ring_three_times()
		self.assertEqual(self.called, [])

	def test_where_others_wait_the_site_s_own_job_waits_behind_them(self):
		self.ringing.redis.rpush(self.ringing._queue, "another.example::job")
		self.ringing._call = lambda has_workers: self.ringing.redis.rpush(
			self.ringing._queue, self.ringing._own_jobs + b"-1"
		)
		self.ring_three_times()
		self.assertEqual(self.ringing.redis.llen(self.ringing._queue), 2)

	def test_where_the_queue_is_too_long_to_be_looked_through_one_is_called(self):
		self.ringing.redis.rpush(self.ringing._queue, *["another.example::job"] * (LOOKED_THROUGH + 1))
		self.ring_three_times()
		self.assertEqual(self.called, [True])

	def test_who_has_stopped_listening_is_not_rung(self):
		self.assertFalse(Doorbell("contract.example").wait(0.2))
		self.ringing.ring()
		self.assertEqual(len(self.called), 1)

	def test_without_redis_ringing_is_silent(self):
		deaf = Doorbell("contract.example")
		deaf.redis = redis.Redis(port=1)
		deaf.ring()
		self.assertFalse(deaf.wait(0.1))


def make_mail_account(test: SiteTestCase) -> None:
	"""An outgoing account for the length of a test, so that mails can be queued; nothing is sent."""
	if frappe.db.exists("Email Account", {"enable_outgoing": 1, "default_outgoing": 1}):
		return
	acting = frappe.session.user
	frappe.set_user("Administrator")
	frappe.get_doc(
		{
			"doctype": "Email Account",
			"email_account_name": "Contract",
			"email_id": "office@example.com",
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"smtp_server": "localhost",
			"no_smtp_authentication": 1,
		}
	).db_insert()
	test.addCleanup(frappe.db.commit)
	test.addCleanup(frappe.db.delete, "Email Account", {"name": "Contract"})
	frappe.set_user(acting)
