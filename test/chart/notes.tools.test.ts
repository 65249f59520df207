// NOTES.txt: how to reach what was installed, what the network lets through, and what is still to do.

import { expect, test } from '@jest/globals';
import { merged, notes, type Values } from './helm.js';
import { MINIMAL } from './scenarios.js';

function notesWith(values: Values): string {
  return notes(merged(MINIMAL, values));
}

/** The lines under "To do". */
function todo(text: string): string[] {
  return (text.split('To do:\n')[1] ?? '').split('\n').flatMap((line) => /^ {2}- (.*)/.exec(line)?.[1] ?? []);
}

const COMPLETE: Values = {
  config: { listen: { origins: ['https://app.example'] } },
  adminToken: { existingSecret: { name: 'admin' } },
  tests: { tokenSecret: { name: 'viewer' } },
};

test('say where sessions connect, from within and from here', () => {
  const text = notesWith({ service: { port: 80 } });
  expect(text).toContain('ws://tailrace.live.svc:80/v1/stream');
  expect(text).toContain('kubectl -n live port-forward service/tailrace 80');
  expect(text).toContain("curl 'http://localhost:9090/readyz?verbose'");
  expect(text).not.toContain('wss://');
});

test('say where sessions connect from outside', () => {
  const httpRoute = { enabled: true, parentRefs: [{ name: 'a' }], hostnames: ['live.example'] };
  const rewritten = { ...httpRoute, path: '/feed', filters: [{ type: 'URLRewrite' }] };
  expect(notesWith({ httpRoute })).toContain('  wss://live.example/v1/stream ');
  expect(notesWith({ httpRoute: rewritten })).toContain('  wss://live.example/feed/v1/stream ');
  expect(notesWith({ ingress: { enabled: true, hosts: ['{{ .Release.Name }}.example'] } })).toContain(
    '  ws://tailrace.example/v1/stream ',
  );
});

test('say how to use the token of the admin API', () => {
  expect(notesWith(COMPLETE)).toContain(
    'get secret admin -o go-template=\'{{ index .data "token" | base64decode }}\')" http://localhost:9090/v1/status',
  );
});

test('say what egress was derived from the configuration', () => {
  expect(notesWith({})).toContain('port 9092 of any address (derived from `config`); nothing else.');
  const egress = { egress: [{ to: [{ podSelector: {} }] }] };
  expect(notesWith({ networkPolicy: egress })).toContain(
    '(derived from `config`), and what networkPolicy.egress lists;',
  );
  expect(notesWith({ networkPolicy: { enabled: false } })).toContain('Network: open');
  expect(notesWith({ networkPolicy: { deriveEgress: false } })).toContain(
    'no source can be reached: nothing is derived',
  );
  expect(notes({ existingConfigSecret: 'mine' })).toContain(
    'no broker and no database was found in `config`',
  );
});

test('say nothing is to do where nothing is', () => {
  expect(notesWith(COMPLETE)).not.toContain('To do');
  expect(notesWith(COMPLETE)).not.toMatch(/<no value>|%!|map\[/);
});

test('list what is missing', () => {
  const text = notesWith({ env: [], serviceMonitor: { enabled: true } });
  expect(todo(text)).toEqual([
    expect.stringContaining('variables that nothing sets: TOKEN_SECRET.'),
    expect.stringContaining('The admin API is closed'),
    expect.stringContaining('No web page may connect'),
    expect.stringContaining('Prometheus cannot reach the admin port'),
    expect.stringContaining('`helm test` has no token'),
  ]);
});

test('do not ask for variables that envFrom may bring, nor for a token where sessions need none', () => {
  const envFrom = [{ secretRef: { name: 'some' } }];
  expect(todo(notesWith(merged(COMPLETE, { env: [], envFrom })))).toEqual([]);
  const anonymous = {
    config: { auth: { anonymous: { roles: ['guest'] } } },
    tests: { tokenSecret: { name: '' } },
  };
  expect(todo(notesWith(merged(COMPLETE, anonymous)))).toEqual([]);
});
