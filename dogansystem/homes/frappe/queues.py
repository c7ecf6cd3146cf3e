"""The names of the RQ queues, and the times that process managers of workers need. Imports nothing."""

QUEUE = "dogansystem"
FALLBACK_QUEUE = "long"

# What `workers.dogansystem.timeout` is set to: RQ ends a drain job after it, with the step in hand. So it is also the
# longest time that a step can take, whatever its own `timeout` says.
TIMEOUT = 1800  # seconds

# What a worker may need after SIGTERM: the longest step, and to give back what it had claimed. Whoever kills earlier
# makes a step of that length start again elsewhere.
GRACE = TIMEOUT + 30  # seconds
