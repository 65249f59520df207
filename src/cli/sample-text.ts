// A sampled record as people read it.

import type { Sample, SampledPath } from './sample.js';
import type { Viewer } from './viewers.js';

/** Several lines without a newline at the end. */
export function sampleText(sample: Sample): string {
  const head = `source ${sample.source}: ${sample.outcome}`;
  if (sample.outcome !== 'mapped') return `${head}, ${sample.reason}`;
  return [head, ...sample.paths.flatMap(pathLines)].join('\n');
}

function pathLines({ path, value, deleted, seenBy }: SampledPath): string[] {
  const width = Math.max(...seenBy.map(({ who }) => who.length));
  const viewers = seenBy.map((viewer) => `    ${viewer.who.padEnd(width)}  ${sightOf(viewer, deleted)}`);
  return [`  ${path}  ${deleted ? 'deleted' : JSON.stringify(value)}`, ...viewers];
}

function sightOf({ visible, hide, value }: Viewer, deleted: boolean): string {
  if (!visible) return 'nothing';
  if (deleted) return 'the delete';
  return hide.length === 0 ? 'everything' : `everything less ${hide.join(', ')}: ${JSON.stringify(value)}`;
}
