"""Counts the rows of a Delta table with the published `deltalake` package, and says how many files it has.

Runs in the benchmarks' virtual environment. Argument: the table's folder. With a column as second
argument, also counts its distinct values.
"""

import json
import sys

import duckdb
from deltalake import DeltaTable


def main():
    table = DeltaTable(sys.argv[1])
    files = table.file_uris()
    wanted = "count(*)" if len(sys.argv) < 3 else f'count(*), count(distinct "{sys.argv[2]}")'
    if not files:
        counts = (0, 0)
    else:
        counts = duckdb.execute(f"SELECT {wanted} FROM read_parquet(?)", [files]).fetchone()
    print(json.dumps({"rows": counts[0], "distinct": counts[-1], "files": len(files)}))


if __name__ == "__main__":
    main()
