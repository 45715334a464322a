"""What Busbar has to show: ratios to a limit, each taken within one round and one mode."""

from dataclasses import dataclass
from statistics import median


def line_of(sample):
    return sum(sample["lines"]) / len(sample["lines"])


@dataclass(frozen=True)
class Aim:
    """`value(sample)` of the case whose id begins with `case`, divided by that of `limit`; without a
    limit by what `of_itself` says of the same sample."""
    title: str
    case: str
    value: str
    limit: str
    at_most: float = None
    at_least: float = None
    goal: float = None
    of_itself: object = None
    unit: str = ""

    def asked(self):
        sign, value = ("≤", self.at_most) if self.at_most is not None else ("≥", self.at_least)
        goal = f" (goal {self.goal:g})" if self.goal else ""
        return f"{sign} {value:g}{self.unit}{goal}"

    def is_met(self, value):
        return value <= self.at_most if self.at_most is not None else value >= self.at_least

    def ratios(self, samples):
        """{mode: [ratio of each round]}"""
        ours, limits = {}, {}
        for number, case, sample in samples:
            if sample.get("failed"):
                continue
            if case.id == self.case:
                ours[number] = sample
            if case.id == self.limit:
                limits[number] = sample
        found = {"near": [], "far": []}
        for number, sample in ours.items():
            mode = sample["mode"]
            if mode not in found or sample.get(self.value) is None:
                continue
            if not self.limit:
                below = self.of_itself(sample) if self.of_itself else 1
            elif number in limits and limits[number]["mode"] == mode:
                below = limits[number].get(self.value)
            else:
                continue
            if below:
                found[mode].append(sample[self.value] / below)
        return found


def trip(size):
    return f"busbar round-trip size={size} wait=busy"


def one_way(size, capacity):
    return f"busbar one-way size={size} capacity={capacity} wait=block"


def ring(size, capacity, batch):
    return f"ring one-way size={size} capacity={capacity} wait=busy batch={batch}"


M8 = 8 << 20
FAN8 = "one-way size=64 readers=8 wait="
UNTOUCHED = "wait=busy untouched=1 capacity=67108864"

AIMS = [
    Aim("round trip, busy, 64 B, of the cache line's", trip(64), "p50", "", at_most=2.0, goal=1.8,
        of_itself=line_of),
    Aim("round trip, busy, 48 B, of the cache line's", trip(48), "p50", "", at_most=1.8, goal=1.6,
        of_itself=line_of),
    Aim("its p99 at 64 B, of its median", trip(64), "p99", "", at_most=2.0, of_itself=lambda s: s["p50"]),
    Aim("its p99.9 at 64 B", trip(64), "p999", "", at_most=1000, unit=" ns"),
    Aim("round trip, busy, 4 KiB, of the bare ring's", trip(4096), "p50",
        "ring round-trip size=4096 wait=busy batch=1", at_most=0.8),
    Aim("one way, 64 B, of the bare batched ring", one_way(64, 4 << 20), "rate", ring(64, 4 << 20, 256),
        at_least=1.0, goal=1.8),
    Aim("one way, 1 KiB, of the bare ring", one_way(1024, M8), "rate", ring(1024, M8, 1), at_least=0.9),
    Aim("the same, of the ring in batches of 256", one_way(1024, M8), "rate", ring(1024, M8, 256),
        at_least=0.9),
    Aim("one way, 64 KiB, of the bare ring", one_way(65536, M8), "rate", ring(65536, M8, 1), at_least=0.95),
    Aim("the same, of the ring in batches of 32", one_way(65536, M8), "rate", ring(65536, M8, 32),
        at_least=0.95),
    Aim("one way, 1 MiB, of the bare ring", one_way(1048576, M8), "rate", ring(1048576, M8, 1), at_least=0.95),
    Aim("the same, of the ring in batches of 2", one_way(1048576, M8), "rate", ring(1048576, M8, 2),
        at_least=0.95),
    Aim("round trip of an untouched 1 MiB, of 64 B's", f"busbar round-trip size=1048576 {UNTOUCHED}", "p50",
        f"busbar round-trip size=64 {UNTOUCHED}", at_most=1.0),
    Aim("8 subscribers, yielding, of the bare gated broadcast", f"busbar {FAN8}yield", "rate",
        f"ring {FAN8}yield", at_least=0.9),
    Aim("8 subscribers, default policy, of yielding", f"busbar {FAN8}block", "rate", f"busbar {FAN8}yield",
        at_least=0.5),
    Aim("2 publishers together, of the bare ring with CAS claims", "busbar one-way size=64 writers=2 wait=block",
        "rate", "claims one-way size=64 writers=2 wait=yield", at_least=2),
    Aim("4 publishers together, of the bare ring with CAS claims", "busbar one-way size=64 writers=4 wait=block",
        "rate", "claims one-way size=64 writers=4 wait=yield", at_least=2),
    Aim("sleeping round trip, policy power, of the bare futex'",
        "busbar round-trip size=64 wait=block BUSBAR_WAIT=power", "p50", "machine sleep", at_most=1.1),
    Aim("system calls a message, one way, 64 B", "busbar one-way size=64 wait=block calls=1 seconds=0.2", "calls",
        "", at_most=0.001),
    Aim("a sleeping subscriber adds to a commit", "sleepers 1", "added_ns", "", at_most=10, unit=" ns"),
    Aim("memory of a channel beyond its capacity", "sleepers 1", "beyond_capacity", "", at_most=65536, unit=" bytes"),
    Aim("wake-ups of an idle broker and 10 subscribers in 5 s",
        "busbar idle wait=block readers=10 seconds=5", "all_wake_ups", "", at_most=0),
]


def bimodality(samples):
    """The slowest of the rounds, of the fastest, for the worst capacity: {mode: (ratio, capacity)}."""
    rates = {}
    for _, case, sample in samples:
        if case.group == "curve: capacity" and sample.get("rate"):
            rates.setdefault((sample["mode"], case.label), []).append(sample["rate"])
    worst = {}
    for (mode, capacity), values in rates.items():
        if len(values) > 1:
            ratio = min(values) / max(values)
            worst[mode] = min(worst.get(mode, (2, "")), (ratio, capacity))
    return worst


def lacking(samples, rounds):
    """Cases of aims that have fewer than `rounds` ratios in near mode."""
    ids = {case.id: case for _, case, _ in samples}
    more = set()
    for aim in AIMS:
        pair = [ids[each] for each in (aim.case, aim.limit) if each in ids]
        if not any(case.rounds for case in pair) and len(aim.ratios(samples)["near"]) < rounds:
            more.update(pair)
    return more
