#!/usr/bin/env python3
"""Counts the instructions that a message costs on each path of bench/hot_path.cpp, with callgrind.

    scripts/instructions.py                  builds Release into build/release, prints the counts
    scripts/instructions.py --check          compares them with the table in docs/performance.md
    scripts/instructions.py --update         writes them into that table
    scripts/instructions.py --annotate PATH  one path, function by function
    ... --program BUSBAR-HOT-PATH --busbard BUSBARD   counts these, builds nothing

Exit status: 0 done; 1 a path costs more than the table says (or is not in it), or something failed;
77 it cannot be counted here, because the kernel refuses membarrier.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
ROW = re.compile(r"^(\| `([a-z_]+)` \|[^|]*\| )([0-9.]+)( \|.*)$")  # path, what, instructions, ...

LAPS = 20  # of a ring of 1,024 records
MOST = 1.05  # of what the table says
LEAST = 0.90
SKIPPED = 77  # ctest's SKIP_RETURN_CODE, also of busbar-hot-path


def fail(text):
    sys.exit(f"instructions: {text}")


def run(command, **more):
    result = subprocess.run(command, capture_output=True, text=True, **more)
    if result.returncode == SKIPPED:
        print(result.stderr, file=sys.stderr)
        sys.exit(SKIPPED)
    if result.returncode != 0:
        fail(f"{' '.join(command)}: exit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def build_release():
    folder = os.path.join(ROOT, "build", "release")
    run(["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DBUSBAR_BUILD_TESTS=OFF",
         "-DBUSBAR_BUILD_BENCH=ON"])
    run(["cmake", "--build", folder, "--parallel", str(os.cpu_count()),
         "--target", "busbard", "busbar_hot_path"])
    return (os.path.join(folder, "bench", "busbar-hot-path"),
            os.path.join(folder, "daemon", "busbard"))


@contextlib.contextmanager
def broker(busbard, folder):
    """Runs outside of valgrind; yields its socket."""
    socket = os.path.join(folder, "control.sock")
    process = subprocess.Popen([busbard, "--socket", socket, "--log-level", "warn"])
    try:
        for _ in range(1000):
            if os.path.exists(socket):
                break
            if process.poll() is not None:
                fail(f"{busbard} did not start")
            time.sleep(0.01)
        yield socket
    finally:
        process.terminate()
        process.wait()


def count(program, socket, path, out):
    """Instructions a message. Only what happens inside busbar_counted() is collected."""
    messages = run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                    "--collect-atstart=no", "--toggle-collect=busbar_counted",
                    program, socket, path, str(LAPS)])
    with open(out, encoding="utf-8") as file:
        totals = re.search(r"^totals: (\d+)", file.read(), re.MULTILINE)
    if totals is None or int(totals[1]) == 0:
        fail(f"{path}: callgrind collected nothing: is busbar_counted() still a function?")
    return int(totals[1]) / int(messages)


def table():
    """Path -> instructions, as the document says."""
    with open(DOCUMENT, encoding="utf-8") as file:
        rows = [ROW.match(line) for line in file.read().splitlines()]
    return {row[2]: float(row[3]) for row in rows if row}


def update(counts):
    def new(line):
        row = ROW.match(line)
        return f"{row[1]}{counts[row[2]]:.1f}{row[4]}" if row and row[2] in counts else line

    with open(DOCUMENT, encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write("\n".join(map(new, lines)) + "\n")
    for path in counts.keys() - table().keys():
        fail(f"{path} has no row in docs/performance.md: add one")


def check(counts):
    """What is wrong, a line each."""
    recorded = table()
    for path in recorded.keys() - counts.keys():
        yield f"{path} is in docs/performance.md, but bench/hot_path.cpp does not have it"
    for path, now in counts.items():
        if path not in recorded:
            yield f"{path} ({now:.1f}) has no row in docs/performance.md: add one"
        elif now > recorded[path] * MOST:
            yield (f"{path} costs {now:.1f} instructions a message, {now / recorded[path] - 1:+.1%}: "
                   f"docs/performance.md says {recorded[path]:.1f}, and {MOST - 1:.0%} more is allowed. "
                   f"Look at scripts/instructions.py --annotate {path}; if it must be so, --update")
        elif now < recorded[path] * LEAST:
            print(f"instructions: warning: {path} costs {now:.1f}, {now / recorded[path] - 1:+.1%}: "
                  "docs/performance.md is out of date, run scripts/instructions.py --update")


def main():
    parser = argparse.ArgumentParser(description="Instructions a message, by callgrind.")
    parser.add_argument("--program", help="busbar-hot-path, compiled as Release is")
    parser.add_argument("--busbard")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--update", action="store_true")
    what.add_argument("--annotate", metavar="PATH")
    arguments = parser.parse_args()
    if (arguments.program is None) != (arguments.busbard is None):
        parser.error("--program and --busbard go together")
    if shutil.which("valgrind") is None:
        fail("valgrind is needed (Debian package valgrind)")
    program, busbard = ((arguments.program, arguments.busbard) if arguments.program
                        else build_release())

    paths = [arguments.annotate] if arguments.annotate else run([program]).split()
    counts = {}
    with tempfile.TemporaryDirectory(prefix="busbar-instructions.") as folder:
        with broker(busbard, folder) as socket:
            for path in paths:
                out = os.path.join(folder, f"{path}.out")
                counts[path] = count(program, socket, path, out)
                print(f"{path:24} {counts[path]:8.1f}", flush=True)
                if arguments.annotate:
                    print(run(["callgrind_annotate", "--threshold=99.9", out]))

    if arguments.update:
        update(counts)
    if arguments.check:
        problems = list(check(counts))
        if problems:
            fail("\ninstructions: ".join(problems))
        print(f"instructions: {len(counts)} paths, none above the table + {MOST - 1:.0%}")


if __name__ == "__main__":
    main()
