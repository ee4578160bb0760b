"""What people do with tables: a list of operations, each of one tool, and what it must give."""

import traceback

OPERATIONS = []


def operation(tool, what):
    """Registers a function of the folder of an experiment. It returns what was found, in a few words, and raises where that is wrong."""

    def register(function):
        OPERATIONS.append((tool, what, function))
        return function

    return register


def same(found, expected):
    """Returns what was found, where it is what was expected."""
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")
    return found


def run(folder):
    """Prints one row an operation; returns how many failed. What failed is explained below the table."""
    failures = []
    print(f"{'tool':10}  {'operation':45}  result")
    for tool, what, function in OPERATIONS:
        try:
            result = function(folder)
        except Exception as error:  # also what a library raises
            failures.append((tool, what, error))
            result = "FAILED"
        print(f"{tool:10}  {what:45}  {result}", flush=True)
    for tool, what, error in failures:
        print(f"\n{tool}, {what}:")
        traceback.print_exception(error)
    return len(failures)
