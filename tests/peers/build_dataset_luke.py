"""LUKE's own builder of datasets, taking turns; see compare_build_dataset.ts.

    build_dataset_luke.py CHECKOUT DUMP TOKENIZER WORK [VOCAB_SIZE] [POOL_SIZE] [CHUNK_SIZE]

CHECKOUT is a checkout of github.com/studio-ousia/luke, whose `build_wikipedia_pretraining_dataset` runs as it is; besides
what it asks for (wikipedia2vec, transformers, tensorflow, torch, PyICU, click, ujson) nothing is needed. The page database
(wikipedia2vec's) and the entity vocabulary are built into WORK before the first turn and not timed. Each number read is
answered by the time of so many builds and by what they made.
"""

import gzip
import json
import multiprocessing
import os
import random
import resource
import struct
import sys
import tempfile
import time
from importlib.metadata import version

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
sys.path.insert(0, sys.argv[1])

from luke.pretraining.dataset import WikipediaPretrainingDataset
from luke.utils.entity_vocab import EntityVocab
from luke.utils.sentence_splitter import SentenceSplitter
from tensorflow.train import Example
from transformers import AutoTokenizer
from wikipedia2vec.dump_db import DumpDB
from wikipedia2vec.utils.wiki_dump_reader import WikiDumpReader

# The defaults of its command line, but for sentences without entities: with few articles few sentences have any.
OPTIONS = {
    "language": None,
    "max_seq_length": 512,
    "max_entity_length": 128,
    "max_mention_length": 30,
    "min_sentence_length": 5,
    "abstract_only": False,
    "include_sentences_without_entities": True,
    "include_unk_entities": False,
    "max_num_documents": None,
    "predefined_entities_only": False,
}


def build(dump_db, tokenizer, entity_vocab, pool):
    with tempfile.TemporaryDirectory() as directory:
        begun, used = time.perf_counter(), processor_seconds()
        splitter = SentenceSplitter.from_name("en")
        WikipediaPretrainingDataset.build(dump_db, tokenizer, splitter, entity_vocab, directory, **OPTIONS, **pool)
        seconds = time.perf_counter() - begun
        for worker in multiprocessing.active_children():  # counted once they have ended
            worker.join()
        return {
            "milliseconds": 1000 * seconds,
            "processorMilliseconds": 1000 * (processor_seconds() - used),
            **contents(os.path.join(directory, "dataset.tf")),
        }


def contents(path):
    items, tokens, entities = 0, 0, 0
    with gzip.open(path) as records:
        while header := records.read(12):
            (length,) = struct.unpack_from("<Q", header)
            feature = Example.FromString(records.read(length)).features.feature
            records.read(4)
            items += 1
            tokens += len(feature["word_ids"].int64_list.value)
            entities += len(feature["entity_ids"].int64_list.value)
    return {"items": items, "tokens": tokens, "entities": entities}


def processor_seconds():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main():
    _, _, dump, tokenizer_name, work, *rest = sys.argv
    vocab_size, pool_size, chunk_size = [int(given) for given in rest] + [10000, os.cpu_count(), 100][len(rest) :]
    out, sys.stdout = sys.stdout, sys.stderr
    pool = {"pool_size": pool_size, "chunk_size": chunk_size}
    random.seed(0)
    dump_db_file, vocab_file = os.path.join(work, "dump_db"), os.path.join(work, "entity_vocab.jsonl")
    DumpDB.build(WikiDumpReader(dump), dump_db_file, **pool)
    dump_db = DumpDB(dump_db_file)
    EntityVocab.build(dump_db, vocab_file, vocab_size, 0, [], False, language=None, **pool)
    entity_vocab = EntityVocab(vocab_file)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_name, use_fast=False)
    about = {
        "device": f"{pool_size} processes, {chunk_size} pages a chunk, {len(entity_vocab.inv_vocab)} entities",
        "peer": f"LUKE, wikipedia2vec {version('wikipedia2vec')}, transformers {version('transformers')}, "
        f"{type(tokenizer).__name__}",
    }
    print(json.dumps(about), file=out, flush=True)
    for line in sys.stdin:
        turns = [build(dump_db, tokenizer, entity_vocab, pool) for _ in range(int(line))]
        print(json.dumps(min(turns, key=lambda turn: turn["milliseconds"])), file=out, flush=True)


if __name__ == "__main__":
    main()
