"""The six activities of a plugin.

Each may be called again with the same argument, when an answer was lost or a worker died, and must then come to the same
end. Arguments and answers are as docs/plugin-contract-v1.json of Holdfast says.
"""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from kubectl import read
from operations import Operations
from running import when_ended
from seal import seal
from told import public_text

MASKED_KEYS = "example.dev/masked-keys"
"""Names the keys of a ConfigMap whose values no backup is to hold, separated by commas."""

DESCRIPTION = {
    "contract": "v1",
    "version": "0.1.0",
    "backupActions": [
        {
            "name": "upload",
            "selector": {
                "includedResources": ["persistentvolumeclaims"],
                "labelSelector": {"matchLabels": {"holdfast.dev/example-upload": "true"}},
            },
        },
        {
            "name": "mask",
            "selector": {
                "includedResources": ["configmaps"],
                "labelSelector": {"matchLabels": {"holdfast.dev/example-mask": "true"}},
            },
        },
    ],
}
"""Answer of `describePlugin`: which actions there are, and which items each wants to see."""


class Plugin:
    """Activities over the uploads of this worker."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.describe_plugin,
            self.backup_items,
            self.restore_items,
            self.operation_status,
            self.cancel_operation,
            self.delete_backup,
        ]

    @activity.defn(name="describePlugin")
    async def describe_plugin(self, _call: dict[str, Any]) -> dict[str, Any]:
        return DESCRIPTION

    @activity.defn(name="backupItems")
    async def backup_items(self, call: dict[str, Any]) -> dict[str, Any]:
        act = self._uploaded if call["action"] == "upload" else self._masked
        items = []
        for asked in call["items"]:
            try:
                said = await act(asked["requestId"], asked["item"])
            # What goes wrong with one item is said of that item; a call that fails as a whole is tried again, and fails all.
            except Exception as error:
                said = {"error": public_text(error)}
            items.append({"requestId": asked["requestId"], **said})
        # Values of objects must be sealed. An answer without any may be, and reads the same.
        return {"sealed": seal(items, call["replyKey"])}

    @activity.defn(name="restoreItems")
    async def restore_items(self, _call: dict[str, Any]) -> dict[str, Any]:
        """Asked only if the description has `restoreActions`."""
        return {"items": []}

    @activity.defn(name="operationStatus")
    async def operation_status(self, call: dict[str, Any]) -> dict[str, Any]:
        return when_ended([self._operations.status(asked["requestId"]) for asked in call["operations"]])

    @activity.defn(name="cancelOperation")
    async def cancel_operation(self, call: dict[str, Any]) -> None:
        for asked in call["operations"]:
            await self._operations.cancel(asked["requestId"])

    @activity.defn(name="deleteBackup")
    async def delete_backup(self, call: dict[str, Any]) -> None:
        for asked in call["operations"]:
            await self._operations.remove(asked["requestId"])

    async def _uploaded(self, request_id: str, item: dict[str, str]) -> dict[str, Any]:
        """Begins an operation; its id is the id of the request, so that a call that is made again begins no second one."""
        namespace, claim = item["namespace"], item["name"]
        self._operations.begin(request_id, namespace, claim)
        return {"operation": {"id": request_id, "description": f"Upload of {namespace}/{claim}"}}

    async def _masked(self, _request_id: str, item: dict[str, str]) -> dict[str, Any]:
        """A call has no content of objects: the plugin reads them itself."""
        found = await read("configmap", item["name"], "--namespace", item["namespace"])
        keys = found["metadata"].get("annotations", {}).get(MASKED_KEYS, "").split(",")
        # Keys of a ConfigMap have no character that a JSON pointer escapes.
        return {
            "patch": [
                {"op": "replace", "path": f"/data/{key}", "value": "masked"}
                for key in keys
                if key in found.get("data", {})
            ]
        }
