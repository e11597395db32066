"""Tools served to one client over stdin and stdout, by the Model Context Protocol.

The only module that knows the protocol's SDK, an extra of gt. What a tool does is its caller's to say: here it has a
name, a schema and an answer. Calls are carried out one after another, however many the client sends at once.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gt.core.values import dataclass
from gt.errors import Refused


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a client is told of it."""

    name: str
    about: str
    schema: Mapping[str, Any]
    """A JSON Schema of its arguments: an object."""
    reads: bool
    """Whether it only reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to."""

    texts: tuple[str, ...]
    failed: bool = False


Call = Callable[[str, Mapping[str, Any]], Answer]
"""Carries out the tool of this name with these arguments, in a thread; raises nothing."""


def installed() -> bool:
    """Whether the SDK is there, without importing it."""
    return importlib.util.find_spec("mcp") is not None


def hint() -> str:
    """The command that installs the SDK where this gt is."""
    return f"{shlex.quote(sys.executable)} -m pip install 'gt-town[mcp]'"


def serve(tools: Sequence[Tool], call: Call, *, version: str, instructions: str) -> None:
    """Serve until the client closes stdin, or dies; a call that was begun is carried out first.

    Raises Refused where the SDK isn't installed, KeyboardInterrupt when a signal's handler does.
    """
    try:
        import anyio
        import anyio.to_thread
        import mcp.types as wire
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError as error:
        raise Refused(
            f"gt mcp needs the extra `mcp` of gt-town ({error.name or error} can't be imported)",
            hint=hint(),
        ) from None

    told = wire.ListToolsResult(
        tools=[
            wire.Tool(
                name=tool.name,
                description=tool.about,
                input_schema=dict(tool.schema),
                annotations=wire.ToolAnnotations(
                    read_only_hint=tool.reads, destructive_hint=False, open_world_hint=False
                ),
            )
            for tool in tools
        ]
    )

    async def list_tools(_context: Any, _params: Any) -> Any:
        return told

    async def call_tool(_context: Any, params: Any) -> Any:
        answer = await anyio.to_thread.run_sync(call, params.name, params.arguments or {}, limiter=one)
        content: list[Any] = [wire.TextContent(type="text", text=text) for text in answer.texts]
        return wire.CallToolResult(content=content, is_error=answer.failed)

    async def talk() -> None:
        stdin: Any = None if sys.platform == "win32" else _lines(_taken(0), anyio.wait_readable)
        async with stdio_server(stdin) as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    one = anyio.CapacityLimiter(1)
    server = Server(
        "gt",
        version=version,
        instructions=instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    anyio.run(talk)


def _taken(fd: int) -> int:
    """Another descriptor for what a descriptor of this process leads to; its own then leads to nothing.

    So no program that a command starts can read what is meant for the server.
    """
    taken = os.dup(fd)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, fd)
    os.close(nothing)
    return taken


async def _lines(fd: int, readable: Callable[[int], Any]) -> AsyncIterator[str]:
    """The lines that can be read there, as they come. Unlike a thread that reads, waiting for one can be interrupted."""
    rest = b""
    while True:
        with suppress(PermissionError):  # a file: it can always be read, and not be waited for
            await readable(fd)
        data = os.read(fd, 1 << 16)
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        if not data:
            return
