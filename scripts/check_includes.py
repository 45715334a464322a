#!/usr/bin/env python3
"""Checks which part of the tree may include which, and who may include which third party.

    scripts/check_includes.py [TREE]       prints every violation as file:line: what, and the rule
    scripts/check_includes.py --self-test  plants one violation of each rule and expects it found

Exit status: 0 none, 1 violations (or a failed self-test), 2 usage.
"""

import os
import re
import sys
import tempfile

SUFFIXES = (".hpp", ".cpp", ".h", ".inc")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# Part of the tree -> parts that it may include, itself always. Longest prefix wins.
ARROWS = {
    "common/base": (),
    "common/layout": ("common/base",),
    "common/hot": ("common/base", "common/layout"),
    "common/shm": ("common/base", "common/layout"),
    "common/sync": ("common/base", "common/layout"),
    "common/ring": ("common/base", "common/layout", "common/hot", "common/shm", "common/sync"),
    "common/control": ("common/base", "common/layout/limits.hpp"),
    "client/include": ("common/base", "common/layout/record.hpp", "common/hot"),
    "client": ("common", "client/include"),
    "config": ("common",),
    "daemon": ("common", "config"),
    "cli": ("client/include", "config"),
    "bench": ("client/include",),
    "examples": ("client/include",),
    # Tests may look at everything; what they link is tests/CMakeLists.txt's matter.
    "tests": ("common", "client", "config", "daemon", "cli", "bench", "examples"),
}

# Third party (the first part of the path in the brackets) -> files and folders that may include it.
NLOHMANN = re.compile(r"common/control/codec\.cpp|config/config_[a-z0-9_]*\.cpp|cli/json_output\.cpp|tests/.*")
THIRD_PARTIES = {
    "nlohmann": (NLOHMANN, "JSON is included by common/control/codec.cpp, config/config_*.cpp and "
                           "cli/json_output.cpp only"),
    "spdlog": (re.compile(r"(daemon|cli)/.*"), "spdlog is included by daemon and cli only"),
    "fmt": (re.compile(r"(daemon|cli)/.*"), "fmt is included by daemon and cli only"),
    "CLI": (re.compile(r"(daemon|cli|bench)/.*"),
            "the command-line parser is included by daemon, cli and bench only"),
    "boost": (re.compile(r"(common/(shm|sync|ring|control)|client/src|daemon|bench|tests)/.*"),
              "Boost is included by common/{shm,sync,ring,control}, client/src, daemon, bench and "
              "tests only"),
    "gtest": (re.compile(r"tests/.*"), "GoogleTest is included by tests only"),
    "gmock": (re.compile(r"tests/.*"), "GoogleTest is included by tests only"),
    "benchmark": (re.compile(r"bench/.*"), "Google Benchmark is included by bench only"),
    "relacy": (re.compile(r"tests/.*"), "Relacy is included by tests only"),
}

STANDARD = set("""
algorithm any array atomic barrier bit bitset charconv chrono cassert cctype cerrno cfenv cfloat
cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp
csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception
execution filesystem format forward_list fstream functional future initializer_list iomanip ios iosfwd
iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric
optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex
source_location span sstream stack stdexcept stop_token streambuf string string_view strstream
syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
valarray variant vector version
""".split())

# Included in programs of the tests alone, by a header that is installed.
NOT_INSTALLED = {"common/base/armed_crash_point.hpp"}
INSTALLED_RULE = "installed headers include the standard library alone"


def part_of(path):
    """The part of the tree that a path belongs to, or None."""
    best = None
    for part in ARROWS:
        if path.startswith(part + "/") and (best is None or len(part) > len(best)):
            best = part
    return best


def allowed(part, target):
    """May a file of `part` include the file `target`?"""
    if part_of(target) == part:
        return True
    return any(target == entry or target.startswith(entry + "/") for entry in ARROWS[part])


def arrow_rule(part):
    what = ", ".join((part,) + ARROWS[part])
    return f"{part} may include {what} only"


