"""Cases tried with one model, or with two, or with two instructions, and what they come to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dogansystem.agents.ai import setup
from dogansystem.agents.ai.conversation import Answer, Model, ModelBusy, ModelError
from dogansystem.engine.errors import BudgetExceeded, DoganError, InputError
from dogansystem.protocol import Site
from dogansystem.proving import on_site
from dogansystem.proving.dry_run import TooBusy, dry_run
from dogansystem.proving.evals import figures
from dogansystem.proving.evals.asking import Asker, Replayed, Wanted
from dogansystem.proving.evals.checks import Outcome, reasons
from dogansystem.proving.evals.figures import Attempt, Used
from dogansystem.proving.evals.judging import judge
from dogansystem.proving.evals.reading import EvalCase, EvalFile

MAX_REQUESTS = 200  # of one attempt, whatever the limits of its agents say
BUSY = 5  # times that an attempt gives way to real work


@dataclass(frozen=True, slots=True)
class Variant:
	"""What is compared: a model, and instructions; empty: those that the agent has."""

	name: str
	model: str = ""
	instructions: str = ""

	@property
	def values(self) -> Mapping[str, str]:
		"""What the agent has instead."""
		return {key: each for key in ("model", "instructions") if (each := getattr(self, key))}


@dataclass(frozen=True, slots=True)
class Evaluation:
	"""An eval. `agents`: documents of AI agents that the site does not have, for the attempts alone."""

	site: Site
	file: EvalFile
	asker: Asker
	judge: Model | None = None
	agents: Sequence[Mapping[str, Any]] = ()

	def run(
		self,
		variants: Sequence[Variant],
		repeat: int = 1,
		progress: Callable[[Variant, Attempt], None] = lambda variant, attempt: None,
	) -> dict[str, Any]:
		"""Try each case `repeat` times with each variant; gives the report. What the budget leaves out is `left_out`.

		Raises InputError where a rubric has nobody who judges by it.
		"""
		if self.judge is None and (
			judged := [each.name for each in self.file.cases if "rubric" in each.expect]
		):
			raise InputError(
				f"{len(judged)} cases have a rubric, such as {judged[0]!r}: name a model that judges with --judge."
			)
		tried: dict[str, list[Attempt]] = {each.name: [] for each in variants}
		stopped = ""
		for case, variant in self._order(variants, repeat):
			try:
				attempt = self._attempt(case, variant)
			except BudgetExceeded as error:
				stopped = str(error)
				break
			tried[variant.name].append(attempt)
			progress(variant, attempt)
		return self._report(variants, tried, repeat, stopped)

	def _order(self, variants: Sequence[Variant], repeat: int) -> Iterator[tuple[EvalCase, Variant]]:
		"""The variants by turns, so that what ends an eval ends it for both."""
		for case in self.file.cases:
			for _ in range(repeat):
				for variant in variants:
					yield case, variant

	def _report(
		self, variants: Sequence[Variant], tried: Mapping[str, list[Attempt]], repeat: int, stopped: str
	) -> dict[str, Any]:
		made = sum(map(len, tried.values()))
		report: dict[str, Any] = {
			"workflow": self.file.definition.name,
			"step": self.file.step,
			"agent": self.file.agent,
			"repeat": repeat,
			"variants": [
				{
					"name": each.name,
					**figures.summary(tried[each.name]),
					"cases": [
						{"case": case, "passed": counts[0], "of": counts[1]}
						for case, counts in figures.by_case(tried[each.name]).items()
					],
					"results": [one.as_json() for one in tried[each.name]],
				}
				for each in variants
			],
			"spent": figures.as_text(self.asker.spent),
			"left_out": len(self.file.cases) * repeat * len(variants) - made,
			"stopped": stopped,
		}
		if len(variants) == 2:
			report["differing"] = figures.differing(*(tried[each.name] for each in variants))
		return report

	def _attempt(self, case: EvalCase, variant: Variant) -> Attempt:
		"""Raises BudgetExceeded where the eval's budget is used up."""
		heard: list[tuple[str, Answer]] = []
		used = [Used()]
		try:
			outcome = self._outcome(case, variant, heard, used)
		except (ModelBusy, ModelError) as error:
			return Attempt(case.name, (f"{type(error).__name__}: {error}",), used[0])
		except BudgetExceeded:
			raise
		except DoganError as error:
			return Attempt(case.name, (f"it cannot be tried: {error}",), used[0])
		why, judging = reasons(case, outcome), Used()
		if not why and "rubric" in case.expect:
			why, judging = self._judged(case, outcome)
		return Attempt(case.name, tuple(why), used[0], judging, outcome.answer, outcome.calls)

	def _judged(self, case: EvalCase, outcome: Outcome) -> tuple[list[str], Used]:
		assert self.judge is not None  # see `run`
		try:
			why, used = judge(self.asker, self.judge, case.expect["rubric"], outcome.answer)
		except (ModelBusy, ModelError) as error:
			return [f"the judge: {type(error).__name__}: {error}"], Used()
		return [why] if why else [], used

	def _outcome(
		self, case: EvalCase, variant: Variant, heard: list[tuple[str, Answer]], used: list[Used]
	) -> Outcome:
		"""Try until nothing is left to be asked. What was used so far stands in `used`, whatever is raised."""
		given = on_site.asked(self.site, self.file.definition, case.given)
		given = replace(
			given,
			answers=case.given.answers,
			documents=[*self.agents, *given.documents],
			agents={self.file.agent: variant.values},
			assumes=True,
		)
		busy = 0
		while True:
			try:
				report = dry_run(
					self.site, replace(given, models=Replayed([each for _, each in heard], case.given.said))
				)
				return self._read(report, [each for step, each in heard if step == self.file.step])
			except Wanted as wanted:
				if len(heard) >= MAX_REQUESTS:
					raise ModelError(f"it asks more than {MAX_REQUESTS} times") from None
				model, asked, step = wanted.model, wanted.asked, wanted.step
			except TooBusy:
				busy += 1
				if busy > BUSY:
					raise
				continue
			answer, more = self.asker(model, asked)
			heard.append((step, answer))
			used[0] += more

	def _read(self, report: Mapping[str, Any], heard: Sequence[Answer]) -> Outcome:
		step = next(
			(each for each in report["steps"] if each["id"] == self.file.step and each["index"] is None), None
		)
		wanted = [{"tool": each.tool, "params": each.params} for answer in heard for each in answer.calls]
		if step is None or not step["branch"]:
			return Outcome(wanted=wanted, error=self._why_not(report, step))
		output = step["output"]
		answer = output["text"] if output["value"] is None else output["value"]
		return Outcome(step["branch"], answer, output["calls"], wanted)

	def _why_not(self, report: Mapping[str, Any], step: Mapping[str, Any] | None) -> str:
		"""Why the step that is evaluated did not end."""
		if step and step["error"]:
			return str(step["error"])
		failed = next(
			(f"step {each['id']}: {each['error']}" for each in report["steps"] if each["error"]), ""
		)
		return failed or report["error"] or report["stopped"] or f"step {self.file.step} was left out"


def model_named(site: Site, name: str) -> Model:
	"""A model of the site. Raises NotFound."""
	found = setup.model_of(site.database, name)
	site.database.rollback()
	return found
