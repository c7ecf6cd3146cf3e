"""A site under a load, played in virtual time: nodes, workers, the queue, the database, and what a workflow asks of them.

What follows from a run's steps and whether a failure is tried again is decided by the engine; the pace of the workers is
theirs. `question` is what people ask, `simulate` answers it.
"""
