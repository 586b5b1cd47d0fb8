"""A server on loopback that answers every chat completion after a fixed time, and what it answers.

Run: python benchmarks/peers/waiting.py SECONDS. It prints its port and serves until its
input ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

LIKELIEST = [("grant", -0.36), ("refuse", -1.2)] + [(f"t{n}", -9.0 - n / 10) for n in range(18)]
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def completion() -> bytes:
    """One answer, with the likeliest 20 first tokens, as a hosted model sends it."""
    tokens = [{"token": token, "logprob": log, "bytes": None} for token, log in LIKELIEST]
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "waiting",
            "system_fingerprint": "fp_1",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "grant"},
                    "logprobs": {"content": [{**tokens[0], "top_logprobs": tokens}]},
                }
            ],
            "usage": {"prompt_tokens": 300, "completion_tokens": 1, "total_tokens": 301},
        }
    ).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


class Waiting(asyncio.Protocol):
    """One connection: each request is answered after the fixed time."""

    answer = completion()
    seconds = 0.2

    def connection_made(self, transport):
        self.transport, self.received = transport, b""

    def data_received(self, data):
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.received, 0, end)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self.received) < total:
                return
            self.received = self.received[total:]
            asyncio.get_running_loop().call_later(self.seconds, self.reply)

    def reply(self):
        if not self.transport.is_closing():
            self.transport.write(self.answer)


async def main() -> None:
    Waiting.seconds = float(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Waiting, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
