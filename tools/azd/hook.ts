/** Runs a hook of azure.yaml: `node tools/bootstrap.mjs tools/azd/hook.ts NAME`. Exit status: 0 done, 1 refused, 64 no such hook. */
import { realTools } from './azureTools.ts';
import type { Hook } from './azureTools.ts';
import { Refusal } from './refusal.ts';
import { packageApp } from './packageApp.ts';
import { postprovision } from './postprovision.ts';
import { predown } from './predown.ts';
import { policyState } from './policyState.ts';
import { preprovision } from './preprovision.ts';
import { doctor } from './doctor.ts';
import { refuseSecrets } from './secretSettings.ts';
import { withoutSecret } from '../../src/config/secrets.ts';

const HOOKS: Readonly<Record<string, Hook>> = {
  preprovision,
  postprovision,
  predown,
  doctor,
  package: packageApp,
  policy: policyState,
};

const [name = ''] = process.argv.slice(2);
const hook = Object.hasOwn(HOOKS, name) ? HOOKS[name] : undefined;
if (hook === undefined) {
  process.stderr.write(
    `auditseal: no hook ${JSON.stringify(withoutSecret(name))}; there are ${Object.keys(HOOKS).join(', ')}\n`,
  );
  process.exitCode = 64;
} else {
  try {
    refuseSecrets(process.env);
    await hook(realTools(), process.env, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`auditseal: ${name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
