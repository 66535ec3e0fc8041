import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './pages/markedBlock.ts';

const runtime = JSON.parse(readFileSync(join(ROOT, 'infra', 'runtime.json'), 'utf8')) as {
  readonly node: string;
  readonly accepted: readonly string[];
};

/** APP_NODE_VERSION is the major version of Node that the apps run under, unless a deployment says otherwise. */
export const APP_NODE_VERSION = runtime.node;

/** APP_NODE_VERSIONS are those that a deployment may ask for. */
export const APP_NODE_VERSIONS = runtime.accepted;
