/** Languages whose wikis convert between scripts; elsewhere `-{` is text. */
const languages = new Set(
  "zh zh-hans zh-hant gan wuu lzh zh-classical sr sh kk ku iu shi uz tg crh tly ban zgh mni".split(" "),
);
/** Deeper markup is text, as in MediaWiki. */
const MAX_DEPTH = 10;
const variant = /^\s*(?:[^;{}|=>]{0,60}=>\s*)?[a-z]{2,3}(?:-[a-z]+)*\s*:([^;]*)/;
const mark = /-\{|\}-/g;

/**
 * Resolves the markup `-{…}-` of wikis with several scripts (Chinese, Serbian, …), inner ones first: plain content shows as it is, rules
 * such as `zh-hans:软件;zh-hant:軟體` show their first text, rules that only define a conversion (flags `H`, `T`, `-`) show nothing.
 * Where the wiki's language is known and has one script, nothing changes. Linear time.
 */
export function resolveLanguageConversion(text: string, language = ""): string {
  if (!text.includes("-{") || (language !== "" && !languages.has(language))) return text;
  // What each open `-{` holds so far, as pieces; the first is the text outside.
  const open: string[][] = [[]];
  let at = 0;
  for (const { index, 0: found } of text.matchAll(mark)) {
    if (index < at) continue;
    const top = open.at(-1) ?? [];
    top.push(text.slice(at, index));
    at = index + 2;
    if (found === "-{" && text[at] === "{" && text[at + 1] !== "{") {
      top.push(found); // a template after a hyphen
    } else if (found === "-{" && open.length <= MAX_DEPTH) open.push([]);
    else if (found === "}-" && open.length > 1) {
      open.pop();
      open.at(-1)?.push(resolve(top.join("")));
    } else top.push(found);
  }
  open.at(-1)?.push(text.slice(at));
  const [outside = [], ...unclosed] = open;
  for (const pieces of unclosed) {
    outside.push("-{");
    for (const piece of pieces) outside.push(piece);
  }
  return outside.join("");
}

function resolve(content: string): string {
  const [, flags, rest = content] =
    /^\s*([A-Z-]|[A-Z](?:\s*;\s*[A-Z]){1,3}|[a-z]{2,3}(?:-[a-z]+)*(?:\s*;\s*[a-z-]+){0,8})?\s*\|([^]*)$/
      .exec(content) ?? [];
  if (flags !== undefined && /[HTDN-]/.test(flags) && !/[a-z]/.test(flags)) return "";
  const rule = variant.exec(rest);
  return rule === null ? rest : rule[1]?.trim() ?? "";
}
