/** What a pickle names: a class or function of Python. Nothing here can act on it. */
export class PickleGlobal {
  /** Name of the module and name in it, as `torch._utils._rebuild_tensor_v2`. */
  readonly name: string;

  /** What `module.name` is called. */
  constructor(name: string) {
    this.name = name;
  }
}

/** An object that a pickle makes of a class that is known: what it was made of, kept as data. */
export class PickleObject {
  /** Name of the class. */
  readonly className: string;
  /** What it was called with. */
  readonly args: readonly PickleValue[];
  /** The attributes that were set, as the pickle gave them; null when none were. */
  state: PickleValue = null;

  /** An object of class `className`. */
  constructor(className: string, args: readonly PickleValue[]) {
    this.className = className;
    this.args = args;
  }
}

/** A value of a pickle. Lists and tuples are arrays, dictionaries of any class maps; integers beyond 2⁵³ are bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject;

/** A dictionary, in the order in which its keys were set. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A set. */
export type PickleSet = Set<PickleValue>;

/** What a value is, for messages: its kind, never its contents, which may be large or contain themselves. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a dictionary";
  if (value instanceof Set) return "a set";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof PickleObject) return `a ${value.className}`;
  return `a ${typeof value}`;
}
