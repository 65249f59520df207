// The last minute of a session's traffic: what was received, in front of what full JSON would have been.

const HEIGHT = 28;
const SECONDS = 60;
const SVG = 'http://www.w3.org/2000/svg';

export class TrafficChart {
  #full = area('as-full');
  #received = area('received');

  constructor(svg) {
    svg.setAttribute('viewBox', `0 0 ${SECONDS - 1} ${HEIGHT}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.append(this.#full, this.#received);
  }

  draw(history) {
    const most = Math.max(1, ...history.map(({ received, asFull }) => Math.max(received, asFull)));
    const points = (name) =>
      history.map((second, index) => `${SECONDS - history.length + index},${heightOf(second[name], most)}`);
    this.#full.setAttribute('points', closed(points('asFull'), history.length));
    this.#received.setAttribute('points', closed(points('received'), history.length));
  }
}

function heightOf(amount, most) {
  return (HEIGHT - (amount / most) * (HEIGHT - 2)).toFixed(1);
}

function closed(points, length) {
  return [`${SECONDS - length},${HEIGHT}`, ...points, `${SECONDS - 1},${HEIGHT}`].join(' ');
}

function area(name) {
  const polygon = document.createElementNS(SVG, 'polygon');
  polygon.setAttribute('class', name);
  return polygon;
}
