"""Where the data of a claim can be read."""

from dataclasses import dataclass

from kubectl import read
from told import Told


@dataclass(frozen=True)
class Mount:
    """A folder in a container that runs."""

    namespace: str
    pod: str
    container: str
    path: str


async def find_mount(namespace: str, claim: str) -> Mount:
    """The first place where the whole volume is mounted in a running pod."""
    pods = await read("pods", "--namespace", namespace, "--field-selector", "status.phase=Running")
    for pod in pods["items"]:
        volumes = {
            volume["name"]
            for volume in pod["spec"].get("volumes", [])
            if volume.get("persistentVolumeClaim", {}).get("claimName") == claim
        }
        for container in pod["spec"]["containers"]:
            for mount in container.get("volumeMounts", []):
                if mount["name"] in volumes and not mount.get("subPath"):
                    return Mount(namespace, pod["metadata"]["name"], container["name"], mount["mountPath"])
    raise Told(f"no running pod mounts the claim {namespace}/{claim}")
