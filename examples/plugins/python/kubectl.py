"""The cluster, which kubectl finds as it always does."""

import asyncio
import json
from typing import Any


async def kubectl(*args: str) -> str:
    """What kubectl prints."""
    child = await asyncio.create_subprocess_exec(
        "kubectl", *args, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await child.communicate()
    if child.returncode != 0:
        raise RuntimeError(f"kubectl {args[0]} ended with {child.returncode}: {err.decode().strip()}")
    return out.decode()


async def read(*args: str) -> Any:
    """An object or a list, as the cluster has it now."""
    return json.loads(await kubectl("get", "--output", "json", *args))
