// The authenticator of a process whose configuration may change while clients connect.

import type { Authentication, Authenticator } from './authenticator.js';

/** Invariant: an answer is by the authenticator that was current when it was given, not by the one that was asked. */
export class CurrentAuthenticator implements Authenticator {
  #current: Authenticator;

  constructor(first: Authenticator) {
    this.#current = first;
  }

  /** From here on this one decides. Who was let in before is another matter: `PublicServer.reauthenticate`. */
  use(next: Authenticator): void {
    this.#current = next;
  }

  async authenticate(token: string | undefined): Promise<Authentication> {
    for (;;) {
      const asked = this.#current;
      const answer = await asked.authenticate(token);
      if (asked === this.#current) return answer;
    }
  }
}
