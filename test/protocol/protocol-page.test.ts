// PROTOCOL.md says what the code does: every command, error and close code stands in it, and its rules are numbered through.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CloseCode, mayReconnect } from '../../src/protocol/close-codes.js';
import { COMMAND_NAMES } from '../../src/protocol/commands.js';
import { ERROR_CODES } from '../../src/protocol/error-codes.js';
import { offersSubprotocol, SUBPROTOCOL_JSON } from '../../src/protocol/subprotocol.js';

const page = readFileSync(new URL('../../src/protocol/PROTOCOL.md', import.meta.url), 'utf8');

test('every command, error code, close code and the subprotocol stand in PROTOCOL.md', () => {
  for (const name of COMMAND_NAMES) expect(page).toContain(name);
  for (const code of Object.keys(ERROR_CODES)) expect(page).toContain(`\`${code}\``);
  for (const [name, code] of Object.entries(CloseCode))
    if (name !== 'Normal') expect(page).toContain(String(code));
  expect(page).toContain(SUBPROTOCOL_JSON);
});

test('its rules are numbered from P1 on without a gap', () => {
  const numbers = [...page.matchAll(/^- \*\*P(\d+)\*\*/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test('P36 the range of a close code tells whether to connect again', () => {
  const again = [1000, 1001, 1006, 1011, 1012, 1013, 4000, 4005, 4008, 4012, 4013, 4499];
  const never = [1003, 1008, 1009, 4500, 4501, 4502, 4503, 4504, 4507, 4508, 4999];
  expect(again.filter((code) => !mayReconnect(code))).toEqual([]);
  expect(never.filter(mayReconnect)).toEqual([]);
});

test('P1 the subprotocol is offered by its exact name, alone or in a list', () => {
  expect(offersSubprotocol('tailrace.v1.json')).toBe(true);
  expect(offersSubprotocol('other, tailrace.v1.json')).toBe(true);
  for (const header of [
    undefined,
    '',
    'tailrace.v1',
    'tailrace.v1.jsonx',
    'TAILRACE.V1.JSON',
    'xtailrace.v1.json',
  ]) {
    expect(offersSubprotocol(header)).toBe(false);
  }
});
