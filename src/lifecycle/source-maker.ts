// Makes the source that a configuration describes. What a connector throws on the way is a matter of that source alone: it is
// said by `probe`, where errors of sources are expected.

import { OptionsRejected, type Source, type SourceContext } from '../../connectors/contract.js';
import type { SourceConfig } from '../config/config.js';

/** `log`: for the lines of this source. Contacts nobody yet. Never throws. */
export function makeSource(
  { name, type, connector, options }: SourceConfig,
  { log, outbound, looksOn = false }: Omit<SourceContext, 'name'>,
): Source {
  try {
    const source = connector.create(options.reveal(), { name, log, outbound, looksOn });
    return isSource(source) ? source : unmade(new OptionsRejected(`${type} made no source: ${MUST_HAVE}`));
  } catch (error) {
    return unmade(error);
  }
}

const METHODS = ['probe', 'read', 'ack', 'close'] as const;
const MUST_HAVE = `what create returns must have the methods ${METHODS.join(', ')}`;

/** Those who write in plain JavaScript may return anything, a promise above all. */
function isSource(made: unknown): boolean {
  return (
    typeof made === 'object' &&
    made !== null &&
    METHODS.every((method) => typeof (made as Readonly<Record<string, unknown>>)[method] === 'function')
  );
}

function unmade(error: unknown): Source {
  return {
    traits: { completeState: false, resumes: false, repeats: false },
    probe: () => Promise.reject(error instanceof Error ? error : new Error(String(error))),
    async *read() {},
    ack: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
