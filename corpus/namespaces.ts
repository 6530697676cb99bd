/** Numbers of the namespaces that the reader treats specially. */
export const NAMESPACE = { media: -2, main: 0, file: 6, category: 14 } as const;

/** The names that every MediaWiki knows, beside its localised ones. */
const canonical: Record<string, number> = {
  "media": -2,
  "special": -1,
  "talk": 1,
  "user": 2,
  "user talk": 3,
  "project": 4,
  "wikipedia": 4,
  "project talk": 5,
  "wikipedia talk": 5,
  "file": 6,
  "image": 6,
  "file talk": 7,
  "image talk": 7,
  "mediawiki": 8,
  "mediawiki talk": 9,
  "template": 10,
  "template talk": 11,
  "help": 12,
  "help talk": 13,
  "category": 14,
  "category talk": 15,
  "portal": 100,
  "portal talk": 101,
  "draft": 118,
  "draft talk": 119,
  "timedtext": 710,
  "module": 828,
  "module talk": 829,
};

/** Present and former names of the file and category namespaces: texts use the former ones, but a dump's header leaves them out. */
const aliases: Record<string, readonly [file: string, category: string]> = {
  ar: ["ملف,صورة", "تصنيف"],
  be: ["файл,выява", "катэгорыя"],
  bg: ["файл,картинка", "категория"],
  bn: ["চিত্র", "বিষয়শ্রেণী"],
  ca: ["fitxer,imatge", "categoria"],
  cs: ["soubor", "kategorie"],
  da: ["fil,billede", "kategori"],
  de: ["datei,bild", "kategorie"],
  el: ["αρχείο,εικόνα", "κατηγορία"],
  es: ["archivo,imagen", "categoría"],
  et: ["pilt,fail", "kategooria"],
  eu: ["fitxategi,irudi", "kategoria"],
  fa: ["پرونده,تصویر", "رده"],
  fi: ["tiedosto,kuva", "luokka"],
  fr: ["fichier,image", "catégorie"],
  gl: ["ficheiro,imaxe", "categoría"],
  he: ["קובץ,תמונה", "קטגוריה"],
  hi: ["चित्र", "श्रेणी"],
  hr: ["datoteka,slika", "kategorija"],
  hu: ["fájl,kép", "kategória"],
  id: ["berkas,gambar", "kategori"],
  it: ["immagine", "categoria"],
  ja: ["ファイル,画像", "カテゴリ"],
  ko: ["파일,그림", "분류"],
  lt: ["vaizdas", "kategorija"],
  ltg: ["fails,attēls", "kategoreja"],
  lv: ["attēls", "kategorija"],
  ms: ["fail,imej", "kategori"],
  nl: ["bestand,afbeelding", "categorie"],
  no: ["fil,bilde", "kategori"],
  pl: ["plik,grafika", "kategoria"],
  pt: ["ficheiro,imagem,arquivo", "categoria"],
  ro: ["fișier,imagine", "categorie"],
  ru: ["файл,изображение", "категория"],
  sk: ["súbor,obrázok", "kategória"],
  sl: ["slika", "kategorija"],
  sr: ["датотека,слика", "категорија"],
  sv: ["fil,bild", "kategori"],
  te: ["దస్త్రం,బొమ్మ", "వర్గం"],
  th: ["ไฟล์,ภาพ", "หมวดหมู่"],
  tr: ["dosya,resim", "kategori"],
  uk: ["файл,зображення", "категорія"],
  vi: ["tập tin,hình", "thể loại"],
  zh: ["文件,檔案,档案,图像,圖像", "分类,分類"],
};

/** Maps the prefixes of titles to namespace numbers. */
export class Namespaces {
  readonly #byName = new Map<string, number>();

  /**
   * The namespaces of a wiki.
   *
   * @param local number and name, from the header of its dump
   * @param language code of its language, for former names of the file and category namespaces
   */
  constructor(local: Iterable<readonly [number, string]> = [], language = "") {
    const [files = "", categories = ""] = aliases[language] ?? aliases[language.split("-")[0] ?? ""] ?? [];
    for (const alias of files.split(",")) this.#byName.set(key(alias), NAMESPACE.file);
    for (const alias of categories.split(",")) this.#byName.set(key(alias), NAMESPACE.category);
    for (const [name, number] of Object.entries(canonical)) this.#byName.set(name, number);
    for (const [number, name] of local) if (name !== "") this.#byName.set(key(name), number);
  }

  /** The namespace of `title`: the number of its prefix before the first colon; 0 when that names none. */
  of(title: string): number {
    const colon = title.indexOf(":");
    if (colon <= 0) return NAMESPACE.main;
    return this.#byName.get(key(title.slice(0, colon))) ?? NAMESPACE.main;
  }

  /** All names of namespace `number`, in lower case, spaces for underscores. */
  namesOf(number: number): string[] {
    return [...this.#byName].filter(([, value]) => value === number).map(([name]) => name);
  }
}

function key(name: string): string {
  return name.replace(/[_\s]+/g, " ").trim().toLowerCase();
}
