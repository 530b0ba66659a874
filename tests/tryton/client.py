"""JSON-RPC to Tryton: what the seed and the post-conditions of tests need."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpx

DATABASE = "mes"
USER = "admin"
ANSWER_WITHIN_S = 30.0
ONLY_CONTEXT = True
"""For get_preferences: what belongs into the context of calls."""


class TrytonRefused(Exception):
    """An error inside an answer: its kind, such as UserError, and what it says."""

    def __init__(self, kind: str, detail: Any) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


class Client:
    """A few JSON-RPC calls, logged in as the administrator."""

    def __init__(self, url: str, password: str) -> None:
        self._address = f"{url}/{DATABASE}/rpc/"
        self._http = httpx.Client(trust_env=False, timeout=ANSWER_WITHIN_S)
        user, token, _ = self.post("common.db.login", [USER, {"password": password}, "en"])
        session = base64.b64encode(f"{USER}:{user}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {session}"
        self.context: dict[str, Any] = {}
        """Goes with every call: the user's company."""
        self.context = {"company": self.call("model.res.user.get_preferences", ONLY_CONTEXT).get("company")}

    def call(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Any:
        """The result; `context` is added to the client's own. Raises TrytonRefused, or httpx.HTTPStatusError."""
        return self.post(method, [*params, {**self.context, **(context or {})}])

    def post(self, method: str, params: list[Any]) -> Any:
        answer = self._http.post(self._address, json={"id": 0, "method": method, "params": params})
        body = answer.raise_for_status().json()
        if "error" in body:
            raise TrytonRefused(body["error"][0], body["error"][1])
        return body["result"]

    def close(self) -> None:
        self._http.close()
