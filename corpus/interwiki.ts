/** Codes of the Wikipedias, which are the prefixes of links between languages. */
const languages = new Set(
  `aa ab ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa ay az azb ba ban bar bat-smg bbc bcl
  bdr be be-tarask be-x-old bew bg bh bi bjn blk bm bn bo bpy br bs btm bug bxr ca cbk-zam cdo ce ceb ch cho chr chy ckb co
  cr crh cs csb cu cv cy da dag de dga din diq dsb dtp dty dv dz ee el eml en eo es et eu ext fa fat ff fi fiu-vro fj fo fon
  fr frp frr fur fy ga gag gan gcr gd gl glk gn gom gor got gpe gsw gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu hy
  hyw hz ia iba id ie ig igl ii ik ilo inh io is it iu ja jam jbo jv ka kaa kab kbd kbp kcg kg kge ki kj kk kl km kn knc ko
  koi kr krc ks ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg lv lzh mad mai map-bms mdf mg mh
  mhr mi min mk ml mn mni mnw mo mr mrj ms mt mus mwl my myv mzn na nah nan nap nb nds nds-nl ne new ng nia nl nn no nov nqo
  nr nrm nso nup nv ny oc olo om or os pa pag pam pap pcd pcm pdc pfl pi pih pl pms pnb pnt ps pt pwn qu rm rmy rn ro roa-rup
  roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh shi shn si simple sk skr sl sm smn sn so sq sr srn ss st
  stq su sv sw szl szy ta tay tcy tdd te tet tg th ti tig tk tl tly tn to tok tpi tr trv ts tt tum tw ty tyv udm ug uk ur uz
  ve vec vep vi vls vo vro wa war wo wuu xal xh xmf yi yo yue za zea zgh zh zh-classical zh-cn zh-hans zh-hant zh-min-nan
  zh-tw zh-yue zu cz dk jp minnan`.split(/\s+/),
);

/** Prefixes of sister projects and of other wikis. */
const projects = new Set(
  `b wikibooks c commons d wikidata f foundation wmf m meta metawikipedia mw n wikinews oldwikisource outreach phab phabricator
  q wikiquote s wikisource species wikispecies testwiki toollabs toolforge v wikiversity voy wikivoyage w wikt wiktionary
  wikimania wikitech incubator bugzilla bz doi gerrit github google imdbname imdbtitle iso639-3 mail mediazilla rfc rev svn
  translatewiki usemod wikia wikicities`.split(/\s+/),
);

/** What the prefix of a link leads to: the same article in another language, another wiki, or neither. */
export type Interwiki = "language" | "project" | undefined;

/** Classifies the prefix of `target` before its first colon. */
export function interwikiOf(target: string): Interwiki {
  const colon = target.indexOf(":");
  if (colon <= 0) return undefined;
  const prefix = target.slice(0, colon).trim().toLowerCase();
  if (languages.has(prefix)) return "language";
  return projects.has(prefix) ? "project" : undefined;
}
