// What `key` says: where the key of an item is, or what it is put together from.

import { readPointer, type PointerPath } from './json-pointer.js';

export type KeyPart =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'field'; readonly path: PointerPath }
  /** The name under which the item stands in an object. */
  | { readonly is: 'member' };

export type ReadKeyTemplate =
  | { readonly ok: true; readonly parts: readonly KeyPart[] }
  /** What is wrong with it, to stand after the template. */
  | { readonly ok: false; readonly fault: string };

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** A pointer, or a text with placeholders. `forName` stands for `{for}`. */
export function readKeyTemplate(template: string, forName: string): ReadKeyTemplate {
  if (!/[{}]/.test(template)) return readPlainPointer(template);
  if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) {
    return { ok: false, fault: 'has a "{" or "}" that is no pair; names with these cannot be in a key' };
  }
  const parts: KeyPart[] = [];
  let from = 0;
  for (const { 0: placeholder, 1: content = '', index } of template.matchAll(PLACEHOLDER)) {
    if (index > from) parts.push({ is: 'text', text: template.slice(from, index) });
    from = index + placeholder.length;
    const part = partOf(content, forName);
    if (typeof part === 'string') return { ok: false, fault: part };
    parts.push(part);
  }
  if (from < template.length) parts.push({ is: 'text', text: template.slice(from) });
  return { ok: true, parts };
}

function readPlainPointer(template: string): ReadKeyTemplate {
  const pointer = readPointer(template);
  return pointer.ok ? { ok: true, parts: [{ is: 'field', path: pointer.path }] } : pointer;
}

/** A sentence is what is wrong. */
function partOf(content: string, forName: string): KeyPart | string {
  if (content === 'member') return { is: 'member' };
  if (content === 'for') return { is: 'text', text: forName };
  const pointer = readPointer(content);
  if (pointer.ok && content !== '') return { is: 'field', path: pointer.path };
  return 'has a placeholder that is neither a pointer such as {/id}, nor {member}, nor {for}';
}
