"""sse-starlette under uvicorn: one broadcast, an asyncio queue for each stream, as in its own example.

Wire: `id: <epoch ms it was due>-<sequence>`, `data: {"n": <sequence>, "at": <epoch s it was due>}`, CRLF line ends.
Prints `listening <url>` when it answers; ends on SIGTERM or when its standard input closes.
"""

import asyncio
import contextlib
import os
import socket
import sys
import threading
import time

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.routing import Route

EVENTS_PER_SECOND = float(sys.argv[1])
NS_PER_SECOND = 1_000_000_000

queues: set[asyncio.Queue] = set()


async def publish() -> None:
    """The n-th event is due at start + n x period, and is stamped with that and not with when it was sent."""
    wall_start, start = time.time_ns(), time.monotonic_ns()
    sequence = 0
    while True:
        sequence += 1
        offset = round(sequence * NS_PER_SECOND / EVENTS_PER_SECOND)
        delay = (start + offset - time.monotonic_ns()) / NS_PER_SECOND
        if delay > 0:
            await asyncio.sleep(delay)
        due = wall_start + offset
        seconds = f"{due // NS_PER_SECOND}.{due % NS_PER_SECOND // 1000:06d}"
        event = {"id": f"{due // 1_000_000}-{sequence}", "data": f'{{"n": {sequence}, "at": {seconds}}}'}
        for queue in queues:
            queue.put_nowait(event)


async def events(_request) -> EventSourceResponse:
    queue: asyncio.Queue = asyncio.Queue()
    queues.add(queue)

    async def stream():
        try:
            while True:
                yield ServerSentEvent(**await queue.get())
        finally:
            queues.discard(queue)

    return EventSourceResponse(stream())


@contextlib.asynccontextmanager
async def lifespan(_app):
    publisher = asyncio.create_task(publish())
    print(f"listening http://127.0.0.1:{listener.getsockname()[1]}/events", flush=True)
    yield
    publisher.cancel()


def exit_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
threading.Thread(target=exit_with_parent, daemon=True).start()
app = Starlette(routes=[Route("/events", events)], lifespan=lifespan)
config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
uvicorn.Server(config).run(sockets=[listener])
