"""What Holdfast is told of a failure.

That is public: it goes to Temporal's histories, to the record and to whoever looks at the backup. What a library raises may
hold anything, such as the object that it could not read; only the log gets that.
"""

import logging

TEXT_MAX = 1000
"""Characters that the contract allows for an error."""


class Told(Exception):
    """A failure whose words are meant for people. They must not hold what an object holds."""


def public_text(error: Exception) -> str:
    """What may be said of a failure: its words if they were meant for it, else its kind. The log has all of it."""
    if isinstance(error, Told):
        return str(error)[:TEXT_MAX]
    logging.error("an activity or an operation failed", exc_info=error)
    return f"{type(error).__name__}; see the log of the plugin"
