// The page's buttons: each is one SQL statement on the orders of the watched account, which anybody with rights could have sent.

import { WATCHED_ACCOUNT, type Market } from './market.js';
import { insertOf, type Ran } from './orders-table.js';
import { REGULATED_REGION } from './tokens.js';

const ACTIONS = ['place', 'fill', 'cancel', 'settle'] as const;
export type OrderAction = (typeof ACTIONS)[number];

export function isOrderAction(name: unknown): name is OrderAction {
  return ACTIONS.some((action) => action === name);
}

/** What ran, and what came of it. */
export interface Pressed extends Ran {
  readonly sql: string;
}

export type PressButton = (action: OrderAction) => Promise<Pressed>;

const OPEN = `account = '${WATCHED_ACCOUNT}' AND status <> 'done'`;

/** Rejects where Postgres does. */
export function orderButtons(market: Market, run: (sql: string) => Promise<Ran>): PressButton {
  return async (action) => {
    const sql = statementOf(action, market);
    return { sql, ...(await run(sql)) };
  };
}

/** Orders are placed where the regulator sees them; filled and cancelled is the newest. */
function statementOf(action: OrderAction, market: Market): string {
  switch (action) {
    case 'place':
      return insertOf(market.newOrder(WATCHED_ACCOUNT, REGULATED_REGION));
    case 'fill':
      return `UPDATE orders SET filled = quantity, status = 'done'\nWHERE id = (SELECT max(id) FROM orders WHERE ${OPEN})`;
    case 'cancel':
      return `DELETE FROM orders\nWHERE id = (SELECT max(id) FROM orders WHERE account = '${WATCHED_ACCOUNT}')`;
    case 'settle':
      return `UPDATE orders SET filled = quantity, status = 'done'\nWHERE ${OPEN}`;
  }
}
