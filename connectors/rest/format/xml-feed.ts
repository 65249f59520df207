// Feeds of XML, as JSON. An element is an object: its attributes by their names with "@" before, its child elements by theirs, its
// text under "#text"; an element that has only text is a string, one that has nothing is "". Children with the same name are a list,
// in the place of the first. Names stand as they are written, prefixes included; space between elements says nothing.

import { parseXml, XmlElement, XmlError, XmlText, type XmlDocument } from '@rgrove/parse-xml';
import { BadFeed, placeOf } from './bad-feed.js';

/** So deep may elements be nested: each is an object in JSON, and often in a list of its own. */
const MAX_DEPTH = 64;
export const MAX_JSON_DEPTH = 2 * MAX_DEPTH + 1;

/** The document as an object with its root element. `body` is UTF-8, without byte order mark. Throws BadFeed. */
export function jsonOfXml(body: Buffer): Buffer {
  const { root } = documentOf(body);
  if (root === null) throw notXml(body, 0);
  return Buffer.from(`{${JSON.stringify(root.name)}:${elementJson(root, 1)}}`);
}

function documentOf(body: Buffer): XmlDocument {
  const text = body.toString();
  const encoding = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1] ?? 'utf-8';
  if (!/^(utf-8|us-ascii)$/i.test(encoding)) {
    throw new BadFeed(
      'the XML declaration says another encoding than UTF-8, which is not read: ask for UTF-8',
    );
  }
  try {
    return parseXml(text);
  } catch (error) {
    if (error instanceof XmlError) throw notXml(body, Buffer.byteLength(text.slice(0, error.pos)));
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

function elementJson(element: XmlElement, depth: number): string {
  if (depth > MAX_DEPTH) throw tooDeep();
  let text = '';
  const children = new Map<string, string[]>();
  for (const child of element.children) {
    if (child instanceof XmlText) text += child.text;
    else if (child instanceof XmlElement) {
      const json = elementJson(child, depth + 1);
      const namesakes = children.get(child.name);
      if (namesakes === undefined) children.set(child.name, [json]);
      else namesakes.push(json);
    }
  }
  const attributes = Object.entries(element.attributes);
  if (attributes.length === 0 && children.size === 0) return JSON.stringify(text);
  const members = attributes.map(([name, value]) => member(`@${name}`, JSON.stringify(value)));
  for (const [name, [first = '', ...others]] of children) {
    members.push(member(name, others.length === 0 ? first : `[${[first, ...others].join(',')}]`));
  }
  if (/[^\s]/.test(text)) members.push(member('#text', JSON.stringify(text)));
  return `{${members.join(',')}}`;
}

function member(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function notXml(body: Buffer, at: number): BadFeed {
  const place = at >= body.length ? 'its end, as if it were cut off' : placeOf(body, at);
  return new BadFeed(`the body is not XML at ${place}: look at what the URL answers`);
}

function tooDeep(): BadFeed {
  return new BadFeed(`the body has elements nested deeper than ${MAX_DEPTH}: ask who runs the feed`);
}
