"""Having a file opened by the parsers' process, which may crash or hang without harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import Any, Literal

import structlog
from django.conf import settings

from .work import Answer, Refused, Work

log = structlog.get_logger()

COMMAND = [sys.executable, "-B", "-m", "requests.parsers"]


def run(task: Literal["clean", "render"], content: bytes, **more: Any) -> tuple[Answer, bytes]:
    """Have `content` opened; `more` are fields of `Work`. Raises `Refused`, whatever the file does to its reader."""
    work = Work(
        task=task,
        max_bytes=settings.DOCUMENT_MAX_BYTES,
        max_pages=settings.DOCUMENT_MAX_PAGES,
        max_pixels=settings.DOCUMENT_MAX_PIXELS,
        seconds=settings.DOCUMENT_SECONDS,
        memory=settings.DOCUMENT_MEMORY,
        **more,
    )
    try:
        done = subprocess.run(  # noqa: S603  (the command is ours)
            COMMAND,
            input=json.dumps(asdict(work)).encode() + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote the file
            timeout=2 * work.seconds,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # none of the portal's secrets
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("file_took_too_long", task=task, size=len(content))
        raise Refused("takes_too_long") from None
    line, _newline, cleaned = done.stdout.partition(b"\n")
    if done.returncode or not line:
        log.warning("file_could_not_be_read", task=task, size=len(content), exit=done.returncode)
        raise Refused("takes_too_long" if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL) else "unreadable")
    answer = Answer(**json.loads(line))
    if answer.refused:
        raise Refused(answer.refused)
    return answer, cleaned
