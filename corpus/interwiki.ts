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

/** Prefixes of sister projects and of other wikis: MediaWiki's own list, and what Wikimedia's interwiki map adds. */
const projects = new Set(
  `acronym advogato aew airwarfare aiwiki allwiki annotationwiki appropedia aquariumwiki arborwiki arxiv
  atmwiki b battlestarwiki beacha betawiki betawikiversity bibcode bluwiki botwiki boxrec brickwiki bugzilla
  bulba buzztard bytesmiths bz c c2 c2find cache canwiki canyonwiki cellwiki centralwikia chapter chej chm
  citizendium ckwiss cndbname cndbtitle colab comixpedia commons communityscheme communitywiki comune
  consciousness corpknowpedia crazyhacks creationmatters creatureswiki cxej d dbdump dcc dcdatabase dcma
  dejanews delicious demokraatia devmo dict dictionary disinfopedia distributedproofreaders
  distributedproofreadersca dmpwiki docbook doi donate doomwiki download drumcorpswiki dwjwiki eclass
  ecoreality ecxei elibre emacswiki energiewiki englyphwiki enkol eokulturcentro esolang ethnologue
  ethnologuefamily evowiki exotica f fanimutationwiki fedora fedorawiki finalfantasy finnix flickrphoto
  flickruser floralwiki flyerwiki-de foldoc forthfreak foundation foundationsite foxwiki freebio freebsdman
  freeculturewiki freedomdefined freefeel freekiwiki freenode freesoft ganfyd gardenology gausswiki genwiki
  gerrit git globalvoices glossarwiki glossarywiki google googledefine googlegroups gotamac greatlakeswiki
  guildwarswiki guildwiki gutenberg gutenbergwiki h2wiki hackerspaces hammondwiki hdl heroeswiki hrfwiki hrwiki
  hupwiki iarchive imdbcharacter imdbcompany imdbname imdbtitle incubator infosecpedia infosphere irc ircrc
  iso639-3 issn iuridictum jaglyphwiki jameshoward javanet javapedia jefo jerseydatabase jiniwiki jira jspwiki
  jstor kamelo karlsruhe kinowiki kmwiki komicawiki kontuwiki koslarwiki kpopwiki labsconsole libreplanet
  linguistlist linuxwiki linuxwikide liswiki literateprograms livepedia localwiki lojban lostpedia lqwiki luxo
  m mail mailarchive mailman mariowiki marveldatabase meatball mediawikiwiki mediazilla memoryalpha meta
  metawiki metawikimedia metawikipedia mineralienatlas moinmoin monstropedia mosapedia mozcom mozillawiki
  mozillazinekb musicbrainz mw mwod mwot n namuwiki nara nkcells nodewiki norp nosmoking nost nostalgia
  novawiki oeis oldwikisource olpc ombudsmen onelook openfacts openlibrary openstreetmap openwetware openwiki
  opera7wiki organicdesign orthodoxwiki osmwiki otrs otrswiki ourmedia outreach outreachwiki panawiki patwiki
  perlnet personaltelco petscan phab phabricator phpwiki phwiki planetmath pmeg pokewiki psycle pythoninfo
  pythonwiki pywiki q qcwiki quality quarry rcirc regiowiki rev revo revwiki rfc rheinneckar robowiki rodovid
  rowiki rt s scholar schoolswp scores scoutwiki seapig seattlewiki seattlewireless senseislibrary sep silcode
  slashdot slwiki smikipedia snpedia softwarelibero sourceforge spcom species squeak stats stewardry strategy
  strategywiki sulutil svn swinbrain swingwiki swsej swtrain tavi tclerswiki technorati tenwiki termwiki
  test2wiki testwiki testwikidata tfwiki thelemapedia theopedia thinkwiki ticket tmbw tmnet tmwiki toolforge
  toollabs tools toolserver translatewiki tswiki tvtropes twiki tyvawiki unreal urbandict usability usej usemod
  utrs v viaf vikidia vkol voipinfo votewiki voy w warpedview webdevwikinl webisodes webseitzwiki wg wikia
  wikiasite wikibooks wikichat wikichristian wikicities wikidata wikiedudashboard wikif1 wikifur wikihow
  wikiindex wikilemon wikilivres wikimac-de wikimania wikimedia wikinews wikinfo wikinvest wikiotics wikipapers
  wikiquote wikischool wikiskripta wikisophia wikisource wikispecies wikispot wikitech wikiti wikitravel
  wikitree wikiversity wikivoyage wikiweet wikiwikiweb wikt wiktionary wipipedia wlug wm wmania wmania2005 wmdc
  wmdeblog wmf wmfdashboard wmit wmmyiddish wmteam wookieepedia woollypedia wowwiki wqy wurmpedia xboxic zh-cfr
  zrhwiki zum zwiki`.split(/\s+/),
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
