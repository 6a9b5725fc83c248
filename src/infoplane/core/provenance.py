"""What made a result: command, versions, revision, and hashes of files."""

import hashlib
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

PACKAGES = ("infoplane", "numpy", "scipy", "numba", "pandas", "torch", "scikit-learn", "npeet-plus", "plotly")


def made() -> dict[str, str]:
    """The command that runs now, the versions it runs with, and the git revision of the folder it runs in, if any."""
    name = Path(sys.argv[0]).name
    start = ["infoplane"] if name == "__main__.py" else ["python", name] if name.endswith(".py") else [name]
    return {"command": shlex.join([*start, *sys.argv[1:]]), "revision": revision(), **dict(versions())}


def revision() -> str:
    """Of the working folder, as git names it, with `-dirty` where tracked files differ; empty where there is none."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True, text=True, check=False, timeout=10, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):  # no git here, or a slow disk: then there is nothing to say
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def versions() -> list[tuple[str, str]]:
    """Of Python and of the packages that numbers come from, as far as they are installed."""
    from .. import __version__

    found = [("python", platform.python_version()), ("infoplane", __version__)]
    for name in PACKAGES[1:]:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found


def hashes(root: Path, paths: Iterable[Path], algorithm: str = "sha256") -> list[tuple[str, str]]:
    """(path below `root`, hexadecimal hash) of each file that is there."""
    found = []
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                found.append((path.relative_to(root).as_posix(), hashlib.file_digest(file, algorithm).hexdigest()))
    return found
