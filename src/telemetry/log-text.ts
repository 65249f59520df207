// A log line for people at a terminal, made from the JSON line: `10:15:02.123 info  source-live  source=quotes topics=2`.

import type { LogOptions } from './logger.js';

const COLOURS: Readonly<Record<string, string>> = {
  debug: '\x1b[2m',
  info: '\x1b[36m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
};
const RESET = '\x1b[0m';

/** What suits stderr: JSON when it is a file or a pipe, text on a terminal, without colour where NO_COLOR asks for that. */
export function styleOfTerminal(
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
): LogOptions['style'] {
  if (stream.isTTY !== true) return 'json';
  return env['NO_COLOR'] ? 'text' : 'colour';
}

/** One JSON log line as text with its newline; a stack follows on lines of its own. */
export function textLine(jsonLine: string, { colour }: { readonly colour: boolean }): string {
  const { level, time, event, ...facts } = JSON.parse(jsonLine) as Record<string, unknown>;
  const word = String(level).padEnd(5);
  const head = `${String(time).slice(11, 23)} ${colour ? `${COLOURS[String(level)] ?? ''}${word}${RESET}` : word} ${visible(String(event))}`;
  const stacks: string[] = [];
  const tail = Object.entries(facts).map(([name, value]) => ` ${name}=${factText(value, stacks)}`);
  return [`${head}${tail.length === 0 ? '' : ` ${tail.join('')}`}`, ...stacks].join('\n') + '\n';
}

function factText(value: unknown, stacks: string[]): string {
  if (typeof value === 'string') return /^[\w./:@+*-]+$/.test(value) ? value : visible(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value);
  if ('message' in value && typeof value.message === 'string') {
    if ('stack' in value && typeof value.stack === 'string')
      stacks.push(value.stack.split('\n').map(visible).join('\n'));
    return visible(JSON.stringify(value.message));
  }
  return visible(JSON.stringify(value));
}

/** Control characters in foreign text must not move the cursor or begin a line. */
function visible(text: string): string {
  return text.replace(
    /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
