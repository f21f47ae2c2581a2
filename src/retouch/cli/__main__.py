"""The entry point: runs a command and turns everything that can go wrong into one line and an exit code.

0 done    1 internal error    2 usage    3 unreadable input    4 some items failed    5 limit or memory
6 output not writable    7 weights    8 training broke down    130 interrupted    143 terminated
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from retouch.errors import RetouchError

_OK, _INTERNAL, _USAGE, _LIMIT, _OUTPUT, _INTERRUPTED, _TERMINATED = 0, 1, 2, 5, 6, 130, 143


class Terminated(BaseException):
    """SIGTERM arrived."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; no traceback without --debug."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    previous = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        return _run(given)
    except BrokenPipeError:
        _silence_stdout()
        return _INTERNAL
    except BaseException as error:
        if "--debug" in given:
            traceback.print_exc()
        code, line = _verdict(error)
        if line:
            _say(line)
        return code
    finally:
        signal.signal(signal.SIGTERM, previous)


def _run(arguments: list[str]) -> int:
    from retouch.cli.app import app  # noqa: PLC0415 - typer takes time that a Ctrl-C may fall into

    code = app(args=arguments, prog_name="retouch", standalone_mode=False)
    sys.stdout.flush()
    if code == _INTERRUPTED:  # typer has caught the KeyboardInterrupt
        raise KeyboardInterrupt
    return code if isinstance(code, int) else _OK


def _verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the line for an error; SystemExit has said what it had to say."""
    match error:
        case RetouchError():
            verdict = error.exit_code, str(error)
        case _ if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":  # older typers' word for it
            verdict = _INTERRUPTED, "interrupted; no half-written file is left"
        case Terminated():
            verdict = _TERMINATED, "terminated; no half-written file is left"
        case MemoryError():
            advice = "set a smaller --max-memory or work on a smaller picture"
            verdict = _LIMIT, f"the machine's memory is used up; {advice}"
        case SystemExit():
            verdict = error.code if isinstance(error.code, int) else _INTERNAL, ""
        case OSError():  # of standard output: everything else has become a FileError or an InputError
            _silence_stdout()
            verdict = _OUTPUT, f"cannot write to standard output: {error.strerror or error}"
        case _ if hasattr(error, "format_message"):  # typer's own errors, in all its versions
            verdict = getattr(error, "exit_code", _USAGE), _usage_line(error)
        case _:
            what = f"{type(error).__name__}: {error}"
            verdict = _INTERNAL, f"internal error ({what}); run again with --debug and report what it shows"
    return verdict


def _usage_line(error: BaseException) -> str:
    """Return what typer says in the form of our own messages, with the place to read on."""
    text: str = error.format_message()  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    place = context.command_path if context else "retouch"
    return f"{text[:1].lower()}{text[1:].rstrip('.?')}; see '{place} --help'"


def _say(line: str) -> None:
    sys.stderr.write(f"retouch: {' '.join(line.split())}\n")


def _silence_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


if __name__ == "__main__":
    sys.exit(main())
