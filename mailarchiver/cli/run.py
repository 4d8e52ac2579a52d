"""`mailarchiver run`: the daemon."""

from .options import ConfigOption


def run(*, config: ConfigOption = None) -> None:
    """Watch all accounts until stopped: the daemon."""
    from .. import daemon
    from ..config import find, load
    from .logs import start_logging

    settings = load(find(config))
    start_logging(settings.log.level, settings.log.format)
    daemon.run(settings)
