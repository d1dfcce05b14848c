"""Every widget of the package, found and not listed; and the keys their JavaScript touches."""

from __future__ import annotations

import pkgutil
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

import anywidget

import deepdos_nb.widgets

NAME = r"[A-Za-z_$][\w$]*"

# Keys that anywidget or ipywidgets bring along.
FOREIGN = set(anywidget.AnyWidget.class_traits(sync=True)) | {"msg:custom"}


@cache
def anywidgets() -> tuple[type[anywidget.AnyWidget], ...]:
    """All anywidget classes defined in `deepdos_nb`, sorted by name."""
    for module in pkgutil.walk_packages(deepdos_nb.widgets.__path__, "deepdos_nb.widgets."):
        import_module(module.name)

    def below(cls: type) -> set[type]:
        return {cls}.union(*(below(c) for c in cls.__subclasses__()))

    # anywidget makes a private subclass of its own for each instance; only real ones have a module
    # whose attribute they are.
    found = {
        c
        for c in below(anywidget.AnyWidget)
        if c.__module__.startswith("deepdos_nb.")
        and getattr(import_module(c.__module__), c.__name__, None) is c
    }
    return tuple(sorted(found, key=lambda c: c.__name__))


def synced(cls: type[anywidget.AnyWidget]) -> set[str]:
    """Names of the traits a class shares with the browser."""
    return set(cls.class_traits(sync=True)) - FOREIGN


@dataclass
class Keys:
    """What a script does with its model, by key."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    unclear: list[str] = field(default_factory=list)


def keys_of(script: str) -> Keys:
    """Keys a script reads, writes and listens to.

    A key handed to a helper is followed: where ``model.get(key)`` stands inside a function with
    the argument ``key``, the literals its callers pass count. The same goes for a loop variable
    over a literal list. What cannot be followed is listed in `unclear`, and fails the test.
    """
    text = _without_comments(script)
    keys = Keys()
    keys.heard |= set(re.findall(r"""["'`]change:(\w+)["'`]""", text))
    for method, into in (("get", keys.read), ("set", keys.written)):
        for match in re.finditer(rf"\bmodel\.{method}\(\s*", text):
            found, problem = _literals(text, match.end())
            into |= found
            keys.unclear += [f"model.{method}({problem})"] if problem else []
    for match in re.finditer(r"`change:\$\{\s*", text):
        found, problem = _literals(text, match.end())
        keys.heard |= found
        keys.unclear += [f"change:${{{problem}}}"] if problem else []
    return keys


def _without_comments(script: str) -> str:
    # A line comment starts a line or follows a blank; "//" inside a string does neither here.
    script = re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)
    return re.sub(r"(^|\s)//[^\n]*", r"\1", script)


def _literals(text: str, at: int) -> tuple[set[str], str]:
    """Keys the expression at `at` may stand for, and the expression where that is unclear."""
    literal = re.compile(r"""["'](\w+)["']""").match(text, at)
    if literal:
        return {literal[1]}, ""
    # A choice between two: cond ? "a" : "b".
    choice = re.compile(r"""[^,;()?]+\?\s*["'](\w+)["']\s*:\s*["'](\w+)["']""").match(text, at)
    if choice:
        return {choice[1], choice[2]}, ""
    name = re.compile(NAME).match(text, at)
    if not name:
        return set(), text[at : at + 30]
    found = _loop(text, name[0], at) or _argument(text, name[0], at)
    return (found, "") if found else (set(), name[0])


def _strings(text: str) -> set[str]:
    """Words of a literal list of strings; of a list of lists, the first of each."""
    if "[" in text:
        return {m[1] for m in re.finditer(r"""\[\s*["'](?:change:)?(\w+)["']""", text)}
    return set(re.findall(r"""["'](?:change:)?(\w+)["']""", text))


def _list(text: str, expression: str) -> set[str]:
    expression = expression.strip()
    if expression.startswith("["):
        return _strings(expression[1:])
    constant = re.search(rf"\bconst {re.escape(expression)} = \[(.*?)\];", text, re.DOTALL)
    return _strings(constant[1]) if constant else set()


def _loop(text: str, name: str, at: int) -> set[str]:
    """Values of a loop variable: ``for (const name of LIST)``, ``LIST.forEach((name) =>``."""
    before = text[:at]
    loops = list(
        re.finditer(rf"for \(const (?:\[\s*)?{re.escape(name)}\b[^)]*? of ([^)]+?)\)\s", before)
    )
    if loops:
        return _list(text, loops[-1][1])
    each = list(
        re.finditer(
            rf"(\[[^\[\]]*\]|{NAME})\.(?:forEach|map|flatMap)\(\(?{re.escape(name)}\b", before
        )
    )
    return _list(text, each[-1][1]) if each else set()


def _argument(text: str, name: str, at: int) -> set[str]:
    """Literals that callers pass for an argument of the function around `at`."""
    named = rf"function ({NAME})\s*\(([^)]*)\)"
    arrow = rf"(?:const|let) ({NAME}) = (?:async )?\(?([^)=]*)\)? =>"
    enclosing = [
        (m[1] or m[3], [p.split("=")[0].strip() for p in (m[2] or m[4] or "").split(",")], m)
        for m in re.finditer(f"{named}|{arrow}", text[:at])
    ]
    for function, parameters, head in reversed(enclosing):
        if name not in parameters:
            continue
        position = parameters.index(name)
        found: set[str] = set()
        for call in re.finditer(rf"(?<![\w$.]){re.escape(function)}\(", text):
            if call.start() in range(*head.span()):
                continue
            arguments = _arguments(text, call.end())
            if position < len(arguments):
                passed = arguments[position].strip()
                literal = re.fullmatch(r"""["'](\w+)["']""", passed)
                if literal:
                    found.add(literal[1])
                else:
                    return set()
        return found
    return set()


def _arguments(text: str, at: int) -> list[str]:
    """Arguments of a call whose opening bracket ends at `at`."""
    depth, start, parts = 0, at, []
    for i in range(at, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                return [*parts, text[start:i]]
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts
