/**
 * The letters that run on from a link and belong to it, by language, as MediaWiki's message files have them: the inside of a class of
 * characters, beside `a-z`. Languages that have a class of their own elsewhere fall back to letters of any script with spaces between
 * words.
 */
const letters: Readonly<Record<string, string>> = {
  ar: "ء-ي",
  arz: "ء-ي",
  ast: "áéíóúñ",
  az: "çəğıöşü",
  be: "абвгґджзеёжзійклмнопрстуўфхцчшыьэюяćčłńśšŭźža",
  bg: "абвгдежзийклмнопрстуфхцчшщъыьэюя",
  bs: "čćžšđž",
  ca: "àèéíòóúç·ïü",
  ckb: "ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنوۆهھەیێ",
  cs: "áčďéěíňóřšťúůýž",
  csb: "ôòãéëńóôłżùã",
  cy: "àâçéèêîôûäëïöüùẁẃẅẘỳýÿŷ",
  da: "æøåáéí",
  de: "äöüß",
  dsb: "äöüßćčěłńóŕřšśžź",
  el: "αβγδεζηθικλμνξοπρστυφχψωςΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰΆΈΉΊΌΎΏΪΫ",
  eo: "ĉĝĥĵŝŭ",
  es: "áéíóúñ",
  et: "äöõšüž",
  eu: "ñ",
  fa: "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآأئؤة\u200c",
  fi: "äö",
  fo: "áðíóúýæø",
  fr: "àâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ",
  frp: "àâçéèêîœôû·’æäåāăëēïīòöōùü‘",
  fur: "àéèíîìóòúûù",
  ga: "áéíóú",
  gl: "áâãàéêẽçíòóôõq̃úüűũ",
  gsw: "äöüß",
  he: "א-ת",
  hi: "ऀ-ॣ०-꣠-ꣿ",
  hr: "čšžćđß",
  hsb: "äöüßćčďěłńóřšťžź",
  hu: "áéíóúöüőűÁÉÍÓÚÖÜŐŰ",
  hy: "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև«»",
  is: "áðéíóúýþæö",
  it: "àéèíîìóòúù",
  ka: "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ“»",
  kk: "äçéğıïñöşüýʺʹа-яёәіңғүұқөһʺʹء-يٴابپتجحدرزسشعفقكگلمنڭهوۇۋۆىيچھ",
  ky: "а-яёңөүһ",
  la: "āēīōūȳ",
  lb: "äöüßéëêèâàîïûùô",
  lt: "ąčęėįšųūž",
  ltg: "āčēģīķļņōŗšūžĀČĒĢĪĶĻŅŌŖŠŪŽy",
  lv: "A-ZĀāČčĒēĢģĪīĶķĻļŅņŠšŪūŽž",
  mk: "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
  ml: "ം-ൿ",
  mr: "ऀ-ॣ०-꣠-ꣿ",
  nds: "äöüß",
  nl: "äöüïëéèà",
  nn: "æøåàéèêòôó",
  no: "æøåéàèêòôó",
  oc: "àâçéèêîôûäëïöüù",
  os: "абвгдеёжзийклмнопрстуфхцчшщъыьэюяææӕ“»",
  pl: "ęóąśłżźćńĘÓĄŚŁŻŹĆŃ",
  pms: "àéèòù",
  pnb: "ابپتٹثجچحخدڈذر​ڑزژسشصضطظعغفقکگلمنوہھیےءئؤآأةںۓ",
  pt: "áâãàéêẽçíòóôõq̃úüűũ",
  ro: "ăâîşţșțĂÂÎŞŢȘȚ",
  ru: "абвгдеёжзийклмнопрстуфхцчшщъыьэюя“»",
  rue: "абвгґдеєжзиіїйклмнопрстуфхцчшщьєюяёъы“»",
  scn: "àéèìòù",
  se: "áčđŋšŧžåäö",
  sh: "čćđžšабвгдђежзијклљмнњопрстћуфхцчџш",
  sk: "áäčďéíľĺňóôŕšťúýž",
  sl: "čćđžš",
  sq: "çëÇË",
  sr: "абвгдђежзијклљмнњопрстћуфхцчџшčćđžš",
  stq: "äöüßáéíóúýâêîôû",
  sv: "åäöéÅÄÖÉ",
  szl: "ęóąśłżźćńĘÓĄŚŁŻŹĆŃ",
  ta: "஀-௿",
  te: "ఁ-౯",
  tr: "çÇğĞıİöÖşŞüÜ",
  tt: "әөүҗңһа-яёäçğıñöşü",
  uk: "абвгґдеєжзиіїйклмнопрстуфхцчшщьєюяёъы“»",
  ur: "ابپتٹثجچحخدڈذر​ڑزژسشصضطظعغفقکگلمنوہھیےءئؤآأةں",
  uz: "ʻʼ“»",
  vec: "àéèíîìóòúù",
  vi: "àâçéèêîôûäëïöüùăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹýãõũĩ",
};

/** Languages whose rule is MediaWiki's own: the letters a to z. */
const plain = new Set(
  "en simple ja ko th lo id ms jv su tl ceb war sw yo ig ha so zu xh af min ace bjn bcl ilo pam".split(" "),
);
/** Languages where no letter runs on from a link. */
const none = new Set(
  "zh lzh zh-classical yue zh-yue wuu gan hak cdo nan zh-min-nan zh-hans zh-hant".split(" "),
);

const anyScript =
  /(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}])[\p{Ll}\p{Lo}\p{M}])+/uy;

/** The sticky pattern of link trails on wikis in `language`: `es` in `[[bus]]es` belongs to the link. */
export function linkTrailPattern(language: string): RegExp {
  if (none.has(language)) return /(?!)/y;
  if (plain.has(language)) return /[a-z]+/y;
  const own = Object.hasOwn(letters, language) ? letters[language] : undefined;
  return own === undefined ? new RegExp(anyScript) : new RegExp(`[a-z${own}]+`, "uy");
}
