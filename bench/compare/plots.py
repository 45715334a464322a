"""Plots of what was measured, as small SVGs that are the same for the same samples."""

import os
from statistics import median

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

import tables  # noqa: E402

matplotlib.rcParams.update({
    "svg.hashsalt": "busbar", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3,
})
COLOURS = {"busbar": "#d1495b", "ring": "#30638e", "claims": "#30638e", "near": "-", "far": ":"}


def plain(axis):
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(os.path.join(folder, name + ".svg"), metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def curves(samples, folder):
    for group in dict.fromkeys(case.group for _, case, _ in samples if case.group.startswith("curve: ")):
        name = group.removeprefix("curve: ")
        figure, axes = pyplot.subplots(figsize=(5.5, 3))
        points = {}
        for case, by_mode, _ in tables.collect(samples, group):
            for mode in tables.MODES:
                found = tables.values(by_mode, mode, "rate")
                if found:
                    points.setdefault((case.peer, mode), []).append((int(case.label), found))
        for (peer, mode), series in points.items():
            x = [at for at, _ in series]
            axes.plot(x, [median(found) / 1e6 for _, found in series], COLOURS[mode], marker="o", markersize=3,
                      color=COLOURS[peer], label=f"{peer}, {mode}")
            axes.fill_between(x, [min(found) / 1e6 for _, found in series], [max(found) / 1e6 for _, found in series],
                              color=COLOURS[peer], alpha=0.15, linewidth=0)
        axes.set_xscale("log", base=10 if name == "channels" else 2)
        axes.set_yscale("log")
        plain(axes.yaxis)
        axes.set_xlabel(name + (", bytes" if name in ("size", "capacity") else ""))
        axes.set_ylabel("million messages a second")
        axes.legend(frameon=False)
        save(figure, folder, "by-" + name)


def bars(samples, group, key, scale, unit, folder, name):
    rows = []
    for case, by_mode, _ in tables.collect(samples, group):
        found = tables.values(by_mode, "near", key) or tables.values(by_mode, "far", key)
        if found:
            rows.append((case.label.replace("*", ""), case.peer, [value / scale for value in found]))
    if not rows:
        return
    figure, axes = pyplot.subplots(figsize=(5.5, 0.5 + 0.28 * len(rows)))
    for place, (label, peer, found) in enumerate(reversed(rows)):
        axes.barh(place, median(found), color=COLOURS.get(peer, "#9aa5b1"), height=0.7)
        axes.plot([min(found), max(found)], [place, place], color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [label for label, _, _ in reversed(rows)])
    axes.set_xscale("log")
    plain(axes.xaxis)
    axes.set_xlabel(unit)
    save(figure, folder, name)


def draw(samples, folder):
    os.makedirs(folder, exist_ok=True)
    curves(samples, folder)
    bars(samples, "one way, 64 B", "rate", 1e6, "one way, 64 B: million messages a second", folder, "one-way-64")
    bars(samples, "round trip, busy, 64 B", "p50", 1, "round trip, 64 B, busy: ns (p50)", folder, "round-trip-64")
    bars(samples, "fan-out, 64 B, 8 subscribers", "rate", 1e6,
         "8 subscribers, 64 B: million messages a second to each", folder, "fan-out-8")
