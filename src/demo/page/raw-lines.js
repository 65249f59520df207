// The lines as they come in, for people who want to read the wire. Holding it still stops the view, not the feed.

const KEPT = 30;
const DRAW_EVERY_MS = 200;
const NAMES = [
  'keyframe',
  'full',
  'merge',
  'patch',
  'delete',
  'stale',
  'fresh',
  'stale',
  'fresh',
  'begin',
  'end',
  'even',
];

export class RawLines {
  #element;
  #lines = [];
  #isDrawn = true;
  #drawnAt = 0;

  constructor(element, hold) {
    this.#element = element;
    this.isHeld = false;
    hold.onclick = () => {
      this.isHeld = !this.isHeld;
      hold.setAttribute('aria-pressed', String(this.isHeld));
      hold.textContent = this.isHeld ? 'go on' : 'hold still';
    };
  }

  add(line) {
    if (this.isHeld) return;
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT) this.#lines.splice(0, KEPT);
    this.#isDrawn = false;
  }

  draw(now) {
    if (this.#isDrawn || now - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    this.#element.replaceChildren(...this.#lines.slice(-KEPT).map(lineElement));
    this.#element.scrollTop = this.#element.scrollHeight;
  }
}

function lineElement(line) {
  const element = document.createElement('div');
  const name = document.createElement('b');
  name.className = name.textContent = line.startsWith('[')
    ? NAMES[Number.parseInt(line.slice(1), 10)]
    : 'control';
  element.append(name, line);
  return element;
}
