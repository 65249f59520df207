// A process that was told to be careless about TLS, and asks for feeds. Its arguments are an authority (PEM) and the URLs; its
// output is a list of what came of each.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, get } from 'node:https';

import { FeedClient } from '../../../connectors/rest/client/feed-client.js';

export interface CarelessOutcome {
  /** Status, or the fault. */
  readonly feed: string;
  /** Whether Node itself, asked without further ado, gets an answer there: the process is careless indeed. */
  readonly isTakenByNode: boolean;
}

const [ca = '', ...urls] = process.argv.slice(2);
const outbound = { httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent(), fetch };
const settings = {
  timeoutMs: 5_000,
  maxBytes: 1_024,
  redirects: 'none',
  auth: undefined,
  tls: { ca },
} as const;
const client = new FeedClient(settings, outbound);

async function outcomeOf(url: URL): Promise<CarelessOutcome> {
  const { signal } = new AbortController();
  const feed = await client.request({ url, method: 'GET', headers: {}, signal }).then(
    ({ status }) => String(status),
    (error: unknown) => String(error),
  );
  const isTakenByNode = await new Promise<boolean>((resolve) => {
    const asked = get(url, (answer) => resolve(answer.resume().statusCode === 200));
    asked.on('error', () => resolve(false));
  });
  return { feed, isTakenByNode };
}

const outcomes: CarelessOutcome[] = [];
for (const url of urls) outcomes.push(await outcomeOf(new URL(url)));
process.stdout.write(JSON.stringify(outcomes));
