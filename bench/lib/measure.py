"""Rounds, ratios and the machine they were measured on."""

import os
import platform
import resource
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

#: The promises are for this many cores, however many the machine has.
CORES = 2


def pin():
    """Keeps this process and all it starts on the first two cores it may use."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(allowed[:CORES]))


def spread(values):
    """Median, least and greatest of some values."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": list(values)}


def percentile(values, share):
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


@dataclass
class Result:
    """What one benchmark found."""

    name: str
    promise: str
    #: `>=` or `<`, and the bound.
    target: tuple
    unit: str
    #: The figure that the promise is about; higher or lower is better according to `target`.
    figure: dict
    holds: bool
    ours: dict = field(default_factory=dict)
    peer: dict = field(default_factory=dict)
    details: dict = field(default_factory=dict)


def compare(name, promise, at_least, rounds, ours, peer, unit="rows/s"):
    """Runs `ours` and `peer` in turn, `rounds` times, and compares their rates round by round.

    Both are called with the number of the round and return (rate, details).
    """
    ours_rates, peer_rates, details = [], [], []
    for number in range(rounds):
        # Who begins alternates: the second finds a warmer, or busier, machine.
        order = [("ours", ours, ours_rates), ("peer", peer, peer_rates)]
        seen = {"round": number}
        for label, run, rates in order if number % 2 == 0 else reversed(order):
            rate, seen[label] = run(number)
            rates.append(rate)
        details.append(seen)
    ratios = spread([a / b for a, b in zip(ours_rates, peer_rates)])
    return Result(
        name=name,
        promise=promise,
        target=(">=", at_least),
        unit="x",
        figure=ratios,
        holds=ratios["median"] >= at_least,
        ours={"unit": unit, **spread(ours_rates)},
        peer={"unit": unit, **spread(peer_rates)},
        details={"rounds": details},
    )


def below(name, promise, limit, unit, values, **details):
    """A promise that the median of `values` stays below `limit`."""
    figure = spread(values)
    return Result(
        name=name, promise=promise, target=("<", limit), unit=unit, figure=figure,
        holds=figure["median"] < limit, details=details,
    )


@dataclass
class Ran:
    """A process that has ended."""

    seconds: float
    cpu_seconds: float
    output: str


def timed(command, **options):
    """Runs a process to its end; its wall and processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    ran = subprocess.run(command, check=True, capture_output=True, text=True, **options)
    seconds = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(seconds, cpu, ran.stdout)


def hardware(folder):
    """The machine, for the report."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        if line.startswith("MemTotal:")
    )
    return {
        "cpu": model,
        "cores_used": len(os.sched_getaffinity(0)),
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": platform.release(),
        "filesystem": filesystem(folder),
        "load_before": os.getloadavg()[0],
    }


def filesystem(folder):
    """Type of the file system below a folder."""
    if shutil.which("stat"):
        ran = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False)
        return ran.stdout.strip()
    return ""


def drop_dirty_pages():
    """Writes out what earlier rounds left in the page cache, so that no round pays for another."""
    os.sync()
