// The buttons that change orders in Postgres, and the SQL that each of them ran. What comes of it comes by the sessions, as
// everything does: nothing here touches a pane.

import { ask } from './controls.js';

/** Invariant: what is shown beside the statement is about that statement. */
export class OrderDesk {
  #find;
  /** A statement on several rows is under way. */
  #isSettling = false;

  /** `root` is the page's section of the buttons. */
  constructor(root, { account }) {
    this.#find = (name) => root.querySelector(`[data-part="${name}"]`);
    this.#find('account').textContent = account;
    for (const button of root.querySelectorAll('[data-action]'))
      button.onclick = () => void this.#press(button);
  }

  /** The customer's session got these changes between one begin and one end. */
  bracket(entries) {
    const { length } = entries.filter(({ path }) => path.startsWith('orders/'));
    if (!this.#isSettling || length === 0) return;
    this.#isSettling = false;
    this.#find('bracket').textContent =
      `One transaction: the customer’s ${length} changes came at one stroke.`;
  }

  async #press(button) {
    button.disabled = true;
    this.#isSettling = button.dataset.action === 'settle';
    this.#find('bracket').textContent = '';
    try {
      const { sql, outcome } = await ask('orders', { action: button.dataset.action });
      this.#find('sql').textContent = `${sql};`;
      this.#find('outcome').textContent = outcome;
    } catch ({ message }) {
      this.#find('outcome').textContent = `It did not run: ${message}`;
    } finally {
      button.disabled = false;
    }
  }
}
