"""Lists the cycles between the source files of each crate; exits with 1 where there are any.

An arrow runs from a file to the one that defines what it uses: paths that begin with `crate`, `super`, `self` or a child
module, in `use` and elsewhere. What a module only hands on (`pub use`) counts as used from the file that defines it. Tests
do not count.
"""

import re
import sys
from pathlib import Path

USE = re.compile(r"^[ \t]*(pub(?:\([a-z: ]+\))?[ \t]+)?use[ \t]+([^;]+);", re.M)
INLINE = re.compile(r"\b((?:crate|super|self)(?:::[A-Za-z_]\w*)+)")
COMMENT = re.compile(r"//[^\n]*")
TESTS = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\n]*\]\s*)*(?:pub(?:\([a-z]+\))? )?mod \w+ \{")


def without_tests(text):
    """The text up to its tests, which stand last, without comments."""
    return COMMENT.sub("", TESTS.split(text)[0])


def flatten(tree):
    """The paths of a use tree such as `a::{b, c::{d as e}}`."""
    tree = tree.strip()
    brace = tree.find("{")
    if brace < 0:
        return [re.sub(r"\s+as\s+\w+$", "", tree)]
    prefix, inner, depth, start, paths = tree[:brace], tree[brace + 1 : tree.rfind("}")], 0, 0, []
    for place, character in enumerate(inner + ","):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            part, start = inner[start:place], place + 1
            if part.strip():
                paths += [re.sub(r"::self$", "", prefix + path) for path in flatten(part)]
    return paths


def modules_of(source):
    """The file of each module, by the module's path."""
    modules = {}
    for file in sorted(source.rglob("*.rs")):
        parts = list(file.relative_to(source).with_suffix("").parts)
        if any("test" in part for part in parts) or parts == ["main"]:
            continue
        if parts[-1] in ("lib", "mod"):
            parts.pop()
        modules[tuple(parts)] = file
    return modules


class Crate:
    def __init__(self, source):
        self.modules = modules_of(source)
        self.texts = {module: without_tests(file.read_text()) for module, file in self.modules.items()}
        self.handed_on = {}
        for module, text in self.texts.items():
            for public, tree in USE.findall(text):
                for path in flatten(tree) if public else []:
                    found = self.absolute(module, path)
                    if found:
                        self.handed_on[module, found[-1]] = found

    def absolute(self, module, path):
        """The path from the root of the crate; none where it leads out of it."""
        parts = path.replace(" ", "").replace("\n", "").split("::")
        if parts[0] == "crate":
            return tuple(parts[1:])
        base = list(module)
        if parts[0] in ("super", "self"):
            while parts and parts[0] == "super":
                parts.pop(0)
                base.pop()
            if parts and parts[0] == "self":
                parts.pop(0)
            return (*base, *parts)
        return (*base, *parts) if (*base, parts[0]) in self.modules else None

    def target(self, path, seen=()):
        """The module that defines what a path leads to."""
        length = max(n for n in range(len(path) + 1) if path[:n] in self.modules)
        module, rest = path[:length], path[length:]
        onward = self.handed_on.get((module, rest[0])) if rest else None
        if onward and onward != path and onward not in seen:
            return self.target((*onward, *rest[1:]), (*seen, path))
        return module

    def arrows(self):
        arrows = {}
        for module, text in self.texts.items():
            paths = [path for _, tree in USE.findall(text) for path in flatten(tree)]
            rest = USE.sub("", text)
            paths += INLINE.findall(rest)
            for child in (other[-1] for other in self.modules if other and other[:-1] == module):
                paths += re.findall(rf"(?<![\w:])({child}(?:::\w+)+)", rest)
            targets = {self.target(found) for found in (self.absolute(module, path) for path in paths) if found}
            arrows[module] = targets - {module}
        return arrows


def cycles(arrows):
    """The strongly connected components of more than one file (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in arrows[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in arrows:
        if node not in index:
            visit(node)
    return found


def main():
    sys.setrecursionlimit(10_000)
    root = Path(__file__).resolve().parent.parent
    count = files = 0
    for source in sorted(root.glob("crates/*/src")):
        crate = Crate(source)
        files += len(crate.modules)
        arrows = crate.arrows()
        for component in cycles(arrows):
            count += 1
            print(f"{source.relative_to(root)}: a cycle of {len(component)} files")
            for module in component:
                ends = sorted("::".join(other) or "lib" for other in arrows[module] if other in component)
                print(f"  {'::'.join(module) or 'lib'} -> {', '.join(ends)}")
    print(f"{files} files, {count} cycles")
    sys.exit(count > 0)


main()
