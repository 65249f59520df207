// What asks a running process to take up its configuration anew: SIGHUP, and files that change. The operator's API is the third.

import { dirname, resolve } from 'node:path';
import type { Clock } from '../clock.js';
import type { LoadedConfig } from '../config/load.js';
import { watchConfig } from '../lifecycle/config-watch.js';
import type { ReloadTrigger } from '../lifecycle/reloading.js';
import type { SignalSource } from './stop-requests.js';

export interface ReloadRequestsOptions {
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** Files that count, asked again and again; none: files are not watched. */
  readonly files: () => readonly string[];
  readonly reload: (trigger: ReloadTrigger) => unknown;
}

/** Listens until it is released. */
export function listenForReloads({ signals, clock, files, reload }: ReloadRequestsOptions): {
  release(): void;
} {
  const onHangUp = () => void reload('signal');
  signals.on('SIGHUP', onHangUp);
  const watch = watchConfig({ clock, files, changed: () => void reload('file') });
  return {
    release() {
      signals.off('SIGHUP', onHangUp);
      watch.stop();
    },
  };
}

/** The configuration, the secret files that it names, and the modules of connectors. */
export function filesOf(
  config: string,
  { needs, modules }: Pick<LoadedConfig, 'needs' | 'modules'>,
): string[] {
  const named = needs.filter((need) => need.startsWith('file ')).map((need) => need.slice('file '.length));
  return [config, ...named.map((file) => resolve(dirname(config), file)), ...modules];
}
