/** The words by which a picture is one with a caption below, in the languages of Wikipedias. */
const framed = new Set(
  `thumb thumbnail frame framed enframed miniatur mini hochkant-mini gerahmt vignette cadre encadré miniatura miniaturadeimagen mini miniaturadaimagem
  commoldura marco enmarcado enmarcada borde riquadrato incorniciato min obramowanie ramka мини миниатюра обрамить мініатюра міні обрамка умалена мини-слика мала
  умањено сличица umanjeno sličica miniatyr ram inramad miniatyrbild ramme rammetinn miniature gerahmt omkaderd miniatuur kader pienoiskuva pienois kehys kehystetty
  náhled náhľad rám bélyeg bélyegkép keretezett keret miniaturka miniatură cadru mini μικρογραφία μινιατούρα πλαίσιο küçükresim küçük resim çerçeveli çerçeve
  تصغير مصغر إطار بإطار بندانگشتی انگشتدان انگشتی قاب ממוזער מוקטן מסגרת サムネイル サムネ フレーム 섬네일 썸네일 프레임 缩略图 缩略圖 縮圖 有框 有边框 มินิ หน้าต่าง แมวน้ำ
  nhỏ khung jmpl mini jempol bingkai iduo apdraudēta tumbnail sīktēls rāmis zviečuks þumall þumalmynd innrammað sīkteļs sumažinta thumb-v pisipilt raam sličica okvir umanjeno
  irudi txikia marko markoa iruditxo minijatura okvir zmenšenina iekadra bild prikaz`.split(/\s+/),
);

const option =
  /^(?:\d*(?:x\d+)? ?(?:px|пкс|п|كس|עיצוב|像素|ピクセル|픽셀|pik|ptx|px)?(?:px)?|(?:alt|link|page|lang|upright|class|thumbtime|start|end|verweis|seite|hochkant|lien|redresse|vinculo|enlace|vertical|página|ligação|альт|ссылка|посилання|альт|заміна|stopka|متن|پیوند|بديل|وصلة|نص|代替|代替文|リンク|替代文本|替代|链接|連結|대체글|링크|대체 글)\s*=.*|(?:upright|border|frameless|right|left|center|centre|none|baseline|sub|super|sup|top|text-top|middle|bottom|text-bottom|hochkant|rahmenlos|rand|rechts|links|zentriert|ohne|droite|gauche|centré|néant|neant|redresse|sans_cadre|bordure|derecha|der|izquierda|izda|izq|centro|centrado|ninguna|no|nada|direita|dir|esquerda|esq|nenhum|destra|sinistra|nessuno|prawo|lewo|centruj|brak|справа|слева|центр|центрировать|без|праворуч|ліворуч|зліва|дясно|ляво|десно|лево|högerv?|höger|vänster|centrera|ingen|høyre|venstre|højre|sentrer|midt|rechts|links|gecentreerd|geen|oikea|vasen|keskitetty|vpravo|vlevo|jobbra|balra|közép|dreapta|stanga|δεξιά|αριστερά|κέντρο|sağ|sol|orta|يمين|يسار|مركز|وسط|چپ|راست|وسط|ימין|שמאל|מרכז|右|左|中央|なし|오른쪽|왼쪽|가운데|없음|居中|无|無|ขวา|ซ้าย|กลาง|phải|trái|giữa|ka|ki|kanan|kiri|hægri|vinstri|miðja|pa labi|pa kreisi|desná|kairėje|dešinėje|paremal|vasakul|eskuinera|ezkerrera))$/i;

/**
 * The caption below a picture, as wikitext: of the `|`-separated parts behind the name of a file, the last that is no option. Only
 * pictures in a frame (`thumb`, `frame`, in the language of the wiki) show one, and those `inGallery`.
 */
export function captionOf(parts: string, inGallery = false): string | undefined {
  let depth = 0;
  let start = 0;
  let isFramed = inGallery;
  let caption: string | undefined;
  const end = (at: number): void => {
    const part = parts.slice(start, at).trim();
    if (part.length < 32 && framed.has(part.toLowerCase())) isFramed = true;
    else if (/^(?:thumb|mini|miniatur)\s*=/i.test(part)) isFramed = true;
    else if (part.length > 64 || !option.test(part)) caption = part;
    start = at + 1;
  };
  for (const { index, 0: mark } of parts.matchAll(/\[\[|\]\]|\|/g)) {
    if (mark === "[[") depth++;
    else if (mark === "]]") depth = Math.max(0, depth - 1);
    else if (depth === 0) end(index);
  }
  end(parts.length);
  return isFramed && caption !== "" ? caption : undefined;
}

/** The caption in a line between `<gallery>` and `</gallery>`: the name of a file and its parts. */
export function captionInGallery(line: string): string | undefined {
  const bar = line.indexOf("|");
  return bar < 0 ? undefined : captionOf(line.slice(bar + 1), true);
}
