// One table of a pane. The page says which rows are shown, the same in all panes; this draws what the pane holds of them,
// and marks what it was not given: a whole row, or a field.

import { COLUMNS } from './roles.js';

const HOT_MS = 320;

/** Invariant: a cell's text is what was last drawn of it, so a row whose value is the same object is not drawn again. */
export class LiveTable {
  #kind;
  #rows = [];
  #hot = new Map();
  #body;

  /** `kind` is orders, prices or weather. */
  constructor(table, kind, hides) {
    this.#kind = kind;
    const group = table.createTHead().insertRow();
    for (const { title, field, width, isName, isWord } of COLUMNS[kind]) {
      const head = document.createElement('th');
      head.textContent = title;
      head.style.width = `${width}%`;
      head.className = [isName || isWord ? 'word' : '', hides.includes(field) ? 'struck' : ''].join(' ');
      group.append(head);
    }
    this.#body = table.createTBody();
  }

  /** Draws these rows: { row, entry, isKept (somebody holds it, but not this session), isWatched }. */
  draw(shown, now) {
    while (this.#rows.length < shown.length) this.#rows.push(this.#newRow());
    shown.forEach((what, index) => this.#drawRow(this.#rows[index], what, now));
    for (const [cell, until] of this.#hot) {
      if (until > now) continue;
      cell.classList.remove('up', 'down', 'new');
      this.#hot.delete(cell);
    }
  }

  #newRow() {
    const element = this.#body.insertRow();
    const cells = COLUMNS[this.#kind].map(({ isName, isWord }) => {
      const cell = element.insertCell();
      cell.className = isName || isWord ? 'word' : '';
      return cell;
    });
    return { element, cells, row: undefined, value: undefined, look: undefined };
  }

  #drawRow(drawn, { row, entry, isKept, isWatched }, now) {
    const value = entry?.value;
    const look = value === undefined ? (isKept ? 'kept' : 'empty') : isWatched ? 'held watched' : 'held';
    const isSameRow = drawn.row === row;
    if (isSameRow && drawn.value === value && drawn.look === look) return;
    if (drawn.look !== look) drawn.element.className = look;
    drawn.element.dataset.row = row;
    COLUMNS[this.#kind].forEach((column, index) => {
      const cell = drawn.cells[index];
      const isHidden = value !== undefined && value[column.field] === undefined;
      const text = value === undefined || isHidden ? '' : column.text(value);
      cell.classList.toggle('hidden', isHidden);
      if (cell.textContent === text) return;
      cell.textContent = text;
      if (isSameRow && text !== '') this.#heat(cell, column, drawn.value, value, now);
    });
    Object.assign(drawn, { row, value, look });
  }

  #heat(cell, { number, field }, before, after, now) {
    const rise = number && before?.[field] !== undefined ? number(after) - number(before) : 0;
    cell.classList.remove('up', 'down', 'new');
    cell.classList.add(rise > 0 ? 'up' : rise < 0 ? 'down' : 'new');
    this.#hot.set(cell, now + HOT_MS);
  }
}
