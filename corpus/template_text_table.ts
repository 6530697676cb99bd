/**
 * Templates that show a text of theirs where they stand, in the form that {@link TemplateTexts} describes: those that only dress up an
 * argument, and those that stand for characters. All other templates show nothing. Add to it, or give a file of the same form to
 * `build-dump-db --template-texts`.
 */
export const templateTextTable = String.raw`
[*]
# Without a break or in another size or weight
$1 <- nowrap | nobr | no wrap | nobreak | nobr1 | nowraplinks | nowrap links | no break | j | box | normal | noitalic | non-italic
$1 <- nobold | no bold | noitalics | no italic | normal text | big | bigger | larger | large | small | smaller | resize | petit | pequeño | klein
$1 <- smallcaps | small caps | sc | sc1 | sc2 | aut | versalita | versalitas | maiuscoletto | kapitälchen | caps | lcfirst | allcaps
$1 <- strong | em | strongbad | bold | italic | underline | u | overline | strike | strikethrough | ins | del | s mark | souligner | gras | italique
$1 <- sup | sub | superscript | subscript | exp | ind | exposant | indice | super | su | supsub | mono | code | kbd | key | keypress | samp | var | tt
$1 <- center | centre | centered | centré | center block | right | left | block indent | bi | align | indent | zentriert
$(text,1) <- ruby | ruby-ja | ruby-zh | ルビ | ふりがな | 振り仮名 | rt | h:title | hover title
$1 <- abbr | abbreviation | abbrv | abbrlink | tooltip | abréviation | abrev | abreviatura | abk | comment | подсказка | sigle | hinttext | hint
$1 <- vanchor | visible anchor | anchor text | anchored | vis anchor | target
$last <- color | colour | font color | fontcolor | coloured text | colored text | couleur | kleur | farbe | färg | цвет | renk | color text
$1 <- unicode | ipa | ipa text | ipa link | polytonic | script | hebrew | arabic | unicode text | font | pua | cjk-new-char | 僻字 | 補助漢字フォント
$1 <- jis2004フォント | cp932フォント | jis90フォント | 拡張漢字 | 新字体 | 縦書き | vertical | 要出典範囲 | 要検証範囲 | not a typo | notatypo | as written | proper name | typo | sic
$1 <- noitalic title | nihongo | nihongo2 | nihongo foot | japonais | japonés | zh-full | korean | nihongo3 | japan-text
$1 <- citation needed span | cn span | fact span | refspan | citation nécessaire | référence nécessaire | référence souhaitée | passage évasif | quoi
$1 <- dubious span | clarify span | disputed inline span | update span | not verified in body span | full citation needed span | better source span

# Texts in other languages; what a reader sees before them, the name of the language, is left out
$2 <- lang | langx | langue | dil | język | w języku | sprache | språk | talen | taal | idioma | lingua | jazyk | nyelv | kieli | язык | мова | език | γλώσσα
$all <- linktext
$1 <- nastaliq | sname | snamei | bname | wrap
$last <- fontsize | font size | fs
$2 <- native name | nativename | native phrase | vjazyce2 | cizojazyčně | vjz2 | llang | lang2 | language text | citation étrangère | citation langue | bahasa
$1 <- lang-* | langnf-* | lang+* | langue-* | dil-* | k-* | јез-* | jez-* | jęz-* | langrus-* | idioma-*
$1 <- lat | gre | angl | אנ | إنج | به انگلیسی | به لاتین | به فرانسوی | به آلمانی
$last <- transl | transliteration | translit | tlit | xlit | transcription | транслит | romanize | rtgs | wikt-lang
$3 <- rtl-lang | ltr-lang | langt

# Links to other wikis beside a name
$(lt,text,label,display,3,1) <- red link | interlanguage link multi
$(lt,label,text,display,1) <- ill | ill2 | ill-wd | ill-wd2 | interlanguage link | interlanguage link forced | interlanguage link wikidata | 仮リンク | link-interwiki | lwd | ilc
$(label,3,1) <- link-* | internal link helper/* | le | illm | ilh
$(4,3) <- tsl | translink | translation link
$(texte,fr,trad,1) <- lien | lien 2
$(נص,نص,عر,1) <- وإو | وصلة إنترويكي
$(2,1) <- нп | нп1 | нп2 | нп3 | нп4 | нп5 | не переведено | не переведено 1 | не переведено 2 | не переведено 3 | не переведено 4 | не переведено 5 | iw | iw2 | не перекладено
$(2,1) <- پم | پیوند میان‌ویکی | q-link | link if exists | wl | articlelink | annotated link
$(name,1) <- flag | flagu | flagcountry | flagg | flaglink | flagdeco name | country flag name | 국기 | 국기나라 | флагификация | país | pays | drapeau2 | flagland | bandera2 | flaga państwa

# Numbers and their units
$measure <- convert | cvt | conv | convertir | converter | umrechnen | omvandla | 換算 | 변환 | 轉換 | перевести единицы | převod | conversion
$measure <- unité | unidad | unidade | unit | unità | enhed | enhet | jednostka | einheit | ед. | unitat | unitate
$1 $(u,ul,up,upl) <- val
$1 <- formatnum | fmtn | num | число | nts | ntsh | number table sorting | formatting number | gaps | digits | nombre | nb | número | zahl | fn | nombre romain | rome
$1/$2 <- frac | fraction | sfrac | frac2 | bruch | fracción | fração | cfrac | split fraction | 分数
×10$1 <- e | e-sp | x10^
10$1 <- 10^
$1 <- math | mvar | maths | texhtml | bigmath | intmath | chem2 | ce text | pi-math
$all <- chem | chemf | formule chimique | fchim | fórmula química | formula chimica | химформула | chemiformel
US$$$1 <- usd | us$
£$1 <- gbp | £ | pound sterling
€$1 <- eur | € | euro
₹$1 <- inr | ₹ | indian rupee | indian rupees
¥$1 <- jpy | cny | ¥
$1 m <- höhe
c. $1 <- circa | c. | ca. | ca
fl. $1 <- floruit | fl. | fl
r. $1–$2 <- reign | r.
$1–$2 <- birth–death | lifespan text
HMS $1 <- hms
USS $1 <- uss
RMS $1 <- rms
SS $1 <- ss
HMAS $1 <- hmas
HMCS $1 <- hmcs
SMS $1 <- sms
$1 $2 <- ship
⟨$1⟩ <- angbr | angbr ipa | angle bracket | grapheme
‘$1’ <- gloss | gcl gloss
“$1” <- qq | " | quote inline | inline quote
lit. ‘$1’ <- lit | literal translation | literally

# Quotations set off from the text
$(text,quote,zitat,texto,texte,content,1) <- quote | blockquote | block quote | bquote | quotation | cquote | centered pull quote | rquote text | bq | quoteblock | quote block
$(text,zitat,texto,texte,testo,tekst,1) <- zitat | citation bloc | citation | cita larga | citação | citaat | citat | cytat | cytat d | cytuj cytat | цитата | цитатa | citazione | sitat | sitaatti | alıntı | 인용문 | 인용 | اقتباس | נקודה ציטוט | quote frame text | poemquote | poem quote
$(text,1) <- poem | poème | stanza | verse text

# Characters
| <- !
– <- ndash | en dash | endash | nd
" – " <- spaced ndash | snd | snds | spnd | sndash | spaced en dash | dash | –
— <- mdash | em dash | emdash | —
" — " <- spaced mdash | smd | mdashb | spaced em dash
" " <- nbsp | spaces | space | sp | thinsp | thin space | hair space | pad | nnbsp | zwsp | indent sp
· <- · | middot | dot | interpunct
" • " <- • | bull | bullet | spaced bullet
" · " <- spaced middot | •w | ·w
’ <- ' | apostrophe | ’
’s <- 's
= <- =
{ <- (
} <- )
{{ <- ((
}} <- ))
[ <- (( sq | bracket | lsqb | !(
] <- rsqb | )!
× <- times | × | x mark times
± <- ± | pm sign
° <- deg | ° | degree
… <- ... | ellipsis | …
ʻ <- okina | ʻokina | okina char
ʿ <- ayin | ʿ
ʾ <- hamza | aleph half ring
♯ <- sharp | music sharp
♭ <- flat | music flat
♮ <- natural
‰ <- permil
№ <- numero | no sign
√ <- sqrt sign
π <- pi
€ <- euro sign
µ <- mu sign
† <- dagger
‡ <- ddagger | double-dagger
★ <- star symbol

[fr]
$1$2 siècle <- s | siècle | s-
$1$2 siècle av. J.-C. <- -s | s av jc | av jc s
$1$2 <- ordre romain | n-ième | ère
$1e <- e | ème
« $1 » <- citation | guillemets
$1 $2 $3 <- date | date- | date rapide | dater
$1 <- noir | blanc | rouge | vert | bleu | gris | p. | nobr romains | nombre romain | romain
$1er <- 1er
[es]
siglo $1 <- siglo
$1 de $2 de $3 <- fecha
$1 <- esd | sinsalto | sin salto | cita | may | minúscula | mayúscula | cursiva | negrita | enlace roto texto
[pt]
século $1 <- séc | século
$1 de $2 de $3 <- dni text | data
$1/$2 <- pbpe | pepb | br-pt | pt-br
$1 <- dtlink text | nobreak text
[it]
$1 $(u,ul) <- m
$1 <- nowrap | fs | sp text
[de]
$1 <- ens | des | frs | ess | its | las | els | grcs | rus | pls | pts | jas | zhs | kos | ars | hes | nls | svs | das | nos | fis | css | sks
$1 <- hus | ros | trs | uks | bgs | srs | hrs | sls | eus | cas | iss | ltgs | lvs | lts | ets | fas | his | vis | kas | hys | sqs | mks | bes
„$1“ <- " | zitat-de | „
$1 <- nowrap | sprachhinweis text | polytonisch | anführung
[ru, uk, be, bg]
$1 <- s | nobr | nobr2 | comment | наголос | ударение | не путать текст | ль | гос
́ <- '
[ja]
$1（$2） <- 読み仮名 | 読み | 読み仮名 ruby不使用 | 読み仮名 ruby使用
$1 <- 和暦 | 旧字 | bold | 太字
[ko]
$2 <- llang | lang
$1 <- 한자 병기 | 작은글씨 | 크게 | 굵게
[zh, gan, wuu, lzh]
$1 <- 注音 | zy | 原文 | 專名號 | 书名号 | 專名 | 标点
[sv, no, nb, nn, da]
$1 <- nowrap | liten | stor | utan radbrytning
[pl]
$1 <- j | k | u | mały
[nl]
$1 <- nowrap | klein
[tr]
$1 <- bölünmez | küçük | büyük
[he]
$1 <- מונחון | ש | כתב קטן
[is]
$1 <- lítill texti | ekki brjóta
`;
