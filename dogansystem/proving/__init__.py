"""Trying a workflow out before it is enabled. Source: workflow-format.md, *Trying out*.

Tests of workflows: `cases` reads the files, `outside` answers in place of other servers, `expected` compares, `reached` says
what no test has reached. A home plays them (`terminal.testing` in a sandbox).

Evals of AI agents, with a real model: `evals`.
"""
