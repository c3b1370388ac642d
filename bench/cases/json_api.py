"""JSON lines over the Logs Ingestion API into the lake, against DuckDB reading the same file.

Ours begins with the first byte sent and ends when the server has stopped cleanly: every row acknowledged
as durable, decoded, and in Delta files. The sender runs on the same two cores; its processor time is
reported, not taken off. DuckDB's time is its one statement, from JSON lines to Parquet with zstd, without
starting a process.
"""

import json

from lib import load, measure, rows

NAME = "json-api"
PROMISE = "(a) JSON lines over the API into the lake, against DuckDB to Parquet"
AT_LEAST = 0.5


def run(workshop):
    source, packed = workshop.json_lines()

    def ours(_):
        measure.drop_dirty_pages()
        with workshop.server() as server:
            server.start()
            with load.api(server, packed) as sender:
                sent = sender.go().result()
            memory, cpu = server.memory_peak_bytes(), server.cpu_seconds()
            stopping = server.stop()
            lake = workshop.rows_in_lake(server, rows.TABLE)
        if not sent["rows"] == lake["rows"] == workshop.rows:
            raise RuntimeError(f"{workshop.rows} rows sent, {sent['rows']} acknowledged, {lake['rows']} in the lake")
        seconds = sent["seconds"] + stopping
        return workshop.rows / seconds, {
            "seconds": seconds,
            "acknowledged_seconds": sent["seconds"],
            "acknowledged_rows_per_second": sent["rows"] / sent["seconds"],
            "stop_seconds": stopping,
            "server_cpu_seconds_before_stop": cpu,
            "sender_cpu_seconds": sent["cpu_seconds"],
            "sender_waits": sent["waits"],
            "memory_peak_bytes": memory,
            "delta_files": lake["files"],
        }

    def peer(_):
        measure.drop_dirty_pages()
        target = workshop.scratch / "peer.parquet"
        try:
            done = workshop.peer("duckdb_load.py", source, target, json.dumps(rows.COLUMNS), measure.CORES)
        finally:
            target.unlink(missing_ok=True)
        return done["rows"] / done["seconds"], {"seconds": done["seconds"]}

    return measure.compare(NAME, PROMISE, AT_LEAST, workshop.rounds, ours, peer)
