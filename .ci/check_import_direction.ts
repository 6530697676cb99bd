/**
 * Holds the direction of imports: corpus <- vocab <- model <- train <- tasks, `model` needing neither corpus nor vocab; members
 * import each other by package name or by a subpath that `deno.json` exports, and what lies inside a member by relative path. Prints
 * each offence as `file:line: reason` and exits with code 1 when there is one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** The members and what each may import. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  corpus: [],
  vocab: ["corpus"],
  model: [],
  train: ["corpus", "vocab", "model"],
  tasks: ["corpus", "vocab", "model", "train"],
};

const root = resolve(import.meta.dirname ?? ".", "..");
const comments = /\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm;
const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bimport\.meta\.resolve\(\s*)(["'])([^"'\n]+)\1/g;

let offences = 0;
for (const member of Object.keys(allowed)) {
  for (const file of sources(join(root, member))) {
    const code = readFileSync(file, "utf8").replace(comments, (comment) => comment.replace(/[^\n]/g, " "));
    for (const match of code.matchAll(specifiers)) {
      const reason = offence(member, file, match[2] ?? "");
      if (reason === undefined) continue;
      const line = code.slice(0, match.index).split("\n").length;
      console.error(`${relative(root, file)}:${line}: ${reason}`);
      offences++;
    }
  }
}
if (offences > 0) Deno.exit(1);

function offence(member: string, file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    const target = relative(join(root, member), resolve(dirname(file), specifier));
    if (target.split(sep)[0] !== "..") return undefined;
    return `"${specifier}" leaves ${member}/: import the other member by its package name`;
  }
  const other = /^@lukeforge\/([^/]+)(\/.*)?$/.exec(specifier);
  if (other === null) return undefined;
  const [, name = "", subpath] = other;
  if (name === member) return `"${specifier}" is this member: import by relative path`;
  if (!allowed[member]?.includes(name)) return `${member} must not import ${name}`;
  if (subpath === undefined || exported(name).includes(`.${subpath}`)) return undefined;
  return `"${specifier}" is not exported: import "@lukeforge/${name}"`;
}

/** The subpaths that a member's `deno.json` exports. */
function exported(member: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, member, "deno.json"), "utf8"));
  return typeof exports === "string" ? ["."] : Object.keys(exports);
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.[mc]?tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
