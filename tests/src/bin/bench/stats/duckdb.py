"""Answers questions with DuckDB: one per line on standard input, until it ends.

`time THREADS SQL` runs SQL and gives milliseconds; `rows SQL` gives its rows and an empty line.
The argument is a CSV file; columns and their types are the first line of standard input.
"""

import sys
import time

import duckdb

con = duckdb.connect()
# It would be drawn on standard output.
con.execute("SET enable_progress_bar = false")
columns = sys.stdin.readline().strip()
con.execute(f"CREATE TABLE t ({columns})")
con.execute("COPY t FROM '" + sys.argv[1] + "' (FORMAT csv, HEADER false)")
print("ready", duckdb.__version__, con.execute("SELECT count(*) FROM t").fetchone()[0], flush=True)
for line in sys.stdin:
    what, rest = line.strip().split(" ", 1)
    if what == "time":
        threads, sql = rest.split(" ", 1)
        con.execute(f"SET threads = {threads}")
        began = time.perf_counter()
        con.execute(sql).fetchall()
        print((time.perf_counter() - began) * 1000, flush=True)
    else:
        for row in con.execute(rest).fetchall():
            print(*row)
        print(flush=True)
