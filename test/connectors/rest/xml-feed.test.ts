// Feeds of XML: the JSON form of elements, and which of them are items.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FeedParserSettings } from '../../../connectors/rest/format/feed-parser.js';
import { parserOf, readItems, refusalOf, TYPES } from './read-feed.js';

const read = (body: string | Buffer, settings: Partial<FeedParserSettings> = {}) =>
  readItems(body, { format: 'xml', items: '/r/s', key: '/@id', ...settings });

/** The root element as its one item. */
const jsonOf = (root: string) =>
  JSON.parse(read(root, { items: '/r', key: '{for}' })[0]?.[1] ?? '') as unknown;

describe('the JSON form of an element', () => {
  const forms: readonly [string, unknown][] = [
    ['<r/>', ''],
    ['<r> a &amp; b&#33; </r>', ' a & b! '],
    ['<r><![CDATA[<x>]]> y</r>', '<x> y'],
    ['<r a="1" b="&lt;"/>', { '@a': '1', '@b': '<' }],
    ['<r a="1">x</r>', { '@a': '1', '#text': 'x' }],
    ['<r>\n <x>1</x>\n <y/>\n</r>', { x: '1', y: '' }],
    ['<r><x>1</x><y>2</y><x a="3"/></r>', { x: ['1', { '@a': '3' }], y: '2' }],
    ['<r>a<b>c</b>d</r>', { b: 'c', '#text': 'ad' }],
    ['<g:r xmlns:g="urn:g"><g:x>1</g:x></g:r>', undefined],
    ['<r><!-- no --><?pi no?><x>1<!-- no -->2</x></r>', { x: '12' }],
    ['<r><__proto__>1</__proto__></r>', JSON.parse('{"__proto__":"1"}')],
  ];
  test.each(forms)('%s', (xml, form) => {
    if (form === undefined)
      expect(readItems(xml, { format: 'xml', items: '/g:r', key: '/g:x' })[0]?.[0]).toBe('1');
    else expect(jsonOf(xml)).toEqual(form);
  });
});

describe('the items', () => {
  test('are elements that repeat, or the one that does not', () => {
    expect(
      read('<?xml version="1.0" encoding="UTF-8"?>\n<r><s id="1"><t>é</t></s><x/><s id="2"/></r>'),
    ).toEqual([
      ['1', '{"@id":"1","t":"é"}'],
      ['2', '{"@id":"2"}'],
    ]);
    expect(read('<r><s id="1"/></r>')).toEqual([['1', '{"@id":"1"}']]);
    expect(read('<r><s>a</s></r>', { key: '' })).toEqual([['a', '"a"']]);
    expect(read('<r><s>a</s></r>')).toEqual([[undefined, '"a"']]);
  });

  test('are none where their parent has none', () => {
    expect(['<r/>', '<r a="1"/>', '<r>\n</r>', '<r><t/></r>'].map((body) => read(body))).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  test('are refused where their parent is not there, or is there twice', () => {
    const refuse = (body: string, items: string) => refusalOf(() => read(body, { items }));
    expect(refuse('<html><body/></html>', '/r/s')).toMatch(/\/r\/s in the body does not exist/);
    expect(refuse('<html/>', '/r')).toMatch(/does not exist/);
    expect(refuse('<r><l/><l/></r>', '/r/l/s')).toMatch(/does not exist/);
  });

  test('may be the children of an element, by their names', () => {
    expect(read('<r><s><USD>1.1</USD><NOK>11</NOK></s></r>', { key: '{member}' })).toEqual([
      ['USD', '"1.1"'],
      ['NOK', '"11"'],
    ]);
  });

  test('have fields, and the body facts', () => {
    const parser = parserOf({
      format: 'xml',
      items: '/r/s',
      key: '/@id',
      itemFields: ['/@gone'],
      bodyFields: ['/r/next', '/r/@at'],
    });
    const page = parser.read(Buffer.from('<r at="9"><next>c</next><s id="1" gone="true"/></r>'), TYPES.xml);
    expect([page.field(0, 0), page.fact(0), page.fact(1)]).toEqual(['true', 'c', '9']);
  });
});

describe('a body is refused', () => {
  const bodies: readonly [string, string | Buffer, RegExp][] = [
    ['that is cut off', '<r><s id="1"/>', /not XML at its end/],
    ['with a tag that is not closed', '<r>\n<s></r>', /not XML at byte \d+ \(line 2\)/],
    ['with text behind it', '<r/>x', /not XML at byte 5/],
    ['with an attribute twice', '<r a="1" a="2"/>', /not XML/],
    ['with an entity of its own', '<!DOCTYPE r [<!ENTITY e "x">]><r>&e;</r>', /not XML/],
    ['that is HTML', '<!doctype html><html><br></html>', /not XML/],
    ['that is JSON', '{"a":1}', /not XML at byte 1/],
    ['in another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><r/>', /another encoding/],
    ['in UTF-16', Buffer.from('<r/>', 'utf16le'), /UTF-16/],
    ['of too deep elements', `${'<a>'.repeat(65)}${'</a>'.repeat(65)}`, /deeper than 64/],
    ['of elements without end', '<a>'.repeat(300_000), /deeper than 64/],
  ];
  test.each(bodies)('%s', (_, body, says) => {
    expect(refusalOf(() => read(body))).toMatch(says);
  });

  test('and says nothing of what is in it', () => {
    const message = refusalOf(() => read('<r><secret>secret</secret2></r>'));
    expect(message).not.toMatch(/secret/);
  });

  test('but not for a byte order mark, or 64 elements in one another', () => {
    expect(read(Buffer.from('\ufeff<r><s id="1"/></r>'))).toHaveLength(1);
    const nested = `<r><s id="1">${'<a><b/>'.repeat(61)}${'</a>'.repeat(61)}</s></r>`;
    expect(read(nested)).toHaveLength(1);
  });
});

test('any change of bytes is read or refused, and never more than that', () => {
  const good = Buffer.from(
    '<?xml version="1.0"?><r at="1"><s id="1"><x>é&amp;</x></s><!-- c --><s id="2"><![CDATA[z]]></s></r>',
  );
  const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  const property = (edits: readonly [number, number][]): void => {
    const body = Buffer.from(good);
    for (const [at, byte] of edits) body[at] = byte;
    try {
      for (const [, text] of read(body)) JSON.parse(text);
    } catch (error) {
      expect((error as Error).name).toBe('BadFeed');
    }
  };
  fc.assert(fc.property(flips, property), { numRuns: 2_000 });
});
