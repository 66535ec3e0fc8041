import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SUBSCRIPTION, ACCOUNT } from '../local/worm/harness.ts';
import { putActionGroup, putRule, siteOf } from '../support/deployment.ts';
import {
  ID,
  closeScene,
  doctor,
  expectFailed,
  fileReports,
  nextLedger,
  openScene,
  scene,
  seal,
  set,
  stage,
  world,
} from '../support/doctorScene.ts';
import { keyOf } from '../support/logs.ts';
import { inProcess, ROOT } from '../support/program.ts';
import { command } from '../../src/cli/commands/doctor.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { STEPS } from '../../src/doctor/doctor.ts';

const ANOTHER = 'example.com/another';

beforeAll(openScene);
afterAll(closeScene);
beforeEach(nextLedger);

test('without anything wrong every step that needs no running host is ok', async () => {
  await seal();
  await fileReports();
  const { code, steps } = await doctor([], ['--probe', 'none']);
  const said = Object.values(steps).map(({ step, state, said }) => [step, state, said]);
  expect(said.filter(([, state]) => state !== 'ok')).toEqual([]);
  expect(said.map(([step]) => step)).toEqual(STEPS.filter((step) => !['probe', 'sealed', 'proved'].includes(step)));
  expect(code).toBe(0);
  expect(steps['policy']?.advice).toContain('auditseal lock');
});

test('what is printed for people has each step, what to do, and where that is explained', async () => {
  set('sealer', {}, 'Stopped');
  const { url } = scene.stack.sasContainer(scene.name, 'rl');
  const { out, code } = await inProcess(async () =>
    command.run([url, '--resource-id', ID, '--only', 'rights'], world()),
  );
  expect(code).toBe(1);
  expect(out).toContain('ok       sign-in: signed in as ann@example.com');
  expect(out).toContain('FAILED   apps: func-sealer is Stopped, not Running');
  expect(out).toContain('az functionapp start');
  expect(out).toContain('docs/doctor.md#apps');
  expect(out).toContain('unknown  rights: not asked: it needs settings to be ok');
  expect(out).toMatch(/1 ok, 1 failed, 2 unknown\n/);
});

