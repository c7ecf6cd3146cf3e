"""The decision matrix of the Expansion Roadmap: which way to grow, how long that takes, and what it costs."""

from dataclasses import dataclass

VERTICAL, HORIZONTAL, CLOUD, NONE = "vertical", "horizontal", "cloud", "none"


@dataclass(frozen=True, slots=True)
class Row:
	"""A row of the matrix. `direction` is for programs, the rest for people."""

	scenario: str
	direction: str
	recommendation: str
	time: str
	cost: str


TARGETS = {
	"2x": Row("Need 2x capacity", VERTICAL, "Vertical scaling", "1 day", "Low"),
	"5x": Row("Need 5x capacity", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"ha": Row("Need high availability", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"unlimited": Row("Need unlimited scale", CLOUD, "Cloud + Kubernetes", "2 weeks", "Higher"),
}

# What the measured load makes of a site that has named no target.
FIRST = Row("Workers are enough", NONE, "Remove the bottleneck first", "None", "None")
MISSING = Row("Workers are missing", NONE, "Start them", "None", "None")
ENOUGH = Row("Capacity is enough", NONE, "Nothing to do", "None", "None")
SMALL = Row("Small business", VERTICAL, "Vertical scaling", "1 day", "Low")
GROWING = Row("Growing business", HORIZONTAL, "Horizontal scaling", "1 week", "Medium")
ENTERPRISE = Row("Enterprise", CLOUD, "Cloud + Auto-scaling", "2 weeks", "Higher")
