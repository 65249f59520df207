// A real Prometheus for a test: it scrapes one address every second, else by the configuration that Compose mounts.

import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

import { freePort } from '../../src/demo/kafka-process.js';
import { until } from '../support/kafka.js';

interface Answer<Data> {
  readonly status: string;
  readonly error?: string;
  readonly data: Data;
}

export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tailrace-prometheus-'));
  readonly #url: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(port: number, target: string) {
    this.#url = `http://127.0.0.1:${port}`;
    copyFileSync('monitoring/alerts.yaml', join(this.#folder, 'alerts.yaml'));
    const file = join(this.#folder, 'prometheus.yml');
    writeFileSync(file, stringify(configFor(target)));
    this.#child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child.on(
      'error',
      (error) => (this.#output += `${error.message}: bash scripts/tools.sh installs it`),
    );
    this.#child.stderr?.on('data', (text: Buffer) => (this.#output += text.toString()));
  }

  /** Resolves when `target`, as host:port, was scraped. */
  static async start(target: string): Promise<Prometheus> {
    const prometheus = new Prometheus(await freePort(), target);
    try {
      await until(
        'Prometheus to have scraped',
        async () => (await prometheus.query('up').catch(() => [])).length > 0,
      );
      return prometheus;
    } catch (cause) {
      const output = prometheus.#output;
      await prometheus.stop();
      throw new Error(`Prometheus did not get ready: ${output.slice(-800)}`, { cause });
    }
  }

  /** Series with their values at this moment. Throws what Prometheus says against the query. */
  async query(
    query: string,
  ): Promise<{ readonly metric: Readonly<Record<string, string>>; readonly value: number }[]> {
    type Vector = {
      readonly result: readonly {
        readonly metric: Record<string, string>;
        readonly value: [number, string];
      }[];
    };
    const { result } = await this.#get<Vector>(`query?${new URLSearchParams({ query }).toString()}`);
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Of every alert its state and whether its last evaluation worked. */
  async alerts(): Promise<{ readonly name: string; readonly state: string; readonly health: string }[]> {
    type Groups = {
      readonly groups: readonly { readonly rules: { name: string; state: string; health: string }[] }[];
    };
    return (await this.#get<Groups>('rules')).groups.flatMap(({ rules }) =>
      rules.map(({ name, state, health }) => ({ name, state, health })),
    );
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.kill('SIGKILL')) await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as Answer<Data>;
    if (status !== 'success') throw new Error(error);
    return data;
  }
}

function configFor(target: string): object {
  const config = parse(readFileSync('compose/prometheus.yml', 'utf8')) as {
    readonly scrape_configs: readonly { readonly job_name: string }[];
  };
  const [{ job_name: job } = { job_name: '' }] = config.scrape_configs;
  return {
    ...config,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [{ job_name: job, static_configs: [{ targets: [target] }] }],
  };
}
