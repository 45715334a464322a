"""Markdown of what was measured."""

from statistics import median

import aims

MODES = ("near", "far")


def number(value):
    for limit, form in ((1000, "{:,.0f}"), (100, "{:.0f}"), (10, "{:.1f}"), (0.1, "{:.2f}")):
        if value >= limit:
            return form.format(value)
    return "0" if value == 0 else f"{value:.2g}"


def spread(values, scale=1):
    if not values:
        return "–"
    low, high = min(values) / scale, max(values) / scale
    text = number(median(values) / scale)
    return text if len(values) == 1 else f"{text} ({number(low)}–{number(high)})"


def collect(samples, group):
    """[(case, {mode: [sample]}, [failures])] in the order in which they were first taken."""
    found = {}
    for _, case, sample in samples:
        if case.group == group:
            entry = found.setdefault(case.id, (case, {}, []))
            if sample.get("failed"):
                entry[2].append(sample["failed"])
            else:
                entry[1].setdefault(sample["mode"], []).append(sample)
    return list(found.values())


def values(by_mode, mode, key):
    return [sample[key] for sample in by_mode.get(mode, ()) if sample.get(key) is not None]


def table(head, rows):
    if not rows:
        return ""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def count_of(by_mode):
    return "/".join(str(len(by_mode.get(mode, ()))) for mode in MODES)


def trips(samples, group):
    rows = []
    for case, by_mode, failures in collect(samples, group):
        if failures and not by_mode:
            rows.append([case.label, f"fails: {failures[0]}", "", "", "", "", "", f"`{case.command}`"])
            continue
        cells = [case.label]
        for mode in MODES:
            cells.append(spread(values(by_mode, mode, "p50")))
            cells.append(" / ".join(number(median(found)) if found else "–" for found in
                                    (values(by_mode, mode, "p99"), values(by_mode, mode, "p999"))))
        rows.append(cells + [count_of(by_mode), f"`{case.command}`"])
    return table(["ns", "near, p50 (spread)", "p99 / p99.9", "far, p50", "p99 / p99.9", "n", "command"], rows)


def rates(samples, group):
    entries = collect(samples, group)
    large = any(sample["size"] >= 1024 for _, by_mode, _ in entries for found in by_mode.values() for sample in found)
    untouched = "untouched" in group
    key, scale, unit = ("bytes", 1e9, "GB/s") if large and not untouched else ("rate", 1e6, "M/s")
    rows = []
    for case, by_mode, failures in entries:
        if failures and not by_mode:
            rows.append([case.label, f"fails: {failures[0]}", "", "", "", f"`{case.command}`"])
            continue
        note = f", failed {len(failures)}" if failures else ""
        rows.append([case.label] + [spread(values(by_mode, mode, key), scale) for mode in MODES] +
                    [spread(values(by_mode, "near", "cpu_ns") or values(by_mode, "far", "cpu_ns")),
                     count_of(by_mode) + note, f"`{case.command}`"])
    return table([unit, "near", "far", "CPU ns a message and reader", "n", "command"], rows)


def machine(samples):
    rows = []
    for case, by_mode, _ in collect(samples, "machine"):
        is_rate = bool([1 for found in by_mode.values() for sample in found if "bytes" in sample])
        key, scale, unit = ("bytes", 1e9, "GB/s") if is_rate else ("p50", 1, "ns")
        rows.append([case.label] + [f"{spread(values(by_mode, mode, key), scale)} {unit}" for mode in MODES] +
                    [count_of(by_mode), f"`{case.command}`"])
    return table(["limit", "near", "far", "n", "command"], rows)


