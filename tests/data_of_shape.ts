/** Data for networks of a shape: items as long as it holds, of random words. */
import type { LukeShape } from "@lukeforge/model";
import { type BatchMaterials, type DatasetItem, RandomStream } from "@lukeforge/train";
import { writeTestDataset } from "../train/dataset/testdata_dataset.ts";

function* itemsOf({ config, capacity }: LukeShape, count: number): Generator<DatasetItem> {
  const words = capacity.words - 2;
  for (let item = 0; item < count; item++) {
    const random = new RandomStream(1, 0, item);
    const length = Math.ceil(words * (0.5 + random.uniform() / 2));
    yield {
      pageId: -1,
      wordIds: Int32Array.from({ length }, () => random.integer(4, config.vocabSize - 2)),
      entities: Array.from({ length: Math.floor(capacity.entities * length / words) }, (_, i) => ({
        id: random.integer(3, config.entityVocabSize - 1),
        start: Math.floor(i * (length - 2) / capacity.entities),
        length: 2,
      })),
    };
  }
}

/** Writes data sets of `sizes` items under `directory`; a third of the words continue the one before. */
export function dataOfShape(
  directory: string,
  shape: LukeShape,
  sizes: readonly number[],
  microBatchSize: number,
): BatchMaterials {
  const { vocabSize, padTokenId, entityVocabSize } = shape.config;
  const directories = sizes.map((size, i) => {
    const path = `${directory}/${i}`;
    writeTestDataset(path, itemsOf(shape, size));
    return path;
  });
  const subwords = Uint8Array.from({ length: vocabSize }, (_, id) => id % 3 === 0 ? 1 : 0);
  return {
    directories,
    tables: { vocabSize, padId: padTokenId, clsId: 0, sepId: 2, maskId: vocabSize - 1, subwords },
    entityVocab: { size: entityVocabSize, maskId: 2 },
    masking: {},
    recipe: { seed: 1, batchSize: microBatchSize, microBatchSize },
  };
}
