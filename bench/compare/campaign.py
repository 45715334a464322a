#!/usr/bin/env python3
"""Compares Busbar, its peers and the machine: rounds of interleaved samples, tables and plots.

    campaign.py PROGRAMS [--rounds N] [--minutes M] [--quick] [--only WORDS]... [--write] [--list]

PROGRAMS is the folder of the compare-* programs. --quick: two rounds, no curves; --only: cases whose
group or command has the words; --list: prints their groups and measures nothing. Prints the tables; with --write they go into docs/performance.md
between its marks, with the plots and the samples beside it. scripts/bench.sh builds and calls it.
"""

import argparse
import csv
import os
import platform
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import aims  # noqa: E402
import cases  # noqa: E402
import rounds  # noqa: E402
import tables  # noqa: E402

TREE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
COLUMNS = ("mode", "rate", "p50", "p99", "p999", "mean", "cpu_ns", "switches", "calls", "bytes", "pss", "pss_shared",
           "added_ns", "failed")


def output_of(*command):
    try:
        return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()
    except OSError:
        return ""


def machine(programs, minutes, count):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    flags = next((line.split("=", 1)[1].strip() for line in open(os.path.join(programs, "../../CMakeCache.txt"))
                  if line.startswith("CMAKE_CXX_FLAGS_RELEASE:")), "?")
    peers = output_of("dpkg-query", "-W", "-f=${Package} ${Version}, ", "iceoryx", "libzmq5", "libnng1",
                      "libboost1.81-dev").rstrip(", ")
    kind = "a virtual machine" if "hypervisor" in open("/proc/cpuinfo").read() else "no virtual machine"
    return (f"{model}, {len(os.sched_getaffinity(0))} cores, {kind}; Linux {platform.release()}, "
            f"{output_of('sh', '-c', '. /etc/os-release; echo $PRETTY_NAME')}; "
            f"{output_of('g++', '--version').splitlines()[0]}, `{flags}`, harness and callers `-march=native`. "
            f"Peers: {peers}. {count} samples in {minutes:.0f} minutes.\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--rounds", type=int, default=6, help="at least; more where samples are lacking")
    parser.add_argument("--minutes", type=float, default=15, help="no more rounds after that")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[], metavar="WORDS")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the groups, measure nothing")
    options = parser.parse_args()
    if not list(chosen(options)):
        parser.error(f"--only {' --only '.join(options.only)}: no case has that in its group or command; "
                     f"the groups are:\n{groups_text(cases.all_cases())}")
    return options


def groups_text(of):
    return "\n".join(f"  {group}" for group in dict.fromkeys(case.group for case in of))


def chosen(options):
    for case in cases.all_cases():
        if options.quick and case.group.startswith(("curve", "idle")):
            continue
        if all(words in f"{case.group} {case.command}" for words in options.only):
            yield case


def write_samples(samples, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("round", "command", "line_before", "line_after") + COLUMNS)
        for number, case, sample in samples:
            lines = (sample.get("lines") or []) + ["", ""]
            out.writerow([number, case.command, *lines[:2]] + [sample.get(column, "") for column in COLUMNS])


def write_document(text, path):
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}{END}{after}")


def main():
    options = arguments()
    if options.list:
        print(groups_text(chosen(options)))
        return
    if options.write:
        import plots  # needs matplotlib: to be missed now, not after the last round
    count = 2 if options.quick else options.rounds
    began = time.monotonic()
    deadline = began + (2 if options.quick else options.minutes) * 60
    samples = rounds.run(options.programs, list(chosen(options)), count, deadline,
                         lambda taken: set() if options.quick else aims.lacking(taken, count))
    for _, _, sample in samples:
        sample["all_wake_ups"] = sample.get("wake_ups", 0) + sample.get("daemon_wake_ups", 0)
    text = machine(options.programs, (time.monotonic() - began) / 60, len(samples)) + "\n" + tables.all_tables(samples)
    if not options.write:
        print(text)
        return
    folder = os.path.join(TREE, "docs", "performance")
    plots.draw(samples, folder)
    write_samples(samples, os.path.join(folder, "samples.csv"))
    write_document(text, os.path.join(TREE, "docs", "performance.md"))


if __name__ == "__main__":
    main()
