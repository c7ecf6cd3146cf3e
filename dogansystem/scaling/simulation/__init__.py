"""A site under a load, simulated event by event: nodes, workers, the queue, the database, and what a workflow asks of them.

The rules are those of the engine and of the workers; only what takes time is replaced by numbers. `simulate` begins.
"""
