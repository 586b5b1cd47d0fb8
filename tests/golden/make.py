"""Makes the workspaces of a release, once: what a later version must open, report and verify.

    git archive d31e58c | tar -x -C RELEASE      # what 0.1.0 stores
    PYTHONPATH=RELEASE/src:tests python tests/golden/make.py

Each folder under `workspaces/` is a workspace as 0.1.0 left it: its files as they were, its log as
compressed SQL (`log.sql.gz`), and in `report.json` what 0.1.0 showed of its newest run. A tuned
model's weights are left out: its card, its notes and what the log says of it are here.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import discretion

HERE = Path(__file__).parent
COMMIT = "d31e58c"
SECRET = "0123456789abcdef" * 4
"""In place of a random one, so that pseudonyms can be compared."""
FEW = ("late-check-out", "flour", "travel-dinner", "late-return", "boat-tour", "long-leave")
"""Scenarios of the larger example that stay, each of another domain."""
PORT = 48_109
"""Where the stand-in of an endpoint listened. Nothing listens there now."""
CASE = ("--policy", "refunds", "--scenario", "'refund'", "--unit", "days", "--factor", "fraud")
MAPPED = "text=request,value=day,limit=14"
IMPORTS = (
    (
        "people.csv",
        "--map",
        f"{MAPPED},answer=decision,explanation=why,rater=agent,confidence=sure,time=decided",
        *("--answers", "approved=grant;denied=refuse", "--about", "tenure"),
        *("--panel", "desk", "--keep", "paid", *CASE),
    ),
    (
        "counts.csv",
        *("--map", f"{MAPPED},grants=granted,refusals=refused"),
        *("--panel", "customers", "--keep", "paid", *CASE),
    ),
    (
        "system.csv",
        *("--map", f"{MAPPED},answer=outcome", "--answers", "approved=grant;denied=refuse"),
        *("--arm", "helper", "--keep", "paid", *CASE),
    ),
)
"""What the desk imported: importing it again must change nothing."""
LEFT_OUT = ("*.safetensors", "tokenizer.json", "report.html", "*.db*", "progress*")


def main() -> None:
    assert discretion.__version__ == "0.1.0", "run it with the source of 0.1.0"
    assert "tests/golden" not in discretion.__file__
    with tempfile.TemporaryDirectory() as place:
        for name, make in (("returns", returns), ("everyday", everyday), ("desk", desk)):
            folder = Path(place) / name
            make(folder)
            keep(folder, HERE / "workspaces" / name)


def returns(folder: Path) -> None:
    """The small example: baselines, the built-in model, a system whose decisions were recorded."""
    run(folder.parent, "init", folder, "--example", "returns")
    record_bot(folder)
    run(folder, "evaluate", "--plan", "first", "--cases", 20)
    arms = ("--arm", "tiny/direct", "--arm", "recorded/bot", "--arm", "baseline/mean")
    run(folder, "evaluate", *arms, "--cases", 20, "--seed", 7)


def everyday(folder: Path) -> None:
    """Part of the large example, with a model that was tuned on it for one epoch."""
    from discretion import examples

    examples.copy("everyday", folder)
    for file in (folder / "scenarios").iterdir():
        if file.stem not in FEW:
            file.unlink()
    used = {line.split()[1] for line in lines(folder / "scenarios") if line.startswith("policy:")}
    for file in (folder / "policies").iterdir():
        if file.stem not in used:
            file.unlink()
    settings = folder / "discretion.toml"
    settings.write_text(settings.read_text().replace("raters = 24", "raters = 6"))
    (folder / ".discretion-secret").write_text(SECRET + "\n")
    judge(folder)
    arms = ("--arm", "tiny/direct", "--arm", "tiny/chain-of-thought", "--arm", "baseline/mean")
    run(folder, "evaluate", *arms, "--cases", 6)
    (folder / "tuning.yaml").write_text(
        "model: tiny\nname: small\ntargets: [labels, real-after]\nhold_out: {by: domain}\n"
        "seeds: 1\njudgments: 24\nepochs: 1\nlora: true\nlearning_rate: 0.001\nrehearsed: 10\n"
        "beside: [direct]\n"
    )
    run(folder, "plan", "freeze")
    run(folder, "tune")


def desk(folder: Path) -> None:
    """A desk of its own: imported judgments, counts, recorded decisions, and an endpoint's."""
    from servers.web import WebServer

    folder.mkdir()
    (folder / "policies").mkdir()
    (folder / ".discretion-secret").write_text(SECRET + "\n")
    (folder / "discretion.toml").write_text(
        f'[workspace]\nname = "Refund desk"\n\n[models.bot]\nkind = "openai"\n'
        f'base_url = "http://127.0.0.1:{PORT}/v1"\nmodel = "bot-1"\n'
    )
    (folder / "policies" / "refunds.yaml").write_text(
        "id: refunds\nrule: Refunds are given within 14 days.\n"
        "purpose: Goods must be fit to be sold again.\n"
        "never: ['fraud == yes']\n"
        "costs: {currency: USD, wrong_grant: paid, wrong_refusal: 40}\n"
    )
    for name, rows in tables().items():
        (folder / name).write_text("\n".join([*rows, ""]))
    for words in IMPORTS:
        run(folder, "import", *words)
    with Port(WebServer(says)):
        arms = ("--arm", "bot/direct", "--arm", "recorded/helper", "--arm", "baseline/mean")
        run(folder, "evaluate", *arms, "--panel", "desk", "--yes")


