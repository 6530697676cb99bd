"""wikipedia2vec's build-dump-db, taking turns: build_dump_db.py DUMP [POOL_SIZE] [CHUNK_SIZE]. See compare_dump_db.ts."""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from importlib.metadata import version

from wikipedia2vec.dump_db import DumpDB
from wikipedia2vec.utils.wiki_dump_reader import WikiDumpReader


def build(dump, pool_size, chunk_size):
    with tempfile.TemporaryDirectory() as directory:
        begun, used = time.perf_counter(), processor_seconds()
        DumpDB.build(WikiDumpReader(dump), os.path.join(directory, "db"), pool_size, chunk_size)
        seconds = time.perf_counter() - begun
        for worker in multiprocessing.active_children():  # counted once they have ended
            worker.join()
        return seconds, processor_seconds() - used


def processor_seconds():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


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
        turns = [build(dump, pool_size, chunk_size) for _ in range(int(line))]
        seconds, processor = min(turns)
        answer = {"milliseconds": 1000 * seconds, "processorMilliseconds": 1000 * processor}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
