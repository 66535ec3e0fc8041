import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { ACCOUNT, ID, ENV, policyOf, POLICY, FINE, folder, install, run, hook } from './support.ts';
import type { Script } from './support.ts';

const SETS_UNLOCKED = 'azd env set AUDITSEAL_POLICY_STATE Unlocked';

describe('postprovision', () => {
  const outputs = {
    AUDITSEAL_LEDGER_URL: `https://${ACCOUNT}.blob.core.windows.net/ledger`,
    AUDITSEAL_VAULT: 'kv-x',
    AUDITSEAL_SEALER: 'func-sealer-x',
    AUDITSEAL_LEDGER_ACCOUNT: ACCOUNT,
    AZURE_RESOURCE_GROUP: 'rg-logs',
  };

  test('says what is next, and runs nothing', async () => {
    const { code, stdout, calls } = await hook('postprovision', [], outputs);
    expect({ code, calls }).toEqual({ code: 0, calls: [] });
    expect(stdout).toContain('--vault-name kv-x --name ledger');
    expect(stdout).toContain('--vault-name kv-x --name auditor');
    expect(stdout).toContain('keygen --name func-sealer-x.azurewebsites.net/api/log --auditor --vault-key URL');
    // Before the first question to Azure: az may look at another subscription than azd.
    const [first] = stdout.match(/^ +(az|npm) .+$/gm) ?? [];
    expect(first?.trim()).toBe(`az account set --subscription ${ENV.AZURE_SUBSCRIPTION_ID}`);
    expect(stdout).toContain('keygen --name func-sealer-x.azurewebsites.net/api/log --vault-key URL');
    expect(stdout).toContain(`npm run -s cli -- lock ${outputs.AUDITSEAL_LEDGER_URL} --resource-id ${ID}`);
  });

  test('of a locked policy it says that there is nothing to lock', async () => {
    const { stdout } = await hook('postprovision', [], { ...outputs, AUDITSEAL_POLICY_STATE: 'Locked' });
    expect(stdout).toContain('3. The retention policy is locked.');
    expect(stdout).not.toContain('cli -- lock');
  });
});

test('doctor refuses to look at a deployment that azd knows nothing of, and names what is missing', async () => {
  const { code, stderr, calls } = await hook('doctor', [], {});
  expect({ code, calls }).toEqual({ code: 1, calls: [] });
  expect(stderr).toContain('AUDITSEAL_LEDGER_URL is not set');
});

describe('predown', () => {
  test.each<[string, Script, number, string]>([
    ['locked', [[POLICY, policyOf('Locked', 2555)]], 1, 'is locked at 2555 days: Azure deletes neither'],
    ['unlocked', [], 1, `az lock delete --name ledger-stays --resource-group rg-logs`],
    [
      'unlocked, so with a policy to remove',
      [],
      1,
      `ETAG=$(az storage container immutability-policy show --account-name ${ACCOUNT} --container-name ledger --query etag --output tsv)`,
    ],
    ['gone', [['az resource list', []]], 0, 'there is no ledger any more'],
    ['an error of az', [['az resource list', 'ERROR: no', 1]], 1, "can't be found out: ERROR: no"],
  ])('%s', async (_, changes, status, says) => {
    const { code, stdout, stderr, calls } = await hook('predown', changes);
    expect(code).toBe(status);
    expect(stdout + stderr).toContain(says);
    expect(calls.filter((call) => !/^az (resource list|rest --method get)/.test(call))).toEqual([]);
  });
});

test.each(['Locked', 'Unlocked'])('policy prints a setting for a pipeline that only looks: %s', async (state) => {
  const { code, stdout, calls } = await hook('policy', [[POLICY, policyOf(state, 365)]]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `AUDITSEAL_POLICY_STATE=${state}\n` });
  expect(calls.filter((call) => !/^az (resource list|rest --method get)/.test(call))).toEqual([]);
});

describe('the wrapper for sh', () => {
  const node = dirname(process.execPath);

  test('runs the hook, from anywhere, with its exit status', async () => {
    await install(FINE, ['az', 'azd']);
    const path = [folder, node, '/usr/bin', '/bin'].join(delimiter);
    const command = ['/bin/sh', '-c', `cd / && sh ${join(ROOT, 'infra/hooks/hook.sh')} preprovision`];
    const fine = await run(command, { PATH: path, HOME: folder, ...ENV });
    expect({ code: fine.code, last: fine.calls.at(-1) }).toEqual({ code: 0, last: SETS_UNLOCKED });
    const refused = await run(command, { PATH: path, HOME: folder, ...ENV, AZURE_LOCATION: '' });
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('AZURE_LOCATION is not set') as string,
    });
  });

  test.each(['node', 'npm'])('says that %s is missing', async (missing) => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await symlink('/usr/bin/dirname', join(bin, 'dirname'));
    if (missing === 'npm') await symlink(process.execPath, join(bin, 'node'));
    const { code, stderr } = await run(['/bin/sh', 'infra/hooks/hook.sh', 'preprovision'], { PATH: bin, ...ENV });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`${missing} is missing: install`) as string,
    });
  });

  test('an unknown hook is none', async () => {
    expect(await hook('preparty')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('no hook "preparty"') as string,
    });
  });
});
