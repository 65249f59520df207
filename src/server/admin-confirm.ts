// `POST /v1/sources/:source/confirm`: an operator says that what a source holds back is right. What that is, the source knows.

import { refusal, type Answer } from './admin-api.js';
import type { AdminRequest, AdminSuppliers } from './admin-routes.js';

/** A source that is being read. */
export interface Confirmable {
  /**
   * Lets through what it holds back: what, in half a sentence; undefined: nothing is held back. Absent: the source is of a
   * kind that holds nothing back.
   */
  readonly confirm?: (() => string | undefined) | undefined;
}

/** What the answer is. */
export interface ConfirmAnswer {
  /** What comes with the next reading now. null: nothing was held back. */
  readonly confirmed: string | null;
}

export function confirm(from: AdminSuppliers, { parameters }: AdminRequest): Answer {
  const source = from.confirmable?.(parameters['source'] ?? '');
  if (source === undefined) {
    return refusal(404, { code: 'not_found', message: 'no source of this name is being read' });
  }
  if (source.confirm === undefined) {
    return refusal(501, { code: 'not_available', message: 'a source of this type holds nothing back' });
  }
  const answer: ConfirmAnswer = { confirmed: source.confirm() ?? null };
  return { status: 200, body: answer };
}
