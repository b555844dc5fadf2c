"""The worker of the plugin: activities on the task queue that its name and its cluster give. It ends in order at SIGTERM."""

import asyncio
import os
import signal
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

from operations import Operations
from plugin import Plugin
from quiet import Quiet


async def main() -> None:
    env = os.environ
    name = env.get("PLUGIN_NAME", "example-uploader")
    cluster = env.get("HOLDFAST_CLUSTER", "local")
    rate = env.get("PLUGIN_BYTES_PER_SECOND")
    operations = Operations(Path(env.get("PLUGIN_FOLDER", "data")), None if rate is None else float(rate))
    operations.resume()

    client = await Client.connect(
        env.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"), namespace=env.get("TEMPORAL_NAMESPACE", "default")
    )
    worker = Worker(
        client,
        task_queue=f"holdfast.plugin.{cluster}.{name}",
        activities=Plugin(operations).activities(),
        interceptors=[Quiet()],
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with worker:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
