// The demo page: three sessions of the same sources beside each other. Values are applied as they come and drawn once per frame.

import { marketState, startControls, tokenFor } from './controls.js';
import { OrderDesk } from './order-desk.js';
import { Pane } from './pane.js';
import { rolesFor } from './roles.js';
import { ShownRows } from './shown-rows.js';

const SHOWN = { own: 6, orders: 10, prices: 8, weather: 6 };

const find = (name) => document.querySelector(`[data-part="${name}"]`);
const state = await marketState();
startControls(find, state);
const desk = new OrderDesk(document.querySelector('.desk'), state);

const shown = new ShownRows(state.account, SHOWN);
const template = find('pane-template');
const panes = rolesFor(state).map((role) => {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.role = role.name;
  find('panes').append(element);
  const seesAll = role.name === 'trader';
  const isOwner = role.name === 'customer';
  return new Pane(element, role, {
    token: () => tokenFor(role.name),
    ...(seesAll && { onChange: (entry) => shown.changed(entry) }),
    ...(isOwner && { onBracket: (entries) => desk.bracket(entries) }),
  });
});
const [trader] = panes;

const afterPaint = new MessageChannel();
afterPaint.port1.onmessage = () => panes.forEach((pane) => pane.painted(Date.now()));

function frame(now) {
  const picture = { rows: shown.rows(now), all: trader, isOwn: (row) => shown.isOwn(row) };
  panes.forEach((pane) => pane.draw(picture, now));
  afterPaint.port2.postMessage(undefined);
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

setInterval(() => {
  const totals = trader.held();
  panes.forEach((pane) => pane.second(totals));
}, 1_000);

// Pointing at a row marks it in all panes: the same path, seen by three.
find('panes').addEventListener('pointerover', ({ target }) => {
  const row = target.closest('tr[data-row]')?.dataset.row;
  for (const marked of document.querySelectorAll('tr.pointed')) marked.classList.remove('pointed');
  if (row === undefined) return;
  for (const same of document.querySelectorAll(`tr[data-row="${CSS.escape(row)}"]`))
    same.classList.add('pointed');
});
