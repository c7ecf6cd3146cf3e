"""A site under a load, played in virtual time: nodes, workers, the queue, the database, and what a workflow asks of them.

What follows from a run's steps is decided by `engine.transition`; the pace of the workers is `worker`'s own. From the top:
`question` (what people ask, in `words`), `simulate` (what happens to a system), `nodes`, `runs`, `workload`, `system`.
"""
