"""A hub on loopback: as much of its API as huggingface_hub needs for one model at one commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from .loopback import Loopback, send

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "maker/Small-Chat"


class Hub(Loopback):
    """Serves `files` while it is entered.

    `asked` holds each request's method, path and range; `cut` names a file whose connection is cut
    half way that many times; `announced` is what the hub says of a file in place of what it sends.
    """

    def __init__(self, files: Mapping[str, bytes], license_name: str | None = "mit") -> None:
        self.files = dict(files)
        self.announced: dict[str, bytes] = {}
        self.license_name = license_name
        self.gated = False
        self.cut: dict[str, int] = {}
        self.asked: list[tuple[str, str, str]] = []
        super().__init__()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, ranged = request.path.partition("?")[0], request.headers.get("Range", "")
        self.asked.append((request.command, path, ranged))
        if path == f"/api/models/{REPOSITORY}/revision/{COMMIT}":
            send(request, 200, json.dumps(self._about()).encode())
        elif self.gated and path.startswith(f"/{REPOSITORY}/"):
            send(request, 403, b"", {"X-Error-Code": "GatedRepo"})
        elif path.startswith(f"/{REPOSITORY}/resolve/{COMMIT}/"):
            self._send_file(request, path.rpartition("/")[2], ranged)
        else:
            send(request, 404, b"", {"X-Error-Code": "RepoNotFound"})

    def _about(self) -> dict[str, Any]:
        siblings = []
        for name, content in (self.files | self.announced).items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            one: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
            if name.endswith(".safetensors"):
                digest = hashlib.sha256(content).hexdigest()
                one["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
            siblings.append(one)
        card = {} if self.license_name is None else {"license": self.license_name}
        return {"id": REPOSITORY, "sha": COMMIT, "siblings": siblings, "cardData": card}

    def _send_file(self, request: BaseHTTPRequestHandler, name: str, ranged: str) -> None:
        content = self.files[name]
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        start = int(ranged.removeprefix("bytes=").partition("-")[0]) if ranged else 0
        if ranged:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        keep = None
        if request.command == "GET" and self.cut.get(name, 0):
            self.cut[name] -= 1
            keep = (len(content) - start) // 2
        send(request, 206 if ranged else 200, content[start:], headers, keep)
