#!/usr/bin/env python3
"""Compiles the C++ in the documents, runs the README's two programs, and follows relative links.

    tests/docs/check_snippets.py [--cxx CXX] [--library LIBBUSBAR.A --busbard BUSBARD --busbar BUSBAR]

A ```cpp block behind <!-- compile --> or <!-- compile: NAME --> is compiled: a whole program if it has
a main, else as the body of a function with a `bus`, a `publisher` and a `subscriber`. A ```cpp block
behind <!-- fragment --> is not; one with neither mark is an error. With --library programs are linked,
and with --busbard and --busbar the README's `subscriber` and `publisher` are run against a broker.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MARK = re.compile(r"^<!-- (compile|fragment)(?:: *([a-z_]+))? -->$")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")

# What the README's subscriber prints of what the README's publisher sends.
EXPECTED = "20.5\n21\n21.5\n"

PREAMBLE = """#include <busbar/busbar.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>
using namespace std::chrono_literals;
struct Quote { std::uint64_t id; double price; };
[[maybe_unused]] static void use(std::span<const std::byte>) {}
[[maybe_unused]] static void snippet([[maybe_unused]] busbar::Bus& bus,
                                     [[maybe_unused]] busbar::Publisher& publisher,
                                     [[maybe_unused]] busbar::Subscriber& subscriber) {
"""


def documents():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "build")))
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def blocks(path):
    """Every ```cpp block as (first line's number, mark, name, text)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    at = 0
    while at < len(lines):
        if not lines[at].startswith("```"):
            at += 1
            continue
        language = lines[at][3:].strip()
        mark = MARK.match(lines[at - 1].strip()) if at else None
        start = at = at + 1
        while at < len(lines) and not lines[at].startswith("```"):
            at += 1
        if language in ("cpp", "c++"):
            yield (start + 1, mark.group(1) if mark else None, mark.group(2) if mark else None,
                   "\n".join(lines[start:at]) + "\n")
        at += 1


def broken_links(path):
    with open(path, encoding="utf-8") as file:
        in_block = False
        for number, line in enumerate(file, 1):
            if line.startswith("```"):
                in_block = not in_block
            for target in [] if in_block else LINK.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                    yield number, target


def compile_block(arguments, scratch, where, line, name, text):
    """Path of the program, or '' if it was only checked, or None if it does not compile."""
    is_program = re.search(r"\bint main\(", text) is not None
    source = f'#line {line} "{where}"\n{text}'
    if not is_program:
        source = PREAMBLE + source + "}\n"
    command = [arguments.cxx, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable",
               "-Wno-unused-but-set-variable", "-I" + ROOT, "-I" + os.path.join(ROOT, "client/include"),
               "-x", "c++", "-", "-x", "none"]
    program = ""
    if is_program and arguments.library:
        program = os.path.join(scratch, name or f"program_{abs(hash((where, line)))}")
        command += [arguments.library, "-pthread", "-o", program]
    else:
        command += ["-fsyntax-only"]
    done = subprocess.run(command, input=source, text=True, capture_output=True)
    if done.returncode != 0:
        print(done.stderr, end="")
        return None
    return program


def run_readme(busbard, busbar, programs, scratch):
    """None if the README's subscriber prints what it should, else what went wrong."""
    environment = dict(os.environ, BUSBAR_SOCKET=os.path.join(scratch, "control.sock"))
    broker = subprocess.Popen([busbard, "--socket", environment["BUSBAR_SOCKET"]], env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subscriber = None
    try:
        deadline = time.monotonic() + 10
        while not os.path.exists(environment["BUSBAR_SOCKET"]):
            if broker.poll() is not None or time.monotonic() > deadline:
                return "the broker did not start"
            time.sleep(0.02)
        subscriber = subprocess.Popen([programs["subscriber"]], env=environment, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # The two programs know nothing of each other: the seat must be there first.
        while True:
            show = subprocess.run([busbar, "--json", "show", "temperature"], env=environment, text=True,
                                  capture_output=True, timeout=30)
            if '"lag_bytes"' in show.stdout:
                break
            if subscriber.poll() is not None or time.monotonic() > deadline:
                return f"the subscriber got no seat: {show.stdout}{show.stderr}"
            time.sleep(0.05)
        publisher = subprocess.run([programs["publisher"]], env=environment, timeout=30)
        printed, _ = subscriber.communicate(timeout=30)
        if publisher.returncode != 0 or subscriber.returncode != 0:
            return f"exit status {publisher.returncode} and {subscriber.returncode}: {printed}"
        return None if printed == EXPECTED else f"the subscriber printed {printed!r}"
    except subprocess.TimeoutExpired:
        return "the programs did not end"
    finally:
        for process in (subscriber, broker):
            if process is not None and process.poll() is None:
                process.terminate()
        for process in (subscriber, broker):
            if process is not None:
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--library")
    parser.add_argument("--busbard")
    parser.add_argument("--busbar")
    arguments = parser.parse_args()

    failures = compiled = links = 0
    programs = {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in documents():
            where = os.path.relpath(path, ROOT)
            for number, target in broken_links(path):
                print(f"{where}:{number}: no such file: {target}")
                failures += 1
            for line, mark, name, text in blocks(path):
                if mark is None:
                    print(f"{where}:{line}: a cpp block needs <!-- compile --> or <!-- fragment --> before it")
                    failures += 1
                elif mark == "compile":
                    program = compile_block(arguments, scratch, where, line, name, text)
                    if program is None:
                        print(f"{where}:{line}: does not compile")
                        failures += 1
                    elif where == "README.md" and name and program:
                        programs[name] = program
                    compiled += 1
        if arguments.busbard and not failures:
            if not {"publisher", "subscriber"} <= programs.keys():
                problem = "it has no publisher and subscriber"
            else:
                problem = run_readme(arguments.busbard, arguments.busbar, programs, scratch)
            if problem:
                print(f"README.md: {problem}")
                failures += 1
    if failures:
        print(f"check_snippets: {failures} failures")
        return 1
    print(f"check_snippets: {compiled} snippets compile" + ("; the README's programs run" if arguments.busbard else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
