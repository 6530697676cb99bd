/**
 * `#REDIRECT` in the languages that translate it, from MediaWiki's messages. Any wiki may use any of them here: the headers of old
 * dumps do not always tell the language.
 */
const words = new Set(
  `
  TOJƏDƏN_İSTİĞOMƏT_DOY YÖNLENDİR YÖNLENDİRME YÖNLƏNDİRMƏ YÖNNENDİR YÖNNENDİRMÄ YÖNNENDİRMÄKLER aanstuur
  adkas ail-cyfeirio ailgyfeirio aliah alih alidirekti alidirektu ancaminar athsheoladh aýdaw beralîkirin
  birzuzendu daskedyans dirección dirijar doorverwijzing endrecera fihodinana hetenayiş kiahou kúfù
  leidt_öm_op lencong ohjaus omdiriger omdirigering ođđasitstivren patrz peradresavimas presmeruj
  preusmeri preusmeritev preusmjeri przekieruj pupinah pusapuna pāradresācija přesměruj redireccio
  redireccion redirecció redirección redirecionamento redirect redirecteaza redirection redirèccion
  reendrecera renviament ridrejto rimando rindirizza rinvia rinvio stivren suuna tilvísun
  uudelleenohjaus varda viruleedung weiterleitung wiederleiden yonaltirish yoʻnaltirish yönlendir
  yönlendirme átirányítás æрвитæн æрвыст ömleide ömleide_op ömleidung đổi İSTİQAMƏTLƏNDİR
  İSTİQAMƏTLƏNDİRMƏ ανακατευθυνση айдау види виж джибериу дӏасахьажор көжүрүлге ластар перанакіраванне
  перенапр перенаправление перенаправлення пренасочване пренасочување преусмери преусмјери
  прѣнаправлєниѥ равона рарвыст редирект утаарыы утр хьажайо чиглүүлэг шигледир юнәлтү վերահղում
  վերայղում הפניה ווייטערפירן بور تحويل تغییر_مسیر تغییرمسیر رجوع_مکرر مخ_گرځونه مڑجوڑ چوريو ڕەوانەکەر
  ܨܘܝܒܐ अनुप्रेषण अनुप्रेषित अनुप्रेषितम् पुनर्निदेशन पुनर्निर्दिष्टम् पुनर्निर्देशन पुनर्प्रेषित
  पुर्ननिर्देशन পুনঃনির্দেশ পুনঃনিৰ্দেশ পুনঃর্নির্দেশ পুননির্দেশ পুনর্নির্দেশ ਰੀਡਿਰੈਕਟ ଲେଉଟାଣି வழிமாற்று
  దారిమార్పు തിരിച്ചുവിടുക തിരിച്ചുവിടൽ යළියොමුව เปลี่ยนทาง ပြန်ညွှန်း გადამისამართება បញ្ជូនបន្ត
  ប្ដូរចំណងជើង ប្ដូរទីតាំង ប្ដូរទីតាំងទៅ ប្តូរទីតាំង ប្តូរទីតាំងទៅ リダイレクト 転送 重定向 重新導向 넘겨주기
`.trim().split(/\s+/).map((word) => word.toLowerCase()),
);

/** Words that could as well begin an item of a list, and the languages in which they mean a redirect. */
const shortWords = new Map([
  ["al", "eo io"],
  ["tam", "pl csb szl"],
  ["stir", "srn"],
]);

/**
 * The raw target of the redirect that `text` is, by its first line (`#REDIRECT [[target]]`, the word in any known language, in any
 * case; full-width `＃` too); undefined when it is none. For dumps before schema 0.6, whose headers do not name the target.
 */
export function redirectInText(text: string, language = ""): string | undefined {
  const match = /^\s*[#＃]([^\s[\]:：#]{1,40})\s*[:：]?\s*\[\[([^[\]|\n]{1,512})(?:\|[^\]\n]*)?\]\]/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, written = "", target] = match;
  const word = written.toLowerCase();
  return words.has(word) || shortWords.get(word)?.split(" ").includes(language) ? target : undefined;
}
