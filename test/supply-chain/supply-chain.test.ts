// F21 what comes from elsewhere: the checks hold for this repository, and each of them has teeth.

import { describe, expect, test } from '@jest/globals';
import { CheckedProject, MIT, supplyChain, type LockEntry } from './checked-project.js';

test('F21 this repository: lock file exact and complete, no install scripts in production, few packages, known licences', () => {
  const { code, output } = supplyChain('lock', 'scripts', 'size', 'licences');
  expect({ code, output }).toMatchObject({ code: 0, output: expect.not.stringContaining('FAIL') });
});

describe('F21 the lock file', () => {
  test('of a small project passes', () => {
    expect(new CheckedProject().check('lock', 'scripts', 'size')).toMatchObject({ code: 0 });
  });

  test.each<[string, string, LockEntry]>([
    [
      'an address to download from',
      'names an address',
      { ...MIT, resolved: 'https://registry.example/x.tgz' },
    ],
    ['no integrity', 'no sha512 integrity', { version: '1.0.0', license: 'MIT' }],
    ['a weaker checksum', 'no sha512 integrity', { ...MIT, integrity: 'sha1-AAAA' }],
    ['a repository as its version', 'no exact version', { ...MIT, version: 'git+https://git.example/x.git' }],
    ['a link to a folder', 'is a folder', { link: true }],
    [
      'a dependency that nobody locked',
      'which the lock file lacks',
      { ...MIT, dependencies: { gone: '1.0.0' } },
    ],
  ])('with %s fails', (_what, text, entry) => {
    const project = new CheckedProject();
    project.packages['node_modules/below'] = entry;
    expect(project.check('lock')).toMatchObject({ code: 1, output: expect.stringContaining(text) });
  });

  test('finds what a package needs beside it as well as further up', () => {
    const project = new CheckedProject();
    delete project.packages['node_modules/below'];
    project.packages['node_modules/left/node_modules/below'] = MIT;
    expect(project.check('lock').code).toBe(0);
  });

  test.each([
    ['a range', '^1.0.0'],
    ['a tag', 'latest'],
    ['an address', 'https://example.org/left.tgz'],
  ])('fails where package.json asks for %s', (_what, version) => {
    const project = new CheckedProject();
    project.manifest.dependencies['left'] = version;
    expect(project.check('lock')).toMatchObject({
      code: 1,
      output: expect.stringContaining('left is not pinned to one version'),
    });
  });
});

describe('F21 install scripts', () => {
  test.each([
    ['in production', 'node_modules/below', MIT],
    ['of an unknown tool of the build', 'node_modules/tool', { ...MIT, dev: true }],
  ])('%s fail', (_what, place, entry) => {
    const project = new CheckedProject();
    project.packages[place] = { ...entry, hasInstallScript: true };
    expect(project.check('scripts')).toMatchObject({
      code: 1,
      output: expect.stringContaining('runs a script'),
    });
  });
});

test.each([
  ['25 direct dependencies', 25, 0],
  ['150 packages in production', 1, 148],
])('F21 %s are the most', (_what, direct, below) => {
  const project = new CheckedProject();
  const add = (name: string): void => void (project.packages[`node_modules/${name}`] = MIT);
  for (let i = 1; i < direct; i++) project.manifest.dependencies[`direct-${i}`] = '1.0.0';
  for (let i = 0; i < below; i++) add(`below-${i}`);
  expect(project.check('size').code).toBe(0);
  project.manifest.dependencies['more'] = '1.0.0';
  add('more');
  expect(project.check('size').code).toBe(1);
});

describe('F21 licences', () => {
  test('the page lists production only, and a stale one fails', () => {
    const project = new CheckedProject();
    expect(project.check('licences')).toMatchObject({ code: 1, output: expect.stringContaining('is stale') });
    expect(project.check('licences', '--write').code).toBe(0);
    project.packages['node_modules/tool'] = { ...MIT, dev: true, version: '2.0.0' };
    expect(project.check('licences').code).toBe(0);
    project.packages['node_modules/below'] = { ...MIT, version: '1.0.1' };
    expect(project.check('licences').code).toBe(1);
  });

  test.each(['GPL-3.0-only', 'AGPL-3.0-only', 'BUSL-1.1', '(MIT OR GPL-2.0)', 'SEE LICENSE IN x', undefined])(
    '%s is not on the list',
    (license) => {
      const project = new CheckedProject();
      project.packages['node_modules/below'] = { ...MIT, license };
      expect(project.check('licences', '--write')).toMatchObject({
        code: 1,
        output: expect.stringContaining('which is not on the list'),
      });
    },
  );
});

describe('F21 the audit', () => {
  const advisory = (severity: string) => ({
    ...{ source: 1, name: 'below', title: 'it breaks', severity },
    url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  });
  const report = (...severities: string[]) => ({
    auditReportVersion: 2,
    vulnerabilities: { below: { via: severities.map(advisory) }, left: { via: ['below'] } },
  });
  const NO_ENDPOINT = {
    message: '405 Method Not Allowed - POST https://registry.example/audits',
    statusCode: 405,
  };
  const waiver = (over: object = {}) => ({
    ...{ id: 'GHSA-aaaa-bbbb-cccc', reason: 'the broken function is never called', until: '2030-02-01' },
    ...over,
  });

  test.each([
    [[], 0],
    [['low', 'moderate'], 0],
    [['high'], 1],
    [['critical'], 1],
  ])('of severities %j ends with %d', (severities, code) => {
    expect(new CheckedProject().audit(report(...severities)).code).toBe(code);
  });

  test.each([
    ['that holds', waiver(), 0],
    ['on its last day', waiver({ until: '2030-01-01' }), 0],
    ['that has ended', waiver({ until: '2029-12-31' }), 1],
    ['without a date', waiver({ until: undefined }), 1],
    ['for years', waiver({ until: '2032-01-01' }), 1],
    ['without a reason', waiver({ reason: '' }), 1],
    ['of something else', waiver({ id: 'GHSA-dddd-eeee-ffff' }), 1],
  ])('with a waiver %s', (_what, each, code) => {
    const project = new CheckedProject();
    project.waivers = [each];
    expect(project.audit(report('high')).code).toBe(code);
  });

  test('a waiver that waives nothing any more fails, and so does an ended one of something that is gone', () => {
    const project = new CheckedProject();
    project.waivers = [waiver()];
    expect(project.audit(report()).output).toContain('waives nothing');
    project.waivers = [waiver({ until: '2029-12-31' })];
    expect(project.audit(report()).code).toBe(1);
  });

  test('no answer is not a clean answer: it fails, or is waived for a while and says so', () => {
    const project = new CheckedProject();
    expect(project.audit(NO_ENDPOINT)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^FAIL .*NOT AUDITED.*405 Method Not Allowed/),
    });
    project.waivers = [waiver({ id: 'no-answer' })];
    expect(project.audit(NO_ENDPOINT)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^WAIVED .*NOT AUDITED/),
    });
    expect(project.audit(report('high')).code).toBe(1); // where there is an answer, it counts
    project.waivers = [waiver({ id: 'no-answer', until: '2029-12-31' })];
    expect(project.audit(NO_ENDPOINT).code).toBe(1);
    expect(project.audit(report()).code).toBe(1);
  });
});

test('a check that does not exist is a mistake of usage', () => {
  expect(supplyChain('lok')).toMatchObject({ code: 2 });
});
