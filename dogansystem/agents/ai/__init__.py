"""AI agents: models, the conversation with one, and the tools that it may use. Source: docs/guides/ai-agents.md.

Read it in this order: `conversation` and `providers` (what is said, and in which words), `spending`, `tools` (what is offered and
what a call may be), `asking` (the parts of an `agent.ask`, each an attempt of its own).

Nothing here relies on a model behaving well.
"""
