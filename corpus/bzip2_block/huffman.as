import { exhausted, isWithin, peek, position, seek, take } from "./bits";
import { SELECTORS } from "./memory";

/** Symbols that are decoded with one table before the next is selected. */
export const GROUP: i32 = 50;
/** What bits that are no code decode to. */
export const INVALID: u32 = 511;

const MAX_TABLES: i32 = 6;
/** Selectors that blocks need at most; more may be there and mean nothing. */
const MAX_SELECTORS: i32 = 18002;
const MAX_SYMBOLS: i32 = 258;
const MAX_LENGTH: i32 = 20;

/** Codes of so many bits or fewer are looked up; five of them fit into a load. */
const LOOKUP_BITS: i32 = 10;
const LOOKUP_BYTES: i32 = 2 << LOOKUP_BITS;
/** By table and first bits: symbol << 6 | length of the code; length 0 asks for {@linkcode longCode}. */
const LOOKUP: usize = memory.data(MAX_TABLES * LOOKUP_BYTES, 16);
/** By table and length of code: the largest code, the symbols' index less the code, both i32. */
const LIMITS_BYTES: i32 = 8 * (MAX_LENGTH + 1);
const LIMITS: usize = memory.data(MAX_TABLES * LIMITS_BYTES, 16);
/** By table: symbols in order of their codes, u16. */
const ORDER_BYTES: i32 = 2 * MAX_SYMBOLS;
const ORDER: usize = memory.data(MAX_TABLES * ORDER_BYTES, 16);
const LENGTHS: usize = memory.data(MAX_SYMBOLS, 16);
/** The symbols of the present group, u16. */
export const SYMBOLS: usize = memory.data(2 * GROUP + 12, 16);

let selectors: i32 = 0;
let selected: i32 = 0;

/** Reads selectors and tables of a block with `symbols` symbols. False when they are damaged. */
export function readTables(symbols: i32): bool {
  const tables = <i32>take(3);
  selectors = <i32>take(15);
  selected = 0;
  if (tables < 2 || tables > MAX_TABLES || selectors < 1) return false;
  let recent: u32 = 0x543210; // tables by last use, four bits each
  for (let i = 0; i < selectors; i++) {
    const ones = <i32>clz(~peek(position));
    if (ones >= tables) return false;
    take(ones + 1);
    if (exhausted) return false;
    const shift = ones << 2;
    const table = (recent >>> shift) & 15;
    const moved = recent & ((1 << shift) - 1);
    recent = (recent & ~((16 << shift) - 1)) | (moved << 4) | table;
    if (i < MAX_SELECTORS) store<u8>(SELECTORS + i, <u8>table);
  }
  selectors = min(selectors, MAX_SELECTORS);
  for (let table = 0; table < tables; table++) {
    if (!readLengths(symbols)) return false;
    makeTable(table, symbols);
  }
  return true;
}

function readLengths(symbols: i32): bool {
  let length = <i32>take(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (true) {
      if (exhausted || length < 1 || length > MAX_LENGTH) return false;
      if (take(1) === 0) break;
      length += take(1) === 0 ? 1 : -1;
    }
    if (exhausted) return false;
    store<u8>(LENGTHS + symbol, <u8>length);
  }
  return true;
}

/** Codes need not be complete, and may be too many: the shorter one counts then. */
function makeTable(table: i32, symbols: i32): void {
  const lookup = LOOKUP + table * LOOKUP_BYTES;
  const limits = LIMITS + table * LIMITS_BYTES;
  const order = ORDER + table * ORDER_BYTES;
  let code = 0, index = 0, filled = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    const offset = index - code;
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (<i32>load<u8>(LENGTHS + symbol) === length) store<u16>(order + (index++ << 1), <u16>symbol);
    }
    code = index - offset;
    store<i32>(limits + (length << 3), code - 1);
    store<i32>(limits + (length << 3), offset, 4);
    if (length <= LOOKUP_BITS) {
      const shift = LOOKUP_BITS - length;
      const until = min(code << shift, 1 << LOOKUP_BITS);
      for (; filled < until; filled++) {
        const symbol = load<u16>(order + (((filled >>> shift) + offset) << 1));
        store<u16>(lookup + (filled << 1), <u16>(symbol << 6 | length));
      }
    }
    code <<= 1;
  }
  for (; filled < 1 << LOOKUP_BITS; filled++) store<u16>(lookup + (filled << 1), 0);
}

/** The entry that {@linkcode LOOKUP} would have for a code of more bits. */
function longCode(table: i32, bit: i32): u32 {
  const bits = peek(bit);
  const limits = LIMITS + table * LIMITS_BYTES;
  for (let length = LOOKUP_BITS + 1; length <= MAX_LENGTH; length++) {
    const code = <i32>(bits >>> (64 - length));
    if (code > load<i32>(limits + (length << 3))) continue;
    const index = code + load<i32>(limits + (length << 3), 4);
    return <u32>load<u16>(ORDER + table * ORDER_BYTES + (index << 1)) << 6 | length;
  }
  return INVALID << 6 | MAX_LENGTH;
}

/** Decodes {@linkcode GROUP} symbols, those beyond the last one too. False when there is no table for them, or no bits. */
export function decodeGroup(): bool {
  let bit = position;
  if (selected >= selectors || !isWithin(bit)) return false;
  const table = <i32>load<u8>(SELECTORS + selected++);
  const lookup = LOOKUP + table * LOOKUP_BYTES;
  for (let at = SYMBOLS; at < SYMBOLS + 2 * GROUP; at += 10) {
    let bits = peek(bit);
    for (let i = 0; i < 5; i++) {
      let entry = <u32>load<u16>(lookup + (<usize>(bits >>> (63 - LOOKUP_BITS)) & ~1));
      if ((entry & 63) === 0) {
        entry = longCode(table, bit);
        bit += entry & 63;
        bits = peek(bit);
      } else {
        bit += entry & 63;
        bits <<= entry;
      }
      store<u16>(at + (i << 1), <u16>(entry >>> 6));
    }
  }
  seek(bit);
  return true;
}

/** Goes back to the bit after symbol `last` of the group that began at bit `start`. */
export function endGroup(start: i32, last: i32): void {
  const table = <i32>load<u8>(SELECTORS + selected - 1);
  let bit = start;
  for (let i = 0; i <= last; i++) {
    let entry = <u32>load<u16>(LOOKUP + table * LOOKUP_BYTES + (<usize>(peek(bit) >>> (63 - LOOKUP_BITS)) & ~1));
    if ((entry & 63) === 0) entry = longCode(table, bit);
    bit += entry & 63;
  }
  seek(bit);
}
