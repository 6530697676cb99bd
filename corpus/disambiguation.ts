/** Templates that mark disambiguation pages, in lower case, English and the larger Wikipedias. */
const templates = new Set([
  ..."disambiguation|disambig|disamb|dab|disam|disambiguation page|geodis|hndis".split("|"),
  ..."airport disambiguation|biology disambiguation|callsigndis|chinese title disambiguation|genus disambiguation"
    .split("|"),
  ..."hospital disambiguation|human name disambiguation|letter-number combination disambiguation|letter disambiguation"
    .split("|"),
  ..."mathematical disambiguation|military unit disambiguation|mil-unit-dis|number disambiguation|numberdis"
    .split("|"),
  ..."place name disambiguation|portal disambiguation|road disambiguation|roaddis|school disambiguation|schooldis"
    .split("|"),
  ..."species latin name abbreviation disambiguation|species latin name disambiguation|station disambiguation"
    .split("|"),
  ..."synagogue disambiguation|taxonomic authority disambiguation|taxonomy disambiguation|phonetics disambiguation"
    .split("|"),
  ..."begriffsklärung|bkl|homonymie|patronyme|toponymie|paronymie|arrêt|desambiguación|desambiguacion|disambigua"
    .split("|"),
  ..."doorverwijspagina|dp|ujednoznacznienie|desambiguação|desambig|неоднозначность|многозначность|неоднозначност"
    .split("|"),
  ..."багатозначність|förgrening|flertydig|flertydighed|täsmennyssivu|rozcestník|rozlišovacia stránka|egyért"
    .split("|"),
  ..."egyértelműsítő lap|višeznačna odrednica|вишезначна одредница|пояснение|αποσαφήνιση|anlam ayrımı|anlam ayrim"
    .split("|"),
  ..."توضيح|ابهام‌زدایی|ابهام زدایی|פירושונים|बहुविकल्पी|দ্ব্যর্থতা নিরসন|అయోమయ నివృత్తి|แก้กำกวม|แก้ความกำกวม".split("|"),
  ..."định hướng|trang định hướng|aimai|曖昧さ回避|人名の曖昧さ回避|地名の曖昧さ回避|disambig-ko|동음이의|동음이의어 문서"
    .split("|"),
  ..."消歧义|消歧義|消歧义页|消歧義頁|disambiguasi|dezambiguizare|desambigua|homonyma|argipen|samrit|aðgreining"
    .split("|"),
  ..."zeimeibu škiršona|nozīmju atdalīšana|reikšmės|täpsustus|täpsustuslehekülg|gwahaniaethu|idirdhealú"
    .split("|"),
]);

/** Whether the template `name`, in lower case, marks a disambiguation page. */
export function isDisambiguationTemplate(name: string): boolean {
  return templates.has(name);
}
