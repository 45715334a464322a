"""Takes samples: rounds over all cases, one after the other."""

import json
import os
import subprocess
import sys
import time

TRIES = 3  # for a sample whose two probes of the cache line do not agree


def take(programs, case):
    """One sample as a dictionary; None where the program was not built."""
    program = os.path.join(programs, "compare-" + case.peer)
    if not os.path.exists(program):
        return None
    environment = {**os.environ, **({"BUSBAR_WAIT": case.policy} if case.policy else {})}
    try:
        run = subprocess.run([program, *case.args], env=environment, timeout=60, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(run.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return {"mode": "unknown", "failed": "no result"}


def take_in_one_mode(programs, case):
    for _ in range(TRIES):
        sample = take(programs, case)
        if sample is None or sample.get("failed") or sample["mode"] in ("near", "far"):
            break
    return sample


def run(programs, cases, rounds, deadline, wanted):
    """Samples as (round, case, sample). `wanted(samples)` names cases of which more are needed after
    the last round; they are taken until `deadline` (of time.monotonic)."""
    samples = []
    last_round = 0

    def one_round(number, chosen):
        if not sys.stderr.isatty():
            print(f"round {number}, {len(chosen)} samples", file=sys.stderr)
        for place, case in enumerate(chosen):
            if sys.stderr.isatty():
                print(f"\rround {number}, {place + 1} of {len(chosen)}: {case.id:.90}\033[K", end="", file=sys.stderr)
            sample = take_in_one_mode(programs, case)
            if sample is not None:
                samples.append((number, case, sample))
                if sample.get("failed"):
                    print(f"\n{case.command}: {sample['failed']}", file=sys.stderr)

    for last_round in range(1, rounds + 1):
        one_round(last_round, [case for case in cases if last_round <= (case.rounds or rounds)])
    while time.monotonic() < deadline:
        more = wanted(samples)
        if not more:
            break
        last_round += 1
        one_round(last_round, [case for case in cases if case in more])
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return samples