describe('what is wrong around the ledger', () => {
  test('nobody is signed in', async () => {
    const token = async (): Promise<string> =>
      Promise.reject(Object.assign(new Error('no'), { name: 'CredentialUnavailableError' }));
    const outside = { ...world(), connect: async () => ({ ...(await world().connect(SUBSCRIPTION)), token }) };
    const { code, steps } = await doctor(['sign-in'], [], outside);
    expect([code, steps['sign-in']]).toEqual([
      1,
      expect.objectContaining({ state: 'failed', said: expect.stringContaining('az login') as string }),
    ]);
  });

  test('an app is missing, there twice, or stopped', async () => {
    scene.stack.gateway.resources.remove(siteOf(ID, 'auditor'));
    await expectFailed('apps', 'no function app with the tag azd-service-name=auditor');
    set('auditor', {}, 'Stopped');
    await expectFailed('apps', 'func-auditor is Stopped');
    scene.stack.gateway.resources.put(`${siteOf(ID, 'auditor')}-2`, {
      tags: { 'azd-service-name': 'auditor' },
      properties: { state: 'Running' },
    });
    await expectFailed('apps', 'two apps have the tag');
    scene.stack.gateway.resources.remove(`${siteOf(ID, 'auditor')}-2`);
  });

  test.each<[string, 'sealer' | 'auditor', Readonly<Record<string, string>>, string]>([
    [
      'a setting is wrong',
      'sealer',
      { HEARTBEAT_MINUTES: 'soon' },
      'HEARTBEAT_MINUTES: is wrong; expected a whole number',
    ],
    [
      'the apps are of two ledgers',
      'auditor',
      {
        LEDGER_ORIGIN: ANOTHER,
        LEDGER_SIGNER_KEY: formatSignerKey(keyOf(1, ANOTHER)),
        AUDITOR_SIGNER_KEY: formatSignerKey(keyOf(2, `${ANOTHER}/auditor`)),
      },
      'of two ledgers',
    ],
    [
      'the auditor is of another account',
      'auditor',
      {
        LEDGER_RESOURCE_ID: `${ID.slice(0, -3)}xyz`,
        RETENTION_DAYS: '1',
        POSTURE_SCHEDULE: '0 0 0 * * *',
        LEDGER: 'BlobEndpoint=https://x.example;SharedAccessSignature=sv=1&sig=a',
      },
      'the auditor is of x/ledger-.*; the posture of the auditor is of .*xyz/ledger-.*, and TARGET is ',
    ],
  ])('%s', async (_what, service, changes, said) => {
    set(service, changes);
    await expectFailed('settings', said);
  });

  test.each(['AzureWebJobs.integrate.Disabled', 'AzureWebJobs_integrate_Disabled', 'azurewebjobs.Integrate.disabled'])(
    'a timer is stopped by %s',
    async (setting) => {
      set('sealer', { [setting]: '1', 'AzureWebJobs.ingest.Disabled': 'true' });
      await expectFailed('functions', 'ingest of func-sealer, integrate of func-sealer');
    },
  );

  test('a reference to a secret that is not resolved is named, and one that is is not taken for a fault', async () => {
    const reference = '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/ledger-signer-key)';
    const url = 'https://kv.vault.azure.net/keys/ledger/0123456789abcdef0123456789abcdef';
    set('sealer', { LEDGER_SIGNER_KEY: reference, SIGNER__keyUrl: url });
    const path = /func-sealer\/config\/configreferences\/appsettings$/;
    stage(path, 200, { value: [{ name: 'LEDGER_SIGNER_KEY', properties: { status: 'SecretNotFound' } }] });
    await expectFailed('settings', 'LEDGER_SIGNER_KEY is SecretNotFound, not Resolved');
    stage(path, 200, { value: [{ name: 'LEDGER_SIGNER_KEY', properties: { status: 'Resolved' } }] });
    expect((await doctor(['settings'])).steps['settings']).toMatchObject({ state: 'ok' });
  });

  test('whoever may not read the settings learns nothing of them, and what that takes', async () => {
    stage(/appsettings\/list$/, 403, { error: { code: 'AuthorizationFailed' } });
    const { code, steps } = await doctor(['rights']);
    expect(steps['settings']).toMatchObject({
      state: 'unknown',
      said: expect.stringContaining('Microsoft.Web/sites/config/list/action') as string,
    });
    expect(steps['rights']).toMatchObject({ state: 'unknown', said: 'not asked: it needs settings to be ok' });
    expect(code).toBe(2);
  });

  test('a question that Azure answers too often with 429 ends, and says nothing of the deployment', async () => {
    scene.stack.gateway.resources.stage({
      path: /scheduledQueryRules$/,
      status: 429,
      headers: { 'retry-after': '3600' },
      times: 1,
    });
    expect((await doctor(['alerts'])).steps['alerts']).toMatchObject({
      state: 'unknown',
      said: expect.stringContaining('too many questions') as string,
    });
  });

  describe('rights of identities', () => {
    const CLIENT = '11111111-1111-4111-8111-111111111111';
    const PRINCIPAL = '22222222-2222-4222-8222-222222222222';
    const group = ID.split('/providers/')[0] ?? '';
    const hub = `${group}/providers/Microsoft.EventHub/namespaces/evhns/eventhubs/audit`;
    const ledgerScope = (): string => `${ID}/blobServices/default/containers/${scene.name}`;
    const identity = {
      HUB: '',
      HUB__fullyQualifiedNamespace: 'evhns.servicebus.windows.net',
      HUB__credential: 'managedidentity',
      HUB__clientId: CLIENT,
    };
    const roleOf = (roleName: string, dataActions: readonly string[]): string => {
      const id = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${roleName.replaceAll(' ', '-')}`;
      scene.stack.gateway.resources.put(id, { properties: { roleName, permissions: [{ dataActions }] } });
      return id;
    };
    const grant = (scope: string, role: string, principalId = PRINCIPAL): Promise<unknown> =>
      fetch(
        `${scene.stack.gateway.armUrl}${scope}/providers/Microsoft.Authorization/roleAssignments/${Math.random()}?api-version=2022-04-01`,
        {
          method: 'PUT',
          headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
          body: JSON.stringify({ properties: { roleDefinitionId: role, principalId } }),
        },
      );

    beforeEach(() => {
      scene.stack.gateway.resources.put(hub.split('/eventhubs/')[0] ?? '', { properties: {} });
      scene.stack.gateway.resources.put(hub, { properties: { partitionCount: 4, status: 'Active' } });
      for (const consumer of ['ingest', 'repair'])
        scene.stack.gateway.resources.put(`${hub}/consumergroups/${consumer}`);
      scene.stack.gateway.resources.put(
        `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-sealer`,
        {
          properties: { clientId: CLIENT.toUpperCase(), principalId: PRINCIPAL },
        },
      );
    });

    test('no role, a role of somebody else, and a role that gives less are each named; the right one is enough', async () => {
      set('sealer', identity);
      await expectFailed(
        'rights',
        'the sealer \\(id-sealer\\) may not Microsoft.EventHub/namespaces/messages/receive/action at Microsoft.EventHub/namespaces/evhns/eventhubs/audit: it has no role there',
      );
      await grant(hub, roleOf('Sender', ['Microsoft.EventHub/*/send/action']));
      await grant(hub, roleOf('Receiver', ['Microsoft.EventHub/*/receive/action']), 'somebody');
      await expectFailed('rights', "roles there that don't give it");
      await grant(hub, roleOf('Receiver', ['Microsoft.EventHub/*/receive/action']));
      expect((await doctor(['rights'])).steps['rights']).toMatchObject({
        state: 'ok',
        said: expect.stringContaining('at 1 scope') as string,
      });
    });

    test('a reader of the ledger may not create in it', async () => {
      const container = {
        LEDGER: '',
        LEDGER__blobServiceUri: `https://${ACCOUNT}.blob.core.windows.net`,
        LEDGER__credential: 'managedidentity',
        LEDGER__clientId: CLIENT,
        LEDGER_CONTAINER: scene.name,
      };
      set('sealer', container);
      set('auditor', { ...container, LEDGER__clientId: '33333333-3333-4333-8333-333333333333' });
      await grant(
        ledgerScope(),
        roleOf('Blob Reader', ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read']),
      );
      await expectFailed(
        'rights',
        /may not Microsoft.Storage\/.*\/blobs\/add\/action at .*; the auditor signs in as 3{8}-.*no such identity/,
      );
    });

    test('an identity that the settings do not name is not taken for one that needs no role', async () => {
      const { HUB__clientId: _, HUB__credential: __, ...nameless } = identity;
      set('sealer', nameless);
      expect((await doctor(['rights'])).steps['rights']).toMatchObject({
        state: 'unknown',
        said: expect.stringContaining('the sealer at Microsoft.EventHub/namespaces/evhns/eventhubs/audit') as string,
      });
    });

    test('the hub is another one, off, lacks a consumer group, or takes no keys', async () => {
      set('sealer', identity);
      expect((await doctor(['hub'])).steps['hub']).toMatchObject({
        state: 'ok',
        said: expect.stringContaining('4 partitions') as string,
      });
      scene.stack.gateway.resources.put(hub, { properties: { partitionCount: 4, status: 'SendDisabled' } });
      await expectFailed('hub', 'is SendDisabled, not Active');
      scene.stack.gateway.resources.put(hub, { properties: { status: 'Active' } });
      expect((await doctor(['hub'])).steps['hub']).toMatchObject({ state: 'unknown' });
      scene.stack.gateway.resources.put(hub, { properties: { partitionCount: 4, status: 'Active' } });
      scene.stack.gateway.resources.remove(`${hub}/consumergroups/repair`);
      await expectFailed('hub', 'has no consumer group repair');
      scene.stack.gateway.resources.put(`${hub}/consumergroups/repair`);
      scene.stack.gateway.resources.put(hub.split('/eventhubs/')[0] ?? '', { properties: { disableLocalAuth: true } });
      await expectFailed('hub', 'local authentication of evhns is off');
      set('sealer', { ...identity, HUB_NAME: 'another' });
      await expectFailed('hub', "can't .*404");
    });
  });

  test('an alert rule is off, or not there; that nobody gets mail is said', async () => {
    putRule(scene.stack.gateway.resources, ID, 'alert-findings', false);
    await expectFailed('alerts', 'these alert rules are off: alert-findings');
    scene.stack.gateway.resources.remove(
      `${ID.split('/providers/')[0]}/providers/Microsoft.Insights/scheduledQueryRules/alert-findings`,
    );
    await expectFailed('alerts', 'these alert rules are not there: alert-findings');
    const { resources } = scene.stack.gateway;
    resources.put(`${ID.split('/providers/')[0]}/providers/Microsoft.Insights/metricAlerts/alert-findings`, {
      properties: { enabled: true },
    });
    await expectFailed('alerts', 'these alert rules are not there: alert-findings');
    putRule(resources, ID, 'alert-findings');
    const emailReceivers = [{ emailAddress: 'night@example.com' }];
    putActionGroup(resources, ID, { emailReceivers });
    expect((await doctor(['alerts'])).steps['alerts']?.said).toContain('1 address gets mail');
    for (const properties of [
      { enabled: false, emailReceivers },
      { emailReceivers: [{ emailAddress: 'night@example.com', status: 'Disabled' }] },
      {},
    ]) {
      putActionGroup(resources, ID, properties);
      expect((await doctor(['alerts'])).steps['alerts']).toMatchObject({
        state: 'ok',
        said: expect.stringContaining('nobody gets mail') as string,
      });
    }
  });
});

test('every step is explained where its link leads', () => {
  const page = readFileSync(join(ROOT, 'docs', 'doctor.md'), 'utf8');
  expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([...STEPS]);
});
