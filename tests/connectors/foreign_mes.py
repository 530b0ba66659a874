"""A small MES that is unlike every other: one address, its own words, numbers as text, and "no" with status 200."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

CLIENT = "voice:s3cret-of-the-line"
CALLS_PER_TOKEN = 3
N_ORDERS = 2_500
POLLS = 2
"""So often a ticket is still being worked at."""
LACK = "<b>Order 10001</b> waits for material &amp; a&nbsp;fixture.<br/><script>x()</script>"
Answer: TypeAlias = tuple[int, dict[str, Any]]


class Refused(Exception):
    """A "no" of this MES: its code and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


class ForeignMes:
    """The records, and what can be done to them. Another thread answers requests; a lock keeps them one at a time."""

    def __init__(self) -> None:
        self.url = ""
        self.elsewhere = ""
        """Another host, to which the second page of a list leads while this is set."""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """Command and data of every call that was let in."""
        self.tokens_given = 0
        self.orders = {f"o{number}": _order(number) for number in range(10_000, 10_000 + N_ORDERS)}
        self.orders["o10001"]["lack"] = LACK
        self.orders["o99"] = {**_order(10_002), "key": "o99", "plant": "Werk 9"}
        self.scrap: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self._left = 0
        self._tickets: dict[str, tuple[int, str]] = {}

    def token(self, authorization: str) -> Answer:
        if authorization != "Basic " + base64.b64encode(CLIENT.encode()).decode():
            return 401, {"error": "invalid_client"}
        self.tokens_given += 1
        self._left = CALLS_PER_TOKEN
        return 200, {"access_token": f"token-{self.tokens_given}", "token_type": "bearer", "expires_in": 3600}

    def call(self, authorization: str, command: str, data: dict[str, Any]) -> Answer:
        """Status 200, whatever comes of it; only what takes long is answered with 202."""
        if authorization != f"Bearer token-{self.tokens_given}" or self._left == 0:
            return 200, {"success": False, "errorCode": "E03", "message": "token expired"}
        self._left -= 1
        self.requests.append((command, data))
        try:
            result = self._command(command)(data)
        except Refused as refused:
            return 200, {"success": False, "errorCode": refused.code, "message": refused.message}
        return (202 if "ticket" in result else 200), {"success": True, **result}

    def _command(self, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        known = {
            "order.find": self._find,
            "order.list": self._list,
            "order.begin": self._begin,
            "order.finish": self._finish,
            "ticket.get": self._ticket,
            "loss.book": self._book,
            "person.find": lambda data: {"result": {"items": [{"key": f"p-{data['name']}", "name": data["name"]}]}},
        }
        if name not in known:
            raise Refused("E99", f"{name}: no such command")
        return known[name]

    def _find(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"result": {"items": [one for one in self.orders.values() if one["number"] == data["number"]]}}

    def _list(self, data: dict[str, Any]) -> dict[str, Any]:
        """One page; `links.next` is an address, and null on the last."""
        page, size = int(data["page"]), int(data["size"])
        some = list(self.orders.values())[(page - 1) * size : page * size]
        more = page * size < len(self.orders)
        link = f"{self.elsewhere}/gateway?page={page + 1}&size={size}" if more else None
        return {"result": {"items": some}, "links": {"next": link}}

    def _begin(self, data: dict[str, Any]) -> dict[str, Any]:
        order = self.orders[data["order"]]
        if order["lack"]:
            raise Refused("E17", order["lack"])
        order |= {"state": "LAEUFT", "begun": str(data["at"]), "by": data["person"]}
        return {"result": order}

    def _finish(self, data: dict[str, Any]) -> dict[str, Any]:
        self.orders[data["order"]] |= {"state": "FERTIG", "good": data["good"], "bad": data.get("bad", "0")}
        ticket = f"T{len(self._tickets) + 1}"
        self._tickets[ticket] = (POLLS, data["order"])
        return {"ticket": ticket}

    def _ticket(self, data: dict[str, Any]) -> dict[str, Any]:
        left, order = self._tickets[data["ticket"]]
        self._tickets[data["ticket"]] = (left - 1, order)
        return {"result": {"phase": "ARBEITET"} if left else {"phase": "ENDE", **self.orders[order]}}

    def _book(self, data: dict[str, Any]) -> dict[str, Any]:
        self.scrap.append(data)
        return {"result": {"total": str(sum(int(one["pieces"]) for one in self.scrap))}}


def _order(number: int) -> dict[str, Any]:
    return {
        "key": f"o{number}",
        "number": str(number),
        "plant": "Werk 1",
        "article": "controller-board",
        "pieces": "50",
        "state": "ANGELEGT",
        "lack": "",
    }


class Handler(BaseHTTPRequestHandler):
    mes: ForeignMes

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        said = self.headers.get("Authorization", "")
        with self.mes.lock:
            if self.path == "/oauth/token":
                answer = self.mes.token(said) if "grant_type=client_credentials" in body else (400, {})
            elif self.path == "/gateway":
                asked = json.loads(body)
                answer = self.mes.call(said, asked["command"], asked["data"])
            else:
                answer = 404, {}
        self._answer(*answer)

    def do_GET(self) -> None:
        """The page of a list to which a link leads."""
        asked = urlsplit(self.path)
        page = {name: values[0] for name, values in parse_qs(asked.query).items()}
        with self.mes.lock:
            answer = self.mes.call(self.headers.get("Authorization", ""), "order.list", page)
        self._answer(*answer)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of the tests."""


@contextlib.contextmanager
def served() -> Iterator[ForeignMes]:
    """A MES of its own on a free loopback port."""
    mes = ForeignMes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"mes": mes}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    mes.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield mes
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
