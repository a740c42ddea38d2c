# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FleetLock server: a thin edge around the protocol, with its state in one file. Runs as a program of its own, on the controller.

    python3 -m ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock_server --state FILE --slots workers=2

Whatever a client sends, it costs a bounded time, a bounded number of bytes and one of a bounded number of threads.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from .._fleet.store import StoreError, private_directory
from . import fleet_lock, fleet_lock_budget, journal, keeping
from .fleet_lock import Holders, Order, Rejected
from .fleet_lock_file import NAME, LockFile

CONNECTIONS = 64
# One request, from its first byte to the answer's last.
SECONDS = 10.0


class Budget:
    """What the newest rollout in a folder leaves to clients of the lock; without a folder, or where no rollout was ever begun, all that there is."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: tuple[tuple[Path, int], journal.State] | None = None

    def state(self) -> journal.State | None:
        """The rollout as its journal tells it now."""
        path = keeping.current(self._folder) if self._folder else None
        if path is None:
            return None
        seen = (path, path.stat().st_size)
        if self._known is None or self._known[0] != seen:
            self._known = (seen, journal.fold(keeping.events(path)))
        return self._known[1]


class State:
    """The holders of slots, beside a rollout where there is one."""

    def __init__(self, path: Path, slots: Mapping[str, int], budget: Budget | None = None) -> None:
        self.slots = slots
        self._file, self._budget = LockFile(path), budget or Budget()
        self._one_at_a_time = threading.Lock()

    def holders(self) -> dict[str, dict[str, str]]:
        """Who holds a slot now."""
        return self._file.holders()

    def lock(self, order: Order) -> None:
        """Give the client a slot, or Rejected."""
        with self._alone():
            held = self.holders()
            self._file.save(fleet_lock.lock(held, self._left(held, order), order, _now()))

    def _left(self, held: Holders, order: Order) -> Mapping[str, int]:
        """The slots of its group; Rejected where a rollout leaves the client none."""
        rollout = self._budget.state()
        if rollout is None or order.id in held.get(order.group, {}):
            return self.slots or {fleet_lock.ANY_GROUP: 1}
        why = fleet_lock_budget.refusal(rollout, held, order)
        if why:
            raise Rejected(409, "failed_lock_semaphore_full", f"a rollout comes first: {why}")
        return {fleet_lock.ANY_GROUP: fleet_lock_budget.slots(rollout, order.group), **self.slots}

    def unlock(self, order: Order) -> None:
        """Take the client's slot back."""
        with self._alone():
            self._file.save(fleet_lock.unlock(self.holders(), order))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._one_at_a_time, self._file.alone():
                yield
        except (StoreError, OSError) as error:
            raise Rejected(500, "state_unavailable", f"the state of the locks cannot be had: {str(error)[:200]}") from None


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Handler(http.server.BaseHTTPRequestHandler):
    """One request of one connection."""

    timeout = SECONDS
    server_version = "firebreak-fleet-lock"
    sys_version = ""
    server: Server

    def setup(self) -> None:
        """Begin to count: a client that sends a byte now and then gets no more time than one that sends none."""
        self._end = threading.Timer(self.server.seconds, self._cut)
        self._end.daemon = True
        self._end.start()
        super().setup()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        self._end.cancel()
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.handle_one_request()

    def _answer(self) -> None:
        endpoint, order = "-", None
        try:
            endpoint = fleet_lock.check_endpoint(self.command, self.path, self.server.prefix)
            fleet_lock.check_header(self.headers.get(fleet_lock.HEADER))
            length = fleet_lock.check_length(self.headers.get("Content-Length"), self.headers.get("Transfer-Encoding"))
            order = fleet_lock.order_of(self.rfile.read(length), length)
            (self.server.state.lock if endpoint == fleet_lock.PRE_REBOOT else self.server.state.unlock)(order)
        except Rejected as rejected:
            self._say(rejected.status, rejected.body(), f"{endpoint} {_shown(order)} {rejected.kind}: {rejected.value}")
        else:
            self._say(200, b"", f"{endpoint} {_shown(order)} done")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _answer  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses itself, in the protocol's words."""
        refused = Rejected(code, "bad_request", message or "the request is not understood")
        # Who speaks no version of HTTP gets headers too.
        self.request_version, self.command = "HTTP/1.0", self.command or "-"
        self._say(code, refused.body(), f"- bad_request: {refused.value!r:.200}")

    def _say(self, status: int, body: bytes, line: str) -> None:
        self.server.log(f"{self.client_address[0]} {status} {line}")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """What http.server says itself is no decision."""


