// Which of a JSON Schema's errors a person wants to see: where a value fits none of several forms, only the faults of the
// form that it comes nearest to, or the fact that it fits none.

import type { ErrorObject } from 'ajv/dist/2020.js';

/** Drops the branches of `anyOf` and `oneOf` that were not meant, and the summaries that say nothing. */
export function significantErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = errors.filter((error) => error.keyword !== 'if');
  // Inner alternatives come first in ajv's list, so that an outer one sees only what is left of them.
  for (const summary of errors) {
    if (summary.keyword !== 'anyOf' && summary.keyword !== 'oneOf') continue;
    if (!left.includes(summary)) continue;
    left = settle(left, summary);
  }
  return left;
}

function settle(errors: readonly ErrorObject[], summary: ErrorObject): ErrorObject[] {
  const prefix = `${summary.schemaPath}/`;
  const inBranches = errors.filter(
    (error) => error.schemaPath.startsWith(prefix) && error.instancePath.startsWith(summary.instancePath),
  );
  const others = errors.filter((error) => error !== summary && !inBranches.includes(error));
  if (inBranches.length === 0) return [...others, summary]; // oneOf that two forms fit, or branches behind a $ref

  const branches = new Map<string, ErrorObject[]>();
  for (const error of inBranches) {
    const branch = error.schemaPath.slice(prefix.length).split('/')[0] ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  // A form of which the value is not even the right type, or has another tag, was not meant.
  const meant = [...branches.values()].filter((branch) => !branch.some((error) => isForeign(error, summary)));
  const nearest = meant.sort((a, b) => a.length - b.length)[0];
  if (nearest !== undefined) return [...others, ...nearest];
  return [...others, asType(summary, inBranches)];
}

function isForeign(error: ErrorObject, summary: ErrorObject): boolean {
  const depth = error.instancePath.slice(summary.instancePath.length).split('/').length - 1;
  return (
    (depth === 0 && ['type', 'const', 'enum'].includes(error.keyword)) ||
    (depth === 1 && error.keyword === 'const')
  );
}

/** "must be text or a list" rather than "fits no form". */
function asType(summary: ErrorObject, branches: readonly ErrorObject[]): ErrorObject {
  const here = branches.filter((error) => error.instancePath === summary.instancePath);
  const types = here.flatMap((error) =>
    error.keyword === 'type' ? [(error.params as { type: string | string[] }).type].flat() : [],
  );
  const allAreTypes = here.length > 0 && here.every((error) => error.keyword === 'type');
  const only = allAreTypes ? types : [];
  return only.length === 0 ? summary : { ...summary, keyword: 'type', params: { type: [...new Set(types)] } };
}
