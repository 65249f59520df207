// The modules that run as processes of their own. The server's core is 0, everybody else's 1.

export const FAN_OUT_SERVER = new URL('./server/fan-out-server.js', import.meta.url);
export const IN_PROCESS_SERVER = new URL('./server/in-process-server.js', import.meta.url);
export const CODECS_SERVER = new URL('./server/codecs-server.js', import.meta.url);
export const INTAKE_SERVER = new URL('./server/intake-server.js', import.meta.url);
export const REGISTRY_READER = new URL('./server/registry-reader.js', import.meta.url);
export const POSTGRES_READER = new URL('./server/postgres-reader.js', import.meta.url);
export const PRODUCER = new URL('./kafka/producer.js', import.meta.url);
export const CLIENT = new URL('./client/main.js', import.meta.url);

export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;
