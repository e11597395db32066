"""The official client of the protocol that `gt mcp` speaks: makes calls one after another, and prints what was answered.

Started as `python mcpclient.py GT... < calls.json`: the arguments are the server's command line, stdin is a JSON
list of [tool, arguments], stdout a JSON object. With `HOLD` in place of a call it says so, and waits to be killed.
"""

from __future__ import annotations

import json
import sys

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client


async def session() -> None:
    calls = json.loads(sys.stdin.readline())
    command, *args = sys.argv[1:]
    answers = []
    async with Client(stdio_client(StdioServerParameters(command=command, args=args))) as client:
        listed = await client.list_tools()
        for call in calls:
            if call == "HOLD":
                sys.stdout.write("held\n")
                sys.stdout.flush()
                await anyio.sleep_forever()
            answer = await client.call_tool(*call)
            parts = answer.model_dump(mode="json")["content"]
            answers.append({"failed": answer.is_error, "texts": [json.loads(part["text"]) for part in parts]})
    tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed.tools]
    sys.stdout.write(json.dumps({"tools": tools, "answers": answers}))


if __name__ == "__main__":
    anyio.run(session)
