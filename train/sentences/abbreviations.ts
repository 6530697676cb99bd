import { sentenceSuppressions } from "./sentence_suppressions.ts";

/** What the rules of {@linkcode RuleSentenceSplitter} know of a language. */
export interface LanguageAbbreviations {
  /** Never end a sentence: titles before names, "vs.", "e.g.". */
  readonly neverFinal: ReadonlySet<string>;
  /** End none before a number, Roman ones and letters included: "Vol. II", "Fig. A". */
  readonly beforeNumbers: ReadonlySet<string>;
  /** End none before digits: "No. 5", "Jan. 12". */
  readonly beforeDigits: ReadonlySet<string>;
  /** End one only before a word that opens sentences: "in the U.S. The", "U.S. Army". */
  readonly seldomFinal: ReadonlySet<string>;
  /** Words that open sentences, as they are spelled there. */
  readonly starters: ReadonlySet<string>;
  /** Whether "3." is an ordinal number: "3. Oktober". */
  readonly ordinals: boolean;
}

function list(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

const ENGLISH = {
  beforeNumbers: list(`
    Vol. vol. Vols. vols. Fig. fig. Figs. figs. Ch. ch. Chap. chap. Sec. sec. Sect. sect. Eq. eq. Eqs. eqs. Ex. ex. Art. art. Arts.
    Pp. pp. pg. par. para. Op. op. Pt. pt. Bk. bk. Nr. nr. Num. App. app. Tab. tab. Ref. ref. Refs. refs. Est. est.`),
  beforeDigits: list(`
    No. no. Nos. nos. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. Mon. Tue. Tues. Wed. Thu. Thur. Thurs. Fri. Sat.
    Sun.`),
  seldomFinal: list(`
    Jr. Sr. Esq. Inc. Ltd. Co. Corp. Bros. Pty. Plc. plc. Univ. Dept. Inst. Assn. Assoc. St. Ste. Sts. Mt. Mts. Ft. Ave. Blvd. Rd.
    Hwy. Sq. Ph.D. M.Sc. B.Sc. M.Phil. D.Phil. etc. al. ft. lb. lbs. oz. km. cm. mm. kg. hr. hrs. yr. yrs. mph. ed. eds. Ed. Eds.
    Ala. Ariz. Ark. Calif. Colo. Conn. Del. Fla. Ill. Ind. Kan. Ky. Mass. Md. Mich. Minn. Mont. Neb. Nev. Okla. Ore. Pa. Penn. Tenn.
    Tex. Va. Vt. Wis. Wyo. Ont. Que. Yahoo! Jeopardy! Wham! Panic!`),
  /** Words of CLDR's list that are abbreviations more seldom than they are words. */
  words: list(`
    Act. All. As. By. Cap. Card. Cont. Do. Go. Hat. Id. In. Is. Jam. Job. Joe. Lev. Lib. Link. Long. Mart. Min. Ok. On. Or. Org. Pro.
    To. Up. OK. PC. Def. Diff. Alt. Ex.`),
};

/** Titles and other abbreviations that something has to follow, by language. */
const NEVER_FINAL: Readonly<Record<string, readonly string[]>> = {
  en: list(`
    Mr. Mrs. Ms. Mx. Messrs. Mme. Mlle. Dr. Drs. Prof. Rev. Fr. Hon. Gen. Col. Lt. Maj. Capt. Cmdr. Cdr. Cpl. Sgt. Pvt. Adm. Brig.
    Gov. Lieut. Sen. Rep. Reps. Sens. Pres. Supt. Msgr. Amb. Atty. Insp. Br. vs. cf. e.g. i.e. E.g. I.e. viz. esp. incl. ca. Ca. approx.
    Approx. resp. a.k.a. née. ibid. trans. transl. orig. lit. abbr.`),
  de: list(
    "Dr. Prof. Hr. Hrn. Frl. Dipl. Mag. bzw. vgl. sog. ca. insb. bes. geb. gest. verh. z.B. d.h. u.a.",
  ),
  fr: list("M. MM. Mme. Mlle. Dr. Pr. Me. St. Ste. cf. env. av. apr."),
  es: list("Sr. Sra. Srta. Dr. Dra. D. Dña. Prof. Gral. Sto. Sta. p.ej."),
  it: list("Sig. Dott. Dr. Prof. Ing. Avv. S. cfr."),
  pt: list("Sr. Sra. Dr. Dra. Prof. Profa. Eng. D. cf."),
  ru: list("г. гр. им. проф. акад. ул. т.е. т.н. см. ср."),
};

/** Words that open sentences and are seldom names, by language. */
const STARTERS: Readonly<Record<string, readonly string[]>> = {
  en: list(`
    The A An This That These Those He She It They We You I His Her Its Their Our My Your There Here What When Where Who Why How Which
    If Although Though Because Since While Whereas Unless Until After Before During In On At By For From With Without Within As But And
    Or So Yet Nor However Moreover Furthermore Therefore Thus Hence Then Also Another Other Others Some Many Most Much Several Few All
    Both Each Every Either Neither One Two Three Four Five Six Today Later Meanwhile Instead Despite Under Over Between Among According
    Following No Not Only Once Now Such Like Unlike Upon About Above Across Against Along Around Because Despite Even Eventually Finally
    First Second Further Given Having Indeed Initially Is Are Was Were Did Does Do Has Have Had Can Could Would Should Will May Might
    Let Never Nevertheless Often Originally Perhaps Recently Subsequently Sometimes Soon Still Throughout To Together Usually
    Whether`),
  de: list(`
    Der Die Das Den Dem Des Ein Eine Einer Einem Einen Er Sie Es Wir Ich Ihr Im In Am An Auf Aus Bei Beim Nach Mit Von Vom Vor Zu Zum
    Zur Für Seit Als Wenn Weil Da Dann Dort Hier Dies Diese Dieser Dieses Auch Aber Und Oder Doch Durch Gegen Ohne Um Unter Über Während
    Wegen Trotz Zwischen So Sein Seine Ihre Man Nur Noch Alle Viele Einige Später Heute Jedoch`),
  fr: list(`
    Le La Les Un Une Des Il Elle Ils Elles On Nous Vous Je Ce Cet Cette Ces Cela En Dans Au Aux Du De À Pour Par Sur Avec Sans Sous
    Après Avant Depuis Pendant Lors Quand Lorsque Si Mais Et Ou Donc Or Car Son Sa Ses Leur Leurs Plus Selon Ainsi Toutefois Cependant`),
  es: list(`
    El La Los Las Un Una Unos Unas Él Ella Ellos Ellas Este Esta Estos Estas Ese Esa Eso Esto En De Del Al A Por Para Con Sin Sobre
    Desde Hasta Tras Durante Cuando Si Pero Y O Su Sus Se No Según Como Además También Fue Es`),
  it: list(`
    Il Lo La I Gli Le Un Uno Una Egli Lui Lei Essi Questo Questa Questi Queste In Nel Nella Nei Di Del Della Dei A Al Alla Da Dal Per
    Con Su Sul Dopo Prima Durante Quando Se Ma E O Si Non Come Anche Secondo`),
  pt: list(`
    O A Os As Um Uma Ele Ela Eles Elas Este Esta Esse Essa Isso Isto Em No Na Nos Nas De Do Da Dos Das Ao À Por Para Com Sem Sobre
    Desde Até Após Durante Quando Se Mas E Ou Seu Sua Não Segundo Como Também`),
  ru: list(`
    В На По С К У О Об От До За Из При Для Это Этот Эта Эти Он Она Оно Они Мы Вы Я Его Её Их Но А И Или Также После Однако Если Когда
    Как Так Все Не Был Была Было Были`),
};

/** Languages that write ordinal numbers with a full stop. */
const WITH_ORDINALS = list("da de et eu fi fo hr hu is lv nb nn no pl sk sl sr tr cs");

const cache = new Map<string, LanguageAbbreviations>();

/** The lists of a language (ISO 639): CLDR's suppressions, and for English more. A language without lists has its initials alone. */
export function languageAbbreviations(language: string): LanguageAbbreviations {
  const known = cache.get(language);
  if (known !== undefined) return known;
  const english = language === "en";
  const words = new Set(english ? ENGLISH.words : []);
  const abbreviations = {
    neverFinal: new Set(NEVER_FINAL[language] ?? []),
    beforeNumbers: new Set(english ? ENGLISH.beforeNumbers : []),
    beforeDigits: new Set(english ? ENGLISH.beforeDigits : []),
    seldomFinal: new Set([
      ...sentenceSuppressions(language, false).filter((abbreviation) => !words.has(abbreviation)),
      ...(english ? ENGLISH.seldomFinal : []),
    ]),
    starters: new Set(STARTERS[language] ?? []),
    ordinals: WITH_ORDINALS.includes(language),
  };
  cache.set(language, abbreviations);
  return abbreviations;
}
