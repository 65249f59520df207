// Whether an object is what the API server takes, unknown fields refused: Kubernetes' own schemas, and those of the custom resources.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { toolPath } from '../support/tools.js';
import { isMap, type KubernetesObject } from './helm.js';

/** What is wrong with an object of a version of Kubernetes; nothing if the API takes it. */
export type ApiCheck = (object: KubernetesObject) => string[];

const CUSTOM = ['crds-gateway-api', 'crds-prometheus-operator'] as const;

/** Compiles a schema when its kind is met first. */
export function apiOf(version: string): ApiCheck {
  const folder = join(toolPath('kubernetes-schemas'), `v${version}-local-strict`);
  const ajv = new Ajv2020({
    strict: false,
    validateFormats: false,
    allErrors: true,
    code: { regExp: goPattern },
  });
  ajv.addSchema(readJson(join(folder, '_definitions.json')));
  const compiled = new Map<string, ValidateFunction>();
  return (object) => {
    const id = `${object.apiVersion}/${object.kind}`;
    const validate = compiled.get(id) ?? ajv.compile(schemaOf(object, folder));
    compiled.set(id, validate);
    validate(object);
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${object.kind} ${object.metadata.name} ${instancePath}: ${message} ${JSON.stringify(params)}`;
    });
  };
}

/** Patterns of custom resources are Go's, which has flags at the start. */
function goPattern(pattern: string, flags: string): RegExp {
  return pattern.startsWith('^(?i)')
    ? new RegExp(pattern.replace('(?i)', ''), `${flags}i`)
    : new RegExp(pattern, flags);
}
goPattern.code = 'new RegExp';

function schemaOf({ apiVersion, kind }: KubernetesObject, folder: string): object {
  const [group, version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  if (group !== undefined && /\.(k8s\.io|coreos\.com)$/.test(group)) {
    const custom = customSchema(group, version, kind);
    if (custom !== undefined) return custom;
  }
  const short = group === '' ? '' : `${group?.split('.')[0]}-`;
  return readJson(join(folder, `${kind.toLowerCase()}-${short}${version}.json`));
}

function customSchema(group: string, version: string, kind: string): object | undefined {
  for (const tool of CUSTOM) {
    const file = readdirSync(toolPath(tool)).find((name) => name === `${group}_${kind.toLowerCase()}s.yaml`);
    if (file === undefined) continue;
    const definition = parse(readFileSync(join(toolPath(tool), file), 'utf8')) as CustomResourceDefinition;
    const found = definition.spec.versions.find(({ name, served }) => served && name === version);
    return found && strict(found.schema.openAPIV3Schema);
  }
  return undefined;
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: object };
    }[];
  };
}

/** The API drops unknown fields of custom resources silently; here they are errors. */
function strict<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(strict) as T;
  if (!isMap(schema)) return schema;
  const below = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in schema;
  const isClosed = schema['type'] === 'object' && isMap(schema['properties']) && !isOpen;
  return (isClosed ? { ...below, additionalProperties: false } : below) as T;
}

function readJson(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}
