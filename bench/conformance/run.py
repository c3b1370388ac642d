"""Takes in public corpora and compares every file's rows with what independent readers find.

    bench/conformance/run.py CORPORA_DIR [--binary PATH] [--json FILE]

For each file of the three corpora: the command must not fail; the records that became rows must be as many
as an independent reader finds; each must be in one base table (derived rows in the `Device…` tables come
on top); what is not a log must be kept as dead letters with a reason. At the end the tables must hold
exactly the rows that the commands reported, as the server counts them and as the published `deltalake`
package does after a clean stop.

Exit code 0 only if nothing failed; the last line is `N passed, N failed, N skipped`.
"""

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance import known, readers  # noqa: E402
from lib.server import Server, ServerError, exit_when_terminated  # noqa: E402

#: Folders below the corpora's, in the order of being read. Windows event logs alone come first: then their
#: event ids can be compared.
FOLDERS = ["evtx-attack-samples", "sigma/regression_data", "security-datasets"]
DEAD_LETTERS = "PhalanxDeadLetter"
#: Rows that describe endpoint activity, made beside the row in the event's own table.
DERIVED = "Device"
#: Where Windows events land.
WINDOWS_TABLES = ["SecurityEvent", "WindowsEvent", "Event"]
DEAD_LETTERS_ACCEPTED = (0, 2)


class Tally:
    """What passed, what failed and why, and what the commands reported."""

    def __init__(self):
        self.passed, self.skipped = 0, 0
        self.failures = []
        self.letters = []
        self.rows = Counter()
        self.event_ids = Counter()

    def check(self, name, problems):
        if problems:
            self.failures.append((name, problems))
            print(f"FAILED {name}: {'; '.join(problems)}")
        else:
            self.passed += 1


def main():
    options = arguments()
    folders = [options.corpora / folder for folder in FOLDERS]
    missing = [folder for folder in folders if not folder.is_dir()]
    if len(missing) == len(folders):
        print(f"skipped: there are no corpora in {options.corpora}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    exit_when_terminated()
    tally = Tally()
    for folder in missing:
        print(f"skipped: there is no {folder}")
        tally.skipped += 1
    with Server(options.binary) as server:
        server.start()
        for folder in folders:
            take_in(server, options.corpora, folder, tally)
            if folder.name == "evtx-attack-samples" and folder.is_dir():
                tally.check("event ids of evtx-attack-samples", compare_event_ids(server, tally))
        tally.check("rows counted by the server", compare_counts(tally, lambda table: server.count(table)))
        server.stop()
        tally.check("rows in Delta files", compare_counts(tally, lambda table: count_delta(server, table)))
    tell(tally, options.json)
    return 1 if tally.failures else 0


def arguments():
    parser = argparse.ArgumentParser(description="Public corpora against independent readers.")
    parser.add_argument("corpora", type=Path, metavar="CORPORA_DIR")
    parser.add_argument("--binary", default=os.environ.get("PHALANX_BIN"), help="the program `phalanx`")
    parser.add_argument("--json", type=Path, help="write what was found to this file")
    options = parser.parse_args()
    return options


def take_in(server, corpora, folder, tally):
    """Ingests every file of a folder and checks each."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(corpora))
        expected = readers.read(file)
        try:
            report = json.loads(server.command("ingest", "--json", str(file), accept=DEAD_LETTERS_ACCEPTED))
        except (ServerError, json.JSONDecodeError) as error:
            tally.check(name, [str(error)])
            continue
        tally.rows.update(report["rows"])
        tally.event_ids += expected.event_ids
        for source in report["sources"]:
            for letter in source["dead_letters"]:
                tally.letters.append((source["source"], letter["count"], letter["reason"]))
        problems = compare(report, expected)
        if name in known.DIFFERENCES:
            problems = [] if problems else ["is listed as a known difference, but does not differ any more"]
        tally.check(name, problems)


def compare(report, expected):
    """What does not fit between a command's report and what the independent reader found."""
    problems = []
    letters = report["dead_letters"]
    if report["failures"]:
        problems.append(f"failed: {report['failures']}")
    if report["records"] != expected.records:
        problems.append(f"{report['records']} records became rows, the independent reader finds {expected.records}")
    base = sum(
        count for table, count in report["rows"].items() if table != DEAD_LETTERS and not table.startswith(DERIVED)
    )
    if base != report["records"]:
        problems.append(f"{report['records']} records became {base} rows of base tables: {report['rows']}")
    reasons = [letter for source in report["sources"] for letter in source["dead_letters"]]
    if expected.foreign and not letters:
        problems.append(f"nothing was kept of {', '.join(expected.foreign)}")
    if letters and not expected.foreign:
        problems.append(f"{letters} dead letters: {[letter['reason'] for letter in reasons]}")
    if not all(letter["reason"] for letter in reasons):
        problems.append("a dead letter has no reason")
    return problems


def compare_counts(tally, count):
    """Tables whose rows are not as many as the commands reported."""
    problems = []
    for table, reported in sorted(tally.rows.items()):
        found = count(table)
        if found != reported:
            problems.append(f"{table} has {found} rows, {reported} were reported")
    return problems


def count_delta(server, table):
    """Rows of a table's files, by the published package. The server must be stopped."""
    from deltalake import DeltaTable  # imported here: only this check needs the package

    folder = server.delta_tables().get(table)
    return DeltaTable(folder).count() if folder else 0


def compare_event_ids(server, tally):
    """Event ids whose rows are not as many as the independent reader found."""
    found = Counter()
    for table in WINDOWS_TABLES:
        for row in server.query(f"select EventID as id, count(*) as n from {table} group by EventID"):
            found[int(row["id"])] += row["n"]
    differing = {event_id for event_id in found | tally.event_ids if found[event_id] != tally.event_ids[event_id]}
    return [f"event {i}: {found[i]} rows, {tally.event_ids[i]} records" for i in sorted(differing)]


def tell(tally, file):
    """Every dead letter with its reason, the rows per table, and the summary line."""
    print("\nrows per table:")
    for table, count in sorted(tally.rows.items()):
        print(f"  {count:>9,}  {table}")
    print("\ndead letters:")
    for source, count, reason in tally.letters:
        print(f"  {count:>9,}  {source}: {reason}")
    for name, reason in known.DIFFERENCES.items():
        print(f"known difference: {name}: {reason}")
    if file:
        found = {"rows": tally.rows, "dead_letters": tally.letters, "failures": tally.failures}
        file.write_text(json.dumps(found, indent=2), encoding="utf-8")
    print(f"\n{tally.passed} passed, {len(tally.failures)} failed, {tally.skipped} skipped")


if __name__ == "__main__":
    sys.exit(main())
