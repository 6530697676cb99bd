"""wikipedia2vec's build-dump-db, taking turns: build_dump_db.py DUMP [POOL_SIZE] [CHUNK_SIZE]. See compare_dump_db.ts."""

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version

from wikipedia2vec.dump_db import DumpDB
from wikipedia2vec.utils.wiki_dump_reader import WikiDumpReader


def build(dump, pool_size, chunk_size):
    with tempfile.TemporaryDirectory() as directory:
        begun = time.perf_counter()
        DumpDB.build(WikiDumpReader(dump), os.path.join(directory, "db"), pool_size, chunk_size)
        return time.perf_counter() - begun


def main():
    dump = sys.argv[1]
    pool_size = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    chunk_size = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    out, sys.stdout = sys.stdout, sys.stderr
    about = {
        "device": f"{pool_size} processes, {chunk_size} pages a chunk",
        "peer": f"wikipedia2vec {version('wikipedia2vec')}, mwparserfromhell {version('mwparserfromhell')}",
    }
    print(json.dumps(about), file=out, flush=True)
    for line in sys.stdin:
        seconds = [build(dump, pool_size, chunk_size) for _ in range(int(line))]
        print(json.dumps({"milliseconds": 1000 * min(seconds)}), file=out, flush=True)


if __name__ == "__main__":
    main()
