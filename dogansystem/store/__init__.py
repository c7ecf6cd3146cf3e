"""What has happened: runs, steps, queues, waits, slots, and what was measured. Read it in this order:

1. `schema`, `migrations`: the tables.
2. `queue`, `leasing`, `slots`, `waits`: the three places of a step, the fence, capacity, what shall happen later.
3. `run_state`: what an event has to know of a run, read under lock.
4. `changes`: the only writer.
5. `runs`: lock, decide, write. `start` and `attempts`: the two ends of a step.
6. `admission`, `repair`, `purge`: what is done beside the steps.
7. `reads`, `levels`, `history`, `figures`, `samples`: the questions and the numbers.
"""