def tables() -> dict[str, list[str]]:
    """The files that the desk imports, made up."""
    people, counts, system = (
        ["request,decision,why,agent,sure,day,paid,fraud,decided,tenure"],
        [],
        [],
    )
    for number in range(24):
        day, paid = 10 + number % 12, 20 + 5 * number
        fraud = "yes" if number == 7 else "no"
        text = f"Order {number:03} was bought {day} days ago for {paid}.50 USD. Refund it?"
        for place, agent in enumerate(("ana", "ben", "cleo")):
            granted = day <= 14 + 2 * place and fraud == "no"
            word = "unsure" if (number, place) == (3, 1) else "approved" if granted else "denied"
            why = "It can still be sold." if granted else "Too late."
            people.append(
                f"{text},{word},{why},{agent},0.{7 + place},{day},{paid}.50,{fraud},"
                f"2026-03-{1 + number:02},{'lead' if place else 'new'}"
            )
        counts.append(f"{text},{day},{paid}.50,{fraud},{max(0, 20 - day)},{day - 8}")
        system.append(f"{text},{day},{paid}.50,{fraud},{'approved' if day < 16 else 'denied'}")
    return {
        "people.csv": people,
        "counts.csv": ["request,day,paid,fraud,granted,refused", *counts],
        "system.csv": ["request,day,paid,fraud,outcome", *system],
    }


def says(request: Any) -> Any:
    """What the stand-in of an endpoint says: it grants with a probability of its own."""
    import math

    from servers.shapes import completion, words

    grant, refuse = words(request)
    length = len(request.body["messages"][-1]["content"])
    p = 0.2 + 0.6 * (length % 7) / 6
    top = [(grant, round(math.log(p), 6)), (refuse, round(math.log1p(-p), 6))]
    return completion(grant, top=top if request.body.get("logprobs") else None, model="bot-1")


class Port:
    """A stand-in behind the fixed port, by a relay of bytes."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def __enter__(self) -> None:
        import socket
        import threading

        self.server.__enter__()
        self.listening = socket.create_server(("127.0.0.1", PORT))

        def relay(source: Any, target: Any) -> None:
            while part := source.recv(65_536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

        def accept() -> None:
            while True:
                try:
                    near, _ = self.listening.accept()
                except OSError:
                    return
                far = socket.create_connection(("127.0.0.1", self.server.port))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=relay, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def __exit__(self, *what: object) -> None:
        self.listening.close()
        self.server.__exit__(*what)


def record_bot(folder: Path) -> None:
    """Decisions of a system on the example's own cases, as a chat assistant's reply leaves them."""
    from discretion.storage import recorded
    from discretion.workspace import open_workspace

    here = open_workspace(folder)
    here.store.append(
        recorded.decision_entry(
            "bot", case.id, float((case.deviation or 0) < 0.2), decision=f"r{n}"
        )
        for n, case in enumerate(here.cases)
    )
    here.store.close()


def judge(folder: Path) -> None:
    """As `init` lets an example's simulated people judge it."""
    from discretion.cli.init import _judge
    from discretion.workspace import open_workspace

    here = open_workspace(folder)
    _judge(here, here.contents.settings.simulated)
    here.store.close()


def lines(folder: Path) -> list[str]:
    return [line for file in folder.iterdir() for line in file.read_text().splitlines()]


def run(folder: Path, *words: object) -> str:
    """One command of 0.1.0."""
    command = [sys.executable, "-m", "discretion", *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True)
    print(f"{folder.name}: {' '.join(map(str, words))}: {done.returncode}", file=sys.stderr)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def keep(folder: Path, place: Path) -> None:
    """The workspace as test data."""
    shown = json.loads(run(folder, "report", "--json", *report_options(folder)))
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (place / "report.json").write_text(json.dumps(shown, indent=1, sort_keys=True) + "\n")
    if folder.name == "desk":
        run(folder, "evidence", "--panel", "desk", "--into", place.parent / "evidence")
    with closing(sqlite3.connect(folder / "discretion.db")) as database:
        dump = "\n".join([*database.iterdump(), ""])
    (place / "log.sql.gz").write_bytes(gzip.compress(dump.encode(), mtime=0))


def report_options(folder: Path) -> tuple[str, ...]:
    return ("--panel", "desk") if folder.name == "desk" else ()


if __name__ == "__main__":
    main()
