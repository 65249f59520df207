// Warnings of Node: into the log, in place of raw text between its lines.

import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { transformFileSync } from '@swc/core';

import { takeNodeWarnings } from '../../src/telemetry/node-warnings.js';

function warning(name: string): Error {
  return Object.assign(new Error('a text'), { name });
}

test('a warning is told once, and by nobody else', () => {
  const source = new EventEmitter();
  const printed: string[] = [];
  const told: string[] = [];
  source.on('warning', ({ name }: Error) => printed.push(name));
  takeNodeWarnings(source, ({ name }) => told.push(name));
  source.emit('warning', warning('DeprecationWarning'));
  expect({ printed, told }).toEqual({ printed: [], told: ['DeprecationWarning'] });
});

test('what nobody can act on is not told', () => {
  const source = new EventEmitter();
  const told: string[] = [];
  takeNodeWarnings(source, ({ name }) => told.push(name));
  source.emit('warning', warning('TimeoutNegativeWarning'));
  expect(told).toEqual([]);
});

test('Node’s own printer is silenced', () => {
  const { code } = transformFileSync('src/telemetry/node-warnings.ts', {
    ...{ jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
  });
  const script = `${code}
takeNodeWarnings(process, ({ name }) => console.log(name));
process.emitWarning('a text', 'MadeUpWarning');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    ...{ encoding: 'utf8', env: {} },
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'MadeUpWarning\n', stderr: '' });
});
