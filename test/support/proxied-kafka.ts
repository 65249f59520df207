// A broker of a test's own behind a proxy: it advertises the proxy to those who come through it, so that all of their connections
// can be spoiled, while the test itself talks to the broker directly.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../src/demo/kafka-process.js';
import { startKafka, type LocalKafka } from '../../src/demo/local-kafka.js';
import { TcpProxy } from './tcp-proxy.js';

export interface ProxiedKafka {
  readonly kafka: LocalKafka;
  /** Past the proxy. */
  readonly brokers: readonly string[];
  readonly proxy: TcpProxy;
  /** Through it. */
  readonly proxied: readonly string[];
  close(): Promise<void>;
}

export async function startProxiedKafka(): Promise<ProxiedKafka> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tailrace-proxied-kafka-'));
  const [port, proxiedPort] = [await freePort(), await freePort()];
  const proxy = await TcpProxy.listen(proxiedPort);
  const proxied = [`127.0.0.1:${proxy.port}`];
  const kafka = await startKafka({
    ...{ dataDir, port, extraListeners: [`PROXIED://127.0.0.1:${proxiedPort}`] },
    properties: {
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://${proxied[0]}`,
    },
  });
  return {
    ...{ kafka, brokers: kafka.brokers, proxy, proxied },
    async close() {
      await proxy.close();
      await kafka.kill('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
