#!/usr/bin/python3
"""Draws the two pictures of README.md from kept numbers: `plot.py` (Debian: python3-matplotlib).

convergence.svg comes from figures.json (`run --json figures.json`), detection.svg from detection.csv, which the
simulation writes. People who cannot tell red from green can tell these colours apart (Okabe and Ito's palette).
"""

import csv
import json
import os
import statistics

import matplotlib

matplotlib.use("svg")
# The same numbers give the same file, byte for byte, so a picture changes only if a figure does.
matplotlib.rcParams.update({"svg.hashsalt": "unum", "svg.fonttype": "none", "font.size": 10,
                            "axes.spines.top": False, "axes.spines.right": False})
from matplotlib import pyplot  # noqa: E402 (the kind of output is chosen first)

HERE = os.path.dirname(os.path.abspath(__file__))
BLUE, ORANGE, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#777777"

# The Go tutorial's program on a machine of this kind: the fewest and the most seconds from a write to all nodes, by
# number of nodes. `run` does not measure that program, because it needs a Go toolchain.
ORIGINAL = {5: (1, 5), 20: (5, 7), 50: (6, 9)}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def by_size(figures, title, name):
    """The numbers of one figure, by number of nodes."""
    found = {}
    for column, values in figures.items():
        words = column.split(" ", 1)
        if words[0].isdigit() and words[1] == title and name in values:
            found[int(words[0])] = values[name]
    return dict(sorted(found.items()))


def save(figure, name):
    figure.tight_layout()
    figure.savefig(os.path.join(HERE, name), metadata={"Date": None})
    pyplot.close(figure)


def convergence():
    with open(os.path.join(HERE, "figures.json")) as file:
        figures = json.load(file)
    figure, axes = pyplot.subplots(figsize=(8, 4))
    unum = by_size(figures, "nodes", "/set to visible on all")
    axes.plot(list(unum), [percentile(times, 0.99) for times in unum.values()], "o-", color=BLUE, label="Unum, 99 %")
    axes.plot(list(unum), [statistics.median(times) for times in unum.values()], "o--", color=BLUE,
              label="Unum, median")
    serf = by_size(figures, "of Serf", "event on all")
    if serf:
        axes.plot(list(serf), [statistics.median(times) for times in serf.values()], "s-", color=ORANGE,
                  label="Serf, an event, median")
    middles = [1000 * (low + high) / 2 for low, high in ORIGINAL.values()]
    reach = [1000 * (high - low) / 2 for low, high in ORIGINAL.values()]
    axes.errorbar(list(ORIGINAL), middles, yerr=reach, fmt="^", capsize=4, color=GREY,
                  label="the Go tutorial, least to most")
    axes.set(xscale="log", yscale="log", xlabel="nodes, real processes on two cores", ylabel="milliseconds",
             title="From a write to the last node that shows it")
    ticks = sorted(set(unum) | set(ORIGINAL))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(alpha=0.3)
    save(figure, "convergence.svg")


def detection():
    """One point for each value of a setting; a line joins those of one setting, through the defaults."""
    with open(os.path.join(HERE, "detection.csv")) as file:
        rows = list(csv.DictReader(file))
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    place = lambda row: (float(row["detection_99_s"]), float(row["false_suspicions_per_node_hour"]))
    defaults = place(rows[0])
    # Settings that change nothing here, such as the suspicion's maximum, would all lie on the defaults.
    styles = {"period": BLUE, "suspicion-minimum": ORANGE, "ping-spacing": GREY, "pings-in-order": PURPLE}
    for setting, colour in styles.items():
        own = [row for row in rows if row["setting"] == setting]
        points = sorted([place(row) for row in own] + [defaults])
        axes.plot(*zip(*points), "o-", color=colour, alpha=0.8, label=setting.replace("-", " "))
        for row in own:
            text = "off" if setting == "pings-in-order" else f"{row['ms']} ms"
            offset = (5, 5) if colour != ORANGE else (-30, -12) if row["ms"] == "200" else (0, -12)
            axes.annotate(text, place(row), xytext=offset, textcoords="offset points", fontsize=8, color=colour)
    axes.plot(*defaults, "*", color="black", markersize=14, label="the defaults")
    axes.set(xlabel="seconds from a crash to its death on all lists, 99 %", yscale="log",
             ylabel="false suspicions per node-hour at 20 % loss",
             title="Detection against false alarms, one setting at a time (simulated, n = 20)")
    axes.set_yticks([30, 50, 100, 200], ["30", "50", "100", "200"])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(alpha=0.3)
    save(figure, "detection.svg")


if __name__ == "__main__":
    convergence()
    detection()
