/** Templates that mark disambiguation pages, in lower case, by language. */
const templates = new Set(
  `
  disambiguation|disambig|disamb|dab|disam|dbig|disambiguation page|disambig page|disambiguation cleanup|disambig-cleanup|dab cleanup
  geodis|geodab|hndis|hndab|human name disambiguation|place name disambiguation|numberdis|number disambiguation|roaddis|road disambiguation
  airport disambiguation|airport disambig|biology disambiguation|callsigndis|call sign disambiguation|chinese title disambiguation
  genus disambiguation|hospital disambiguation|hospitaldis|letter-number combination disambiguation|letter–number combination disambiguation|lnc disambiguation
  letter disambiguation|letterdis|mathematical disambiguation|mathdab|math disambiguation|military unit disambiguation|mil-unit-dis|milunitdis
  portal disambiguation|school disambiguation|schooldis|species latin name abbreviation disambiguation|splab|latindab
  species latin name disambiguation|station disambiguation|stationdis|synagogue disambiguation|taxonomic authority disambiguation|taxonomy disambiguation
  phonetics disambiguation|wp disambig|wikipedia disambiguation|molecular formula disambiguation|mfd disambig|given name disambiguation|surname disambiguation
  hndis-cleanup|hndiscleanup|geodis-cleanup|3cc|2cc|4ccdisambig|tla|tladisambig|tlad|taccdisambig|place name disambiguation cleanup|disambiguasi|dab page
  film disambiguation|song disambiguation|hurricane disambiguation|tropical cyclone disambiguation|ship disambiguation|shipdis|dablist|set index disambiguation
  bkl|begriffsklärung|begriffsklaerung|bks|begriffserklärung|bkv-seite|obsolete schreibung bkl
  homonymie|homonyme|homonymes|patronyme|patronymes|prénoms|toponymie|toponyme|toponymes|paronymie|paronymes|arrêt|desambig|sigle disambiguation
  internationalisation|isomérie|pays homonymes|villes homonymes|personnes homonymes|batailles|unités homonymes|édifices homonymes|voie homonyme|hydronymie
  titre d'œuvre homonyme|titres homonymes|films homonymes|gares homonymes|saints homonymes|sportifs homonymes|guerres homonymes|châteaux homonymes|cours d'eau homonymes|monuments homonymes
  îles homonymes|lieux homonymes|communes homonymes|provinces homonymes|partis politiques homonymes|équipes homonymes|homonymie de nombre|homonymie de personnes|homonymie de clubs sportifs
  homonymie de routes|homonymie dans la fiction|homonymie vidéoludique|homonymie d'établissements scolaires ou universitaires|homonymie militaire|homonymie de titre|homonymie d'hydronymes
  desambiguación|desambiguacion|des|disambigua|disambig-it|desambiguació|desambigua|desambiguação|desambiguaçom|homónimos|homônimos|homónimos da cidade|página de desambiguação
  doorverwijspagina|dp|dpintro|doorverwijs|verwijspagina|neerverwijspagina|verwys|dubbelsinnig|dobbelsinnich|trochferwiis|betjuttingsside
  ujednoznacznienie|disambigr|ujednoznacznienie nazwiska|strona ujednoznaczniająca|ujedn|rozcestník|rozlišovacia stránka|disambig/cs|rozlišovací stránka|rozcestník - 2 znaky|rozlišovačka
  неоднозначность|многозначность|неодн|disambig2|однофамильцы|список однофамильцев|фамилия-тёзка|тёзки|неоднозначность названия|список полных тёзок|топонимы
  багатозначність|неоднозначність|список однофамільців|прізвище|багатозначні терміни|неадназначнасць|неадназначна|неоднозначност|пояснение|многозначност|мъгла
  вишезначна одредница|višeznačna odrednica|вз|razdvojba|razvrstavanje|čvor|disambigh|višeznačnost|višeznačna|razločitev|razločitvena stran|razločitev priimka
  појаснување|појаснителна|мисловна|двозначност|kthjellim|kthjellime|αποσαφήνιση|αποσαφ|αποσαφήνιση τοπωνυμίου
  förgrening|förgreningssida|förgrening-namn|gren|trebokstavsförgrening|efternamn|robotskapad förgrening|flertydig|flertydig1|flertydig2|peker|pekar|pekerside|flertydighed|flertydigt|flere betydninger
  täsmennyssivu|täsmennys|haarautussivu|etunimi-täsmennyssivu|aðgreining|aðgreiningarsíða|fleiri týdningar|fleiri týðningar|fleirtydig
  egyért|egyértelműsítő lap|egyért-redir|egyért/csn|egyért/ut|dezambiguizare|dez|dezambig|hndez|dezambiguizare oameni
  anlam ayrımı|anlam ayrim|anlamayrımı|kişi adları (anlam ayrımı)|adnote|dəqiqləşdirmə|dəqiqləşdirilmə|айрық|айрық бет|күп мәгънәләр|күпмәғәнәлелек|maʼnolari|маъно|калімаи бисёрмаъно
  täpsustus|täpsustuslehekülg|täpsustuslk|reikšmės|nuorodinis|nuorodinis straipsnis|disambigue|nozīmju atdalīšana|nozīmju atdalīšanas lapa|zeimeibu škiršona|mazīmju atdalīšana
  argipen|argipen orri|homonimia|homonimie|homonimo|homónimo|homonym|desamb|homònims|homonimia de persones|desambigs|apartigilo|homonimulo|homonimigilo|apartigila paĝo|homonyma|discretiva|paarajuttuis
  gwahaniaethu|gwahaniaeth|anamwys|idirdhealú|idirdheal|soilléireachadh|reidh-cheilleachadh|disheñvelout|disheñvelañ|klerzh|klassmath|homonymy|reddishment|reathelwech
  توضيح|توضیح|صفحة توضيح|توضيح أسماء أعلام|ابهام‌زدایی|ابهام زدایی|ابهامزدایی|ابهام زدائی|ضد ابہام|ضدابہام|رفع ابہام|سلجھاؤ|ڕوونکردنەوە|جیاکردنەوە|آچیقلاما
  פירושונים|פירוש נוסף|דף פירושונים|באדייטן|באדייטונג|बहुविकल्पी|बहुविकल्पी शब्द|बहुविकल्पी पृष्ठ|निःसंदिग्धीकरण|नि:संदिग्धीकरण|अस्पष्टता|দ্ব্যর্থতা নিরসন|দ্ব্যর্থতা_নিরসন|দ্ব্যৰ্থতা দূৰীকৰণ|ਗੁੰਝਲ ਖੋਲ੍ਹ
  પાનું સ્પષ્ટતા|સંદિગ્ધ શીર્ષક|பக்கவழி நெறிப்படுத்தல்|பக்கவழிநெறி|అయోమయ నివృత్తి|ದ್ವಂದ್ವ ನಿವಾರಣೆ|ದ್ವಂದ್ವ_ನಿವಾರಣೆ|വിവക്ഷകൾ|നാനാർത്ഥം|නාමාවලිය|වක්‍රෝත්තිහරණ|වක්‍රොත්තිහරණය
  แก้กำกวม|แก้ความกำกวม|หน้าแก้ความกำกวม|ແກ້ຄວາມກຳກວມ|သံတူကြောင်းကွဲ|စာမျက်နှာသံတူကြောင်းကွဲ|អសង្ស័យកម្ម|định hướng|trang định hướng|định hướng nhân vật|định hướng địa danh|tranh định hướng
  aimai|曖昧さ回避|人名の曖昧さ回避|地名の曖昧さ回避|曖昧さ回避ページ|学校名の曖昧さ回避|駅名の曖昧さ回避|同名の作品の曖昧さ回避|山の曖昧さ回避|姓名の曖昧さ回避|神社の曖昧さ回避|バス停の曖昧さ回避|企業名の曖昧さ回避|人名の曖昧さ回避ページ
  disambig-ko|동음이의|동음이의어|동음이의어 문서|동명이인|동명이인 문서|지명 동음이의|인명 동음이의|동음이의 인명|동음이의 지명|동음이의 학교|인명 동음이의어
  消歧义|消歧義|消歧义页|消歧義頁|消歧義页|消歧|搞清楚|disambig-zh|地名消歧义|地名消歧義|人名消歧义|人名消歧義|disamb-zh|车站消歧义|学校消歧义|clear disambig|khu-pia̍t-ia̍h|khu-pia̍t|扤清楚|消含糊頁|消含糊|釋義|扤清爽|同名|多义
  nyahkekaburan|nyahkaburan|laman nyahkekaburan|disambiguasi nama|disambiguasi tempat|maana|utata|makna|disambigo|paglilinaw|pagklaro|pagpipilian|linaw|paglinaw|disambigwasyon|konye|taxob disambig|fanalana fitovian'anarana|homonymes mg|mgho
  samrit|դիմում բազմիմաստ|բազմիմաստություն|ազգանուն բազմիմաստություն|մրավალმნიშვნელოვანი|მრავალმნიშვნელოვანი|მრავალმნიშვნელობა|აზატწინჯელი|олон утгатай|салаа утгатай|салаа утга|нэг мөр болгох|хуай уæлсӕттæн
  d'ambigua|disambigua piemonteis|disambiguassion|gestió|neodrednosť|ambigüedat|desambigüedat|omonimia|omonimija|dubresetenn|maorewa|desambiguaçon|disambiguaziù|disambiguazzioni|chiariment|vearborgiens|varbastung|differenziung
  verdudeliking|verdüdliching|begräpskloorenge|mehrdüdig begreep|mehrdüdig|verkloren|homonimija lt|homonymie (begriffsklärung)|begrepskloring|begreepskloaren|verschillen betèèkenis|dv
  `.split(/[|\n]/).map((name) => name.trim()).filter((name) => name !== ""),
);

/** Whether the template `name`, in lower case, marks a disambiguation page. */
export function isDisambiguationTemplate(name: string): boolean {
  return templates.has(name);
}

const disambiguationSwitch =
  /__(?:DISAMBIG|BEGRIFFSKLÄRUNG|HOMONYMIE|DÉSAMBIGUÏSATION|DESAMBIGUACIÓN|DESAMBIGUAÇÃO|DESAMBIGUA|DISAMBIGUA|DP|DOORVERWIJSPAGINA|UJEDNOZNACZNIENIE|НЕОДНОЗНАЧНОСТЬ|ЗНАЧЕНИЯ|БАГАТОЗНАЧНІСТЬ|FÖRGRENING|FLERTYDIG|TÄSMENNYS|ROZCESTNÍK|EGYÉRT|ANLAMAYRIMI|توضيح|ابهام‌زدایی|פירושונים|曖昧さ回避|동음이의|消歧义|消歧義|AÐGREINING)__/i;

/** Whether `source` has the behaviour switch that marks a disambiguation page. */
export function hasDisambiguationSwitch(source: string): boolean {
  return source.includes("__") && disambiguationSwitch.test(source);
}
