"""Uploads that go on between two calls."""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from told import Told, public_text
from upload import Progress, upload

NOTE_S = 7 * 24 * 3600
"""How long it stays known that an upload was cancelled: no call is on its way for so long."""

REQUEST_ID = re.compile(r"[\w-]{1,200}", re.ASCII)


@dataclass
class Running:
    """An upload of this process."""

    task: asyncio.Task[None]
    progress: Progress


class Operations:
    """Uploads, each with a small file that says how far it is.

    The worker may die at any time: an upload that was cut off begins anew. One process at a time has the folder.
    """

    def __init__(self, folder: Path, rate: float | None) -> None:
        self._folder = folder
        self._rate = rate
        self._running: dict[str, Running] = {}

    def resume(self) -> None:
        """Goes on with what ran when the last worker ended."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.glob("*.json"):
            kept = self._read(file.stem)
            self._start(kept)
            if kept is not None and kept["phase"] == "Cancelled" and file.stat().st_mtime < time.time() - NOTE_S:
                file.unlink()

    def begin(self, request_id: str, namespace: str, claim: str) -> None:
        """Begins an upload. The same request made again, as Temporal may do, finds the one that there is."""
        kept = self._read(request_id)
        if kept is None:
            volume = {"namespace": namespace, "claim": claim}
            kept = {"requestId": request_id, "phase": "Running", "volume": volume}
            # Before anything happens: what is not noted would be forgotten by a restart.
            self._write(kept)
        self._start(kept)

    def status(self, request_id: str) -> dict[str, Any]:
        """How far an upload is, as the contract has it."""
        running = self._running.get(request_id)
        if running is not None:
            return {"requestId": request_id, "phase": "Running", "progress": running.progress.as_json()}
        kept = self._read(request_id)
        if kept is None:
            return {"requestId": request_id, "phase": "Failed", "error": "nothing is known of this upload"}
        self._start(kept)
        return {key: value for key, value in kept.items() if key != "volume"}

    async def cancel(self, request_id: str) -> None:
        """Ends an upload, and removes what there is of it.

        One that is complete stays, and one that is not known never begins.
        """
        running = self._running.get(request_id)
        if running is not None:
            running.task.cancel()
            await asyncio.wait([running.task])
        kept = self._read(request_id)
        if kept is None or kept["phase"] == "Running":
            self._remove_data(request_id)
            self._write({"requestId": request_id, "phase": "Cancelled"})

    async def remove(self, request_id: str) -> None:
        """Removes what was uploaded.

        A note stays for some days, so that a call which is still on its way begins nothing.
        """
        await self.cancel(request_id)
        self._remove_data(request_id)
        self._write({"requestId": request_id, "phase": "Cancelled"})

    def _start(self, kept: dict[str, Any] | None) -> None:
        if kept is None or kept["phase"] != "Running" or kept["requestId"] in self._running:
            return
        progress = Progress()
        task = asyncio.create_task(self._run(kept, progress))
        self._running[kept["requestId"]] = Running(task, progress)

    async def _run(self, kept: dict[str, Any], progress: Progress) -> None:
        request_id = kept["requestId"]
        try:
            file = self._path(request_id, "tar")
            try:
                await upload(**kept["volume"], file=file, progress=progress, rate=self._rate)
                self._write({**kept, "phase": "Completed", "progress": progress.as_json()})
            except Exception as error:
                self._remove_data(request_id)
                self._write({**kept, "phase": "Failed", "error": public_text(error)})
        finally:
            del self._running[request_id]

    def _remove_data(self, request_id: str) -> None:
        for ending in ("tar", "tar.part"):
            self._path(request_id, ending).unlink(missing_ok=True)

    def _read(self, request_id: str) -> dict[str, Any] | None:
        try:
            return json.loads(self._path(request_id, "json").read_text())
        except FileNotFoundError:
            return None

    def _write(self, kept: dict[str, Any]) -> None:
        """The file is there whole, or it is not there."""
        path = self._path(kept["requestId"], "json")
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps(kept))
        new.rename(path)

    def _path(self, request_id: str, ending: str) -> Path:
        """An id comes over the wire: it must not lead out of the folder."""
        if REQUEST_ID.fullmatch(request_id) is None:
            raise Told(f"not a request id: {request_id}")
        return self._folder / f"{request_id}.{ending}"
