// Another session, whose stream must go on whatever a client does.

import type { TestClient } from './test-client.js';
import type { TestServer } from './test-server.js';

export class Bystander {
  readonly #server: TestServer;
  readonly #client: TestClient;
  #price = 0;

  private constructor(server: TestServer, client: TestClient) {
    this.#server = server;
    this.#client = client;
  }

  static async join(server: TestServer): Promise<Bystander> {
    const client = await server.session({ sub: 'bystander', acks: false });
    client.say({ op: 'subscribe', id: 2, filters: ['prices/**'] });
    await client.untilControl('end');
    return new Bystander(server, client);
  }

  /** Resolves once a change that happens now has arrived. */
  async goesOn(): Promise<void> {
    const before = this.#client.data.length;
    this.#server.put('prices/BYSTANDER/spot', { bid: (this.#price += 1) });
    await this.#client.untilData(before + 1);
  }
}
