/**
 * Resolves the markup `-{…}-` of wikis with several scripts (Chinese, Serbian, …): plain content shows as it is, rules such as
 * `zh-hans:软件;zh-hant:軟體` show their first text, rules that only define a conversion (flags `H`, `T`, `-`) show nothing.
 */
export function resolveLanguageConversion(text: string): string {
  if (!text.includes("-{")) return text;
  return text.replace(
    /-\{(?:([A-Z-]{0,3})\|)?([^{}]*)\}-/g,
    (_whole, flags: string | undefined, content: string) => {
      if (flags !== undefined && /[HTD-]/.test(flags)) return "";
      const rule = /^\s*[a-z]{2,3}(?:-[a-z]+)?\s*:([^;]*)/.exec(content);
      return rule === null ? content : rule[1]?.trim() ?? "";
    },
  );
}
