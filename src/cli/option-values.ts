// What options hold, read from their text: durations, counts, ports, addresses. What does not fit is a mistake of usage.

import { InvalidArgumentError, type Command } from 'commander';
import { parseDuration } from '../units.js';
import type { Ms } from '../topic/update.js';

export function duration(text: string): Ms {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('Write it with its unit: 500ms, 3s, 1m.');
  return ms;
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return Number(text);
}

export function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return port;
}

/** `host:port,host:port` */
export function brokerList(text: string): readonly string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  if (!brokers.every((broker) => /^(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(broker))) {
    throw new InvalidArgumentError('Write host:port, several separated by commas.');
  }
  return brokers;
}

/** How an option with a URL is read: never repeats what was written, since a URL may hold a password. */
export interface UrlOption {
  readonly command: Command;
  /** Default `--url`. */
  readonly flag?: string;
  readonly protocols: readonly string[];
  readonly example: string;
}

export function urlOption(text: string, { command, flag = '--url', protocols, example }: UrlOption): URL {
  if (URL.canParse(text)) {
    const parsed = new URL(text);
    if (protocols.includes(parsed.protocol)) return parsed;
  }
  return command.error(`error: option '${flag}' holds no URL that can be used. Write it whole: ${example}`, {
    exitCode: 2,
    code: 'tailrace.unusableUrl', // another one than commander's, which would repeat what was written
  });
}
