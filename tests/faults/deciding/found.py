"""Runs that ask people, and what is there in the end."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dogansystem.homes.sandbox import Sandbox
from tests.faults.deciding import decider, work
from tests.faults.deciding.judge import Approval, Decision, Signal, Try, Verdict, judge
from tests.faults.load import Load

# Gives the branches that a run has taken and how often, by its name, its workflow and the result of an approval.
Branches = Callable[[str, str, str], dict[str, int]]
RESULTS = ("approved", "rejected", "expired", "answered")


class Asking(Load):
	"""Starts runs that ask people, and judges what became of them."""

	def __init__(self, site: Sandbox, record: Path, *, seed: int = 1) -> None:
		"""`record`: where those who decide write down what they were told."""
		super().__init__(site, seconds=0.002, seed=seed)
		self.record = record
		self._names = list(work.NAMES)
		for definition in work.definitions():
			self.orchestrator.import_workflow(definition)
		site.database.commit()

	def is_over(self) -> bool:
		"""Whether all runs have ended, and everybody who has to be told of it was."""
		query = (
			"SELECT (SELECT COUNT(*) FROM dogan_signal WHERE state = 0),"
			" (SELECT COUNT(*) FROM `tabDogan Approval` WHERE untold = 1)"
		)
		return not self.unfinished() and self.ask(query) == [(0, 0)]

	def tries(self) -> list[Try]:
		"""What people tried, and what they were told."""
		return decider.read(self.record)

	def judge(self) -> Verdict:
		"""What is wrong with what people decided."""
		return judge(self.tries(), approvals(self.site), signals(self.site))

	def assert_right(self) -> Any:
		"""Nothing of what people decided is lost or doubled, each run went on by it once, and nothing is left anywhere."""
		verdict = self.judge()
		assert verdict.counts() == {}, verdict
		count = self.count()
		assert (count.lost, count.doubled, count.left) == (0, 0, {}), count
		return count

	def wanted(self) -> "Counter[str]":
		"""The effects that must be there: those behind a branch as it was decided, and those that are always there."""
		self.site.database.rollback()
		result = {(each.run, each.result) for each in approvals(self.site)}
		wanted: Counter[str] = Counter()
		for run, workflow, status in _runs(self.site):
			wanted.update(f"{run}.{step}" for step in work.always(workflow, status))
			if workflow not in ("each", "parent", work.SIGNALLED):
				wanted.update(f"{run}.{each}" for each in RESULTS if (run, each) in result)
		return wanted

	def figures(self) -> dict[str, int]:
		"""What was decided, told and not told, for people to read."""
		tries = self.tries()
		told = Counter(each.told or "nothing" for each in tries)
		kept = {each.token for approval in approvals(self.site) for each in approval.decisions}
		unknown = sum(each.token in kept for each in tries if not each.told)
		return {
			"approvals": len(approvals(self.site)),
			"tries": len(tries),
			"told_decided": told["decided"],
			"told_late": told["late"],
			"told_nothing": told["nothing"],
			"and_kept": unknown,
		}


def approvals(site: Sandbox, went_on: Branches | None = None) -> list[Approval]:
	"""All that was asked of people, as it is in the end. `went_on`: what the runs have done, where not these effects tell it."""
	site.database.rollback()
	taken = went_on or _by_effects(site)
	made, asked, told = _decisions(site), _asked(site), _told(site)
	used = _outputs(site, ("form", "answered"))
	rows = site.database.sql("SELECT name, run, workflow, status, settled_by FROM `tabDogan Approval`")
	site.database.rollback()
	found = []
	for name, run, workflow, status, by in rows:
		result = "" if status == "Open" else status.lower()
		found.append(
			Approval(
				name=name,
				run=run,
				needs=work.NEEDS.get(workflow, 1),
				asked=frozenset(asked[name]),
				result=result,
				by=by or "",
				decisions=made[name],
				went_on=taken(run, workflow, result),
				used=used.get(run),
				told=told[name],
			)
		)
	return found


def _by_effects(site: Sandbox) -> Branches:
	"""Where several approvals lead to one step, that step stands for the branch."""
	effects = Counter(row[0] for row in site.database.sql("SELECT step_run FROM fault_effect"))

	def taken(run: str, workflow: str, result: str) -> dict[str, int]:
		if workflow == "each":
			return {result: effects[f"{run}.then"]}
		return {each: effects[f"{run}.{each}"] for each in RESULTS if effects[f"{run}.{each}"]}

	return taken


def _decisions(site: Sandbox) -> dict[str, list[Decision]]:
	rows = site.database.sql(
		"SELECT approval, by_user, decision, comment, given_values, decided_at FROM `tabDogan Approval Decision`"
		" ORDER BY approval, CAST(SUBSTR(name, LENGTH(approval) + 2) AS DECIMAL)"
	)
	found: dict[str, list[Decision]] = defaultdict(list)
	for approval, by, decision, comment, values, at in rows:
		token = comment or json.loads(values or "{}").get("token", "")
		found[approval].append(Decision(by, decision, token, str(at)[:19]))
	return found


def _asked(site: Sandbox) -> dict[str, list[str]]:
	found: dict[str, list[str]] = defaultdict(list)
	for approval, user in site.database.sql("SELECT approval, user FROM `tabDogan Approver`"):
		found[approval].append(user)
	return found


def _told(site: Sandbox) -> "dict[str, Counter[tuple[str, str]]]":
	found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
	for each in site.outbox():
		if each["kind"] == "approval":
			found[each["approval"]].update((user, each["what"]) for user in each["to"])
	return found


def _outputs(site: Sandbox, *steps: tuple[str, str]) -> dict[str, str]:
	"""By run, the token that a step shows; `steps`: workflow and step."""
	found = {}
	for workflow, step in steps:
		rows = site.database.sql(
			"SELECT r.name, s.output FROM `tabDogan Workflow Run` r JOIN `tabDogan Step Run` s ON s.run = r.name"
			" WHERE r.workflow = %s AND s.step = %s AND s.item = 0",
			(workflow, step),
		)
		found |= {run: (json.loads(output or "{}") or {}).get("token", "") for run, output in rows}
	return found


def signals(site: Sandbox) -> list[Signal]:
	"""The signals of the runs that wait for one."""
	site.database.rollback()
	sent: dict[str, list[str]] = defaultdict(list)
	for key, data in site.database.sql(
		"SELECT signal_key, data FROM dogan_signal WHERE name = %s", (work.PAID,)
	):
		sent[key].append(json.loads(data)["token"])
	used = _outputs(site, (work.SIGNALLED, "b"))
	site.database.rollback()
	return [Signal(run, sent[run], token) for run, token in used.items()]


def _runs(site: Sandbox) -> Sequence[tuple[str, str, str]]:
	rows = site.database.sql("SELECT name, workflow, status FROM `tabDogan Workflow Run`")
	site.database.rollback()
	return [(str(name), str(workflow), str(status)) for name, workflow, status in rows]
