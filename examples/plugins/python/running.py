"""How `operationStatus` says that it wants to be asked again."""

from datetime import timedelta
from typing import Any

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

ASK_AGAIN = timedelta(seconds=2)


def when_ended(statuses: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of `operationStatus`.

    While an operation runs it is a failure: Temporal tries a call that failed again, after the delay that it names, and
    between two tries it costs neither a slot nor history. The details are what Holdfast shows as progress. `BENIGN` keeps
    the failure out of error logs and metrics.
    """
    answer = {"operations": statuses}
    if all(status["phase"] != "Running" for status in statuses):
        return answer
    raise ApplicationError(
        "an operation runs",
        answer,
        type="OperationRunning",
        next_retry_delay=ASK_AGAIN,
        category=ApplicationErrorCategory.BENIGN,
    )
