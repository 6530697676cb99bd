"""A dataset that LUKE's own builder writes of a few articles of the sample, and the items that its own reader finds in it.

    python tests/peers/luke_dataset.py LUKE_CHECKOUT tests/fixtures/luke_dataset

needs what LUKE needs (tensorflow, transformers, wikipedia2vec, PyICU). Made with LUKE 2516545, TensorFlow 2.21.0, transformers
4.57.6. TensorFlow writes the features of an item in another order each time, so the bytes of dataset.tf differ between two runs.
"""
import bz2
import gzip
import json
import os
import random
import shutil
import sys
import tempfile

checkout, out = sys.argv[1:3]
sys.path.insert(0, checkout)
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import luke.pretraining.dataset as luke_dataset
from luke.utils.entity_vocab import EntityVocab
from luke.utils.sentence_splitter import SentenceSplitter
from transformers import BertTokenizer
from wikipedia2vec.dump_db import DumpDB
from wikipedia2vec.utils.wiki_dump_reader import WikiDumpReader

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../fixtures/tokenizers/bert/tokenizer.json")) as file:
    ids = json.load(file)["model"]["vocab"]
random.seed(1)
with tempfile.TemporaryDirectory() as work:
    with open(os.path.join(work, "vocab.txt"), "w") as file:
        file.writelines(token + "\n" for token in sorted(ids, key=ids.get))
    tokenizer = BertTokenizer(os.path.join(work, "vocab.txt"))
    dump = os.path.join(work, "sample.xml.bz2")
    with open(os.path.join(here, "../../corpus/sample/encyclopedia.xml"), "rb") as xml, bz2.open(dump, "wb") as file:
        file.write(xml.read())
    DumpDB.build(WikiDumpReader(dump), os.path.join(work, "db"), 1, 100)
    db = DumpDB(os.path.join(work, "db"))
    vocab = os.path.join(work, "entity_vocab.jsonl")
    EntityVocab.build(db, vocab, vocab_size=40, min_count=0, white_list=[], white_list_only=False, pool_size=1,
                      chunk_size=100, language="en")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    luke_dataset.WikipediaPretrainingDataset.build(
        db, tokenizer, SentenceSplitter.from_name("en"), EntityVocab(vocab), out, "en",
        max_seq_length=64, max_entity_length=4, max_mention_length=3, min_sentence_length=5, abstract_only=False,
        include_sentences_without_entities=True, include_unk_entities=True, pool_size=1, chunk_size=100,
        max_num_documents=5, predefined_entities_only=False)

items = luke_dataset.WikipediaPretrainingDataset(out).create_iterator(repeat=False, shuffle=False)
plain = [{name: value.tolist() if hasattr(value, "tolist") else value for name, value in item.items()} for item in items]
with gzip.GzipFile(os.path.join(out, "items.json.gz"), "wb", mtime=0) as file:
    file.write(json.dumps(plain).encode())
print(len(plain), "items")
