"""How a connector file says who we are. Only here `${NAME}` stands for a secret of the environment or of a file."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from voicemes.connectors.parts import Ask, Expression, Part, Text, Tree


class Sent(Part):
    """What goes with every request."""

    headers: dict[str, Text] = Field(default_factory=dict)
    query: dict[str, Text] = Field(default_factory=dict)
    body: dict[str, Tree] = Field(default_factory=dict)
    """Keys of a JSON body, for a MES that wants its token there."""


class Refused(Part):
    """The answer by which a MES says that the login is over. It is renewed once, and the request sent again."""

    status: tuple[int, ...] = (401,)
    when: Expression | None = None
    """On the answer, whatever its status."""


class NoAuth(Part):
    kind: Literal["none"]


class TokenFile(Part):
    """The token of the settings (`mes.token_file`), where there is one, as `Authorization: Bearer …`."""

    kind: Literal["bearer"]


class Basic(Part):
    kind: Literal["basic"]
    user: Text
    password: Text


class Fixed(Part):
    """The same with every request: `Authorization: token ${KEY}:${SECRET}`."""

    kind: Literal["header"]
    send: Sent


class OAuth2(Part):
    """RFC 6749, 4.3 (password), 4.4 (client credentials) and 6 (refresh)."""

    kind: Literal["oauth2"]
    grant: Literal["client_credentials", "password"] = "client_credentials"
    path: Text
    """Where tokens are given."""
    client: Text
    secret: Text
    user: Text | None = None
    password: Text | None = None
    scope: str = ""
    refused: Refused = Refused()

    @model_validator(mode="after")
    def _has_a_user(self) -> Self:
        if (self.grant == "password") != (self.user is not None and self.password is not None):
            raise ValueError("grant password, and no other, needs user and password")
        return self


class Login(Part):
    """A request whose answer has what every other request sends. A cookie that it sets is kept by itself."""

    kind: Literal["login"]
    request: Ask
    failed_when: Expression | None = None
    answer: dict[str, Expression] = Field(default_factory=dict)
    compose: dict[str, Text] = Field(default_factory=dict)
    """Texts made of answers and secrets, for a filter that takes one value: `{pair|b64}`."""
    send: Sent = Sent()
    refused: Refused = Refused()


AuthSpec: TypeAlias = Annotated[NoAuth | TokenFile | Basic | Fixed | OAuth2 | Login, Field(discriminator="kind")]
