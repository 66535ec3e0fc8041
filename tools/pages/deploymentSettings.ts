/**
 * Writes the table of settings of a deployment into docs/deploy.md: `node tools/pages/deploymentSettings.ts`. Names and defaults are
 * those of infra/main.bicepparam, and what they mean stands in infra/main.bicep.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTable } from './formatTable.ts';
import { ROOT, writeBlock } from './markedBlock.ts';

/** DeploymentSetting is a variable of the azd environment that the template reads. */
export interface DeploymentSetting {
  readonly name: string;
  readonly fallback: string;
  readonly means: string;
}

/** readDeploymentSettings reads both files. It throws if a variable reaches no parameter, or one without a description. */
export async function readDeploymentSettings(): Promise<DeploymentSetting[]> {
  const values = await readFile(join(ROOT, 'infra', 'main.bicepparam'), 'utf8');
  const template = await readFile(join(ROOT, 'infra', 'main.bicep'), 'utf8');
  const described = new Map(
    [...template.matchAll(/^@description\('((?:[^'\\]|\\.)*)'\)\n(?:^@.*\n)*^param (\w+) /gm)].map(
      ([, text = '', parameter = '']) => [parameter, text.replaceAll(/\\(.)/g, '$1')],
    ),
  );
  // A statement begins at the margin, and may go on in lines that don't.
  const statements = [...values.matchAll(/^(param|var) (\w+) = (.*(?:\n[ )].*)*)/gm)];
  return [...values.matchAll(/readEnvironmentVariable\('(\w+)', '([^']*)'\)/g)].map(([, name = '', fallback = '']) => {
    const holds = statements.find(([, , , text]) => text?.includes(`'${name}'`));
    const isVariable = holds?.[1] === 'var';
    const user = isVariable
      ? statements.find(([, kind, , text]) => kind === 'param' && text?.includes(`(${holds[2]})`))
      : holds;
    const means = described.get(user?.[2] ?? '');
    if (means === undefined) throw new Error(`${name} reaches no parameter that main.bicep describes`);
    return { name, fallback, means: means.replace(/^(Required|Optional)\. /, '') };
  });
}

/** formatDeploymentSettings prints the table. What a hook finds out is not for people to set. */
export async function formatDeploymentSettings(): Promise<string> {
  const settings = await readDeploymentSettings();
  const rows = settings
    .filter(({ name }) => name !== 'AUDITSEAL_POLICY_STATE')
    .map(({ name, fallback, means }) => [`\`${name}\``, fallback === '' ? '' : `\`${fallback}\``, means]);
  return formatTable(['setting', 'default', 'meaning'], rows);
}

if (import.meta.main) await writeBlock('docs/deploy.md', 'settings', await formatDeploymentSettings());
