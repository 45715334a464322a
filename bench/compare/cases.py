"""What is measured: every sample of a round, in the order in which they are taken."""

from dataclasses import dataclass, field

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Case:
    """One program with its arguments; `group` is the table that it belongs to."""
    group: str
    peer: str
    label: str
    args: tuple = ()
    policy: str = ""  # BUSBAR_WAIT
    rounds: int = 0   # 0: as many as asked for

    @property
    def id(self):
        return " ".join((self.peer,) + self.args + ((f"BUSBAR_WAIT={self.policy}",) if self.policy else ()))

    @property
    def command(self):
        variable = f"BUSBAR_WAIT={self.policy} " if self.policy else ""
        return f"{variable}compare-{self.peer} {' '.join(self.args)}"


BUSY = ("pipe", "seqpacket", "posix-mq", "boost-queue", "iceoryx")  # can be polled
OTHERS = BUSY + ("zeromq", "nng")


def size_text(size):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def round_trips():
    yield Case("machine", "machine", "cache line, there and back", ("line",))
    for size in (64, 48, 4 * KIB):
        group = f"round trip, busy, {size_text(size)}"
        args = ("round-trip", f"size={size}", "wait=busy")
        yield Case(group, "ring", "bare ring", args + ("batch=1",))
        yield Case(group, "busbar", "**Busbar**", args)
        if size != 48:
            for peer in BUSY:
                yield Case(group, peer, peer, args)
        if size == 64:
            yield Case(group, "busbar", "Busbar, default policy", ("round-trip", "size=64", "wait=block"))
    group = "round trip, untouched"
    for size in (64, MIB):
        yield Case(group, "busbar", f"Busbar, {size_text(size)}",
                   ("round-trip", f"size={size}", "wait=busy", "untouched=1", f"capacity={64 * MIB}"))
    group = "round trip, sleeping, 64 B"
    yield Case("machine", "machine", "futex, two sleepers, there and back", ("sleep",))
    args = ("round-trip", "size=64", "wait=block")
    yield Case(group, "busbar", "**Busbar**, power", args, policy="power")
    yield Case(group, "ring", "bare ring", args + ("batch=1",))
    for peer in OTHERS:
        yield Case(group, peer, peer, args)


# Bytes in flight, and messages that the bare ring does best to publish at once.
ONE_WAY = {64: (4 * MIB, 256), KIB: (8 * MIB, 256), 64 * KIB: (8 * MIB, 32), MIB: (8 * MIB, 2)}


def one_way():
    for size, (capacity, batch) in ONE_WAY.items():
        group = f"one way, {size_text(size)}"
        args = ("one-way", f"size={size}", f"capacity={capacity}")
        yield Case(group, "ring", f"bare ring, batch of {batch}", args + ("wait=busy", f"batch={batch}"))
        yield Case(group, "busbar", "**Busbar**", args + ("wait=block",))
        if size > 64:
            yield Case(group, "ring", "bare ring, each shown at once", args + ("wait=busy", "batch=1"))
        if size == 64:
            yield Case(group, "ring", "bare ring, batch of 32", args + ("wait=busy", "batch=32"))
            yield Case(group, "ring", "bare ring, batch of 1", args + ("wait=busy", "batch=1"))
            yield Case(group, "busbar", "Busbar, busy", args + ("wait=busy",))
            yield Case(group, "busbar", "Busbar, receive()", args + ("wait=block", "single=1"))
        for peer in OTHERS:
            if peer == "posix-mq" and size > 4 * KIB:
                continue  # the kernel's limit
            wait = "wait=block" if peer in ("zeromq", "nng") else "wait=busy"
            yield Case(group, peer, peer, args + (wait,))
    for size in (64 * KIB, MIB):
        yield Case("machine", "machine", f"fill {size_text(size)}, one core", ("fill", f"size={size}"))
        yield Case("machine", "machine", f"read {size_text(size)}, one core", ("read", f"size={size}"))
    group = "hand over untouched, 1 MiB"
    args = ("one-way", f"size={MIB}", f"capacity={8 * MIB}", "untouched=1")
    yield Case(group, "ring", "bare ring", args + ("wait=busy", "batch=1"))
    yield Case(group, "busbar", "**Busbar**", args + ("wait=block",))
    yield Case(group, "iceoryx", "iceoryx", args + ("wait=busy",))


