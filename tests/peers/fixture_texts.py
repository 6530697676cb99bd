"""Texts for the tokenizer fixtures, written for them."""

_SENTENCES = [
    "Tokyo is the capital of Japan, and the lakes of the north are cold.",
    "The lake steamer leaves Tokyo at nine and returns before the evening.",
    "A café by the harbour serves fish; its owner doesn't open on Mondays.",
    "In 1999 five ships, twelve boats and a ferry lay in the harbour.",
    "東京は日本の首都です。私は寿司を食べた。湖は冷たい。",
    "Столица Японии Токио. Озеро на севере холодное, пароход идёт утром.",
    "Η λίμνη είναι κρύα και το πλοίο φεύγει το πρωί.",
    "Das Café am See öffnet früh; die Fähre fährt über den See.",
    "호수는 차갑다. 배는 아침에 떠난다.",
    "البحيرة باردة والسفينة تغادر في الصباح.",
]

TRAINING = [sentence for sentence in _SENTENCES for _ in range(4)]

TEXTS = [
    *_SENTENCES,
    "",
    " ",
    "Tokyo <mask> Japan.",
    "Tokyo is the[MASK] of [MASK] .",
    "<s>Tokyo</s> <ent>Japan<ent2> and<mask>",
    "  two  spaces\tand a tab\nand lines ",
    "Cafe\u0301 ﬁsh ½ ａＡ\u3000東京 zero\u200bwidth",
    "An emoji 😀 and another 🤩🎉, 𝔸 too: they don't fit 1 unit!",
    "unseen: Ω Ѩ 龘 ᚠ and ' quotes ' we 've, I 'm , no ?",
    "ÄÖÜ éèê İstanbul ΣΑΣ ﬀ",
]

# Code points, as transformers takes them.
SPANS = {
    "": [(0, 0)],
    _SENTENCES[0]: [(0, 5), (24, 29), (39, 44)],
    _SENTENCES[2]: [(2, 6), (2, 17), (6, 6)],
    _SENTENCES[4]: [(0, 2), (3, 5)],
    "Tokyo <mask> Japan.": [(6, 12), (13, 18)],
    "An emoji 😀 and another 🤩🎉, 𝔸 too: they don't fit 1 unit!": [(9, 10), (23, 25), (24, 25), (27, 28), (55, 55)],
    "  two  spaces\tand a tab\nand lines ": [(2, 5), (7, 13), (7, 18), (0, 33)],
}
