"""How evenly work was spread over nodes: each node's even share is that of its workers."""

from collections.abc import Mapping, Sequence
from typing import Any

EVEN = 0.10  # deviation up to which the spread is called even: what the roadmap asks for


def spread(steps: Mapping[str, int], workers: Mapping[str, float]) -> dict[str, Any]:
	"""The spread of steps over the nodes that had workers.

	Gives `nodes` (for each `steps`, `workers`, its even `share` of the steps, and its `deviation` from that, as a share
	of it), `max_deviation`, `jain` (Jain's fairness index of the steps for each worker) and `noise`: the deviation that
	chance alone would explain. The measures are None where there is nothing to spread over: fewer than two nodes.
	"""
	known = {name: count for name, count in workers.items() if count > 0}
	total = sum(steps.get(name, 0) for name in known)
	shares = {name: total * count / sum(known.values()) for name, count in known.items()}
	nodes = {
		name: {
			"steps": steps.get(name, 0),
			"workers": round(count, 2),
			"share": round(shares[name], 1),
			"deviation": round(steps.get(name, 0) / shares[name] - 1, 4) if shares[name] else None,
		}
		for name, count in sorted(known.items())
	}
	if len(nodes) < 2 or not total:
		return {"nodes": nodes, "max_deviation": None, "jain": None, "noise": None}
	deviations = [abs(steps.get(name, 0) / shares[name] - 1) for name in known]
	return {
		"nodes": nodes,
		"max_deviation": round(max(deviations), 4),
		"jain": round(jain([steps.get(name, 0) / count for name, count in known.items()]), 4),
		"noise": round(1.96 / min(shares.values()) ** 0.5, 4),
	}


def jain(values: Sequence[float]) -> float:
	"""Jain's fairness index: 1 when all are alike, 1/n when one has everything.

	R. Jain, D. Chiu, W. Hawe, *A Quantitative Measure of Fairness*, DEC-TR-301, 1984. Of nothing, or of zeros, 1.
	"""
	squares = sum(value * value for value in values)
	return sum(values) ** 2 / (len(values) * squares) if squares else 1.0
