// A schema registry over HTTP, in Confluent's API. The only door to @kafkajs/confluent-schema-registry, of which the requests are
// used. Its decoding is not: it refuses longs beyond 2^53, reads the first message of a Protobuf file only, parses a reader's
// schema per record, and is asynchronous per record.

import newApi, { type SchemaRegistryAPIClient } from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import { Agent as HttpsAgent } from 'node:https';
import type { Outbound } from '../../../connectors/contract.js';
import type { Clock } from '../../clock.js';
import type { Ms } from '../../topic/update.js';
import { SchemasUnavailable } from '../decoder.js';
import type { ReferencedSchema } from './schemas.js';

export interface RegistryOptions {
  /** With the base path, as `http://apicurio:8080/apis/ccompat/v7`. */
  readonly url: string;
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Authorities to trust, PEM; undefined: those of the system. */
  readonly ca?: string | undefined;
  /** For one answer, all of it. */
  readonly timeoutMs: Ms;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly outbound: Pick<Outbound, 'httpAgent' | 'httpsAgent'>;
}

/** A schema as the registry has it. */
export interface RegisteredSchema {
  readonly type: string;
  readonly schema: string;
  /** What it refers to, each after those that it needs itself. */
  readonly references: readonly ReferencedSchema[];
}

/** Asks once, without retries: who reads records waits and asks again. Holds no timer between questions. */
export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #api: SchemaRegistryAPIClient;

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { url, login, ca, outbound } = options;
    const { httpAgent, httpsAgent } = outbound;
    const secure = ca === undefined ? httpsAgent : new TrustingAgent(ca, httpsAgent);
    this.#api = newApi.default({
      host: url.replace(/\/+$/, ''),
      agent: url.startsWith('https:') ? secure : httpAgent,
      ...(login && { auth: login }),
      clientId: 'schema registry',
      retry: { retries: 0 },
    });
  }

  /** The schema of that number; undefined: the registry says that there is none. Rejects with SchemasUnavailable. */
  async byId(id: number): Promise<RegisteredSchema | undefined> {
    const found = await this.#ask(`schema ${id}`, (signal) => this.#api.Schema.find({ id, signal }));
    return found && this.#whole(found);
  }

  /** `version`: a number or `latest`. */
  async bySubject(subject: string, version: string): Promise<RegisteredSchema | undefined> {
    const found = await this.#version(subject, version);
    return found && this.#whole(found);
  }

  #version(subject: string, version: string | number): Promise<Answer | undefined> {
    return this.#ask(`version ${version} of ${subject}`, (signal) =>
      this.#api.Subject.version({ subject, version, signal }),
    );
  }

  async #whole({ schemaType = 'AVRO', schema, references }: Answer): Promise<RegisteredSchema | undefined> {
    const found = new Map<string, string>();
    const isWhole = await this.#collect(references ?? [], found);
    if (!isWhole) return undefined;
    return {
      type: schemaType,
      schema,
      references: [...found].map(([name, text]) => ({ name, schema: text })),
    };
  }

  /** False: one of them is gone. */
  async #collect(references: readonly Reference[], found: Map<string, string>): Promise<boolean> {
    for (const { name, subject, version } of references) {
      if (found.has(name)) continue;
      const answer = await this.#version(subject, version);
      if (answer === undefined || !(await this.#collect(answer.references ?? [], found))) return false;
      found.set(name, answer.schema);
    }
    return true;
  }

  /** undefined: there is no such thing. */
  async #ask(what: string, request: Request): Promise<Answer | undefined> {
    try {
      const answer = (await this.#inTime(request)).data();
      if (isAnswer(answer)) return answer;
      throw this.#unavailable(
        what,
        'what came is not the answer of a schema registry; check url of schemaRegistry',
      );
    } catch (error) {
      if (statusOf(error) !== 404) throw this.#unavailable(what, reasonOf(error));
    }
    await this.#askWhetherRegistry(what);
    return undefined;
  }

  /** A 404 also comes from a proxy that has lost the registry, and where the base path is wrong: nothing is missing then. */
  async #askWhetherRegistry(what: string): Promise<void> {
    try {
      const subjects = (await this.#inTime((signal) => this.#api.Subject.all({ signal }))).data();
      if (Array.isArray(subjects)) return;
    } catch (error) {
      if (statusOf(error) !== 404) throw this.#unavailable(what, reasonOf(error));
    }
    throw this.#unavailable(
      what,
      'who answers there is no schema registry; check url of schemaRegistry, its base path too',
    );
  }

  /** The package’s own time limit ends when the answer begins; one that breaks off in the middle would never end. */
  async #inTime(request: Request): Promise<Response> {
    const { timeoutMs, clock } = this.#options;
    const late = new AbortController();
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () => {
        reject(new Error(`no answer within ${timeoutMs} ms`));
        late.abort();
      });
      void request(late.signal).then(resolve, reject).finally(cancel);
    });
  }

  #unavailable(what: string, reason: string | SchemasUnavailable): SchemasUnavailable {
    if (typeof reason !== 'string') return reason;
    return new SchemasUnavailable(`${this.#options.url} was asked for ${what}: ${reason}`);
  }
}

/** The package gives requests an agent and no TLS options: these are added here, and the connections are those of the other agent. */
class TrustingAgent extends HttpsAgent {
  readonly #outbound: HttpsAgent;

  constructor(ca: string, outbound: HttpsAgent) {
    super({ ca });
    this.#outbound = outbound;
  }

  override createConnection(...given: Parameters<HttpsAgent['createConnection']>) {
    return this.#outbound.createConnection(...given);
  }
}

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

interface Answer {
  readonly schemaType?: string;
  readonly schema: string;
  readonly references?: readonly Reference[];
}

/** Aborted, it lets go of its connection. */
type Request = (signal: AbortSignal) => Promise<Response>;

/** What is used of the package’s responses; every status of 400 and more rejects. */
interface Response {
  data(): unknown;
}

function isAnswer(data: unknown): data is Answer {
  return typeof data === 'object' && data !== null && 'schema' in data && typeof data.schema === 'string';
}

/** Of an error of the package. It says 400 where there was no answer at all. */
function statusOf(error: unknown): number | undefined {
  const hasStatus = typeof error === 'object' && error !== null && 'status' in error;
  return hasStatus && typeof error.status === 'number' ? error.status : undefined;
}

function reasonOf(error: unknown): string | SchemasUnavailable {
  if (error instanceof SchemasUnavailable) return error;
  const text = error instanceof Error ? error.message : String(error);
  switch (statusOf(error)) {
    case 400:
      return `there was no answer (${text.slice(text.lastIndexOf(': ') + 2)})`;
    case 401:
    case 403:
      return `${text}; check username and password of schemaRegistry, and what they may read`;
    default:
      return text;
  }
}
