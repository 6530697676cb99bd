/** `maxSeqLength` → `max_seq_length`: names of settings as files have them. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `max_seq_length` → `maxSeqLength`; `adam_b1` → `adamB1`. */
export function camelCase(name: string): string {
  return name.replace(/_[a-z0-9]/g, (part) => part.slice(1).toUpperCase());
}

/** `maxSeqLength` → `--max-seq-length`; `max_seq_length` likewise. */
export function optionOf(name: string): string {
  return `--${name.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
