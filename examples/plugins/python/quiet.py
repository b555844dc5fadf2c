"""What leaves the worker when an activity fails."""

from typing import Any

from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from told import Told, public_text


class Quiet(Interceptor):
    """Around every activity: a failure leaves the worker without cause, and without stack and words of others."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except CancelledError:
            raise
        except Exception as error:
            failure = _bare(error)
        # Out of the block, so that it has neither cause nor context.
        raise failure


def _bare(error: Exception) -> ApplicationError:
    ours = error if isinstance(error, ApplicationError) else None
    if ours is not None and ours.type == "OperationRunning":
        return ours.with_traceback(None)
    kind = "PluginFailure" if isinstance(error, Told) else type(error).__name__
    final = ours is not None and ours.non_retryable
    return ApplicationError(public_text(error), type=kind, non_retryable=final)
