// `tailrace dlq list`: the dead letters that there are.

import { letterJson } from '../dead-letters/letter-json.js';
import { chosenLetters, exitOf, type LetterChoice, type LettersContext } from './dlq-letters.js';
import { letterText, summaryText } from './dlq-text.js';
import { EXIT, type ExitCode } from './exit-code.js';

/** One line each to stdout, with `json` whole; how many of which kind to stderr. */
export async function listLetters(choice: LetterChoice, context: LettersContext): Promise<ExitCode> {
  const { output } = context;
  const chosen = await chosenLetters(choice, context);
  if (typeof chosen === 'number') return chosen;
  const codes = new Map<string, number>();
  try {
    for await (const letter of chosen.read()) {
      codes.set(letter.code, (codes.get(letter.code) ?? 0) + 1);
      if (choice.json === true) output.json(letterJson(letter));
      else output.data(letterText(letter));
    }
  } catch (error) {
    return exitOf(error, output);
  }
  for (const line of summaryText(codes, chosen.counts)) output.notice(line);
  return EXIT.fine;
}
