"""What has happened: runs, steps, queues, waits, slots, and what was measured. Read it in this order:

1. `schema`: the tables and their versions.
2. `queue`, `leasing`: the three places of a step, capacity, what shall happen later; the fence.
3. `run_state`: what an event has to know of a run, read under lock.
4. `changes`: the only writer.
5. `runs`: lock, decide, write. `start` and `attempts`: the two ends of a step.
6. `admission`: what is done beside the steps.
7. `approvals`, `open_approvals`, `deciding`: what people are asked, and decide. `asks`, `cutting`: what AI agents are asked.
8. `reads`, `history`, `figures`, `samples`: the questions and the numbers, and what is deleted.
"""
