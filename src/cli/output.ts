// Where a command's words go: data to stdout, notices to stderr, whatever the verb.

import { CommanderError } from 'commander';
import { TailraceError } from '../errors.js';
import { scrubText } from '../telemetry/scrub.js';

export interface Output {
  /** What the command was asked for: text, newline added. */
  data(text: string): void;
  /** The same as one JSON object per line. */
  json(value: object): void;
  /** What a person may want to know besides. */
  notice(text: string): void;
  /** What ended the command, in one sentence; a stack only for what nobody expected. */
  fault(error: unknown): void;
  /** Resolves once both streams have taken everything: an exit before that cuts a pipe short. */
  flushed(): Promise<void>;
}

interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

export function terminal({ stdout, stderr }: Streams): Output {
  return {
    data: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    notice: (text) => void stderr.write(`${text}\n`),
    fault: (error) => {
      const text = faultText(error);
      if (text !== undefined) stderr.write(`${text}\n`);
    },
    async flushed() {
      await Promise.all([stdout, stderr].map((stream) => new Promise((done) => stream.write('', done))));
    },
  };
}

/** The same without notices: `--quiet`. */
export function quiet(output: Output): Output {
  return { ...output, notice: () => undefined };
}

function faultText(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined; // commander has printed its own
  if (error instanceof TailraceError) return `tailrace: ${scrubText(error.message)} (${error.code})`;
  return scrubText(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