def fan_out():
    for readers in (2, 8):
        group = f"fan-out, 64 B, {readers} subscribers"
        args = ("one-way", "size=64", f"readers={readers}")
        yield Case(group, "ring", "bare gated broadcast, yielding", args + ("wait=yield",))
        yield Case(group, "busbar", "**Busbar**, yielding", args + ("wait=yield",))
        yield Case(group, "busbar", "**Busbar**", args + ("wait=block",))
        yield Case(group, "ring", "bare ring, futex", args + ("wait=block", "batch=1"))
        for peer in OTHERS:
            if peer != "nng":
                yield Case(group, peer, peer, args + ("wait=yield" if peer in BUSY else "wait=block",))
        yield Case(group, "iceoryx", "iceoryx, sleeping", args + ("wait=block",))


def several_writers():
    for writers in (2, 4):
        group = f"{writers} publishers to one, 64 B"
        args = ("one-way", "size=64", f"writers={writers}")
        yield Case(group, "claims", "bare ring, claims by CAS", args + ("wait=yield",))
        yield Case(group, "busbar", "**Busbar**", args + ("wait=block",))
        yield Case(group, "busbar", "Busbar, yielding", args + ("wait=yield",))
        for peer in OTHERS:
            yield Case(group, peer, peer, args + ("wait=yield" if peer in BUSY else "wait=block",))


def costs():
    group = "system calls"
    args = ("one-way", "size=64", "wait=block", "calls=1", "seconds=0.2")
    for peer in ("busbar",) + OTHERS:
        label = "**Busbar**" if peer == "busbar" else peer
        yield Case(group, peer, label, args, rounds=3)
    group = "idle"
    args = ("idle", "wait=block", "readers=10", "seconds=5")
    yield Case(group, "busbar", "**Busbar**", args, rounds=1)
    yield Case(group, "iceoryx", "iceoryx", args, rounds=1)
    for count in (1, 8):
        yield Case("sleepers", "sleepers", f"{count} asleep", (str(count),))


def curves():
    rounds = 3
    for readers in (1, 2, 4, 8, 16, 32, 64):
        for peer, extra in (("busbar", "wait=block"), ("ring", "wait=yield")):
            yield Case("curve: subscribers", peer, str(readers),
                       ("one-way", f"readers={readers}", extra, "seconds=0.25"), rounds=rounds)
    for writers in (1, 2, 4, 8, 16):
        for peer, extra in (("busbar", "wait=block"), ("claims", "wait=yield")):
            yield Case("curve: publishers", peer, str(writers),
                       ("one-way", f"writers={writers}", extra, "seconds=0.25"), rounds=rounds)
    for channels in (1, 10, 100, 1000):
        yield Case("curve: channels", "busbar", str(channels),
                   ("one-way", f"channels={channels}", f"capacity={64 * KIB}", "wait=block", "seconds=0.25"),
                   rounds=rounds)
    for power in (*range(3, 27, 2), 26):
        size = 1 << power
        capacity = max(8 * MIB, 4 * size)
        large = ("prefault=1", "seconds=1") if size > 4 * MIB else ("seconds=0.25",)
        batch = max(1, min(256, capacity // size // 4))
        for peer, extra in (("busbar", "wait=block"), ("ring", f"batch={batch}")):
            yield Case("curve: size", peer, str(size),
                       ("one-way", f"size={size}", f"capacity={capacity}", extra, *large),
                       rounds=rounds)
    for power in range(16, 33, 2):
        capacity = 1 << power
        large = ("prefault=1",) if power >= 26 else ()
        yield Case("curve: capacity", "busbar", str(capacity),
                   ("one-way", "size=64", f"capacity={capacity}", "wait=block", "seconds=0.25", *large),
                   rounds=0 if power < 26 else rounds)


def all_cases():
    for part in (round_trips, one_way, fan_out, several_writers, costs, curves):
        yield from part()
