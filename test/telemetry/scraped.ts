// A scrape as tests look at it: series and their values.

import { createMetrics, type Suppliers } from '../../src/telemetry/scrape.js';

/** `name{label="value"}` -> value, of the metrics that are ours; asks as Prometheus does. */
export interface Scraped {
  readonly text: string;
  readonly own: ReadonlyMap<string, number>;
  /** Series in all, those of Node included. */
  readonly series: number;
}

/** Of a process that consists of these parts. */
export function scraper(suppliers: Partial<Suppliers>): () => Promise<Scraped> {
  const metrics = createMetrics({ version: '1.2.3', role: 'single', isInsecure: false, ...suppliers });
  return async () => {
    const text = (await metrics.scrape()).body;
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const own = lines.filter((line) => line.startsWith('tailrace_')).map(sample);
    return { text, own: new Map(own), series: lines.length };
  };
}

function sample(line: string): [series: string, value: number] {
  const at = line.lastIndexOf(' ');
  return [line.slice(0, at), Number(line.slice(at + 1))];
}
