// F14 the whole program at level debug, with a canary in every place that holds a secret: none of them comes out anywhere.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';

import { SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';
import { BuiltProgram, type RunningProgram } from '../support/built-program.js';
import { createTopic, produce, testBrokers, until } from '../support/kafka.js';
import { canariesIn, canary } from './canary.js';

const ENV = {
  TOKEN_SECRET: canary('TokenSecret', 'awkward'),
  SASL_PASSWORD: canary('SaslPassword', 'awkward'),
  ADMIN_TOKEN: canary('AdminToken'),
};
const PEM = ['-----BEGIN PRIVATE KEY-----', canary('PemKey'), '-----END PRIVATE KEY-----', ''].join('\n');

let built: BuiltProgram;
let program: RunningProgram;
let topic: string;
/** All that anybody was told: answers, headers, messages, close reasons. */
let heard = '';

interface ConfigParts {
  readonly secret?: string;
  readonly password?: string;
  readonly token?: string;
}

function config({ secret, password, token }: ConfigParts = {}): string {
  const broker = testBrokers()[0];
  return `
listen: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0, token: ${token ?? '{ env: ADMIN_TOKEN }'} }
log: { level: debug }
auth: { jwt: { secret: ${secret ?? '{ env: TOKEN_SECRET }'}, issuer: https://idp.example, audience: tailrace } }
sources:
  - name: quotes
    kafka: { brokers: ["${broker}"], topics: [${topic}] }
    map: [{ path: "prices/{key}" }]
  - name: locked
    kafka:
      brokers: ["${broker}"]
      topics: [${topic}]
      sasl: { mechanism: plain, username: ann, password: ${password ?? '{ env: SASL_PASSWORD }'} }
    map: [{ path: "locked/{key}" }]
  - name: sealed
    kafka: { brokers: ["${broker}"], topics: [${topic}], tls: { cert: { file: key.pem }, key: { file: key.pem } } }
    map: [{ path: "sealed/{key}" }]
entitlements: [{ allow: [trader], paths: ["**"] }]
`;
}

beforeAll(async () => {
  topic = await createTopic();
  await produce(topic, [
    { key: 'EURUSD', value: '{"bid":1}' },
    { key: 'EURUSD', value: `{"bid": ${canary('BrokenRecord')}` },
    { key: `a\u0000${canary('OddKey')}`, value: '{"bid":1}' },
    { key: 'GBPUSD', value: `{"__proto__":{"note":"${canary('ProtoRecord')}"}}` },
  ]);
  built = await BuiltProgram.build();
  writeFileSync(join(built.folder, 'key.pem'), PEM);
  program = await built.run({ config: config(), env: ENV });
  await until('the first source', () => program.output.includes('"source":"quotes"'), 20_000);
}, 60_000);
afterAll(() => built.close());

function token(o: { key?: string; claims?: object; expiresIn?: number } = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ roles: ['trader'], ...o.claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ada')
    .setIssuer('https://idp.example')
    .setAudience('tailrace')
    .setIssuedAt(now)
    .setExpirationTime(now + (o.expiresIn ?? 600))
    .sign(new TextEncoder().encode(o.key ?? ENV.TOKEN_SECRET));
}

interface Attempt {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly subprotocols?: readonly string[];
  readonly messages?: readonly string[];
}

/** One connection from its handshake to its end; what comes back is heard. */
async function connect({ url = '', headers = {}, subprotocols = [], messages = [] }: Attempt): Promise<void> {
  const address = url.startsWith('ws') ? url : `${program.publicUrl.replace('http', 'ws')}/v1/stream${url}`;
  const socket = new WebSocket(address, [...subprotocols, SUBPROTOCOL_JSON], { headers });
  let isOver = false;
  socket.on('open', () => {
    for (const message of messages) socket.send(message);
    if (messages.length === 0) socket.send('{"op":"get","id":1,"path":"prices/EURUSD"}');
    socket.send('{"op":"auth","id":99,"token":"x"}');
  });
  socket.on('message', (bytes: Buffer) => (heard += String(bytes)));
  socket.on('unexpected-response', (_request, response) => {
    heard += `${response.statusCode} ${JSON.stringify(response.headers)}`;
    response.on('data', (bytes) => (heard += String(bytes)));
    response.on('end', () => (isOver = true));
  });
  socket.on('error', (error) => (heard += error.message));
  socket.on('close', (_code, reason) => {
    heard += String(reason);
    isOver = true;
  });
  await until('the end of the connection', () => isOver);
}

async function ask(url: string, options: RequestInit = {}): Promise<number> {
  const response = await fetch(url, options);
  heard += `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
  return response.status;
}

function expectSilence(): void {
  expect(canariesIn(program.output)).toEqual([]);
  expect(canariesIn(heard)).toEqual([]);
}

describe('F14 while it runs at level debug', () => {
  test('tokens that clients send anywhere are told to nobody', async () => {
    const forged = await token({ key: canary('ForgersKey'), claims: { note: canary('ForgedClaim') } });
    const old = await token({ claims: { note: canary('OldClaim') }, expiresIn: -60 });
    const good = await token({ claims: { note: canary('GoodClaim'), jti: canary('Jti') } });
    const bad = canary('BadToken');
    const attempts: Attempt[] = [
      { headers: { Authorization: `Bearer ${bad}` } },
      { headers: { Authorization: bad } },
      {
        headers: {
          Authorization: `Basic ${Buffer.from(`ann:${bad}`).toString('base64')}`,
          Cookie: `session=${bad}`,
        },
      },
      ...[forged, old, good].map((each) => ({ headers: { Authorization: `Bearer ${each}` } })),
      { url: `?token=${bad}&access_token=${forged}` },
      { url: program.publicUrl.replace('http://', `ws://ann:${bad}@`) + '/v1/stream' },
      { url: `${program.publicUrl.replace('http', 'ws')}/${bad}` },
      { subprotocols: [bad] },
      { headers: { Origin: `https://ann:${bad}@evil.example` } },
      ...[bad, forged, old, `${good.slice(0, -4)}AAAA`].map((each) => ({
        messages: [JSON.stringify({ op: 'auth', id: 1, token: each, extra: bad })],
      })),
      { messages: [`{"op":"auth","id":1,"token":"${bad}`] },
      { messages: [`{"op":"auth","id":"${bad}","token":["${bad}"]}`] },
      { messages: [JSON.stringify({ op: bad, id: 1, token: bad })] },
      {
        messages: [
          JSON.stringify({ op: 'auth', id: 1, token: good }),
          JSON.stringify({ op: 'auth', id: 2, token: forged }),
        ],
      },
    ];
    for (const attempt of attempts) await connect(attempt);
    const signature = good.split('.')[2] ?? '';
    expect(program.output + heard).not.toContain(signature);
    const answers = [
      await ask(`${program.publicUrl}/v1/values/prices/EURUSD`, {
        headers: { Authorization: `Bearer ${good}` },
      }),
      await ask(`${program.publicUrl}/v1/values/prices/EURUSD`, {
        headers: { Authorization: `Bearer ${forged}` },
      }),
      await ask(`${program.publicUrl}/v1/values/prices/EURUSD?token=${bad}`),
      await ask(`${program.publicUrl}/${bad}?token=${bad}`, { method: 'POST', body: bad }),
    ];
    expect(answers.slice(0, 2)).toEqual([200, 401]);
    expectSilence();
    expect(program.output).toContain('"token-refused"'); // it did log
  });

  test('records that cannot be used are told without what is in them', async () => {
    await until('a rejected record', () => /reject|dead/.test(program.output));
    expectSilence();
  });

  test('sources that cannot log in, and keys that cannot be read, are told without the password and the key', async () => {
    for (const source of ['locked', 'sealed']) {
      const isTold = (): boolean =>
        program.lines.some((line) => line['source'] === source && ['warn', 'error'].includes(line.level));
      await until(`what ails ${source}`, isTold, 20_000);
    }
    expectSilence();
  });

  test('the operator’s port tells no secret to anybody, with the token or without', async () => {
    const answers = [];
    const right = { Authorization: `Bearer ${ENV.ADMIN_TOKEN}` };
    const wrong = { Authorization: `Bearer ${canary('WrongAdmin')}` };
    for (const path of [
      '/metrics',
      '/readyz?verbose',
      '/livez',
      '/v1/status',
      '/v1/nothing',
      `/v1/status?token=${canary('Query')}`,
    ]) {
      for (const headers of [{}, right, wrong])
        answers.push(await ask(`${program.adminUrl}${path}`, { headers }));
    }
    expect(new Set(answers)).toEqual(new Set([200, 401, 404])); // what was refused holds up nobody
    expectSilence();
  });

  test('a reload of a file with secrets in it is refused without them', async () => {
    for (const parts of [
      { secret: canary('InlineSecret') },
      { password: canary('InlinePassword') },
      { token: canary('InlineToken') },
    ]) {
      writeFileSync(join(built.folder, 'tailrace-0.yaml'), config(parts));
      const before = program.lines.length;
      program.signal('SIGHUP');
      await until('the refusal', () => program.lines.slice(before).some(({ level }) => level === 'error'));
    }
    expectSilence();
  });

  test('and neither does the stop', async () => {
    program.signal('SIGTERM');
    expect(await program.untilEnd()).toEqual({ code: 0, signal: null });
    expect(program.lines.length).toBeGreaterThan(20);
    expectSilence();
  });
});

