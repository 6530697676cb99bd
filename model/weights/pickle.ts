import type { StoredBytes } from "./stored_bytes.ts";
import { PickleBytes } from "./pickle_bytes.ts";
import { kindOf, PickleGlobal, PickleObject, type PickleValue } from "./pickle_value.ts";
import type { WeightsError } from "./weights_error.ts";

/**
 * What a pickle may name. By full name: a function makes a value of the arguments of a call, of what is known beforehand;
 * `"object"` keeps class and arguments as data; `"name"` may be named, not called. A function that cannot use its arguments returns
 * undefined.
 */
export type PickleGlobals = ReadonlyMap<string, "name" | "object" | PickleFunction>;

/** Makes a value of the arguments of a call; undefined when it cannot. */
export type PickleFunction = (args: readonly PickleValue[]) => PickleValue | undefined;

/** What the pickle at hand is read with. */
export interface PickleOptions {
  /** What it may name; all else is refused by name. */
  readonly globals: PickleGlobals;
  /** Makes a value of a persistent id; undefined when it cannot. Without it ids are refused. */
  readonly persistentLoad?: PickleFunction;
}

/** A pickle of weights has some 60 instructions a tensor; the bound keeps the memory that a hostile one takes below 1 GB. */
const MAX_INSTRUCTIONS = 4_000_000;
/** Longest integer, in bytes. */
const MAX_INTEGER_BYTES = 1 << 10;

/**
 * Reads one pickle, of protocol 2 to 5 (PyTorch writes 2), without running anything: instructions push and combine plain data, and what Python would
 * import and call is looked up in `globals`, which knows only what it lists.
 *
 * @param begin first byte of the pickle in `source`.
 * @returns its value and the first byte after it.
 * @throws {WeightsError} naming the file, the byte, and the global where one is refused.
 */
export function readPickle(
  source: StoredBytes,
  begin: number,
  options: PickleOptions,
): { value: PickleValue; end: number } {
  const bytes = new PickleBytes(source, begin);
  const value = new PickleMachine(bytes, options).run();
  return { value, end: bytes.position };
}

class PickleMachine {
  readonly #bytes: PickleBytes;
  readonly #options: PickleOptions;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at the marks that are open. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #globals = new Map<string, PickleGlobal>();

