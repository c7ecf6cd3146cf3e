"""People who decide while everything around them is killed, restarted and moved.

`work` is what is asked; `decider` is a person at a desk of their own, a process that decides, sends signals and writes down
what it was told; `judge` compares that with what is there in the end, and knows nothing of the engine; `found` reads it.
"""
