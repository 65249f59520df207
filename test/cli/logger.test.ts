// Log lines: their shape for machines and people, and what never gets into them.

import { describe, expect, test } from '@jest/globals';
import { TailraceError } from '../../src/errors.js';
import { styleOfTerminal } from '../../src/telemetry/log-text.js';
import { createLog, type LogOptions } from '../../src/telemetry/logger.js';

function logged(
  style: LogOptions['style'],
  use: (log: ReturnType<typeof createLog>) => void,
  level: LogOptions['level'] = 'debug',
): string {
  let text = '';
  use(createLog({ level, style, write: (line) => (text += line) }));
  return text;
}

describe('a JSON line', () => {
  test('has time, level, event and the facts of its log and its own', () => {
    const line = logged('json', (log) =>
      log.child({ source: 'quotes' }).warn('source-stale', { sinceMs: 5 }),
    );
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      source: 'quotes',
      sinceMs: 5,
      event: 'source-stale',
    });
    expect(line.endsWith('}\n')).toBe(true);
  });

  test('is not written below the level', () => {
    expect(logged('json', (log) => (log.debug('a'), log.info('b'), log.error('unexpected')), 'warn')).toMatch(
      /^[^\n]*"event":"unexpected"}\n$/,
    );
  });

  test('has the code of an error and its causes; a stack only when nobody expected it', () => {
    const error = new TailraceError('stop-timed-out', 'orders stopped', { cause: new Error('inner') });
    const { error: shown } = JSON.parse(logged('json', (log) => log.error('unexpected', { error }))) as {
      error: Record<string, unknown>;
    };
    expect(shown).toMatchObject({
      name: 'TailraceError',
      code: 'stop-timed-out',
      message: 'orders stopped',
      cause: { message: 'inner', stack: expect.any(String) },
    });
    expect(shown).not.toHaveProperty('stack');
  });
});

describe('F14 a line never has', () => {
  const canary = 'cAnArY0123456789';
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ${canary}.${canary}`;
  test.each<[string, Record<string, unknown>]>([
    [
      'a secret by name',
      {
        secret: canary,
        clientSecret: canary,
        password: canary,
        api_key: canary,
        authorization: canary,
        tokens: [canary],
      },
    ],
    ['a secret further down', { options: { sasl: { password: canary } }, list: [{ token: canary }] }],
    ['a token in a text', { reason: `refused ${jwt}`, error: new Error(`bad ${jwt}`) }],
    [
      'the user info of a URL',
      { url: `postgres://user:${canary}@db/x`, error: new Error(`https://${canary}@idp`) },
    ],
    ['bytes', { value: Buffer.from(canary) }],
  ])('%s', (_what, facts) => {
    for (const style of ['json', 'text', 'colour'] as const) {
      const text = logged(style, (log) => (log.info('event', facts), log.child(facts).error('unexpected')));
      expect(text).not.toContain('cAnArY');
      expect(text).not.toContain(Buffer.from(canary).toString('base64'));
    }
  });
});

describe('a line for people', () => {
  test('is short', () => {
    const text = logged('text', (log) =>
      log.info('listening', { publicUrl: 'http://127.0.0.1:8080', sources: 2, note: 'two words' }),
    );
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} info {2}listening {2}publicUrl=http:\/\/127.0.0.1:8080 sources=2 note="two words"\n$/,
    );
  });

  test('shows a stack below, and no control character of foreign text', () => {
    const text = logged('text', (log) =>
      log.warn('broke\x1b[2J', { error: new Error('a\x1b[31m\nb'), name: 'x\u009b' }),
    );
    expect(text).toContain('\n    at ');
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  });

  test('is for terminals only, and without colour where that is asked for', () => {
    expect(styleOfTerminal({ isTTY: true }, {})).toBe('colour');
    expect(styleOfTerminal({ isTTY: true }, { NO_COLOR: '1' })).toBe('text');
    expect(styleOfTerminal({}, {})).toBe('json');
  });
});

test('facts that are large, deep or circular do not hurt', () => {
  const circle: Record<string, unknown> = { many: Array.from({ length: 1000 }, (_, i) => i), big: 10n };
  circle['self'] = circle;
  const text = logged('json', (log) => log.info('event', circle));
  expect(text.length).toBeLessThan(5000);
  expect(text).toContain('[deep]');
});