def costs(samples):
    """A peer's costs from several groups: processors from the undisturbed samples of 64 B one way."""
    calls = {case.peer: (case, by_mode) for case, by_mode, _ in collect(samples, "system calls")}
    rows = []
    for case, by_mode, _ in collect(samples, "one way, 64 B"):
        if case.peer not in calls or case.label not in ("**Busbar**", case.peer):
            continue
        traced = calls[case.peer][1]
        every = [sample for found in by_mode.values() for sample in found]
        if not every:
            continue
        rows.append([case.label, spread(values(by_mode, "near", "cpu_ns")), spread(values(by_mode, "far", "cpu_ns")),
                     spread([s["calls"] for found in traced.values() for s in found if "calls" in s]),
                     number(median([s["switches"] for s in every])),
                     number(median([s["pss"] for s in every]) / 1e6),
                     number(median([s["pss_shared"] for s in every]) / 1e6)])
    return table(["one way, 64 B", "CPU ns a message, near", "far", "system calls a message, waiting",
                  "context switches", "Pss, MB", "of it shared"], rows)


def idle(samples):
    rows = []
    for case, by_mode, _ in collect(samples, "idle"):
        for sample in [sample for found in by_mode.values() for sample in found][:1]:
            rows.append([case.label, str(sample["wake_ups"]), str(sample["daemon_wake_ups"]),
                         number(sample["daemon_cpu_ns"] / 1e6), f"`{case.command}`"])
    return table(["idle for 5 s", "wake-ups of 11 clients", "of the daemon", "its CPU, ms", "command"], rows)


def sleepers(samples):
    rows = []
    for case, by_mode, _ in collect(samples, "sleepers"):
        rows.append([case.label] + [spread(values(by_mode, mode, key)) for mode in MODES
                                    for key in ("alone_ns", "added_ns")] + [f"`{case.command}`"])
    return table(["subscribers", "near, ns a commit without", "added", "far, without", "added", "command"], rows)


def comparison(samples):
    """Busbar beside its limits."""
    rows = []
    for aim in aims.AIMS:
        ratios = aim.ratios(samples)
        judged = ratios["near"] or ratios["far"]
        if not judged:
            continue
        met = "yes" if aim.is_met(median(judged)) else "**no**"
        rows.append([aim.title] + [spread(ratios[mode]) for mode in MODES] + [aim.asked(), met])
    for mode, (ratio, capacity) in sorted(aims.bimodality(samples).items()):
        if mode in MODES:
            near = [number(ratio), "–"] if mode == "near" else ["–", number(ratio)]
            rows.append([f"one way, 64 B: slowest round, of the fastest; worst capacity, {int(capacity) >> 10} KiB"] +
                        near + ["≥ 0.5", "yes" if ratio >= 0.5 else "**no**"])
    return table(["what, of what", "near (spread)", "far", "asked", "met"], rows)


def curve(samples, group):
    """Readers of a curve get the numbers too, and what a message costs a reader and its part of the writer."""
    labels, series = [], {}
    for case, by_mode, _ in collect(samples, group):
        if case.label not in labels:
            labels.append(case.label)
        for mode in MODES:
            for key, scale, what in (("rate", 1e6, ""), ("cpu_ns", 1, ", CPU ns")):
                series.setdefault((f"{case.peer}{what}, {mode}", scale), {})[case.label] = values(by_mode, mode, key)
    rows = [[what] + [spread(found.get(label, []), scale) for label in labels]
            for (what, scale), found in series.items() if any(found.values())]
    return table([group.removeprefix("curve: ") + ", M/s"] + labels, rows)


def all_tables(samples):
    groups = list(dict.fromkeys(case.group for _, case, _ in samples))
    shown = comparison(samples)
    parts = ["### What it has to show\n", shown] if shown else []
    if "machine" in groups:
        parts += ["### The machine\n", machine(samples)]
    for group in groups:
        if group.startswith("round trip"):
            parts += [f"### {group[0].upper() + group[1:]}\n", trips(samples, group)]
        elif group.startswith(("one way", "hand over", "fan-out")) or " publishers to one" in group:
            parts += [f"### {group[0].upper() + group[1:]}\n", rates(samples, group)]
    if any(group in groups for group in ("system calls", "idle", "sleepers")):
        parts += ["### Cost\n", costs(samples), idle(samples), sleepers(samples)]
    for group in groups:
        if group.startswith("curve: "):
            name = group.removeprefix("curve: ")
            parts += [f"### By {name}\n", f"![rate by {name}](performance/by-{name}.svg)\n", curve(samples, group)]
    return "\n".join(part for part in parts if part)
