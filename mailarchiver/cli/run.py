"""`mailarchiver run`: the daemon."""

from typing import TYPE_CHECKING

from .options import ConfigOption

if TYPE_CHECKING:
    from ..config import Settings


def run(*, config: ConfigOption = None) -> None:
    """Watch all accounts until stopped: the daemon. SIGHUP reads the configuration again."""
    from .. import daemon
    from ..config import find, load
    from .logs import start_logging

    path = find(config)

    def settings() -> "Settings":
        read = load(path)
        start_logging(read.log.level, read.log.format)
        return read

    daemon.run(settings(), settings)
