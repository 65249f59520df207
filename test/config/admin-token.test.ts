// `admin.token`: from a variable or a file, never in the configuration itself, and never shown.

import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { findingText } from '../../src/config/finding.js';
import type { LoadedConfig } from '../../src/config/load.js';
import { offline, online, resolved, SECRET, summary, yaml } from './loading.js';

const TOKEN = 'cAnArY-0123456789';
const ENV = { TOKEN_SECRET: SECRET };
const named = yaml({ top: 'admin: { token: { env: ADMIN_TOKEN } }' });

function printed({ findings, config }: LoadedConfig): string {
  return [...findings.map(findingText), JSON.stringify(findings), inspect(config, { depth: 9 })].join('\n');
}

describe('admin.token', () => {
  test('comes from a variable that the file names, a file, or a variable of its own', () => {
    const ways = [
      online(named, { env: { ...ENV, ADMIN_TOKEN: TOKEN } }),
      online(yaml({ top: 'admin: { token: { file: t } }' }), { env: ENV, files: { t: `${TOKEN}\n` } }),
      online(yaml(), { env: { ...ENV, TAILRACE__ADMIN__TOKEN: TOKEN } }),
    ];
    for (const way of ways) {
      expect(resolved(way).admin.token?.reveal()).toBe(TOKEN);
      expect(summary(way)).toEqual([]);
    }
  });

  test('is absent unless it is given, and offline', () => {
    expect(resolved(online(yaml())).admin.token).toBeUndefined();
    expect(resolved(offline(named)).admin.token).toBeUndefined();
  });

  test('in a variable of its own beats the file and says so', () => {
    const loaded = online(named, {
      env: { ...ENV, ADMIN_TOKEN: 'x'.repeat(16), TAILRACE__ADMIN__TOKEN: TOKEN },
    });
    expect([resolved(loaded).admin.token?.reveal(), summary(loaded)]).toEqual([TOKEN, ['env-overrides 1']]);
  });

  test.each([
    ['in the file', yaml({ top: `admin: { token: ${TOKEN} }` }), {}, 'secret-inline 1'],
    ['short and in the file', yaml({ top: 'admin: { token: cAnArY }' }), {}, 'secret-inline 1'],
    ['as a mapping', yaml({ top: `admin: { token: { value: ${TOKEN} } }` }), {}, 'wrong-type 1'],
    ['under a misspelt name', yaml({ top: `admin: { tokne: ${TOKEN} }` }), {}, 'unknown-key 1'],
    ['of 15 bytes', named, { ADMIN_TOKEN: 'cAnArY-01234567' }, 'secret-short 1'],
    ['with a blank', named, { ADMIN_TOKEN: `${TOKEN} x` }, 'bad-value 1'],
    ['of 15 bytes in the variable', yaml(), { TAILRACE__ADMIN__TOKEN: 'cAnArY-01234567' }, 'secret-short 0'],
    ['from a variable that is missing', named, {}, 'env-missing 1'],
  ])('F14 %s is refused and not shown', (_what, text, env, finding) => {
    const loaded = online(text, { env: { ...ENV, ...env } });
    expect(summary(loaded)).toEqual([finding]);
    expect(loaded.config).toBeUndefined();
    expect(printed(loaded)).not.toContain('cAnArY');
  });

  test('F14 of 16 bytes is taken, and printed nowhere', () => {
    const loaded = online(named, { env: { ...ENV, ADMIN_TOKEN: 'cAnArY-012345678' } });
    expect(resolved(loaded).admin.token?.reveal()).toHaveLength(16);
    expect(printed(loaded)).not.toContain('cAnArY');
  });
});
