// One change of one path, as the streams of that path look at it: texts, and values only for those who need them.

import { parseJson, type Json } from '../topic/json.js';
import type { JsonText } from '../topic/utf8.js';

/** Parses each side once at most, however many streams ask, and not at all when the texts are enough for all of them. */
export class Transition {
  readonly previousText: JsonText;
  readonly nextText: JsonText;
  #previous: Json | undefined;
  #next: Json | undefined;

  /** `previous`: the parsed old value, where it is known from the last change. */
  constructor(previousText: JsonText, nextText: JsonText, previous: Json | undefined) {
    this.previousText = previousText;
    this.nextText = nextText;
    this.#previous = previous;
  }

  get previous(): Json {
    return (this.#previous ??= parseJson(this.previousText));
  }

  get next(): Json {
    return (this.#next ??= parseJson(this.nextText));
  }

  /** The new value if somebody asked for it: the next change may ask again. */
  get nextIfParsed(): Json | undefined {
    return this.#next;
  }
}
