"""Writes the files of a volume into a tar archive."""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from kubectl import kubectl
from told import Told
from volume import Mount, find_mount

CHUNK_BYTES = 64 * 1024
END_BYTES = 1024
"""A tar archive ends with two empty blocks."""


@dataclass
class Progress:
    """What others see of an upload while it goes on."""

    done: int = 0
    total: int | None = None

    def as_json(self) -> dict[str, object]:
        total = {} if self.total is None else {"total": self.total}
        return {"done": self.done, **total, "unit": "bytes"}


async def upload(namespace: str, claim: str, file: Path, progress: Progress, rate: float | None) -> None:
    """A file of that name is whole; until then it is called `….part`. `rate` is in bytes per second."""
    mount = await find_mount(namespace, claim)
    progress.total = await _size_of(mount)
    part = file.with_name(f"{file.name}.part")
    await _stream(mount, part, progress, rate)
    _check_end(part)
    # What was expected is an estimate: an archive has headers, and files change.
    progress.total = progress.done
    part.rename(file)


def _inside(mount: Mount, *command: str) -> list[str]:
    return ["exec", "--namespace", mount.namespace, mount.pod, "--container", mount.container, "--", *command]


async def _size_of(mount: Mount) -> int:
    return int((await kubectl(*_inside(mount, "du", "-sb", mount.path))).split()[0])


async def _stream(mount: Mount, file: Path, progress: Progress, rate: float | None) -> None:
    child = await asyncio.create_subprocess_exec(
        *["kubectl", *_inside(mount, "tar", "c", "-C", mount.path, ".")],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None and child.stderr is not None
    said = asyncio.create_task(child.stderr.read())
    try:
        with file.open("wb") as archive:
            while chunk := await child.stdout.read(CHUNK_BYTES):
                archive.write(chunk)
                progress.done += len(chunk)
                if rate is not None:
                    await asyncio.sleep(len(chunk) / rate)
        code = await child.wait()
        if code != 0:
            logging.error("tar in pod %s: %s", mount.pod, (await said).decode().strip())
            raise Told(f"tar in pod {mount.pod} ended with {code}")
    finally:
        # Of an upload that is cancelled, too.
        if child.returncode is None:
            child.kill()
            # asyncio notices the end of a process only when everything that it had buffered is read.
            await child.stdout.read()
            await child.wait()
        said.cancel()


def _check_end(file: Path) -> None:
    """A stream out of a pod may end early without an error."""
    with file.open("rb") as archive:
        archive.seek(max(0, file.stat().st_size - END_BYTES), os.SEEK_SET)
        if archive.read() != bytes(END_BYTES):
            raise Told("the archive was cut short")
