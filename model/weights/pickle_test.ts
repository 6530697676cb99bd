import assert from "node:assert/strict";
import { openBytes } from "./open_weights.ts";
import { type PickleGlobals, readPickle } from "./pickle.ts";
import { PickleObject, type PickleValue } from "./pickle_value.ts";
import {
  integer,
  joined,
  legacyFile,
  littleEndian,
  memoryFile,
  shortText,
  text,
  torchZip,
  tuple,
} from "./testdata_pickle.ts";
import { TORCH_GLOBALS } from "./torch_globals.ts";
import { WeightsError } from "./weights_error.ts";

function read(pickle: Uint8Array, globals: PickleGlobals = TORCH_GLOBALS): PickleValue {
  return readPickle(memoryFile(pickle), 0, { globals }).value;
}

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WeightsError, String(error));
    assert.match(error.message, message);
    return error.message.startsWith("weights.bin: ");
  };
}

Deno.test("readPickle() reads what Python 3 pickles: dicts, lists, numbers, text, bytes, sets", () => {
  // pickle.dumps({"a": [1, -2, 300, 70000, 2**40, 2**70, -1.5], 3: (None, True, False, b"x"), "s": {7}}, 4)
  const hex = "8004954e000000000000007d94288c0161945d94284b014afeffffff4d2c014a701101008a060000000000018a" +
    "0900000000000000004047bff8000000000000654b03284e88894301789474948c0173948f94284b0790752e";
  const value = read(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
  assert.deepEqual(
    value,
    new Map<PickleValue, PickleValue>([
      ["a", [1, -2, 300, 70000, 2 ** 40, 2n ** 70n, -1.5]],
      [3, [null, true, false, Uint8Array.of(0x78)]],
      ["s", new Set([7])],
    ]),
  );
});

Deno.test("readPickle() keeps inert objects as data and passes over the attributes of dictionaries", () => {
  const namespace = read(joined("cargparse\nNamespace\n)", 0x81, "}", text("lr"), integer(7), "sb."));
  assert.ok(namespace instanceof PickleObject);
  assert.deepEqual([namespace.className, namespace.args], ["argparse.Namespace", []]);
  assert.deepEqual(namespace.state, new Map([["lr", 7]]));
  const dict = read(
    joined("ccollections\nOrderedDict\n)R", text("k"), integer(1), "s}", text("_metadata"), "}sb."),
  );
  assert.deepEqual(dict, new Map([["k", 1]]));
  // As Python 2 reduced it: from a list of pairs.
  const pairs = read(joined("ccollections\nOrderedDict\n]](", text("k"), integer(1), "ea", 0x85, "R."));
  assert.deepEqual(pairs, new Map([["k", 1]]));
});

const DANGEROUS = [
  "os.system",
  "posix.system",
  "nt.system",
  "builtins.eval",
  "builtins.exec",
  "builtins.getattr",
  "builtins.__import__",
  "__builtin__.eval",
  "__builtin__.apply",
  "subprocess.Popen",
  "importlib.import_module",
  "runpy._run_code",
  "functools.partial",
  "operator.attrgetter",
  "copyreg._reconstructor",
  "pickle.loads",
  "pip.main",
  "webbrowser.open",
  "numpy.load",
  "torch.load",
  "torch.hub.load",
  "torch.jit.load",
  "torch.serialization.load",
  "torch.storage._load_from_bytes",
  "torch._utils._rebuild_wrapper_subclass",
  "torch._dynamo.guards.GuardBuilder.get",
  "collections.OrderedDict.__init__",
  "constructor.constructor",
  "__proto__.toString",
];

for (const name of DANGEROUS) {
  Deno.test(`openWeights() refuses a pickle that names ${name}, whatever the instruction, and says so`, () => {
    const dot = name.lastIndexOf(".");
    const [module, member] = [name.slice(0, dot), name.slice(dot + 1)];
    const global = `c${module}\n${member}\n`;
    const stackGlobal = joined(shortText(module), shortText(member), 0x93);
    const command = text("touch /tmp/run-by-a-pickle");
    const attacks = [
      joined(global, tuple(command), "R."),
      joined(stackGlobal, tuple(command), "R."),
      joined(global, tuple(command), 0x81, "."),
      joined(global, tuple(command), "}", 0x92, "."),
      joined("(", command, `i${module}\n${member}\n.`),
      joined("(", global, command, "o."),
      joined("(", stackGlobal, command, "o."),
      joined(global, "}b."),
      joined("cargparse\nNamespace\n)R}", text("__setstate__"), global, "sb", command, "b."),
      joined("ccollections\ndefaultdict\n", global, 0x85, "R."),
      joined(
        "ctorch._tensor\n_rebuild_from_type_v2\n",
        tuple(joined(global), joined(global), tuple(command), joined("}")),
        "R.",
      ),
      joined("}", text("w"), global, tuple(command), "Rs."),
    ];
    for (const attack of attacks) {
      const pickle = joined(Uint8Array.of(0x80, 4), attack);
      const message = /refused: it names ([\w.]+), which tensors do not need/;
      for (const file of [torchZip(pickle, {}), legacyFile(pickle, {})]) {
        assert.throws(() => openBytes(memoryFile(file)), refused(message));
        assert.throws(() => openBytes(memoryFile(file)), refused(new RegExp(name.replaceAll(".", "\\."))));
      }
    }
  });
}

const repeated = (pattern: Uint8Array, times: number): Uint8Array => {
  const bytes = new Uint8Array(pattern.length * times);
  for (let i = 0; i < times; i++) bytes.set(pattern, i * pattern.length);
  return bytes;
};

const BROKEN: readonly (readonly [what: string, pickle: Uint8Array, message: RegExp])[] = [
  ["extension 1", joined(0x82, 7, "."), /names extension 7/],
  ["extension 2", joined(0x83, 7, 1, "."), /names extension 263/],
  ["extension 4", joined(0x84, 7, 0, 0, 1, "."), /names extension 16777223/],
  [
    "a call of a class that is only named",
    joined("ctorch\nFloatStorage\n)R."),
    /refused: it calls torch\.FloatStorage/,
  ],
  ["a call of text", joined(text("os.system"), ")R."), /calls a string with a list/],
  ["attributes of a class", joined("ctorch\nTensor\n}b."), /sets attributes of torch\.Tensor/],
  [
    "a rebuild of a rebuild",
    joined("ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)NtR."),
    /arguments that it does not take/,
  ],
  [
    "a class named by numbers",
    joined(integer(1), integer(2), 0x93, "."),
    /names a class by a number and a number/,
  ],
  ["a persistent id of text", joined(text("os"), "Q."), /refers to a string outside the pickle/],
  ["a persistent id of protocol 0", joined("Pstorage\n."), /instruction 0x50 is not supported/],
  ["an out-of-band buffer", joined(0x97, "."), /instruction 0x97 is not supported/],
  [
    "text of 2⁶³ bytes",
    joined(0x8d, littleEndian(2n ** 63n, 8), "a."),
    /a length of 9223372036854775808 bytes/,
  ],
  ["bytes of 2⁶³", joined(0x8e, littleEndian(2n ** 63n, 8), "a."), /a length of 9223372036854775808 bytes/],
  ["a frame of 2⁶³ bytes", joined(0x95, littleEndian(2n ** 63n, 8), "N."), /a length of 9223372036854775808/],
  [
    "text of 4 GB",
    joined("X", littleEndian(2 ** 32 - 1, 4), "a."),
    /truncated: 4294967295 bytes are wanted, 2 are left/,
  ],
  ["an integer of 2 GB", joined(0x8b, littleEndian(2 ** 31 - 1, 4), "a."), /an integer of 2147483647 bytes/],
  ["a name without an end", joined("c", repeated(joined("a"), 5000)), /a line of more than 1024 bytes/],
  ["text that is not UTF-8", joined("X", littleEndian(1, 4), 0xff, "."), /1 bytes are not UTF-8/],
  ["an empty stack", joined("."), /takes a value from an empty stack/],
  ["a value below a mark", joined("N(s."), /takes a value from an empty stack/],
  ["a mark that is not open", joined("Nt."), /closes a mark that is not open/],
  ["a value that was not kept", joined("h", 5, "."), /asks for value 5/],
  ["a key without a value", joined("}(Nu."), /a key without a value/],
  ["items of a number", joined(integer(1), "NNs."), /sets items of a number/],
  ["appending to text", joined(text(""), "Na."), /appends to a string/],
  ["a protocol to come", joined(0x80, 6, "N."), /protocol 6 is not known/],
  ["no end", joined("N"), /truncated/],
  ["five million empty lists", repeated(joined("]"), 5_000_000), /more than 4000000 instructions/],
  ["a stack of marks", repeated(joined("("), 5_000_000), /more than 4000000 instructions/],
  [
    "lists in lists",
    joined(repeated(joined(0x5d), 100_000), repeated(joined("a"), 99_999), "Q."),
    /refers to a list outside/,
  ],
];
for (const [what, pickle, message] of BROKEN) {
  Deno.test(`readPickle() refuses ${what}`, () => {
    assert.throws(() => read(pickle), refused(message));
  });
}

Deno.test("readPickle() lets nothing grow: a large value that is used a million times is there once", () => {
  const large = joined("(", repeated(joined("N"), 50_000), "l").with(-1, 0x74);
  const kept = joined(large, "q", 0, "0");
  for (const maker of ["__builtin__\nset", "builtins\nfrozenset", "builtins\nlist", "torch\nSize"]) {
    const call = joined("h", 1, "h", 0, 0x85, "R0");
    const value = read(joined(`c${maker}\n`, "q", 1, "0", kept, repeated(call, 200_000), "N."));
    assert.equal(value, null);
  }
  const selves = read(joined("]q", 0, repeated(joined("h", 0, "a"), 1000), "."));
  assert.ok(Array.isArray(selves) && selves[999] === selves);
});
