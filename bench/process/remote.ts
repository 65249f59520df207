// Calls from one process to another: a child offers methods, its parent calls them by name and awaits the answer.

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { canPin } from '../machine.js';

/** The methods as their caller sees them. */
export type Remote<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Awaited<Result>>
    : never;
};

interface Call {
  readonly id: number;
  readonly method: string;
  readonly given: readonly unknown[];
}

type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly fault: string });

/** In the child: answers calls until the parent is gone. */
export function serve(methods: Readonly<Record<string, (...given: never[]) => unknown>>): void {
  const answer = (message: Answer): void => void process.send?.(message);
  process.on('message', (message) => {
    const { id, method, given } = message as Call;
    const run = async (): Promise<unknown> => methods[method]?.(...(given as never[]));
    run().then(
      (result) => answer({ id, result }),
      (error: unknown) =>
        answer({ id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}

export interface Child<Methods> {
  readonly call: Remote<Methods>;
  readonly pid: number;
  /** Ends the process; resolves when it has ended. */
  end(): Promise<void>;
}

export interface SpawnOptions {
  /** The core to keep it on, where the system allows. */
  readonly core: number;
  readonly nodeArgs?: readonly string[];
}

/** Starts a module as a process of its own. Calls reject when the process ends or the method throws. */
export function spawn<Methods>(module: URL, { core, nodeArgs = [] }: SpawnOptions): Child<Methods> {
  const nodeCommand = canPin()
    ? { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...nodeArgs] }
    : { execArgv: [...nodeArgs] };
  const child = fork(fileURLToPath(module), [], {
    ...nodeCommand,
    serialization: 'advanced',
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  return { call: callsTo<Methods>(child), pid: child.pid ?? -1, end: () => ended(child) };
}

function callsTo<Methods>(child: ChildProcess): Remote<Methods> {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  child.on('message', (message) => {
    const answer = message as Answer;
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('fault' in answer) call?.reject(new Error(`in the child process: ${answer.fault}`));
    else call?.resolve(answer.result);
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values())
      reject(new Error(`the child process ended: ${signal ?? code}`));
  });
  const call = (method: string, given: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      child.send({ id, method, given } satisfies Call, (error) => error && reject(error));
    });
  const handler = {
    get:
      (_: object, method: string) =>
      (...given: unknown[]) =>
        call(method, given),
  };
  return new Proxy({}, handler) as Remote<Methods>;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
