// The knobs above the panes: how fast the market moves, whether its Kafka runs, and tokens. They speak the demo's own small API,
// which is no part of Tailrace.

import { count } from './format.js';

const LOOK_EVERY_MS = 1_000;
const SLIDER_TO_RATE = { least: 100, most: 10_000 };

/** A token of the demo's own issuer for one of its three roles. */
export async function tokenFor(role) {
  const { token } = await ask('token', { role });
  return token;
}

/** `{ account, region, rate, sent, polls: { asked, unchanged }, broker: 'running' | 'starting' | 'stopped' | 'external' }` */
export async function marketState() {
  const response = await fetch('/demo/state');
  return response.json();
}

/** Wires the slider and the button. */
export function startControls(find, state) {
  const slider = find('rate-slider');
  const broker = find('broker');
  slider.value = String(positionOf(state.rate));
  find('rate-value').textContent = count(state.rate);
  slider.oninput = () => {
    const perSecond = rateAt(Number(slider.value));
    find('rate-value').textContent = count(perSecond);
    void ask('rate', { perSecond });
  };
  broker.onclick = async () => {
    broker.disabled = true;
    await ask('broker', { isRunning: broker.dataset.state === 'stopped' }).catch(() => undefined);
    broker.disabled = false;
    show(await marketState());
  };
  const show = ({ sent, polls, broker: is }) => {
    find('sent').textContent = count(sent);
    find('asked').textContent = count(polls.asked);
    find('unchanged').textContent = count(polls.unchanged);
    broker.hidden = is === 'external';
    broker.dataset.state = is;
    broker.textContent = { running: 'stop Kafka', starting: 'starting', stopped: 'start Kafka' }[is] ?? '';
  };
  show(state);
  setInterval(() => marketState().then(show, () => undefined), LOOK_EVERY_MS);
}

/** A question to the demo's API. Rejects with its reason where the answer is no. */
export async function ask(what, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`/demo/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** The slider is logarithmic and gives round numbers. */
function rateAt(position) {
  const { least, most } = SLIDER_TO_RATE;
  const rate = least * (most / least) ** (position / 100);
  const unit = 10 ** Math.floor(Math.log10(rate)) / 10;
  return Math.round(rate / unit) * unit;
}

function positionOf(rate) {
  const { least, most } = SLIDER_TO_RATE;
  return (100 * Math.log(rate / least)) / Math.log(most / least);
}
