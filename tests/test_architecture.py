"""The house rules, read from the imports: who may know whom, and why."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import mailarchiver

PACKAGE = Path(mailarchiver.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
STAGES = {"mailbox", "message", "article", "archive", "pages"}
GROUND = {"model", "errors", "text"}
"""What every stage may stand on: the types, the exceptions, and pure functions over strings."""

FOREIGN = {
    # package → the places that may import it, and nothing else
    "imapclient": ("mailbox/", "the wire protocol stays behind mailbox/"),
    "imaplib": ("mailbox/", "the wire protocol stays behind mailbox/"),
    "msal": ("mailbox/microsoft", "it is an extra: all else works without it"),
    "mailparser": ("message/", "MIME stays behind message/"),
    "email": ("message/", "MIME stays behind message/"),
    "bs4": ("message/forward article/", "no soup crosses a package border"),
    "selectolax": ("message/forward article/", "no tree crosses a package border"),
    "lxml": ("article/engines", "the engines only vote: what is written is our own tree"),
    "trafilatura": ("article/engines", "the engines only vote: what is written is our own tree"),
    "readability": ("article/engines", "the engines only vote: what is written is our own tree"),
    "pycld2": ("text/language", "it may be missing"),
    "nh3": ("article/sanitize", "there is one sanitiser"),
    "apscheduler": ("daemon", "the trigger is replaceable"),
    "sqlite3": ("archive/", "the ledger is the archive's own business"),
    "pymap": ("demo/", "the embedded server is for the demo and the tests"),
    "typer": ("cli/ __main__", "only the command line parses arguments"),
}
IMPURE = {"time", "random", "secrets", "uuid", "socket", "urllib.request", "http.client", "subprocess", "locale"}
PURE = (
    "message/",
    "article/",
    "text/",
    "archive/bundle.py",
    "archive/marks.py",
    "archive/naming.py",
    "archive/page.py",
    "pages/",
    "pipeline.py",
    "reload.py",
    "schedule.py",
    "supervision.py",
)
"""A clock, randomness, the host's locale or the network there would make the same mail give another page."""


BORDERS = {
    *("poll.py", "rounds.py", "watchers.py", "pipeline.py", "workers.py", "child.py", "delivery.py", "maintenance.py"),
    *("daemon.py", "announcing.py", "article/engines.py", "upkeep.py", "__main__.py", "cli/poll.py"),
}
"""Where an error of any kind ends: of a mail, of an account's thread or round, of an engine that votes, of a
delivery, of a reload, of what is told, and of what the daemon's loop tends.
"""


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(path: Path) -> set[str]:
    """All modules that a file imports, absolute, anywhere in it."""
    found: set[str] = set()
    package = ["mailarchiver", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_stage_knows_no_other_stage(path: Path) -> None:
    """One straight way: stages meet in pipeline.py and poll.py, through the types of model.py."""
    stage = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    own = {name.split(".")[1] for name in imports(path) if name.startswith("mailarchiver.")}
    parts = {name for name in own if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}
    if stage in {"model", "errors"}:
        assert not parts, f"{relative(path)} is the ground all stand on: it imports nothing of the package"
    elif stage == "text":
        assert parts <= GROUND
    elif stage in STAGES:
        assert parts <= GROUND | {stage}, f"{relative(path)} imports {parts - GROUND - {stage}}: pass values instead"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_the_package_imports_itself_in_one_way(path: Path) -> None:
    """`from .layout`, `from ..model`: a dot says that a name is our own, and how far away it lives."""
    tree = ast.parse(path.read_text("utf-8"))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name for name in froms | names if name and name.partition(".")[0] == "mailarchiver"}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_foreign_packages_stay_in_their_rooms(path: Path) -> None:
    for name in imports(path):
        for package, (rooms, reason) in FOREIGN.items():
            if name == package or name.startswith(package + "."):
                assert relative(path).startswith(tuple(rooms.split())), f"{relative(path)} imports {name}: {reason}"


@pytest.mark.parametrize("path", [p for p in MODULES if relative(p).startswith(PURE)], ids=relative)
def test_pure_modules_read_no_clock_and_no_network(path: Path) -> None:
    assert not imports(path) & IMPURE
    tree = ast.parse(path.read_text("utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "os.getenv", "open"}
    assert not calls & clocks, f"{relative(path)} calls {calls & clocks}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_store_writes(path: Path) -> None:
    """Nothing but archive/store.py and what it is made of writes below the archive's root."""
    # all but the first write configurations and units, never archives
    allowed = ("archive/", "cli/", "demo/", "mailbox/", "install_steps.py")
    if relative(path).startswith(allowed):
        return
    tree = ast.parse(path.read_text("utf-8"))
    called = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"write_text", "write_bytes", "mkdir", "rename", "unlink", "rmtree", "touch", "symlink_to"}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_catch_all_hides(path: Path) -> None:
    """`except Exception` stands at a border only: a mail, a job, the program, an engine that votes, a delivery, a
    reload; or it cleans up and raises again.
    """
    if relative(path) in BORDERS:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            name = node.type.id if isinstance(node.type, ast.Name) else None
            if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
                continue
            assert node.type is not None, f"{relative(path)}:{node.lineno} has a bare except"
            assert name not in {"Exception", "BaseException"}, f"{relative(path)}:{node.lineno} catches everything"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 400, f"{relative(path)} has {lines} lines: split it where it has two subjects"
    assert path.stem not in {"util", "utils", "helper", "helpers", "manager", "common", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_possessive_group(path: Path) -> None:
    """Python 3.11.2, which is Debian 12's, matches a possessive quantifier on a group wrongly (cpython gh-106052)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            assert not re.search(r"\)(?:[*+?]|\{\d*,?\d*\})\+", text), f"{relative(path)}:{node.lineno}"


def test_what_the_owner_chose_is_in_use() -> None:
    """The protocol, the headers, the ragged pieces of HTML and the trigger are these packages' work."""
    used = {name.partition(".")[0] for path in MODULES for name in imports(path)}
    assert {"imapclient", "mailparser", "bs4", "apscheduler"} <= used
