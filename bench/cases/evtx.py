"""A large Windows event log by `phalanx ingest`, against `evtx_dump` writing JSON lines to a file.

The file is made of the full chunks of the corpora. Ours is the whole command, against a running server:
every record decoded, mapped to its tables, durable and queryable when it ends. How long the command takes
without a server, until the rows are in Delta files, is reported beside it. `evtx_dump` has two threads.
"""

import json

from lib import evtx_file, measure
from lib.workshop import Skipped

NAME = "evtx"
PROMISE = "(b) a Windows event log, against evtx_dump -t 2"
AT_LEAST = 1.0
FILE_BYTES = 512 << 20


def run(workshop):
    if workshop.evtx_dump is None:
        raise Skipped("there is no evtx_dump")
    log = event_log(workshop)
    output = workshop.scratch / "peer.jsonl"

    def dump():
        command = [str(workshop.evtx_dump), "-t", str(measure.CORES), "-o", "jsonl", "--no-confirm-overwrite"]
        return measure.timed([*command, "-f", str(output), str(log)])

    def ingest(server):
        begun = measure.timed([server.binary, "--data", str(server.data), "ingest", "--json", str(log)])
        report = json.loads(begun.output)
        if report["records"] != records or report["dead_letters"]:
            raise RuntimeError(f"{report['records']} of {records} records, {report['dead_letters']} dead letters")
        return begun, report

    def ours(number):
        measure.drop_dirty_pages()
        with workshop.server() as server:
            server.start()
            served, report = ingest(server)
            details = {
                "seconds": served.seconds,
                "rows": sum(report["rows"].values()),
                "server_cpu_seconds": server.cpu_seconds(),
                "command_cpu_seconds": served.cpu_seconds,
                "memory_peak_bytes": server.memory_peak_bytes(),
            }
            details["stop_seconds"] = server.stop()
        if number == 0:
            with workshop.server() as server:
                details["alone_until_in_lake_seconds"] = ingest(server)[0].seconds
        return records / served.seconds, details

    def peer(_):
        measure.drop_dirty_pages()
        dumped = dump()
        return records / dumped.seconds, {"seconds": dumped.seconds, "cpu_seconds": dumped.cpu_seconds}

    try:
        dump()
        with open(output, "rb") as file:
            records = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        return measure.compare(NAME, PROMISE, AT_LEAST, workshop.rounds, ours, peer, unit="records/s")
    finally:
        output.unlink(missing_ok=True)


def event_log(workshop):
    """The large file, made if it is not there."""
    sources = sorted((workshop.corpora / "evtx-attack-samples").rglob("*.evtx"))
    if not sources:
        raise Skipped(f"there are no event logs in {workshop.corpora}")
    size = workshop.scaled(FILE_BYTES)
    path = workshop.cache / f"events-{size}.evtx"
    return path if path.exists() else evtx_file.make(sources, path, size)
