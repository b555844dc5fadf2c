"""The cluster, which kubectl finds as it always does."""

import asyncio
import json
import logging
from typing import Any

from told import Told


async def kubectl(*args: str) -> str:
    """What kubectl prints."""
    child = await asyncio.create_subprocess_exec(
        "kubectl", *args, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await child.communicate()
    if child.returncode != 0:
        # What kubectl says is for the log: it may quote objects.
        logging.error("kubectl %s: %s", " ".join(args), err.decode().strip())
        raise Told(f"kubectl {args[0]} has failed")
    return out.decode()


async def read(*args: str) -> Any:
    """An object or a list, as the cluster has it now."""
    return json.loads(await kubectl("get", "--output", "json", *args))
