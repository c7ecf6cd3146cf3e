"""The command `dogansystem tools`: what a tool server offers, as a document that the sandbox loads once somebody has looked at it."""

from uuid import uuid4

import click

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai.mcp import client, servers
from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal.shell import NO_START, errors, fail, json_option, print_json, shown


@click.command("tools")
@click.argument("address")
@click.option("--name", default="Tools", show_default=True, help="What the server is called here.")
@click.option("--allow-private-network", is_flag=True, help="Let private addresses be reached.")
@json_option
def tools(address: str, name: str, allow_private_network: bool, as_json: bool) -> None:
	"""Ask a server that speaks MCP for its tools. Prints a line for `--documents`: set `allowed` to 1 for those you trust."""
	with errors(as_json), Sandbox() as site:
		if allow_private_network:
			site.set_settings(allow_private_network=1)
		asked = StepContext(site, "", "", "", None, 1, site.user, uuid4().hex, site.now())
		try:
			found = client.tools_of(servers.Server(name, address), asked)
		except ConnectionError as error:
			fail(NO_START, str(error), as_json)
		rows = [
			{"tool_name": each["name"], "allowed": 0, "definition": each}
			for each in found
			if not servers.problem(each)
		]
		document = {"doctype": "Dogan Tool Server", "name": name, "address": address, "tools": rows}
		print_json(document, indent=None)
		for each in found:
			if wrong := servers.problem(each):
				click.echo(shown(f"{each['name']} cannot be used: {wrong}."), err=True)
