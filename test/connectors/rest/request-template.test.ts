// Requests made of the options: where `{for}` stands, and how query parameters are written.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { OptionsRejected } from '../../../connectors/contract.js';
import {
  requestForm,
  withQuery,
  type RequestTemplate,
} from '../../../connectors/rest/client/request-template.js';

function form(template: Partial<RequestTemplate>, forValue?: string) {
  return requestForm(
    { url: 'https://a.example/feed', method: 'GET', headers: {}, query: {}, body: undefined, ...template },
    forValue,
  );
}

describe('{for}', () => {
  test('is encoded as each place demands', () => {
    const made = form(
      {
        url: 'https://{for}.a.example/lines/{for}/now?line={for}#{for}',
        query: { q: '{for}', active: true, n: 3 },
        headers: { 'X-Line': 'line {for}' },
      },
      'U1',
    );
    expect(made.url.href).toBe('https://u1.a.example/lines/U1/now?line=U1&q=U1&active=true&n=3');
    expect(made.headers).toEqual({ 'x-line': 'line U1' });
    const odd = form({ url: 'https://a.example/{for}/x?a=1&l={for}', query: { q: '{for}' } }, 'a/b?&=%+ü #');
    const written = 'a%2Fb%3F%26%3D%25%2B%C3%BC%20%23';
    expect(odd.url.href).toBe(`https://a.example/${written}/x?a=1&l=${written}&q=${written}`);
  });

  test('keeps its place in the path and in the query, whatever the value is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (value) => {
        fc.pre(value !== '.' && value !== '..');
        const { url } = form({ url: 'https://a.example/a/{for}/z?b={for}&c=1' }, value);
        const segments = url.pathname.split('/').map(decodeURIComponent);
        expect(segments).toEqual(['', 'a', value.toWellFormed(), 'z']);
        expect([...url.searchParams]).toEqual([
          ['b', value.toWellFormed()],
          ['c', '1'],
        ]);
        expect(url.origin).toBe('https://a.example');
      }),
    );
  });

  test.each([
    ['..', 'https://a.example/a/{for}/z', 'would change the path'],
    ['.', 'https://a.example/a/{for}/z', 'would change the path'],
    ['%2e%2e', 'https://a.example/a/{for}/z', undefined],
    ['evil.example#', 'https://{for}.a.example/', 'cannot be part of a host'],
    ['evil.example', 'https://{for}/', 'cannot be part of a host'],
    ['user@evil', 'https://{for}.a.example/', 'cannot be part of a host'],
  ])('%j in %s: %s', (value, url, sentence) => {
    if (sentence === undefined) expect(() => form({ url }, value)).not.toThrow();
    else expect(() => form({ url }, value)).toThrow(sentence);
  });

  test('is text within the strings of a JSON body, and stays as it is without `for`', () => {
    const body = { line: '{for}', of: ['{for}-{for}', 1, null], '{for}': { deep: true } };
    const made = form({ method: 'POST', body }, 'a"b');
    expect(JSON.parse(String(made.body))).toEqual({
      line: 'a"b',
      of: ['a"b-a"b', 1, null],
      'a"b': { deep: true },
    });
    expect(made.headers).toEqual({ 'content-type': 'application/json' });
    expect(form({ url: 'https://a.example/{for}' }).url.href).toBe('https://a.example/%7Bfor%7D');
  });

  test('cannot bring a line into a header', () => {
    expect(() => form({ headers: { 'X-Line': '{for}' } }, 'a\r\nHost: b')).toThrow(OptionsRejected);
    expect(() => form({ headers: { 'a b': 'c' } })).toThrow('headers: "a b"');
  });
});

test('a body goes with a POST alone: text as text, of the type that the headers say where they do', () => {
  const text = form({ method: 'POST', body: '<q/>', headers: { 'Content-Type': 'application/xml' } });
  expect([String(text.body), text.headers]).toEqual(['<q/>', { 'content-type': 'application/xml' }]);
  expect(form({ method: 'POST', body: 'q' }).headers).toEqual({
    'content-type': 'text/plain; charset=utf-8',
  });
  expect(form({ body: 'q' })).toMatchObject({ body: undefined, headers: {} });
});

test.each(['https://me:secret@a.example/', 'https://', 'https://a.example:99999/', 'ftp://a.example/{for}'])(
  '%s is refused, and no secret repeated',
  (url) => {
    const refusal = (forValue?: string): string => {
      try {
        return form({ url }, forValue).url.href;
      } catch (error) {
        expect(error).toBeInstanceOf(OptionsRejected);
        return String(error);
      }
    };
    expect(refusal('a')).toContain('url: ');
    expect(refusal('a')).not.toContain('secret');
  },
);

describe('query parameters that are added', () => {
  test('take the place of those of their name, and leave the others as they are written', () => {
    const url = new URL('https://a.example/?%24top=5&$filter=a%20eq+%27b%27&&page=1&flag&p%61ge=2');
    const next = withQuery(url, [['page', 'a b&c=d+e']]);
    expect(next.search).toBe('?%24top=5&$filter=a%20eq+%27b%27&flag&page=a%20b%26c%3Dd%2Be');
    expect(withQuery(next, [['$top', '6']]).search).toBe(
      '?$filter=a%20eq+%27b%27&flag&page=a%20b%26c%3Dd%2Be&%24top=6',
    );
    expect(withQuery(url, []).href).toBe(url.href);
  });

  test('are read by the server as they were meant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const { searchParams } = withQuery(new URL('https://a.example/?other=1'), [[name, value]]);
        expect(searchParams.get(name.toWellFormed())).toBe(value.toWellFormed());
      }),
    );
  });
});
