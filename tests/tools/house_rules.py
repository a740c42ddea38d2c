# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that no linter knows: each takes a file's path and text and gives one line for each breach."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HEADER = """\
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""

FUNCTION_LINES = 60
CODE_LINES = 500
TASK_LINES = 80

# Built from parts, so that this file does not break its own rule.
_REGISTRIES = tuple(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("deb", "debian", "org")))
_FOLDERS = (("work", "main"), ("work", "shared"), ("root", ".pyenv"), ("root", ".cache"), ("opt", "pypi"))
_MACHINE_PATHS = tuple("/".join(("", *parts)) for parts in _FOLDERS)


def header(path: Path, text: str) -> list[str]:
    """Every Python file begins with the licence, after a #! line or a #!/usr/bin/python that ansible-core asks for."""
    body = text.partition("\n")[2] if text.startswith("#!") else text
    return [] if path.suffix != ".py" or not text or body.startswith(HEADER) else [f"{path}: does not begin with the licence header of three lines"]


def long_functions(path: Path, text: str) -> list[str]:
    """A function fits a screen."""
    if path.suffix != ".py":
        return []
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]
    return [f"{path}: {name} has {length} lines, wanted fewer than {FUNCTION_LINES}" for name, length in lengths if length >= FUNCTION_LINES]


def long_files(path: Path, text: str) -> list[str]:
    """Code is split before it needs a table of contents; a task file, before it needs scrolling twice."""
    limit = TASK_LINES if path.suffix == ".yml" and {"tasks", "handlers"} & set(path.parts) else CODE_LINES if path.suffix in (".py", ".js") else None
    length = text.count("\n")
    return [f"{path}: {length} lines, wanted at most {limit}"] if limit is not None and length > limit else []


def machine_words(path: Path, text: str) -> list[str]:
    """Nothing names the machine that it was written on or a package registry, which is each machine's own setting."""
    words = [(word, "a path of one machine") for word in _MACHINE_PATHS] + [(word, "a registry's host name") for word in _REGISTRIES]
    return [f"{path}: contains {word}, {what}" for word, what in words if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text)]


RULES = (header, long_functions, long_files, machine_words)


def breaches(path: Path, text: str) -> list[str]:
    """What a file breaks, by all rules."""
    return [problem for rule in RULES for problem in rule(path, text)]