def _shown(order: Order | None) -> str:
    return f"group {order.group} id {order.id!r}" if order else "-"


class Server(http.server.ThreadingHTTPServer):
    """``log`` gets one line for each decision."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True
    _FULL: ClassVar[Rejected] = Rejected(503, "too_many_connections", "too many connections at once; ask again")

    def __init__(self, address: tuple[str, int], state: State, prefix: str = "", log: Callable[[str], None] = lambda line: None,
                 seconds: float = SECONDS, connections: int = CONNECTIONS) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.state = state
        self.prefix = prefix
        self.log = log
        self.seconds = seconds
        self._free = threading.BoundedSemaphore(connections)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for a connection while there are any; no thread, and no wait, for one too many."""
        if not self._free.acquire(blocking=False):
            body = self._FULL.body()
            head = f"HTTP/1.0 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            request.settimeout(0.1)
            with contextlib.suppress(OSError):
                request.sendall(head + body)
                request.shutdown(socket.SHUT_WR)
                # What was sent and is not read makes the kernel reset the connection, and the answer is lost on its way.
                request.recv(fleet_lock.BODY_LIMIT)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.log(f"{client_address[0]} - the connection broke off: {sys.exc_info()[1]!r:.200}")


def address_of(text: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``[V6]:PORT``; ValueError for another word."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535 or not host.strip("[]"):
        raise ValueError(f"{text!r}; wanted: HOST:PORT")
    return host.strip("[]"), int(port)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="firebreak lock serve", description="Serve FleetLock: who may reboot now, by groups with slots.")
    parser.add_argument("--rollout", type=Path, metavar="FOLDER", help="where the state of rollouts is kept: clients share their budget")
    parser.add_argument("--state", type=Path, help=f"the file that holds who has a slot ({NAME} in the folder of rollouts)")
    parser.add_argument("--slots", action="append", default=[], metavar="GROUP=N",
                        help="slots of a group; *=N for every other (default=1, or what the rollout's budget leaves)")
    parser.add_argument("--listen", default="127.0.0.1:8086", metavar="HOST:PORT", help="where to listen (127.0.0.1:8086)")
    parser.add_argument("--prefix", default="", help="the path of the base URL that clients have, such as /fleet_lock")
    parser.add_argument("--certificate", type=Path, help="a certificate chain (PEM), for https")
    parser.add_argument("--key", type=Path, help="its key")
    given = parser.parse_args(words)
    if given.state is None and given.rollout is None:
        parser.error("wanted: --state or --rollout")
    given.state = (given.state or given.rollout / NAME).absolute()
    return given


def serve(server: Server) -> None:
    """Until SIGTERM or SIGINT; requests that are being answered are answered."""
    def end(_signal: int, _frame: Any) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    server.serve_forever(poll_interval=0.2)
    server.server_close()


def main(words: Sequence[str] | None = None) -> int:
    """The program; 0, or 2 where it could not begin."""
    given = _arguments(words)
    try:
        slots, address = fleet_lock.slots_of(given.slots) if given.slots or not given.rollout else {}, address_of(given.listen)
        private_directory(given.state.parent)
        state = State(given.state, slots, Budget(given.rollout))
        state.holders()
        server = Server(address, state, given.prefix, lambda line: print(f"{_now()} {line}", flush=True))
        if given.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(given.certificate, given.key)
            # The handshake is made in the connection's own thread, so that a client that makes none holds nobody up.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    except (ValueError, OSError, StoreError, Rejected) as error:
        print(f"firebreak lock serve: {error}", file=sys.stderr)
        return 2
    host, port = server.server_address[:2]
    shown = ", ".join(f"{group}={number}" for group, number in slots.items()) or "by the rollout"
    print(f"{_now()} listening on {host!s}:{port}, slots {shown}, state {given.state}", flush=True)
    serve(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
