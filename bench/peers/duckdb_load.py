"""The peer of the Logs Ingestion benchmark: DuckDB reads JSON lines and writes compressed Parquet.

Runs in the benchmarks' virtual environment. Arguments: the file, the Parquet file to write, the columns
and their types as JSON, the number of threads. Prints rows and seconds; neither the interpreter's start
nor the import count.
"""

import json
import sys
import time

import duckdb


def main():
    source, target, columns, threads = sys.argv[1:]
    columns = json.loads(columns)
    connection = duckdb.connect(config={"threads": int(threads)})
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    statement = (
        f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={{{types}}})) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )
    begun = time.monotonic()
    connection.execute(statement)
    seconds = time.monotonic() - begun
    (rows,) = connection.execute(f"SELECT count(*) FROM '{target}'").fetchone()
    print(json.dumps({"rows": rows, "seconds": seconds, "version": duckdb.__version__}))


if __name__ == "__main__":
    main()
