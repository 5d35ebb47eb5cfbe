"""Write to a SQLite database without a pause, each row into two tables at once: `writer.py DATABASE MODE`."""

import sqlite3
import sys
import time

database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute(f"pragma journal_mode={sys.argv[2]}")
for table in ("one", "two"):
    database.execute(f"create table if not exists {table} (n integer primary key, filler blob)")
while True:
    database.execute("begin immediate")
    for table in ("one", "two"):
        database.execute(f"insert into {table}(filler) values (randomblob(2000))")  # noqa: S608 - names of ours
    database.execute("commit")
    time.sleep(0.01)
