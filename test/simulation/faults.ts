// Bugs to plant: proxies that damage what passes between edge and client, and wrappers that damage what the log says. Each is
// a small lie that a real bug of the product could tell; the product itself knows nothing of them.

import type { FanOut } from '../../src/fanout/fan-out.js';
import type { LogReader } from '../../src/log/log.js';
import type { LogBatch, Update } from '../../src/topic/update.js';
import type { Proxy } from './network.js';

/** A data line is an array, a control line an object: reading either as the other gives undefined. */
export type Line = readonly unknown[] & Readonly<Record<string, unknown>>;

/** Gives what arrives instead of a line. */
export type LineFault = (line: Line) => readonly unknown[];

/** In place of a message whose every line is dropped, so that the count of messages does not give the fault away. */
const NOTHING = '{"op":"nothing"}';

export function perLine(fault: LineFault): Proxy {
  return (message) => {
    const lines = message
      .split('\n')
      .flatMap((text) => fault(JSON.parse(text) as Line).map((line) => JSON.stringify(line)));
    return [lines.length === 0 ? NOTHING : lines.join('\n')];
  };
}

/** Does it to the first line that it fits. */
export function once(fits: (line: Line) => boolean, fault: LineFault): LineFault {
  let isDone = false;
  return (line) => {
    if (isDone || !fits(line)) return [line];
    isDone = true;
    return fault(line);
  };
}

export function hasTag(tag: number): (line: Line) => boolean {
  return (line) => line[0] === tag;
}

export function hasOp(op: string): (line: Line) => boolean {
  return (line) => line['op'] === op;
}

function holds(message: string, fits: (line: Line) => boolean): boolean {
  return message.split('\n').some((text) => fits(JSON.parse(text) as Line));
}

/** The first fitting message is not delivered. */
export function loseMessage(fits: (line: Line) => boolean): Proxy {
  let isDone = false;
  return (message) => {
    if (isDone || !holds(message, fits)) return [message];
    isDone = true;
    return [];
  };
}

/** The first fitting message arrives behind the one after it. */
export function delayMessage(fits: (line: Line) => boolean): Proxy {
  let delayed: string | undefined;
  let isDone = false;
  return (message) => {
    if (delayed !== undefined) {
      const both = [message, delayed];
      delayed = undefined;
      return both;
    }
    if (isDone || !holds(message, fits)) return [message];
    isDone = true;
    delayed = message;
    return [];
  };
}

/** The edge's reader with some of its methods replaced. */
export function reading(edge: FanOut, other: Partial<LogReader>): LogReader {
  return {
    apply: (batch) => edge.apply(batch),
    markSource: (x, freshness) => edge.markSource(x, freshness),
    markPath: (x, key, path, isStale) => edge.markPath(x, key, path, isStale),
    partitionAdded: (partition) => edge.partitionAdded(partition),
    partitionRemoved: (x) => edge.partitionRemoved(x),
    ...other,
  };
}

/** Updates that fit do not reach the edge; the others keep their versions. */
export function forget(fits: (update: Update) => boolean): (edge: FanOut) => LogReader {
  return (edge) =>
    reading(edge, {
      apply({ updates, ...batch }: LogBatch) {
        for (const [i, update] of updates.entries()) {
          if (!fits(update)) edge.apply({ ...batch, first: batch.first + i, updates: [update] });
        }
      },
    });
}
