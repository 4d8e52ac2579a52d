"""`mailarchiver run`: the daemon."""

from typing import TYPE_CHECKING

from .options import ConfigOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Settings


def run(*, config: ConfigOption = None) -> None:
    """Watch all accounts until stopped: the daemon. SIGHUP reads the configuration again."""
    from .. import daemon
    from ..config import find, load
    from .logs import prepare_logging, start_logging

    path = find(config)
    settings = load(path)
    start_logging(settings.log.level, settings.log.format)

    def reread(apply: "Callable[[Settings], None]") -> None:
        read = load(path)
        start = prepare_logging(read.log.level, read.log.format)
        apply(read)  # may refuse: then it is logged as before, too
        start()

    daemon.run(settings, reread)
