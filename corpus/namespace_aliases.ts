/**
 * Present and former names of the file and category namespaces of the Wikipedias, beside the English ones: texts use the former
 * ones as well, but the header of a dump leaves them out. A line: languages, names of files, names of categories. From the
 * settings of the wikis, as DBpedia's extraction framework collects them.
 */
const table = `
ab|изображение,файл,афаил|категория,акатегориа
ace|berkas,gambar,beureukaih|kategori,kawan
af|beeld,lêer|kategorie
als bar de frr|bild,datei|kategorie
alt av koi krc kv|изображение,файл|категория
am|ስዕል|መደብ
ami|图像,图片,圖像,圖片,文件,档案,檔案,faylo|分类,分類,kasasiwasiw
an|imagen,imachen|categoría
ang|biliþ,ymele|flocc
anp|फाईल|श्रेणी
ar arz|صورة,ملف|تصنيف
arc|ܠܦܦܐ|ܣܕܪܐ
ary|صورة,ملف,فيشي|تصنيف
as|चित्र,চিত্র,চিত্ৰ|cat,श्रेणी,শ্রেণী,শ্ৰেণী
ast|archivu,imagen,imaxe,imaxen,ficheru|categoría
atj|natisinahikaniwoc|tipanictawin
avk|ewava,imagen,изображение,iyeltak|loma
awa|फाइल|श्रेणी
ay|imagen,archivo|categoría
az|fl,şəkil,fayl|kat,kateqoriya
azb|تصویر,فایل|بؤلمه
ba|изображение,рәсем,файл|төркөм,категория
ban bug id min nia|gambar,berkas|kategori
bat-smg|vaizdas,abruozdielis|kategorija,kateguorėjė
bbc|ugasan|horong
bcl|ladawan|kategorya
be|выява,файл|катэгорыя
bew|gambar,gepokan|bangsaan
bg|картинка,файл|категория
bh dty ne|चित्र|श्रेणी
bjn|berkas,gambar,barakas|kategori,tumbung
blk|ဖုဲင်|ကဏ္ဍ
bm ff fr kbp ln nrm pcd sg ty|fichier|catégorie
bn|চিত্র|বিষয়শ্রেণী
bpy|ছবি|থাক
br|skeudenn,restr|rummad
bs|slika,datoteka|kategorija
bxr mrj|изображение,файл|категория,категори
ca|imatge,fitxer|categoria
cdo|图像,图片,圖像,圖片,档案,檔案,文件|分类,分類
ce|изображение,сурт,хlум,файл|кадегар,тоба,категори
ceb|imahen,payl|kategoriya
ch|litratu|katigoria
ckb|پەڕگە|پ,پۆل
co eml lld|immagine|categoria
crh|resim,ресим,файл,fayl|категория,kategoriya
cs|obrázok,soubor|kategorie
csb|grafika,òbrôzk|kategòrëjô
cu|ви́дъ,видъ,дѣло|категория,катигорї,катигорїꙗ
cv|изображение,ӳкерчĕк|категори
cy|delwedd|categori
da|billede,fil|kategori
dag|lahabali kɔligu|pubu
dga|duoro kɔre|gbuli
din|apamduööt|bekätakthook
diq|dosya|kategoriye,kategori
dsb hsb|bild,wobraz,dataja|kategorija
dtp ms|imej,fail|kategori
dv|ފައިލް,ފައިލު|ޤިސްމު
el|εικόνα,αρχείο|κατηγορία
eo|dosiero|kategorio
es|imagen,archivo|cat,categoría
et|pilt,fail|kategooria
eu|irudi,fitxategi|kategoria
ext|imagen,archivu|categoria,categoría
fa|تصویر,پرونده|رده
fat|fael|nkyekyεmu
fi|kuva,tiedosto|luokka
fo|mynd|bólkur
fon|wékpo|akpaxwé
frp|émâge,fichiér|catègorie
fur|immagine,figure|categorie
fy|ofbyld|kategory
ga|íomhá|rang,catagóir
gag|dosya,resim,dosye|kategori,kategoriya
gan|图像,图片,圖像,圖片,文件,档案,檔案,文檔|cat,分类,分類
gcr|fiché|katégori
gd|faidhle|roinn-seòrsa
gl|arquivo,imagem,imaxe,ficheiro|categoría
glk|تصویر,پرونده,فاىل|رده,جرگه
gn|imagen,ta'ãnga|ñemohenda
gom|फायल|श्रेणी,वर्ग
gor|gambar,berkas|dalala
got|𐍆𐌴𐌹𐌻𐌰|𐌷𐌰𐌽𐍃𐌰
gu|ચિત્ર|cat,શ્રે,શ્રેણી
guc|imagen,anaajaalaa|akotchajülee sünülia
gur|faali|buuri buuri
guw|wepo|adà
gv|coadan|ronney
ha|fayil|rukuni
hak wuu|图像,图片,圖像,圖片,文件,档案,檔案|分类,分類
haw|kiʻi,waihona|māhele
he|קו,תמונה,קובץ|קט,קטגוריה
hi|चित्र|श्र,श्रेणी
hif||vibhag
hr|dt,slika,datoteka|ct,kt,kategorija
ht|imaj,fichye|kategori
hu|kép,fájl|kategória
hy|պատկեր|կատեգորիա
hyw|պատկեր|ստորոգութիւն
ia|imagine|categoria
ie||categorie
ig|ákwúkwó orünotu,usòrò|ébéonọr,òtù
igl|fáílú|gbúgbe
ii za|图像,图片,圖像,圖片,档案,檔案,文件|分類,分类
ilo|papeles|kategoria
inh|изображение,файл|оагӏат
io|imajo,arkivo|kategorio
is|mynd|flokkur
it|immagine|cat,categoria
ja|画像,ファイル|カテゴリ
jbo|datnyvei|klesi
jv|gambar,barkas|kategori
ka xmf|სურათი,ფაილი|კატეგორია
kaa|su'wret,swret,сурет,سۋرەت,fayl|sanat,санат,سانات,kategoriya
kab|tugna|taggayt
kbd|файл|категория,категориэ
kcg|fail|sa
kg|fisye|kalasi
kk|swret,سۋرەت,сурет|sanat,سانات,санат
kl|billede,fil,fiileq|kategori,sumut atassuseq
km|រូបភាព,ឯកសារ|ចំណាត់ក្រុម,ចំនាត់ថ្នាក់ក្រុម,ចំណាត់ថ្នាក់ក្រុម
kn|ಚಿತ್ರ|ವರ್ಗ
ko|그림,파일|분류
ks|فَیِل|زٲژ
ksh|beld,belld,bild,datei|kategorie,katejori,kattejori,saachjrop,saachjropp,sachjrop,saachjrupp
ku|پەڕگە,wêne|پۆل,kategorî
kw|restren|class,klass
ky|файл|категория
la|imago,fasciculus|categoria
lad|archivo,dossia,imagen,dosya|categoría,katēggoría,kateggoría
lb|bild,fichier|kategorie
lbe|изображение,сурат|категория
lez|şəkil,изображение,файл|категория
lfn|fix|categoria
li|aafbeilding,afbeelding,plaetje|kategorie,categorie
lij|immagine,immaggine|categoria,categorîa
lmo|immagine,imàjine,archivi|categuria,categoria
lo|ຮູບ|ໝວດ
lrc|أسگ,تصویر,جانیا|دأسە
lt|vaizdas|kategorija
ltg|fails,attēls|kategoreja
lv|attēls|kategorija
mad|gambar,bhengkek|bhângsa
mai|फाइल|ca,श्रेणी
mdf|изображение,няйф|категория,категорие
mg|sary|catégorie,sokajy
mhr|изображение,файл|категория,категорий
mk|слика,податотека|категорија
ml|ചി,ചിത്രം,പ്ര,പ്രമാണം|വ,വി,വിഭാഗം,വർഗ്ഗം
mn|зураг,файл|ангилал
mni|ꯐꯥꯏꯜ|ꯃꯆꯥꯈꯥꯏꯕ
mnw|ဝှာင်|ကဏ္ဍ
mr|चित्र|वर्ग
mt|stampa|kategorija
mwl|arquivo,ficheiro,imagem,fexeiro|categoria,catadorie
my|ဖိုင်|ကဏ္ဍ
myv|изображение,артовкс|категория
mzn|تصویر,پرونده|رده,رج
nah|imagen,īxiptli|categoría,neneuhcāyōtl
nap|immagine,fiùra|categoria,categurìa
nds|datei,bild|kategorie
new|किपा|पुचः
nl|afbeelding,bestand|categorie
nn no|bilde,fil|kategori
nqo|ߞߐߕߐ߮|ߦߌߟߡߊ
nso|seswantšho|setensele
nv|eʼelyaaígíí|tʼááłáhági átʼéego
oc|imatge,fichièr|categoria
olo|kuva,failu|kategourii
or|ଫାଇଲ|ବିଭାଗ,ଶ୍ରେଣୀ
os|изображение,ныв,файл|категори
pa|ਤਸਵੀਰ|ਸ਼੍ਰੇਣੀ
pcm||katigori
pdc|bild,datei,feil|kategorie,abdeeling
pfl|bild,datei,dadai|kadegorie,kategorie,sachgrubb
pi|पटिमा|विभाग
pl|grafika,plik|kategoria
pms|immagine,figura|categorìa
pnb|تصویر,فائل|گٹھ
pnt|εικόνα,εικόναν,αρχείον|κατηγορίαν
ps|انځور,دوتنه|وېشنيزه
pt|arquivo,imagem,ficheiro|categoria
pwn|图像,图片,圖像,圖片,文件,档案,檔案,sineqetj a vecik|分类,分類,pinapapilipiliqan
qu|imagen,rikcha|katiguriya
rm|bild,datoteca|categoria
rmy|fişier,imagine,chitro|shopni
rn|dosiye|umuce
ro|fişier,imagine,fișier|categorie
ru|изображение,файл|к,категория
rue|зображення,изображение,файл|категория,катеґорія
rw|dosiye|ikiciro
sa|चित्रं,चित्रम्,सञ्चिका|वर्गः
sah|изображение,ойуу,билэ|категория
sat|ᱨᱮᱫ|ᱛᱷᱚᱠ
sc|immàgini|categoria
scn|immagine,mmàggini|catigurìa
sd|عڪس,فائل|زمرو
se|bilde,kuva,fiila|kategoriija
sh|dt,fotografija,slika,дт,датотека,datoteka|kat,kt,кат,кт,категорија,kategorija
shi|afaylu|taggayt
shn|ၾၢႆႇ|ပိူင်ထၢၼ်ႈ
si|රූපය,ගොනුව|ප්‍රවර්ගය
sk|obrázok,súbor|kategória
skr|فائل|ونکی
sl|slika|kategorija
smn|kuva,tiätuvuárkká|luokka
sq|figura,skeda|kategori,kategoria
sr|datoteka,fotografija,slika,слика,фотографија,датотека|kategorija,категорија
srn|afbeelding,gefre|categorie,guru
stq|bild,bielde|kategorie
su|gambar|kategori
sv|bild,fil|kategori
sw|picha,faili|jamii
szl|grafika,plik|kategoria,kategoryjo
szy|图像,图片,圖像,圖片,文件,档案,檔案,tangan|分类,分類,kakuniza
ta|படிமம்|பகுப்பு
tay|biru' na zayzyuwaw,图像,图片,圖像,圖片,文件,档案,檔案,biru’ na zayzyuwaw|分类,分類,zyuwaw na
tcy|ಫೈಲ್|ವರ್ಗೊ
te|ఫైలు,బొమ్మ,దస్త్రం|వర్గం
tet|arquivo,imagem,imajen|kategoría,kategoria
tg|акс|гурӯҳ
th|ภาพ,ไฟล์|หมวดหมู่
ti|ፋይል|መደብ
tk|faýl|kategoriýa
tl|talaksan|kaurian,kategorya
tly|fajl|tispir
tn|setshwantsho|karolo
tpi|fail|grup
tr|resim,dosya|kat,kategori
trv|图像,图片,圖像,圖片,文件,档案,檔案,patas bntasan|分类,分類,snakun
tt|räsem,изображение,рәсем,файл|törkem,категория,төркем
tw||nkyekyεmu
tyv|изображение,файл|категория,аңгылал
udm|изображение,суред,файл|категория
ug|ھۆججەت|تۈر
uk|зображення,изображение,файл|категория,категорія
ur|تصویر,ملف,فائل|زمرہ
uz|tasvir,fayl|kategoriya,turkum
vec|immagine,imàjine|categoria
vep|pilt,fail|kategorii
vi|hình,tập tin|thể loại
vls|afbeelding,ofbeeldienge|categorie
vo|magod,ragiv|klad
wa|imådje|categoreye
war|fayl,paypay|kaarangay
wo|dencukaay|catégorie,wàll
xal|зург,изображение,боомг|янз,әәшл
yi|בילד,תמונה,טעקע|קאטעגאריע,קאַטעגאָריע
yo|àwòrán,fáìlì|ẹ̀ka
zea|afbeelding,plaetje|categorie
zgh|ⴰⴼⴰⵢⵍⵓ|ⴰⵙⵎⵉⵍ
zh|图像,图片,圖像,圖片,文件,档案,檔案|cat,分类,分類
zh-min-nan|图像,图片,圖像,圖片,文件,档案,檔案,tóng-àn|分类,分類,lūi-pia̍t
zh-yue|图,图像,圖,圖像,文件,档,档案,檔,檔案|分类,分類,类,類
`;

/** Names in lower case. */
export interface NamespaceAliases {
  /** Of the namespace of files. */
  readonly files: readonly string[];
  /** Of the namespace of categories. */
  readonly categories: readonly string[];
}

const byLanguage = new Map<string, NamespaceAliases>();
for (const line of table.trim().split("\n")) {
  const [languages = "", files = "", categories = ""] = line.split("|");
  const names = (list: string): string[] => list === "" ? [] : list.split(",");
  for (const language of languages.split(" ")) {
    byLanguage.set(language, { files: names(files), categories: names(categories) });
  }
}

/** The names of files and categories in `language`; those of `pt` for `pt-br`; none where the language is unknown. */
export function namespaceAliases(language: string): NamespaceAliases {
  return byLanguage.get(language) ?? byLanguage.get(language.split("-")[0] ?? "") ??
    { files: [], categories: [] };
}
