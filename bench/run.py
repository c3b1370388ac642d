"""Runs the benchmarks and compares them with the promises.

    bench/run.py [NAME …] [--rounds N] [--rows N] [--scale SHARE] [--json FILE]

`scripts/bench` calls this with everything installed. Exit code 0: all that was asked for holds; 1: a
promise was missed; 2: something could not be measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases  # noqa: E402
from lib import measure, report  # noqa: E402
from lib.server import exit_when_terminated  # noqa: E402
from lib.workshop import ROOT, Skipped, Workshop  # noqa: E402
from peers import rsyslog  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "phalanx"


def main():
    options = arguments()
    exit_when_terminated()
    measure.pin()
    CACHE.joinpath("bench").mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=options.scratch))
    try:
        results, failures = measure_all(options, workshop(options, scratch))
        hardware = measure.hardware(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found = (hardware, versions(options), results, failures)
    if options.json:
        options.json.write_text(report.as_json(*found), encoding="utf-8")
    print(report.as_text(*found))
    if failures:
        return 2
    return 0 if all(result.holds for result in results) else 1


def arguments():
    names = [case.NAME for case in cases.ALL]
    parser = argparse.ArgumentParser(description="Benchmarks of Phalanx against its peers, in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(names)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of each comparison (3)")
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of one round (2,000,000)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the fixed sizes, for a quick look (1.0)")
    parser.add_argument("--json", type=Path, help="write the machine-readable report to this file")
    parser.add_argument("--binary", type=Path, default=os.environ.get("PHALANX_BIN"), help="the program `phalanx`")
    parser.add_argument("--python", type=Path, default=CACHE / "bench-venv/bin/python", help="Python with duckdb, chdb and deltalake")
    parser.add_argument("--evtx-dump", type=Path, default=CACHE / "tools/bin/evtx_dump")
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("CORPORA", ROOT.parent / "shared/corpora")))
    parser.add_argument("--scratch", type=Path, help="folder on the disk to measure (default: the temporary folder)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in names]
    if unknown:
        parser.error(f"unknown benchmark `{unknown[0]}`; there are {', '.join(names)}")
    if options.binary is None or not Path(options.binary).is_file():
        parser.error("say where the program `phalanx` is: --binary, or PHALANX_BIN")
    return options


def workshop(options, scratch):
    return Workshop(
        binary=Path(options.binary).resolve(),
        venv_python=options.python,
        evtx_dump=options.evtx_dump if options.evtx_dump.is_file() else None,
        corpora=options.corpora,
        cache=CACHE / "bench",
        scratch=scratch,
        rounds=options.rounds,
        rows=options.rows,
        scale=options.scale,
    )


def measure_all(options, shop):
    """Runs what was asked for; what can't be measured is told with its reason."""
    results, failures = [], {}
    for case in cases.ALL:
        if options.names and case.NAME not in options.names:
            continue
        print(f"{case.NAME} …", file=sys.stderr, flush=True)
        try:
            results.append(case.run(shop))
        except Skipped as reason:
            failures[case.NAME] = str(reason)
        except Exception as error:  # noqa: BLE001 the other benchmarks go on
            traceback.print_exc()
            failures[case.NAME] = str(error)
    return results, failures


def versions(options):
    """Versions of everything compared."""
    script = "import chdb, duckdb, deltalake; print(duckdb.__version__, chdb.__version__, deltalake.__version__)"
    duckdb, chdb, deltalake = _first_line([options.python, "-c", script], "? ? ?").split()
    found = {
        "phalanx": _first_line([options.binary, "--version"], "?").split()[-1],
        "DuckDB": duckdb,
        "chDB": chdb,
        "deltalake (Python)": deltalake,
    }
    if options.evtx_dump.is_file():
        found["evtx_dump"] = _first_line([options.evtx_dump, "--version"], "?").split()[-1]
    if rsyslog.find():
        found["rsyslog"] = _first_line([rsyslog.find(), "-v"], "? ?").split()[1]
    return found


def _first_line(command, otherwise):
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    return lines[0] if ran.returncode == 0 and lines else otherwise


if __name__ == "__main__":
    sys.exit(main())
