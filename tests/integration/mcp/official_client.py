"""Runs in an environment with MCP's official SDK, of release 1 or 2: lists the tools of a server and calls some of them."""

import asyncio
import json
import sys
from typing import Any

try:
	from mcp.client.client import Client  # release 2
except ImportError:
	Client = None


def told(result: Any) -> dict[str, Any]:
	plain = result.model_dump(by_alias=True, exclude_none=True, mode="json")
	return {key: plain.get(key) for key in ("content", "structuredContent", "isError")}


async def newer(given: dict[str, Any]) -> dict[str, Any]:
	from mcp.client.streamable_http import streamable_http_client
	from mcp.shared._httpx_utils import create_mcp_http_client

	headers = {"Authorization": given["token"]} if given["token"] else {}
	async with create_mcp_http_client(headers=headers) as http:
		transport = streamable_http_client(given["url"], http_client=http)
		async with Client(transport, mode=given["mode"]) as client:
			return await heard(client.list_tools, client.call_tool, given)


async def older(given: dict[str, Any]) -> dict[str, Any]:
	from mcp import ClientSession
	from mcp.client.streamable_http import streamablehttp_client

	headers = {"Authorization": given["token"]} if given["token"] else {}
	async with streamablehttp_client(given["url"], headers=headers) as (reading, writing, _session):
		async with ClientSession(reading, writing) as session:
			await session.initialize()
			await session.send_ping()
			return await heard(session.list_tools, session.call_tool, given)


async def heard(list_tools: Any, call_tool: Any, given: dict[str, Any]) -> dict[str, Any]:
	listed = await list_tools()
	tools = {
		each.name: each.model_dump(by_alias=True, exclude_none=True, mode="json") for each in listed.tools
	}
	results = []
	for name, arguments in given["calls"]:
		try:
			results.append(told(await call_tool(name, arguments)))
		except Exception as error:
			results.append({"error": str(error)})
	return {"tools": tools, "results": results}


print(json.dumps(asyncio.run((newer if Client else older)(json.loads(sys.argv[1])))))
