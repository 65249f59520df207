// Values that stand for secrets, and the forms in which one of them could hide in a text.

const CORE = 'C4n4ry';

/** A secret for one place, as awkward to print as a real one. `plain`: without what a header or an address does not take. */
export function canary(place: string, style: 'plain' | 'awkward' = 'plain'): string {
  const text = `${CORE}${place}-0123456789-0123456789`;
  return style === 'plain' ? text : `${text} "b\\s'/+ü\t{}`;
}

/** Excerpts around whatever looks like a canary: as it is, in base64 (either alphabet, any offset) or as hexadecimal digits. */
export function canariesIn(text: string): string[] {
  const forms = [CORE, Buffer.from(CORE).toString('hex'), ...base64Forms()];
  return forms.flatMap((form) => {
    const at = text.toLowerCase().indexOf(form.toLowerCase());
    return at < 0 ? [] : [text.slice(Math.max(0, at - 80), at + 80)];
  });
}

/** Three bytes become four letters, so what a text becomes depends on where it begins. Its first and last letters depend on more. */
function base64Forms(): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${'-'.repeat(offset)}${CORE}`).toString('base64url');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + CORE.length) * 8) / 6);
    return encoded.slice(first, last);
  });
}