def sources(tree):
    for top in sorted({part.split("/")[0] for part in ARROWS}):
        for folder, folders, files in os.walk(os.path.join(tree, top)):
            folders.sort()
            for name in sorted(files):
                if name.endswith(SUFFIXES):
                    yield os.path.relpath(os.path.join(folder, name), tree)


def includes(tree, path):
    with open(os.path.join(tree, path), encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1) or match.group(2), match.group(1) is not None


def resolve(tree, path, name, is_quoted):
    """The file of the tree that an include means, or None if it is none of the tree's."""
    places = [os.path.dirname(path)] if is_quoted else []
    places += ["", "client/include"]
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if not candidate.startswith("..") and os.path.isfile(os.path.join(tree, candidate)):
            return candidate
    return None


def installed_headers(tree):
    """client/include and, followed from there, the headers of common that are installed with it."""
    found = [path for path in sources(tree) if path.startswith("client/include/")]
    for path in found:  # grows while it is walked
        for _, name, is_quoted in includes(tree, path):
            target = resolve(tree, path, name, is_quoted)
            if target and target not in found and target not in NOT_INSTALLED:
                found.append(target)
    return set(found)


def check(tree):
    """Every violation as (file, line, what, rule)."""
    violations = []
    installed = installed_headers(tree)
    for path in sources(tree):
        part = part_of(path)
        for line, name, is_quoted in includes(tree, path):
            target = resolve(tree, path, name, is_quoted)
            if target:
                if part and part_of(target) and not allowed(part, target):
                    violations.append((path, line, target, arrow_rule(part)))
                continue
            if path in installed and name not in STANDARD:
                violations.append((path, line, name, INSTALLED_RULE))
                continue
            # A name of this tree whose file is not there: still an arrow, and a broken one.
            if is_quoted and part and part_of(name) and not allowed(part, name):
                violations.append((path, line, name, arrow_rule(part)))
                continue
            third = name.split("/")[0]
            if third in THIRD_PARTIES:
                who, rule = THIRD_PARTIES[third]
                if not who.fullmatch(path):
                    violations.append((path, line, name, rule))
    return violations


# ---- self-test ----

CLEAN = {
    "common/base/error.hpp": '#include <string>\n#include "export.hpp"\n',
    "common/base/export.hpp": "",
    "common/base/names.cpp": '#include "common/base/error.hpp"\n',
    "common/layout/limits.hpp": "#include <cstdint>\n",
    "common/layout/record.hpp": '#include "common/layout/limits.hpp"\n',
    "common/shm/mapping.cpp": "#include <boost/interprocess/mapped_region.hpp>\n#include <sys/mman.h>\n",
    "common/sync/futex.hpp": '#include "common/layout/record.hpp"\n',
    "common/ring/ring_view.hpp": '#include "common/sync/futex.hpp"\n',
    "common/control/codec.hpp": '#include "common/layout/limits.hpp"\n',
    "common/control/codec.cpp": "#include <nlohmann/json.hpp>\n",
    "client/include/busbar/bus.hpp": '#include <memory>\n#include "common/base/error.hpp"\n',
    "client/src/bus.cpp": '#include "busbar/bus.hpp"\n#include "common/ring/ring_view.hpp"\n',
    "client/src/connection.hpp": "",
    "daemon/broker.hpp": '#include "common/ring/ring_view.hpp"\n#include <spdlog/spdlog.h>\n',
    "config/config_loader.cpp": '#include "common/base/error.hpp"\n#include <nlohmann/json.hpp>\n',
    "cli/main.cpp": '#include <busbar/bus.hpp>\n#include <CLI/CLI.hpp>\n#include "cli/table.hpp"\n#include "config/config.hpp"\n',
    "cli/table.hpp": "",
    "config/config.hpp": "",
    "cli/json_output.cpp": "#include <nlohmann/json.hpp>\n",
    "tests/unit/broker_test.cpp": '#include "daemon/broker.hpp"\n#include <gtest/gtest.h>\n',
}

