// How a finding reads: place, sentence, suggestion, picture, page.

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { anchorOf, FINDING_CODES, findingText } from '../../src/config/finding.js';
import { OPTIONS } from '../../src/config/options.js';
import { nearest } from '../../src/config/suggestion.js';
import { offline, yaml } from './loading.js';

const SECTIONS = [...Object.keys(OPTIONS), 'auth', 'sources', 'entitlements'];
const texts = (text: string) => offline(text).findings.map(findingText);

describe('a finding', () => {
  test('has file, line, column, code, suggestion, the line with a caret, and the page to read', () => {
    const text = yaml({
      sources: `sources:
  - name: quotes
    stream: { hosts: [kafka:9092], topics: [fx.quotes], topcis: [fx.quotes] }
    map: [{ path: prices }]`,
    });
    expect(texts(text)).toEqual([
      `tailrace.yaml:5:57  error  unknown-key   sources.quotes.stream has no "topcis"; did you mean "topics"?
   5 |     stream: { hosts: [kafka:9092], topics: [fx.quotes], topcis: [fx.quotes] }
     |                                                         ^^^^^^   docs/config.md#sources-stream`,
    ]);
  });

  test('points into a template at the character that is wrong', () => {
    const [text] = texts(
      yaml({
        sources: `sources:\n  - name: q\n    stream: { hosts: [a], topics: [t] }\n    map:\n      - path: "prices/{valeu.x}/spot"`,
      }),
    );
    const [, line = '', carets = ''] = text?.split('\n') ?? [];
    expect(line.slice(carets.indexOf('^')).startsWith('valeu')).toBe(true);
  });

  test('in a long line shows the part that matters', () => {
    const [text] = texts(
      yaml({ top: `listen: { origins: [${'https://app.example, '.repeat(12)}], prot: 1 }` }),
    );
    const [, line = '', carets = ''] = text?.split('\n') ?? [];
    expect(line.length).toBeLessThan(110);
    expect(line.slice(carets.indexOf('^')).startsWith('prot')).toBe(true);
  });

  test('about something absent has no line, only the page', () => {
    expect(texts(yaml({ auth: '' }))).toEqual([
      'tailrace.yaml  error  auth-missing   nothing says who may connect; write auth.jwt, or auth: none for a loopback address   docs/config.md#auth',
    ]);
  });

  test('shows control characters and reordering marks of the file as blanks', () => {
    const [text = ''] = texts(yaml({ top: 'log: { level: "\\u202e\u202e\u0085x" }' }));
    expect(text).not.toMatch(/[\u0080-\u009f\u202e]/);
  });
});

describe('a warning', () => {
  test('leaves the configuration usable: nobody sees anything', () => {
    const loaded = offline(yaml({ entitlements: 'entitlements: []' }));
    expect(loaded.config?.entitlements).toEqual([]);
    expect(loaded.findings).toMatchObject([{ severity: 'warning', code: 'nobody-sees', line: 7 }]);
  });

  test('tells of a rule about paths that no source makes', () => {
    const loaded = offline(
      yaml({ entitlements: 'entitlements: [{ allow: [a], paths: [prices/**, price/**] }]' }),
    );
    expect(loaded.findings).toMatchObject([
      { severity: 'warning', code: 'matches-nothing', line: 7, column: 49 },
    ]);
  });

  test('tells of signing keys that are fetched without TLS, but not on this machine', () => {
    const withUrl = (url: string) =>
      yaml({ auth: `auth: { jwt: { jwksUrl: "${url}", issuer: i, audience: a } }` });
    expect(offline(withUrl('http://idp.example/jwks')).findings).toMatchObject([
      { severity: 'warning', code: 'plain-http' },
    ]);
    const allowed = (url: string) => `outbound: { allow: [loopback] }\n${withUrl(url)}`;
    expect(offline(allowed('http://127.0.0.1:8000/jwks')).findings).toEqual([]);
    expect(offline(allowed('http://[::1]:8000/jwks')).findings).toEqual([]);
  });
});

describe('a suggestion', () => {
  test.each([
    ['topcis', 'topics'],
    ['prot', 'port'],
    ['ORIGINS', 'origins'],
    ['alow', 'allow'],
    ['entitlement', 'entitlements'],
    ['zzz', undefined],
    ['a', undefined],
  ])('for %s is %s', (word, expected) => {
    expect(nearest(word, ['port', 'host', 'topics', 'origins', 'allow', 'entitlements'])).toBe(expected);
  });
});

test('every page that a finding can name has its heading', () => {
  const page = readFileSync('docs/config.md', 'utf8');
  const below = {
    auth: ['jwt', 'anonymous'],
    sources: [0, 'kafka', 'format', 'map'],
    entitlements: [0],
  };
  const paths = [...SECTIONS, 'nonsense', ''].flatMap((section) => [
    [section],
    [section, 'x'],
    ...(below[section as keyof typeof below] ?? []).map((step) => [section, step, 'x']),
  ]);
  for (const path of [[], ...paths]) expect(page).toContain(`<a id="${anchorOf(path, ['kafka'])}"></a>`);
});

test('every section has a heading of its own, and every kind of finding stands on the page', () => {
  const page = readFileSync('docs/config.md', 'utf8');
  for (const section of SECTIONS) expect(anchorOf([section, 'x'], ['kafka'])).toBe(section);
  for (const code of Object.keys(FINDING_CODES)) expect(page).toContain(`| \`${code}\` |`);
});
