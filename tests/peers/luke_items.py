"""Pages of wikipedia2vec's page database and the items that LUKE's own code makes of them, a JSON object a line.

    luke_items.py CHECKOUT DUMP TOKENIZER OUT [LOCALE]

CHECKOUT is one of github.com/studio-ousia/luke; `compare_items_luke.ts OUT TOKENIZER` holds ours against it. The first line has
the entity vocabulary and the options. Needs what build_dataset_luke.py needs.
"""

import json
import os
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
sys.path.insert(0, sys.argv[1])

from luke.pretraining.dataset import WikipediaPretrainingDataset
from luke.utils.entity_vocab import EntityVocab
from luke.utils.sentence_splitter import SentenceSplitter
from tensorflow.train import Example
from transformers import AutoTokenizer
from wikipedia2vec.dump_db import DumpDB
from wikipedia2vec.utils.wiki_dump_reader import WikiDumpReader

LIMITS = {"maxSeqLength": 128, "maxEntityLength": 16, "maxMentionLength": 8, "minSentenceLength": 5}
POOL = {"pool_size": os.cpu_count(), "chunk_size": 100}


def item(record, mention_length):
    feature = {name: list(value.int64_list.value) for name, value in Example.FromString(record).features.feature.items()}
    positions = feature["entity_position_ids"]
    rows = [positions[i : i + mention_length] for i in range(0, len(positions), mention_length)]
    return {**feature, "page_id": feature["page_id"][0], "entity_position_ids": rows}


def main():
    _, _, dump, tokenizer_name, out_file, *rest = sys.argv
    locale = rest[0] if rest else "en"
    with tempfile.TemporaryDirectory() as directory, open(out_file, "w") as out:
        dump_db_file, vocab_file = os.path.join(directory, "dump_db"), os.path.join(directory, "entity_vocab.jsonl")
        DumpDB.build(WikiDumpReader(dump), dump_db_file, **POOL)
        dump_db = DumpDB(dump_db_file)
        EntityVocab.build(dump_db, vocab_file, 10000, 0, [], False, language=None, **POOL)
        vocab = EntityVocab(vocab_file)
        tokenizer = AutoTokenizer.from_pretrained(tokenizer_name, use_fast=False)
        print(
            json.dumps({**LIMITS, "locale": locale, "vocab": {e.title: id_ for e, id_ in vocab.vocab.items()}}), file=out
        )
        sequence, entities, mention, sentence = LIMITS.values()
        WikipediaPretrainingDataset._initialize_worker(
            *(dump_db, tokenizer, SentenceSplitter.from_name(locale), vocab, None),
            *(sequence - 2, entities, mention, sentence, False, True, True),
        )
        for title in dump_db.titles():
            paragraphs = [
                {
                    "text": paragraph.text,
                    "links": [
                        [dump_db.resolve_redirect(link.title), link.text, link.start, link.end]
                        for link in paragraph.wiki_links
                    ],
                }
                for paragraph in dump_db.get_paragraphs(title)
            ]
            items = [item(record, mention) for record in WikipediaPretrainingDataset._process_page(title)]
            print(json.dumps({"title": title, "paragraphs": paragraphs, "items": items}), file=out)


if __name__ == "__main__":
    main()