PLANTED = [
    ("common/base/names.cpp", '#include "common/layout/limits.hpp"'),
    ("common/layout/record.hpp", '#include "common/sync/futex.hpp"'),
    ("common/layout/record.hpp", '#include "../ring/ring_view.hpp"'),
    ("common/shm/mapping.cpp", '#include "common/sync/futex.hpp"'),
    ("common/sync/futex.hpp", '#include "common/ring/ring_view.hpp"'),
    ("common/ring/ring_view.hpp", '#include "common/control/codec.hpp"'),
    ("common/control/codec.hpp", '#include "common/layout/record.hpp"'),
    ("common/control/codec.hpp", '  #  include "common/ring/ring_view.hpp"'),
    ("common/control/codec.hpp", "#include <nlohmann/json_fwd.hpp>"),
    ("common/ring/ring_view.hpp", "#include <spdlog/spdlog.h>"),
    ("common/base/names.cpp", "#include <boost/version.hpp>"),
    ("client/src/bus.cpp", '#include "daemon/broker.hpp"'),
    ("client/src/bus.cpp", "#include <nlohmann/json.hpp>"),
    ("client/src/bus.cpp", "#include <spdlog/spdlog.h>"),
    ("client/include/busbar/bus.hpp", '#include "common/ring/ring_view.hpp"'),
    ("client/include/busbar/bus.hpp", '#include "../../src/connection.hpp"'),
    ("client/include/busbar/bus.hpp", "#include <boost/version.hpp>"),
    ("client/include/busbar/bus.hpp", "#include <unistd.h>"),
    ("common/base/export.hpp", "#include <unistd.h>"),
    ("daemon/broker.hpp", '#include "busbar/bus.hpp"'),
    ("daemon/broker.hpp", '#include "client/src/connection.hpp"'),
    ("daemon/broker.hpp", "#include <nlohmann/json.hpp>"),
    ("daemon/broker.hpp", "#include <gtest/gtest.h>"),
    ("cli/main.cpp", '#include "common/base/error.hpp"'),
    ("cli/main.cpp", '#include "daemon/not_written_yet.hpp"'),
    ("cli/table.hpp", "#include <nlohmann/json.hpp>"),
    ("config/config.hpp", '#include "daemon/broker.hpp"'),
    ("config/config.hpp", "#include <nlohmann/json.hpp>"),
    ("config/config.hpp", "#include <spdlog/spdlog.h>"),
    ("bench/throughput.cpp", '#include "common/ring/ring_view.hpp"'),
    ("examples/publisher.cpp", '#include "client/src/connection.hpp"'),
    ("examples/publisher.cpp", "#include <boost/version.hpp>"),
]


def write_tree(tree, files):
    for path, text in files.items():
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    failures = 0
    with tempfile.TemporaryDirectory() as tree:
        write_tree(tree, CLEAN)
        for violation in check(tree):
            print("self-test: found in a clean tree: %s:%d: %s (%s)" % violation)
            failures += 1
    for path, line in PLANTED:
        with tempfile.TemporaryDirectory() as tree:
            write_tree(tree, CLEAN)
            write_tree(tree, {path: CLEAN.get(path, "") + line + "\n"})
            number = CLEAN.get(path, "").count("\n") + 1
            found = [(file, at) for file, at, _, _ in check(tree)]
            if found != [(path, number)]:
                print(f"self-test: planted {line} in {path}:{number}, found {found}")
                failures += 1
    if failures:
        return 1
    print(f"check_includes: self-test passed, {len(PLANTED)} planted violations found")
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__, file=sys.stderr)
        return 2
    tree = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    violations = check(tree)
    for path, line, what, rule in violations:
        print(f"{path}:{line}: includes {what}: {rule}")
    if violations:
        print(f"check_includes: {len(violations)} violations")
        return 1
    print(f"check_includes: {sum(1 for _ in sources(tree))} files, no violation")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
