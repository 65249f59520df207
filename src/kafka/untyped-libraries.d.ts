// What we use of kafkajs's inner files (pinned version), which bring no types.

declare module 'kafkajs/src/broker/index.js' {
  /** The caller says which of its members it uses. */
  const Broker: new (options: object) => unknown;
  export default Broker;
}

declare module 'kafkajs/src/cluster/connectionPoolBuilder.js' {
  const builder: (options: object) => {
    build(destination: { host: string; port: number }): Promise<unknown>;
  };
  export default builder;
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: { createLogger(options: { level: number; logCreator: () => () => void }): unknown };
  export default loggers;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { Socket } from 'node:net';
  const createSocketFactory: () => (options: unknown) => Socket;
  export default createSocketFactory;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  const Encoder: new () => { writeBuffer(bytes: Buffer): unknown };
  export default Encoder;
}

declare module 'kafkajs/src/broker/saslAuthenticator/*.js' {
  import type { Mechanism } from 'kafkajs';
  const provider: (login: {
    readonly username: string;
    readonly password: string;
  }) => Mechanism['authenticationProvider'];
  export default provider;
}
