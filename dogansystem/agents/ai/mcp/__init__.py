"""MCP, the Model Context Protocol: assistants of others use our workflows, and our agents use the tools of others.

`wire` is what both sides have in common, `serving` answers assistants, `client` asks servers, `servers` is what people have allowed of
them. Source of the protocol: modelcontextprotocol.io/specification, the versions in `wire`.
"""
