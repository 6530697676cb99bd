/** An answer with its probability. */
export interface Answer {
  readonly score: number;
  readonly text: string;
  /** What else there is to say of it. */
  readonly note?: string;
}

/** Answers as lines for people: probabilities and notes stand in columns. */
export function answerLines(answers: readonly Answer[]): string[] {
  const width = Math.max(...answers.map(({ text }) => columns(text)));
  return answers.map(({ score, text, note }) => {
    const gap = " ".repeat(width - columns(text));
    return `  ${percent(score)}  ${text}${note === undefined ? "" : `${gap}  ${note}`}`;
  });
}

/** A probability in seven columns. */
function percent(score: number): string {
  return `${(100 * score).toFixed(1).padStart(5)} %`;
}

/** Columns of a terminal: East Asian characters take two. */
function columns(text: string): number {
  let width = 0;
  for (const letter of text) {
    if (/\p{M}/u.test(letter)) continue;
    width +=
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u
          .test(letter)
        ? 2
        : 1;
  }
  return width;
}
