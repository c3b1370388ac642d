"""A peer that answers hunts: DuckDB or chDB in this process, over the files of Delta tables.

Runs in the benchmarks' virtual environment. Arguments: `duckdb` or `chdb`, the number of threads, and the tables'
folders as JSON, by name. Each line of standard input is a statement as a JSON string, each line of standard output
its seconds and its rows as JSON. The rows are fetched within that time, as a client would.
"""

import json
import os
import sys
import time

from deltalake import DeltaTable


def duckdb_peer(threads, tables):
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute("SET TimeZone = 'UTC'")
    for name, files in tables.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files})")
    return lambda statement: connection.execute(statement).fetchall()


def chdb_peer(threads, tables):
    from chdb.session import Session

    session = Session()
    session.query("CREATE DATABASE hunts")
    session.query("USE hunts")
    for name, files in tables.items():
        names = ",".join(os.path.basename(file) for file in files)
        wanted = os.path.join(os.path.dirname(files[0]), f"{{{names}}}" if len(files) > 1 else names)
        session.query(f"CREATE VIEW {name} AS SELECT * FROM file('{wanted}', Parquet)")
    settings = f" SETTINGS max_threads = {threads}, output_format_json_quote_64bit_integers = 0"

    def ask(statement):
        answer = session.query(statement.rstrip().rstrip(";") + settings, "JSONCompactEachRow")
        return [json.loads(line) for line in answer.bytes().splitlines()]

    return ask


def main():
    peer, threads, folders = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    tables = {name: sorted(DeltaTable(folder).file_uris()) for name, folder in folders.items()}
    ask = {"duckdb": duckdb_peer, "chdb": chdb_peer}[peer](threads, tables)
    for line in sys.stdin:
        statement = json.loads(line)
        begun = time.monotonic()
        rows = ask(statement)
        seconds = time.monotonic() - begun
        print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)


if __name__ == "__main__":
    main()
