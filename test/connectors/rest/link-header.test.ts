// The next page as a `Link` header has it.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BadFeed } from '../../../connectors/rest/format/bad-feed.js';
import { nextLink } from '../../../connectors/rest/poll/link-header.js';

test.each([
  ['<https://a.example/?page=2>; rel="next"', 'https://a.example/?page=2'],
  ['<?page=2>; rel=next', '?page=2'],
  ['</?page=1>; rel="first", </?page=2>; rel="next", </?page=9>; rel="last"', '/?page=2'],
  ['</a,b;c>;rel="prev",</d>;rel="Next"', '/d'],
  ['</a>; title="x, <b>; rel=\\"next\\""; rel=prev , </c> ; rel = "up next"', '/c'],
  ['</a>; rel="prev"; rel="next", </b>; rel="next"', '/b'],
  ['</a>; rel="next"; anchor="/other", </b>; rel=next', '/b'],
  ["</a>; title*=UTF-8''n%c3%a4chste; type=text/html; rel=next;", '/a'],
  ['</a>; crossorigin; rel=next', '/a'],
  ['</a>; rel="next", </b>; rel="next"', '/a'],
  ['</a>; rel="nextish"', undefined],
  ['</a>', undefined],
  [',, </a>; rel="prev" ,', undefined],
  ['', undefined],
  [undefined, undefined],
])('%j leads to %j', (header, target) => {
  expect(nextLink(header)).toBe(target);
});

test.each([
  'next',
  '</a; rel="next"',
  '</a>; rel="next',
  '</a>; rel="prev" </b>; rel="next"',
  '</a> rel="next"',
  '</a>; =next',
])('%j is refused, as nobody knows whether there is a next page', (header) => {
  expect(() => nextLink(header)).toThrow(BadFeed);
});

test('whatever the header is, it is read or refused, and at once', () => {
  const read = (header: string): void => {
    try {
      nextLink(header);
    } catch (error) {
      expect(error).toBeInstanceOf(BadFeed);
    }
  };
  const pieces = fc.constantFrom('<', '>', '"', '\\', ';', ',', '=', ' ', '\t', 'rel', 'next', '/a', 'é');
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => read(parts.join(''))));
  const began = performance.now();
  for (const part of ['"', '\\', ' ', ';', '; a', '; a="', ', ', '<>;a=" ']) {
    read(`</a>;b=${part.repeat(16_000)}\u0000`);
  }
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('what is written as a header is read back', () => {
  const target = fc.webUrl({ withQueryParameters: true });
  const relation = fc.constantFrom('next', 'prev', 'first', 'last', 'up');
  const title = fc.string().filter((text) => /^[\x20-\x7e]*$/.test(text));
  fc.assert(
    fc.property(fc.array(fc.tuple(target, relation, title)), (links) => {
      const header = links
        .map(([to, rel, text]) => `<${to}>; title="${text.replaceAll(/["\\]/g, '\\$&')}"; rel="${rel}"`)
        .join(', ');
      expect(nextLink(header)).toBe(links.find(([, rel]) => rel === 'next')?.[0]);
    }),
  );
});
