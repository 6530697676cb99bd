/** `#REDIRECT` in the languages that translate it (MediaWiki accepts the English word everywhere). */
const words = new Set([
  ..."redirect redirection redirección redirecionamento rinvia rinvio weiterleitung doorverwijzing patrz przekieruj"
    .split(" "),
  ..."tam omdirigering omdiriger uudelleenohjaus ohjaus suuna tilvísun přesměruj presmeruj átirányítás".split(
    " ",
  ),
  ..."preusmjeri preusmeritev преусмери перенаправление перенапр перенаправлення перанакіраванне виж".split(
    " ",
  ),
  ..."пренасочване yönlendirme yönlendir đổi alih ανακατευθυνση تحويل تغییر_مسیر تغییرمسیر הפניה".split(" "),
  ..."पुनर्प्रेषित अनुप्रेषित পুনর্নির্দেশ దారిమార్పు เปลี่ยนทาง 넘겨주기 転送 リダイレクト 重定向 重新導向".split(" "),
  ..."birzuzendu alidirektu redirecció pāradresācija peradresavimas lencong".split(" "),
]);

/**
 * The raw target of the redirect that `text` is, by its first line (`#REDIRECT [[target]]`, the word in any known
 * language); undefined when it is none. For dumps before schema 0.6, whose headers do not name the target.
 */
export function redirectInText(text: string): string | undefined {
  const match =
    /^\s*[#＃]\s*([^\s[\]:：#][^[\]:：\n]{0,40}?)\s*[:：]?\s*\[\[([^[\]|\n]{1,512})(?:\|[^\]\n]*)?\]\]/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, word = "", target] = match;
  return words.has(word.toLowerCase()) ? target : undefined;
}