describe('F14 the verbs', () => {
  const BROKEN: Readonly<Record<string, ConfigParts>> = {
    none: {},
    'a secret in the file': { secret: canary('InFile') },
    'a password in the file': { password: canary('InFile') },
    'an admin token in the file': { token: canary('InFile') },
    'a text that does not end': { secret: `"${canary('NoEnd')}` },
  };

  test.each(Object.keys(BROKEN))(
    'print no secret of a configuration with this mistake: %s',
    async (mistake) => {
      writeFileSync(join(built.folder, 'verbs.yaml'), config(BROKEN[mistake]));
      writeFileSync(join(built.folder, 'claims.json'), '{"sub":"ann","roles":["trader"]}');
      const file = ['-c', 'verbs.yaml'];
      const short = { ...ENV, TOKEN_SECRET: 'C4n4ryShort', TAILRACE__ADMIN__TOKEN: 'C4n4ryShort' };
      const runs = [
        built.verb(['check', ...file]),
        built.verb(['check', '--env', ...file], ENV),
        built.verb(['check', '--env', '--json', ...file], short),
        built.verb(['check', '--print', '--env', ...file], ENV),
        built.verb(['explain', 'prices/EURUSD', '--as', 'claims.json', ...file], ENV),
        ...(mistake === 'none' ? [] : [built.verb(['run', ...file], ENV)]),
        built.verb(['run', ...file], short),
      ];
      for (const { code, output } of await Promise.all(runs)) {
        expect(code).not.toBeNull();
        expect(canariesIn(output)).toEqual([]);
      }
    },
    60_000,
  );

  test('cat and top print no token and no password of an address, whatever goes wrong', async () => {
    const secret = canary('Cat');
    writeFileSync(join(built.folder, 'token'), secret);
    writeFileSync(join(built.folder, 'verbs.yaml'), config());
    const runs = [
      built.verb([
        'cat',
        'prices/**',
        '--url',
        `ws://ann:${secret}@127.0.0.1:1/v1/stream`,
        '--token-file',
        'token',
      ]),
      built.verb(['cat', 'prices/**', '--url', 'ws://127.0.0.1:1/v1/stream'], { TAILRACE_TOKEN: secret }),
      built.verb(['cat', 'prices/**', '--url', 'ws://127.0.0.1:1/v1/stream'], {
        TAILRACE_TOKEN: `${secret}\n\u0007`,
      }),
      built.verb(['health', '-c', 'verbs.yaml'], ENV),
      built.verb(['top', '-c', 'verbs.yaml'], ENV),
    ];
    for (const { output } of await Promise.all(runs)) expect(canariesIn(output)).toEqual([]);
  }, 60_000);
});
