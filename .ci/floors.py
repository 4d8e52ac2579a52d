#!/usr/bin/env python3
"""Holds scores against the floors that they must not fall below.

    .ci/floors.py FOLDER SCORES.json

FOLDER names the table in `floors.json` beside this file; SCORES.json is what `score.py --json` or `kept.py` printed.
All figures are shown; the exit status is 1 if one lies below its floor, or is missing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def verdicts(floors: dict[str, float], scores: dict[str, dict[str, float]]) -> list[tuple[str, bool]]:
    """A line for each figure, and whether it will do."""
    lines = []
    for name in (*floors, *(other for other in scores if other not in floors)):
        mean, floor = scores.get(name, {}).get("mean"), floors.get(name)
        figure = "missing" if mean is None else f"{mean:.4f} of {scores[name]['of']}"
        good = floor is None or (mean is not None and mean >= floor)
        wanted = "" if floor is None else f"  at least {floor}" + ("" if good else "  BELOW")
        lines.append((f"  {name:28} {figure:16}{wanted}", good))
    return lines


def main() -> int:
    """Print the lines; 1 where a floor is not reached."""
    folder, path = sys.argv[1:]
    floors = json.loads(Path(__file__).with_name("floors.json").read_text("utf-8"))[folder]
    report = json.loads(Path(path).read_text("utf-8"))
    lines = verdicts(floors, {name: value for name, value in report.items() if isinstance(value, dict)})
    sys.stdout.write("\n".join(line for line, _ in lines) + "\n")
    return 0 if all(good for _, good in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
