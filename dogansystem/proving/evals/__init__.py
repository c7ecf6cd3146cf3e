"""How well an AI agent does what it is asked: cases of its step, with a real model, each in an attempt that is rolled back.

`reading` reads a file of cases, `asking` asks models outside of the attempts and within a budget, `checks` holds an answer against
what was expected, `judging` has a model judge by a rubric, `figures` counts, `evaluating` does it.
"""
