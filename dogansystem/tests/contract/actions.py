"""What steps do with documents and files, in every home: workflow-format.md, *Actions*."""

from typing import Any

from dogansystem.tests.contract.home import PERSON, Home, output, row, step

ADMINISTRATOR = "Administrator"
AGAIN = {"attempts": 3, "delay": 0}


def create(**values: Any) -> dict[str, Any]:
	return step("made", "document.create", params={"doctype": "ToDo", "values": values})


def on_made(step_id: str, action: str, **params: Any) -> dict[str, Any]:
	"""A step about the ToDo that the step `made` has made."""
	return step(step_id, action, params={"doctype": "ToDo", "name": "{{ steps.made.output.name }}", **params})


def upsert(step_id: str, key: dict[str, Any], **values: Any) -> dict[str, Any]:
	params = {"doctype": "Salutation", "key": key, "values": values}
	return step(step_id, "document.upsert", params=params, retry=AGAIN)


class ActionContract(Home):
	def assert_refused(self, steps: list[dict[str, Any]], *words: str) -> None:
		"""The last step fails at its first attempt, and its error has these words."""
		steps[-1].setdefault("retry", AGAIN)
		run = self.run_steps(steps)
		last = row(run, steps[-1]["id"])
		self.assertEqual((run["status"], last["attempts"]), ("Failed", 1), last["error"])
		for word in words:
			self.assertIn(word, last["error"])

	def documents(self, doctype: str, **filters: Any) -> list[dict[str, Any]]:
		self.site.database.rollback()
		with self.site.acting_as(PERSON):
			found = self.site.documents.list(doctype, filters, ["name"])
		self.site.database.rollback()
		return found

	def test_a_count_is_the_number_of_documents_that_match(self):
		run = self.run_steps(
			[
				step(
					"made",
					"document.create",
					for_each=["Low", "High", "High"],
					params={
						"doctype": "ToDo",
						"values": {"description": "contract count", "priority": "{{ item }}"},
					},
				),
				step(
					"high",
					"document.count",
					params={
						"doctype": "ToDo",
						"filters": {"description": "contract count", "priority": "High"},
					},
				),
				step(
					"none",
					"document.count",
					params={"doctype": "ToDo", "filters": [["description", "like", "contract nothing%"]]},
				),
			]
		)
		self.assertEqual((output(run, "high"), output(run, "none")), (2, 0), run["error"])

	def test_an_upsert_creates_once_and_changes_after_that(self):
		key = {"salutation": "contract Prof"}
		run = self.run_steps([upsert("one", key), upsert("two", key)])
		self.assertEqual(run["status"], "Succeeded", run["error"])
		one, two = output(run, "one"), output(run, "two")
		self.assertEqual((one["created"], two["created"]), (True, False))
		self.assertEqual((one["salutation"], two["name"]), ("contract Prof", one["name"]))
		self.assertEqual(self.documents("Salutation", **key), [{"name": one["name"]}])

	def test_an_upsert_changes_what_it_finds(self):
		todo = {"doctype": "ToDo", "key": {"description": "contract found"}, "values": {"priority": "High"}}
		run = self.run_steps(
			[create(description="contract found", priority="Low"), step("up", "document.upsert", params=todo)]
		)
		self.assertEqual(output(run, "up")["priority"], "High", run["error"])
		self.assertEqual(output(run, "up")["name"], output(run, "made")["name"])

	def test_an_upsert_that_finds_two_changes_neither(self):
		todo = {"doctype": "ToDo", "key": {"description": "contract twins"}, "values": {"priority": "High"}}
		both = step(
			"both",
			"document.create",
			for_each=[1, 2],
			params={"doctype": "ToDo", "values": {"description": "contract twins", "priority": "Low"}},
		)
		self.assert_refused(
			[both, step("up", "document.upsert", params=todo)], "ValidationError", "more than one ToDo"
		)
		self.assertEqual(self.documents("ToDo", description="contract twins", priority="High"), [])

	def test_an_upsert_with_an_empty_key_is_refused(self):
		todo = {"doctype": "ToDo", "key": {"description": "{{ input.what }}"}, "values": {"priority": "High"}}
		run = self.run_steps([step("up", "document.upsert", params=todo)], {"what": " "})
		self.assertIn("params.key.description", row(run, "up")["error"])

	def test_an_assignment_ends(self):
		run = self.run_steps(
			[
				create(description="contract assigned"),
				on_made("given", "document.assign", user=ADMINISTRATOR, description="contract todo"),
				on_made("ended", "document.unassign", user=ADMINISTRATOR),
				on_made("again", "document.unassign"),
			]
		)
		self.assertEqual(output(run, "ended"), {"unassigned": [ADMINISTRATOR]}, run["error"])
		self.assertEqual(output(run, "again"), {"unassigned": []})
		self.assertEqual(self.documents("ToDo", description="contract todo", status="Open"), [])
		self.assertEqual(len(self.documents("ToDo", description="contract todo", status="Cancelled")), 1)

	def test_tags_are_added_once_and_taken_away(self):
		run = self.run_steps(
			[
				create(description="contract tagged"),
				on_made("two", "document.tag", tag=["contract-a", "contract-b"]),
				on_made("same", "document.tag", tag="Contract-A"),
				on_made("less", "document.tag", tag="contract-a", remove=True),
			]
		)
		self.assertEqual(output(run, "two"), {"tags": ["contract-a", "contract-b"]}, run["error"])
		self.assertEqual(output(run, "same"), {"tags": ["contract-a", "contract-b"]})
		self.assertEqual(output(run, "less"), {"tags": ["contract-b"]})
		(found,) = self.documents("ToDo", description="contract tagged", _user_tags=["like", "%contract-b%"])
		self.assertEqual(found["name"], output(run, "made")["name"])

	def test_a_tag_with_a_comma_is_refused(self):
		self.assert_refused(
			[create(description="contract comma"), on_made("tag", "document.tag", tag="{{ 'a,b' }}")],
			"params.tag",
		)

	def test_a_share_gives_rights_and_takes_none_away(self):
		run = self.run_steps(
			[
				create(description="contract shared"),
				on_made("change", "document.share", user=ADMINISTRATOR, write=True),
				on_made("look", "document.share", user=ADMINISTRATOR),
			]
		)
		self.assertEqual(output(run, "look"), output(run, "change"), run["error"])
		with self.site.acting_as(ADMINISTRATOR):
			share = self.site.documents.get("DocShare", output(run, "look")["name"])
		self.assertEqual((share["read"], share["write"], share["submit"]), (1, 1, 0))
		self.assertEqual((share["user"], share["share_name"]), (ADMINISTRATOR, output(run, "made")["name"]))

	def salutation(self, text: str) -> str:
		with self.site.acting_as(PERSON):
			name = self.site.documents.create("Salutation", {"salutation": text, "name": text})["name"]
		self.site.database.commit()
		return name

	def test_a_document_gets_another_name_and_its_comments_follow(self):
		name = self.salutation("contract Dr")
		params = {"doctype": "Salutation", "name": name}
		run = self.run_steps(
			[
				step("note", "document.comment", params={**params, "text": "contract note"}),
				step("rename", "document.rename", params={**params, "new_name": "contract Doctor"}),
				step("get", "document.get", params={**params, "name": "{{ steps.rename.output.name }}"}),
			]
		)
		self.assertEqual(output(run, "rename"), {"name": "contract Doctor"}, run["error"])
		self.assertEqual(output(run, "get")["name"], "contract Doctor")
		self.assertEqual(self.documents("Salutation", name=name), [])
		(comment,) = self.documents(
			"Comment", content=["like", "contract note%"], reference_name="contract Doctor"
		)
		self.assertEqual(comment["name"], output(run, "note")["name"])

	def test_a_rename_onto_a_name_that_is_taken_changes_nothing(self):
		one, two = self.salutation("contract One"), self.salutation("contract Two")
		rename = {"doctype": "Salutation", "name": one, "new_name": two}
		self.assert_refused([step("rename", "document.rename", params=rename)], two, "already")
		self.assertEqual(len(self.documents("Salutation", name=["like", "contract %"])), 2)

	def test_a_text_is_attached_as_a_file_that_can_be_read_as_rows(self):
		text = "name,qty\nÇelik,2\n"
		run = self.run_steps(
			[
				create(description="contract file"),
				on_made("file", "document.attach", file_name="contract rows.csv", content=text),
				step("rows", "data.parse", params={"file": "{{ steps.file.output.file }}"}),
				step("by_url", "data.parse", params={"file": "{{ steps.file.output.file_url }}"}),
			]
		)
		self.assertEqual(output(run, "rows"), [{"name": "Çelik", "qty": "2"}], run["error"])
		self.assertEqual(output(run, "by_url"), output(run, "rows"))
		(found,) = self.documents(
			"File", attached_to_doctype="ToDo", attached_to_name=output(run, "made")["name"], is_private=1
		)
		self.assertEqual(found["name"], output(run, "file")["file"])

	def test_bytes_are_attached_as_they_are(self):
		run = self.run_steps(
			[
				create(description="contract bytes"),
				on_made("file", "document.attach", file_name="contract.bin.txt", base64="w+fs"),
				step(
					"text",
					"data.parse",
					params={
						"file": "{{ steps.file.output.file }}",
						"options": {"encoding": "latin-1", "header": False},
					},
				),
			]
		)
		self.assertEqual(output(run, "text"), [["Ãçì"]], run["error"])

	def test_a_file_that_is_there_is_attached_to_a_second_document_once(self):
		other = {"doctype": "ToDo", "values": {"description": "contract second"}}
		second = {
			"doctype": "ToDo",
			"name": "{{ steps.other.output.name }}",
			"file": "{{ steps.file.output.file }}",
		}
		run = self.run_steps(
			[
				create(description="contract first"),
				step("other", "document.create", params=other),
				on_made("file", "document.attach", file_name="contract two.txt", content="contract two"),
				step("here", "document.attach", params=second),
				step("again", "document.attach", params=second),
			]
		)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		self.assertNotEqual(output(run, "here")["file"], output(run, "file")["file"])
		self.assertEqual(output(run, "here")["file_url"], output(run, "file")["file_url"])
		self.assertEqual(output(run, "again"), output(run, "here"))

	def test_a_file_name_leads_nowhere_else(self):
		for name in (
			"../contract.txt",
			"a/b.txt",
			"..",
			".hidden",
			"%2e%2e%2fcontract.txt",
			"a\\b",
			"a\x00b",
		):
			with self.subTest(name=name):
				run = self.run_steps(
					[
						create(description="contract path"),
						on_made("file", "document.attach", file_name="{{ input.name }}", content="contract"),
					],
					{"name": name},
				)
				self.assertIn("params.file_name", str(row(run, "file")["error"]))
		self.assertEqual(self.documents("File", file_name=["like", "%contract.txt%"]), [])

	def test_a_file_that_is_not_there_is_an_error_that_names_it(self):
		self.assert_refused(
			[step("read", "data.parse", params={"file": "/private/files/contract-404.csv"})],
			"NotFound",
			"/private/files/contract-404.csv",
		)

	def test_a_table_as_a_file_holds_no_formulas(self):
		rows = [{"who": "=1+1", "sum": -5}, {"who": "@me", "sum": 7.5}]
		for kind, who in (("csv", ["'=1+1", "'@me"]), ("xlsx", ["=1+1", "@me"])):
			with self.subTest(kind=kind):
				run = self.run_steps(
					[
						step(
							"table",
							"data.table",
							params={"rows": rows, "as": kind, "file_name": f"contract.{kind}"},
						),
						step("back", "data.parse", params={"file": "{{ steps.table.output.file }}"}),
					]
				)
				self.assertEqual(run["status"], "Succeeded", run["error"])
				self.assertEqual([each["who"] for each in output(run, "back")], who)
				self.assertEqual([float(each["sum"]) for each in output(run, "back")], [-5, 7.5])
				self.assertTrue(output(run, "table")["file_name"].endswith(f".{kind}"))
