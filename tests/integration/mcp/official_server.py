"""Runs in an environment with MCP's official SDK, of release 1 or 2: a server with two tools."""

import json
import sys

import uvicorn

try:
	from mcp.server.mcpserver import MCPServer as FastMCP  # release 2
except ImportError:
	from mcp.server.fastmcp import FastMCP

GIVEN = json.loads(sys.argv[1])
HOW = {"json_response": GIVEN["json"], "stateless_http": GIVEN["stateless"]}
try:
	server = FastMCP("Sums", **HOW)
	app = server.streamable_http_app
except TypeError:  # release 2 has it where the app is made
	server = FastMCP("Sums")

	def app():
		return server.streamable_http_app(**HOW)


@server.tool()
def add(a: int, b: int) -> int:
	"""Adds two numbers."""
	return a + b


@server.tool()
def fail(why: str) -> str:
	"""Fails."""
	raise ValueError(why)


uvicorn.run(app(), host="127.0.0.1", port=GIVEN["port"], log_level="critical")
