"""The process in which files are opened. It reads its work from standard input and answers on standard output."""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from dataclasses import asdict
from typing import BinaryIO

from .work import Answer, Refused, Work


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # no library's chatter gets among the answer
    work = Work(**json.loads(sys.stdin.buffer.readline()))
    _limit(work)
    try:
        answer, content = _done(work, sys.stdin.buffer.read())
    except Refused as refusal:
        answer, content = Answer(refused=refusal.code), b""
    except MemoryError:
        answer, content = Answer(refused="unpacks_to_too_much"), b""
    _say(answers, answer, content)


def _limit(work: Work) -> None:
    """No more time, memory or open files than the work needs, and no file written at all."""
    for limit, most in (
        (resource.RLIMIT_CPU, work.seconds),
        (resource.RLIMIT_AS, work.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _done(work: Work, content: bytes) -> tuple[Answer, bytes]:
    from . import images, kinds, pdfs  # within the limits

    kind = kinds.kind_of(content)
    if work.task == "render":
        if kind == "pdf":
            picture = pdfs.rendered(content, page=work.page, edge=work.edge)
            pages = pdfs.page_count(content)
        else:
            if work.page != 1:
                raise Refused("no_such_page")
            picture, pages = images.opened(content, kind, max_pixels=work.max_pixels), 1
        picture.thumbnail((work.edge, work.edge))
        return Answer(kind="png", pages=pages), images.as_png(picture)
    if kind == "pdf":
        cleaned, pages = pdfs.clean(
            content,
            max_pages=work.max_pages,
            max_pixels=work.max_pixels,
            max_bytes=work.max_bytes,
            covered=work.covered,
        )
        return Answer(kind="pdf", pages=pages), cleaned
    cleaned, clean_kind = images.clean(content, kind, max_pixels=work.max_pixels, max_bytes=work.max_bytes)
    return Answer(kind=clean_kind, pages=1), cleaned


def _say(answers: BinaryIO, answer: Answer, content: bytes) -> None:
    out = io.BytesIO()
    out.write(json.dumps(asdict(answer)).encode() + b"\n")
    out.write(content)
    answers.write(out.getbuffer())
    answers.flush()
    os._exit(0)  # without tidying up: what a hostile file left behind need not be touched again


if __name__ == "__main__":
    main()
