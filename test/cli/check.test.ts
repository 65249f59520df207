// `tailrace check`, from command line to streams and exit code.

import { describe, expect, test } from '@jest/globals';
import { CONFIG, filesWith, tailrace } from './command.js';

const BROKEN = CONFIG.replace('port: 0', 'prot: 0').replace('topics: [orders]', 'topcis: [orders]');
const objects = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('check', () => {
  test('of a good file says so on stderr, with what it will need, and leaves with 0', async () => {
    const { config } = filesWith({ config: CONFIG });
    const result = await tailrace(['check', '-c', config ?? '']);
    expect(result).toEqual({
      code: 0,
      stdout: '',
      stderr: `${config}: ok (2 sources, 3 rules, 0 warnings); when it runs it needs: env TOKEN_SECRET\n`,
    });
  });

  test('of a bad file prints every finding with its picture and leaves with 78', async () => {
    const { config } = filesWith({ config: BROKEN });
    const { code, stdout, stderr } = await tailrace(['check', '-c', config ?? '']);
    expect(code).toBe(78);
    expect(stdout).toContain(
      `${config}:1:28  error  unknown-key   listen has no "prot"; did you mean "port"?\n`,
    );
    expect(stdout).toContain('docs/config.md#sources-kafka');
    expect(stderr).toBe(`${config}: 3 errors, 0 warnings\n`);
  });

  test('--json gives one object per finding and one with the result', async () => {
    const { config } = filesWith({ config: BROKEN });
    const { stdout } = await tailrace(['check', '--json', '--quiet', '-c', config ?? '']);
    expect(objects(stdout)).toMatchObject([
      {
        finding: 'unknown-key',
        severity: 'error',
        line: 1,
        column: 28,
        suggestion: 'port',
        docs: 'docs/config.md#listen',
      },
      { finding: 'missing-key', line: 6 },
      { finding: 'unknown-key', line: 6, suggestion: 'topics' },
      { result: 'rejected', errors: 3, warnings: 0, needs: ['env TOKEN_SECRET'] },
    ]);
  });

  test('--env asks for what the file names; without it no secret is needed', async () => {
    const { config = '' } = filesWith({ config: CONFIG });
    const missing = await tailrace(['check', '--env', '-c', config]);
    expect([missing.code, missing.stdout]).toEqual([
      78,
      expect.stringContaining('env-missing   the variable TOKEN_SECRET is not set'),
    ]);
    const there = await tailrace(['check', '--env', '-c', config], { env: { TOKEN_SECRET: 'x'.repeat(32) } });
    expect(there.code).toBe(0);
  });

  test('--quiet leaves notices out', async () => {
    const { config = '' } = filesWith({ config: CONFIG });
    expect(await tailrace(['check', '--quiet', '-c', config])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('reads files that the configuration names beside it', async () => {
    const text = CONFIG.replace('{ env: TOKEN_SECRET }', '{ file: secret }');
    const { config = '' } = filesWith({ config: text, secret: `${'x'.repeat(32)}\n` });
    expect((await tailrace(['check', '--env', '-c', config])).code).toBe(0);
    const { alone = '' } = filesWith({ alone: text });
    const missing = await tailrace(['check', '--env', '-c', alone]);
    expect(missing.stdout).toMatch(/file-unreadable {3}the file secret: .* does not exist/);
  });

  test('of a file that is not there is one sentence and 78', async () => {
    const { code, stderr } = await tailrace(['check', '-c', '/nowhere/tailrace.yaml']);
    expect([code, stderr]).toEqual([
      78,
      'tailrace: /nowhere/tailrace.yaml does not exist (file-unreadable)\n',
    ]);
  });
});

describe('check --sample', () => {
  const sample = async (record: object, ...flags: string[]) => {
    const { config = '', record: file = '' } = filesWith({ config: CONFIG, record: JSON.stringify(record) });
    return await tailrace(['check', '--quiet', '-c', config, '--sample', file, ...flags]);
  };
  const order = {
    topic: 'orders',
    key: '1',
    value: { kind: 'order', account: 7, total: 5, margin: 2, internal: 'x', gone: false },
  };

  test('shows the path, the value, and what each role that the rules name sees of it', async () => {
    const { code, stdout } = await sample(order);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `source orders: mapped
  orders/7/1  {"kind":"order","account":7,"total":5,"margin":2,"gone":false}
    anybody                                  nothing
    trader                                   everything
    customer, region = "EU", account = "7"  everything less /margin: {"kind":"order","account":7,"total":5,"gone":false}
    suspended                                nothing
`.replaceAll(/^( {4}(?:anybody|trader|suspended)) +/gm, (_, who: string) => who.padEnd(44)),
    );
  });

  test('--json gives the same as one object', async () => {
    const { stdout } = await sample(order, '--json');
    expect(objects(stdout).at(-1)).toMatchObject({
      source: 'orders',
      outcome: 'mapped',
      paths: [
        {
          path: 'orders/7/1',
          deleted: false,
          seenBy: [
            { who: 'anybody', visible: false, value: null },
            { visible: true },
            { hide: ['/margin'] },
            { visible: false },
          ],
        },
      ],
    });
  });

  test('says why a record is rejected, and leaves with 1', async () => {
    expect(await sample({ ...order, value: { kind: 'order', gone: false } })).toMatchObject({
      code: 1,
      stdout: 'source orders: rejected, rule 1 of map: field missing\n',
    });
    expect((await sample({ ...order, value: '{"a":1,}' })).stdout).toBe(
      'source orders: rejected, decode value: syntax at byte 7\n',
    );
  });

  test('tells deletes and records that no rule wants', async () => {
    expect((await sample({ ...order, value: { ...order.value, gone: true } })).stdout).toContain(
      'orders/7/1  deleted',
    );
    expect(await sample({ ...order, value: null })).toMatchObject({
      code: 0,
      stdout: 'source orders: deleted, every path that this key gave before is deleted\n',
    });
    expect((await sample({ ...order, value: { kind: 'other' } })).stdout).toBe(
      'source orders: mapped\n'.replace('mapped', 'filtered, no rule of the source holds for it'),
    );
  });

  test('takes the source whose options name the topic, the one that the record names, else all', async () => {
    const quote = { key: 'x', value: { symbol: 'EURUSD' } };
    expect((await sample({ ...quote, topic: 'quotes' })).stdout).toContain(
      'source quotes: mapped\n  prices/EURUSD ',
    );
    expect((await sample({ ...quote, source: 'quotes' })).stdout).toMatch(/^source quotes/);
    expect((await sample({ ...quote, topic: 'else' })).stdout).toMatch(
      /^source orders: [^]*\nsource quotes: mapped/m,
    );
    expect((await sample({ ...quote, source: 'nothing' })).stderr).toContain('there are orders, quotes');
  });

  test('asks for --env where rules take text from elsewhere', async () => {
    const text = CONFIG.replace('allow: [trader]', 'allow: [{ env: ROLE }]');
    const { config = '', record = '' } = filesWith({ config: text, record: JSON.stringify(order) });
    const argv = ['check', '--quiet', '-c', config, '--sample', record];
    expect(await tailrace(argv)).toMatchObject({ code: 78, stderr: expect.stringContaining('env ROLE') });
    const env = { TOKEN_SECRET: 'x'.repeat(32), ROLE: 'visitor' };
    expect((await tailrace([...argv, '--env'], { env })).stdout).toContain('visitor');
  });

  test.each([
    ['is not JSON', '{'],
    ['must be one JSON object', '[]'],
    ['has no "value"', '{}'],
    ['has "topik"', '{"topik":"a","value":1}'],
  ])('refuses a file that %s', async (sentence, record) => {
    const { config = '', record: file = '' } = filesWith({ config: CONFIG, record });
    const { code, stderr } = await tailrace(['check', '--quiet', '-c', config, '--sample', file]);
    expect([code, stderr]).toEqual([78, expect.stringContaining(sentence)]);
  });
});
