"""One command to the MES, and the truth about its outcome."""

from __future__ import annotations

from typing import assert_never

from voicemes.errors import MesBusy, MesDenied, MesError, MesUnreachable
from voicemes.model import Accepted, MesCommand, MesReply, Rejected, Saved, Unknown, Unsaved, Unsent
from voicemes.ports import MesConnector


async def execute(connector: MesConnector | None, command: MesCommand) -> MesReply:
    """Never raises MesError: each becomes what is true about the command. A read that went wrong changed nothing."""
    if connector is None:
        return Unsent(command.command_id, "no MES is configured")
    try:
        return await connector.execute(command)
    except MesUnreachable as exc:
        return Unsent(command.command_id, str(exc))
    except MesBusy:
        return Rejected(command.command_id, "busy", "the MES is busy, say it again in a moment.")
    except MesDenied as exc:
        return Rejected(command.command_id, "forbidden", str(exc))
    except MesError as exc:
        return Unknown(command.command_id, str(exc)) if command.is_write else Unsent(command.command_id, str(exc))


def outcome(reply: MesReply) -> tuple[str, str]:
    """(accepted | rejected | unsent | unknown | saved | unsaved, why) for traces and tables."""
    match reply:
        case Accepted():
            return "accepted", ""
        case Rejected(_, code, reason):
            return "rejected", f"{code}: {reason}"
        case Unsent(_, reason):
            return "unsent", reason
        case Unknown(_, reason):
            return "unknown", reason
        case Saved(_, reason):
            return "saved", reason
        case Unsaved(_, reason):
            return "unsaved", reason
        case _ as never:
            assert_never(never)
