// The switch that makes a pane's link slow, and the proof afterwards that the session ended right all the same.

import { Agreement } from './agreement.js';
import { bytes, count } from './format.js';

const SLOW_CHARS_PER_SECOND = 20_000;

/** Invariant: a comparison begins only when the link is fast again, has nothing waiting, and the session says that it is live. */
export class SlowSwitch {
  #link;
  #role;
  #verdict;
  #isOwed = false;
  #agreement;
  #merged = 0;

  constructor({ input, verdict, link, role }) {
    this.#link = link;
    this.#role = role;
    this.#verdict = verdict;
    input.closest('label').hidden = !role.isSlowable;
    input.onchange = () => this.#switch(input.checked);
  }

  /** The server says how many changes it left out, because later ones of the same path took their place. */
  merged(changes) {
    this.#merged += changes;
  }

  /** Once per frame: `all` and `one` are the entries of the session that sees all and of this one. */
  look({ phase, all, one }) {
    if (this.#isOwed && phase === 'live' && this.#link.waitingChars === 0) {
      this.#isOwed = false;
      this.#agreement = new Agreement(all, one, this.#role);
    }
    if (this.#agreement !== undefined) this.#compare();
  }

  #switch(isSlow) {
    this.#link.charsPerSecond = isSlow ? SLOW_CHARS_PER_SECOND : Infinity;
    this.#isOwed = !isSlow;
    this.#agreement = undefined;
    if (isSlow) this.#merged = 0;
    this.#tell(
      isSlow
        ? `Slow: the link carries ${bytes(SLOW_CHARS_PER_SECOND)}/s, the rest is merged.`
        : 'Catching up.',
    );
  }

  #compare() {
    this.#agreement.look();
    const { agreed, missing } = this.#agreement;
    if (missing > 0)
      return this.#tell(`Comparing with the trader: ${count(agreed)} agree, ${count(missing)} to go.`);
    this.#agreement = undefined;
    this.#tell(
      `Ended right: all ${count(agreed)} values agree, ${count(this.#merged)} changes merged.`,
      'right',
    );
  }

  #tell(text, look = '') {
    this.#verdict.textContent = text;
    this.#verdict.dataset.look = look;
  }
}
