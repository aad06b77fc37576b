"""The errors that partwise raises on purpose. Each message says what was found, what was expected, what to do.

The class decides the exit code of the command line: 2 bad input, 3 missing data, 4 refused for safety.
"""


class PartwiseError(Exception):
    """Anything partwise refuses to do; never raised itself."""

    exit_code = 2


class InputError(PartwiseError, ValueError):
    """An input that cannot be answered: an empty, truncated or lying file, a wrong shape or dtype, NaN everywhere."""


class CheckpointError(PartwiseError, ValueError):
    """Weights or a config that do not fit the model that asked for them."""


class MissingDataError(PartwiseError):
    """Something that should be on this machine is not: a file, a model, a data set. The message names the remedy."""

    exit_code = 3


class MissingExtraError(MissingDataError):
    """A feature needs a heavy dependency that the lean core leaves out; the message names the extra."""

    def __init__(self, package: str, extra: str, feature: str) -> None:
        super().__init__(f"{feature} needs the package {package!r}: pip install 'partwise[{extra}]'")


class UnsafeError(PartwiseError):
    """Refused because reading on could run foreign code, fetch from elsewhere or exhaust the machine."""

    exit_code = 4
