"""Results as JSON and as a table."""

import dataclasses
import json


def as_json(hardware, versions, results, failures):
    """The machine-readable report."""
    return json.dumps(
        {
            "hardware": hardware,
            "versions": versions,
            "results": [dataclasses.asdict(result) for result in results],
            "failures": failures,
        },
        indent=2,
    )


def as_text(hardware, versions, results, failures):
    """The report for people."""
    lines = [
        f"{hardware['cpu'] or 'unknown processor'}, {hardware['cores_used']} of {hardware['cores']} cores, "
        f"{hardware['memory_bytes'] / 2**30:.0f} GiB, {hardware['filesystem']}, Linux {hardware['kernel']}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        "",
    ]
    rows = [("", "PROMISE", "TARGET", "REACHED", "MIN–MAX", "OURS", "PEER")]
    for result in results:
        figure, unit = result.figure, result.unit
        rows.append(
            (
                "ok" if result.holds else "MISSED",
                result.promise,
                f"{result.target[0]} {_number(result.target[1])} {unit}",
                f"{_number(figure['median'])} {unit}",
                f"{_number(figure['min'])}–{_number(figure['max'])}",
                _side(result.ours),
                _side(result.peer),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    for name, reason in failures.items():
        lines.append(f"{name}: not measured: {reason}")
    return "\n".join(lines)


def _side(side):
    return f"{_number(side['median'])} {side['unit']}" if side else ""


def _number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