  constructor(bytes: PickleBytes, options: PickleOptions) {
    this.#bytes = bytes;
    this.#options = options;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
      const opcode = this.#bytes.byte();
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#step(opcode);
    }
    throw this.#error(`more than ${MAX_INSTRUCTIONS} instructions, too many for a pickle of weights`);
  }

  #step(opcode: number): void {
    const [bytes, stack] = [this.#bytes, this.#stack];
    switch (opcode) {
      case 0x80: { // PROTO
        const protocol = bytes.byte();
        if (protocol > 5) throw this.#error(`protocol ${protocol} is not known`);
        return;
      }
      case 0x95: // FRAME
        bytes.count(8);
        return;

      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(bytes.count(1));
      case 0x4d: // BININT2
        return this.#push(bytes.count(2));
      case 0x4a: // BININT
        return this.#push(bytes.int32());
      case 0x8a: // LONG1
        return this.#push(this.#long(bytes.count(1)));
      case 0x8b: // LONG4
        return this.#push(this.#long(bytes.count(4)));
      case 0x47: // BINFLOAT
        return this.#push(bytes.float64());

      case 0x58: // BINUNICODE
        return this.#push(bytes.text(bytes.count(4)));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(bytes.text(bytes.count(1)));
      case 0x8d: // BINUNICODE8
        return this.#push(bytes.text(bytes.count(8)));
      case 0x54: // BINSTRING
        return this.#push(bytes.oldText(bytes.count(4)));
      case 0x55: // SHORT_BINSTRING
        return this.#push(bytes.oldText(bytes.count(1)));
      case 0x42: // BINBYTES
        return this.#push(bytes.take(bytes.count(4)).slice());
      case 0x43: // SHORT_BINBYTES
        return this.#push(bytes.take(bytes.count(1)).slice());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(bytes.take(bytes.count(8)).slice());

      case 0x28: // MARK
        this.#marks.push(stack.length);
        return;
      case 0x30: // POP
        if (this.#marks.at(-1) === stack.length) this.#marks.pop();
        else this.#pop();
        return;
      case 0x31: // POP_MARK
        this.#popToMark();
        return;
      case 0x32: // DUP
        return this.#push(this.#top());

      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x85: // TUPLE1
        return this.#push(this.#popMany(1));
      case 0x86: // TUPLE2
        return this.#push(this.#popMany(2));
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(3));
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x8f: // EMPTY_SET
        return this.#push(new Set());
      case 0x91: // FROZENSET
        return this.#push(new Set(this.#popToMark()));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
      case 0x75: { // SETITEMS
        const items = opcode === 0x73 ? this.#popMany(2) : this.#popToMark();
        this.#setItems(this.#top(), items);
        return;
      }
      case 0x90: { // ADDITEMS
        const items = this.#popToMark();
        const set = this.#top();
        if (!(set instanceof Set)) throw this.#error(`adds to ${kindOf(set)} as to a set`);
        for (const item of items) set.add(item);
        return;
      }

      case 0x71: // BINPUT
        this.#memo.set(bytes.count(1), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(bytes.count(4), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x68: // BINGET
        return this.#push(this.#remembered(bytes.count(1)));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#remembered(bytes.count(4)));

      case 0x63: // GLOBAL
        return this.#push(this.#global(bytes.line(), bytes.line()));
      case 0x93: { // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string") {
          throw this.#error(`names a class by ${kindOf(module)} and ${kindOf(name)}`);
        }
        return this.#push(this.#global(module, name));
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const [callee, args] = this.#popMany(2);
        return this.#push(this.#call(callee, args));
      }
      case 0x92: { // NEWOBJ_EX
        const [callee, args, named] = this.#popMany(3);
        if (!(named instanceof Map) || named.size > 0) {
          throw this.#error(`${kindOf(callee)} is called with named arguments, which is not supported`);
        }
        return this.#push(this.#call(callee, args));
      }
      case 0x69: { // INST
        const callee = this.#global(bytes.line(), bytes.line());
        return this.#push(this.#call(callee, this.#popToMark()));
      }
      case 0x6f: { // OBJ
        const [callee = null, ...args] = this.#popToMark();
        return this.#push(this.#call(callee, args));
      }
      case 0x62: { // BUILD
        const state = this.#pop();
        const object = this.#top();
        if (object instanceof PickleObject) object.state = state;
        // The attributes of a dictionary, `_metadata` of a state dict, say nothing about weights.
        else if (!(object instanceof Map)) throw this.#error(`sets attributes of ${kindOf(object)}`);
        return;
      }
      case 0x51: { // BINPERSID
        const id = this.#pop();
        const value = Array.isArray(id) ? this.#options.persistentLoad?.(id) : undefined;
        if (value === undefined) {
          throw this.#error(`refers to ${kindOf(id)} outside the pickle that is not a storage`);
        }
        return this.#push(value);
      }
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: { // EXT4
        const code = bytes.count(opcode === 0x82 ? 1 : opcode === 0x83 ? 2 : 4);
        throw this.#error(`refused: it names extension ${code} of Python's registry, whatever that is`);
      }
    }
    throw this.#error(`instruction 0x${opcode.toString(16).padStart(2, "0")} is not supported`);
  }

  #error(message: string): WeightsError {
    return this.#bytes.error(message);
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.#error("takes a value from an empty stack");
    }
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length - count < (this.#marks.at(-1) ?? 0)) {
      throw this.#error("takes a value from an empty stack");
    }
    return this.#stack.splice(-count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error("closes a mark that is not open");
    return this.#stack.splice(mark);
  }

  #append(items: PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#error(`appends to ${kindOf(list)}`);
    for (const item of items) list.push(item);
  }

  #setItems<T extends PickleValue>(dict: T, items: PickleValue[]): T {
    if (!(dict instanceof Map)) throw this.#error(`sets items of ${kindOf(dict)}`);
    if (items.length % 2 !== 0) throw this.#error("sets a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
    return dict;
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#error(`asks for value ${index}, which was not kept`);
    return value;
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    if (!this.#options.globals.has(full)) {
      throw this.#error(
        `refused: it names ${
          JSON.stringify(full).slice(1, -1).slice(0, 200)
        }, which tensors do not need and which could run ` +
          "code; save the weights alone, as safetensors or by torch.save(model.state_dict(), …)",
      );
    }
    const global = this.#globals.get(full) ?? new PickleGlobal(full);
    this.#globals.set(full, global);
    return global;
  }

  #call(callee: PickleValue | undefined, args: PickleValue | undefined): PickleValue {
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
      throw this.#error(`calls ${kindOf(callee)} with ${kindOf(args)}`);
    }
    const known = this.#options.globals.get(callee.name);
    if (known === "object") return new PickleObject(callee.name, args);
    if (known === undefined || known === "name") throw this.#error(`refused: it calls ${callee.name}`);
    const value = known(args);
    if (value === undefined) {
      throw this.#error(`${callee.name} is called with arguments that it does not take`);
    }
    return value;
  }

  /** A little-endian integer in two's complement. */
  #long(length: number): PickleValue {
    if (length > MAX_INTEGER_BYTES) throw this.#error(`an integer of ${length} bytes`);
    const bytes = this.#bytes.take(length);
    if (length === 0) return 0;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).reverse().join("");
    return exact(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
