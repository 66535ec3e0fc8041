import { createArmClient } from '../../local/worm/armClient.ts';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { command as holdCommand } from '../../src/cli/commands/hold.ts';
import { command as lockCommand } from '../../src/cli/commands/lock.ts';
import { command as postureCommand } from '../../src/cli/commands/posture.ts';
import type { Outside } from '../../src/cli/outside.ts';
import { parseAction } from '../../src/core/objects/action.ts';
import type { Action } from '../../src/core/objects/action.ts';
import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { armOutside, terminalOf } from '../support/armOutside.ts';
import type { Terminal } from '../support/armOutside.ts';
import { coded } from '../support/logVectors.ts';
import { startFaultProxy } from '../support/faultProxy.ts';
import { TRUST, nameOf } from '../support/forge.ts';
import { eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { integrateOf } from '../support/logs.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { auditseal, inProcess } from '../support/program.ts';
import { SPELLINGS } from '../support/secrets.ts';
import { readReferenceSegment } from '../support/referenceLedger.ts';

const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
const CALLER = '00000000-0000-0000-0000-000000000001';

let stack: Stack;
let count = 0;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

interface Ledger {
  readonly name: string;
  readonly url: string;
}

/** ledgerOf makes a container with a segment, and with a policy of so many days, if any. */
async function ledgerOf(days?: number): Promise<Ledger> {
  const name = `ledger-${++count}`;
  await stack.container(name).create();
  await sealAll(ingestOf(new BlobStore(stack.sasContainer(name, 'rcl'))), eventsBetween(0, 3));
  if (days !== undefined) await stack.putPolicy(name, days);
  return { name, url: stack.sasContainer(name, 'rcl').url };
}

const outside = (terminal?: Terminal, claims?: object): Outside =>
  armOutside(stack.gateway, stack.arm, terminal, claims);

type Ran = Promise<{ code: number; out: string }>;
const lock = ({ url }: Ledger, args: readonly string[], world = outside()): Ran =>
  inProcess(async () => lockCommand.run([url, '--resource-id', ID, '--why', 'a test', ...args], world));
const hold = (what: string, { url }: Ledger, args: readonly string[], world = outside()): Ran =>
  inProcess(async () => holdCommand.run([what, url, '--resource-id', ID, ...args], world));
const posture = ({ url }: Ledger, args: readonly string[] = [], world = outside()): Ran =>
  inProcess(async () => postureCommand.run([url, '--resource-id', ID, ...args], world));

const policyOf = async ({ name }: Ledger): Promise<{ state: string | undefined; days: number | undefined }> => {
  const it = await stack.arm.blobContainers.getImmutabilityPolicy(GROUP, ACCOUNT, name);
  return { state: it.state, days: it.immutabilityPeriodSinceCreationInDays };
};

async function actionsOf({ name }: Ledger): Promise<Action[]> {
  const actions: Action[] = [];
  for await (const blob of stack.container(name).listBlobsFlat({ prefix: 'actions/' }))
    actions.push(parseAction(await stack.container(name).getBlobClient(blob.name).downloadToBuffer()));
  return actions;
}

describe('lock', () => {
  test('shows what it locks, wants the name typed, locks, reads back, and records both in the ledger', async () => {
    const ledger = await ledgerOf(1000);
    const terminal = terminalOf(ledger.name);
    const { code, out } = await lock(ledger, [], outside(terminal));
    expect(code).toBe(0);
    expect(terminal.asked).toEqual(["Type the container's name to go on: "]);
    const stored = await stack.container(ledger.name).getBlobClient(nameOf(0)).downloadToBuffer();
    const until = new Date(
      Date.parse(readReferenceSegment(stored, nameOf(0), TRUST).header.sealed) + 1000 * 86_400_000,
    );
    for (const text of [
      `${ledger.name}, of the account ${ACCOUNT}`,
      'Unlocked, 1,000 days',
      `the first can be deleted from ${until.toISOString().slice(0, 10)} on`,
      'NOT be undone',
      'until the last segment is that old, nobody can delete the container, the account or its resource group',
      'azd down, az group delete and terraform destroy fail',
      'who         ann@example.com, as the sign-in claims',
      `is now      Locked, 1,000 days; last change: lock by ${CALLER}`,
      'recorded    actions/000000000000.json, actions/000000000001.json',
    ])
      expect(out).toContain(text);
    // Before the name is asked for, and so before anything is done.
    expect(out.indexOf('terraform destroy')).toBeLessThan(out.indexOf('who         '));
    expect(await policyOf(ledger)).toEqual({ state: 'Locked', days: 1000 });
    const [attempt, done, ...others] = await actionsOf(ledger);
    expect(others).toEqual([]);
    const words = {
      kind: 'lock',
      account: ACCOUNT,
      container: ledger.name,
      days: 1000,
      who: 'ann@example.com',
      why: 'a test',
    };
    expect(attempt).toMatchObject({
      ...words,
      outcome: 'attempted',
      guard: { policy: { state: 'Unlocked', days: 1000 } },
    });
    expect(done).toMatchObject({
      ...words,
      outcome: 'done',
      attempt: 'actions/000000000000.json',
      guard: { policy: { state: 'Locked', days: 1000 } },
    });
    const store = new BlobStore(stack.sasContainer(ledger.name, 'rcl'));
    expect(await integrateOf(store, new MemoryTiles()).run(new KeptLog())).toMatchObject({ segments: 1, actions: 2 });
    const verified = await auditseal('verify', ledger.url, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({
      status: 'verified',
      findings: [],
      log: { entriesCompared: 3 },
    });
    expect(done?.guard?.policy?.etag).not.toBe(attempt?.guard?.policy?.etag);
  });

  test.each<[string, readonly string[], Terminal, string]>([
    ['another name is typed', [], terminalOf('ledger'), "that is not the container's name"],
    ['nobody is at the terminal', [], terminalOf(), 'nobody is at the terminal; give --confirm'],
    ['--confirm is another name', ['--confirm', 'x'], terminalOf(), "that is not the container's name"],
  ])('%s: nothing is changed, nor recorded', async (_what, args, terminal, why) => {
    const ledger = await ledgerOf(10);
    await expect(lock(ledger, args, outside(terminal))).rejects.toThrow(why);
    expect(await policyOf(ledger)).toEqual({ state: 'Unlocked', days: 10 });
    expect(await actionsOf(ledger)).toEqual([]);
  });

  test('a secret that is typed as the reason is not recorded', async () => {
    const ledger = await ledgerOf(10);
    const typed = outside(terminalOf(SPELLINGS['a signer key'] as string));
    await expect(hold('set', ledger, ['--case', 'case1'], typed)).rejects.toThrow('the reason holds a secret');
    expect(await actionsOf(ledger)).toEqual([]);
  });

  test('without a policy, and with a locked one, it says what is and what to do', async () => {
    const bare = await ledgerOf();
    await expect(lock(bare, ['--confirm', bare.name])).rejects.toThrow('no retention policy; set one with az storage');
    const locked = await ledgerOf();
    await stack.lockedPolicy(locked.name, 20);
    await expect(lock(locked, ['--confirm', locked.name])).rejects.toThrow(
      new RegExp(`locked already, by ${CALLER} at \\d{4}-.*only be made longer, with --extend`),
    );
    expect([...(await actionsOf(bare)), ...(await actionsOf(locked))]).toEqual([]);
  });

  test('a policy that somebody changes while the name is typed is not locked', async () => {
    const ledger = await ledgerOf(1000);
    const terminal = terminalOf(ledger.name);
    terminal.beforeAnswer = async () => void (await stack.putPolicy(ledger.name, 1));
    const { code, out } = await lock(ledger, [], outside(terminal));
    expect([code, out]).toEqual([
      1,
      expect.stringContaining('somebody else changed the policy meanwhile; look at it again'),
    ]);
    expect(await policyOf(ledger)).toEqual({ state: 'Unlocked', days: 1 });
    const [, failed] = await actionsOf(ledger);
    expect(failed).toMatchObject({ outcome: 'failed', guard: { policy: { state: 'Unlocked', days: 1 } } });
    expect(failed?.error).toContain('lock the policy');
  });

  test('a lost answer: what Azure shows afterwards counts', async () => {
    const ledger = await ledgerOf(1000);
    const proxy = await startFaultProxy(stack.gateway.armUrl);
    try {
      // The client tries again, and is told that what it wants to lock is locked.
      const locks = (): number => proxy.seen.filter((line) => line.endsWith('/lock')).length;
      proxy.faultOf = ({ path }) => (path.includes('/lock') && locks() === 1 ? 'dropAfter' : undefined);
      const arm = createArmClient(proxy.url(stack.gateway.armUrl), SUBSCRIPTION);
      const world = armOutside(stack.gateway, arm, terminalOf(ledger.name));
      const { code, out } = await lock(ledger, [], world);
      expect([code, out]).toEqual([0, expect.stringContaining('Locked, 1,000 days')]);
      expect([locks(), out]).toEqual([2, expect.stringMatching(/can't lock the policy/)]);
      expect((await actionsOf(ledger)).map(({ outcome }) => outcome)).toEqual(['attempted', 'done']);
    } finally {
      await proxy.close();
    }
  });

  test('without the right to create in the ledger nothing is locked', async () => {
    const ledger = await ledgerOf(10);
    const reader = { ...ledger, url: stack.sasContainer(ledger.name, 'rl').url };
    await expect(lock(reader, ['--confirm', ledger.name])).rejects.toThrow("can't create actions/000000000000.json");
    expect(await policyOf(ledger)).toEqual({ state: 'Unlocked', days: 10 });
  });

  test('--extend: longer only, five times, and only of what is locked', async () => {
    const ledger = await ledgerOf(10);
    const extend = async (days: number): Ran => lock(ledger, ['--extend', String(days), '--confirm', ledger.name]);
    await expect(extend(20)).rejects.toThrow("the policy isn't locked, so its 10 days need no extension");
    await lock(ledger, ['--confirm', ledger.name]);
    for (const days of [9, 10])
      await expect(extend(days)).rejects.toThrow(`only be made longer than its 10 days, not ${days}`);
    for (let used = 0; used < 5; used++) {
      const { code, out } = await extend(11 + used);
      expect([code, out]).toEqual([0, expect.stringContaining(`extensions  ${used} of 5 used`)]);
    }
    await expect(extend(100)).rejects.toThrow(
      'was extended 5 times, and Azure allows 5; to keep what is there for longer',
    );
    expect(await policyOf(ledger)).toEqual({ state: 'Locked', days: 15 });
    const actions = await actionsOf(ledger);
    expect(actions).toHaveLength(12);
    expect(actions.at(-1)).toMatchObject({
      kind: 'extend',
      outcome: 'done',
      days: 15,
      guard: { policy: { days: 15 } },
    });
  });
});

describe('hold', () => {
  test('set, list and clear, with a tag of the case, recorded with who and why', async () => {
    const ledger = await ledgerOf(10);
    const words = ['--case', 'Case 2026-117/A', '--why', 'inquiry'];
    const set = await hold('set', ledger, words);
    expect([set.code, set.out]).toEqual([0, expect.stringContaining(`hold        case2026117a, set by ${CALLER} at `)]);
    await expect(hold('set', ledger, words)).rejects.toThrow(`the hold case2026117a is set already, by ${CALLER}`);
    const listed = await hold('list', ledger, ['--json']);
    expect(JSON.parse(listed.out)).toEqual([{ tag: 'case2026117a', who: CALLER, time: expect.any(String) as unknown }]);
    await expect(hold('clear', ledger, ['--case', 'other', '--why', 'x'])).rejects.toThrow(
      'the container has no hold other; it has case2026117a',
    );
    expect((await hold('clear', ledger, [...words, '--who', 'Bob'])).code).toBe(0);
    expect((await hold('list', ledger, [])).out).toBe('no hold\n');
    expect(
      (await actionsOf(ledger)).map(({ kind, outcome, tag, who, guard }) => [kind, outcome, tag, who, guard?.tags]),
    ).toEqual([
      ['hold-set', 'attempted', 'case2026117a', 'ann@example.com', []],
      ['hold-set', 'done', 'case2026117a', 'ann@example.com', ['case2026117a']],
      ['hold-clear', 'attempted', 'case2026117a', 'Bob', ['case2026117a']],
      ['hold-clear', 'done', 'case2026117a', 'Bob', []],
    ]);
  });

  test('ten holds, and no eleventh', async () => {
    const ledger = await ledgerOf(10);
    const tags = Array.from({ length: 10 }, (_unused, i) => `case${i}`);
    await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, ledger.name, { tags });
    await expect(hold('set', ledger, ['--case', 'case10', '--why', 'x'])).rejects.toThrow('no more than 10');
    expect(await actionsOf(ledger)).toEqual([]);
  });

  test.each<[string, readonly string[], object, string]>([
    ['a case of two letters', ['--case', 'ab', '--why', 'x'], {}, '3 to 23 letters'],
    ['a case of 24 letters', ['--case', 'a'.repeat(24), '--why', 'x'], {}, '3 to 23 letters'],
    ['a case with other letters', ['--case', 'größe', '--why', 'x'], {}, '3 to 23 letters'],
    ['no case', ['--why', 'x'], {}, 'give --case'],
    ['no reason', ['--case', 'case1'], { upn: 'a' }, 'give --why'],
    ['a reason of two lines', ['--case', 'case1', '--why', 'a\nb'], { upn: 'a' }, 'on one line'],
    [
      'a sign-in without a name',
      ['--case', 'case1', '--why', 'x'],
      {},
      "the sign-in's token claims no name; give --who",
    ],
    ['a sign-in with a hostile name', ['--case', 'case1', '--why', 'x'], { upn: 'a\u001b[2J' }, 'give --who'],
  ])('%s: refused', async (_what, args, claims, why) => {
    const ledger = await ledgerOf();
    await expect(hold('set', ledger, args, outside(undefined, claims))).rejects.toThrow(coded('USAGE'));
    await expect(hold('set', ledger, args, outside(undefined, claims))).rejects.toThrow(why);
    expect(await actionsOf(ledger)).toEqual([]);
  });
});

describe('posture', () => {
  test('each weakness is a finding, and what is as promised is none', async () => {
    const own = await startStack();
    try {
      const name = 'audited';
      await own.container(name).create();
      const url = own.sasContainer(name, 'rl').url;
      const world = armOutside(own.gateway, own.arm);
      const run = async (days = 365): Promise<{ code: number; said: string[]; report: { status: string } }> => {
        const { code, out } = await inProcess(async () =>
          postureCommand.run([url, '--resource-id', ID, '--retention-days', String(days), '--json'], world),
        );
        const report = JSON.parse(out) as {
          status: string;
          findings: { code: string; severity: string; detail: string }[];
        };
        return { code, report, said: report.findings.map((one) => `${one.severity} ${one.code}: ${one.detail}`) };
      };
      const put = async (scope: string, kind: string, id: string, properties: object): Promise<void> => {
        const path = `${own.gateway.armUrl}${scope}/providers/Microsoft.Authorization/${kind}/${id}?api-version=1`;
        const headers = { authorization: 'Bearer x' };
        expect((await fetch(path, { method: 'PUT', headers, body: JSON.stringify({ properties }) })).status).toBe(201);
      };
      const group = ID.split('/providers/')[0] as string;

      await put(`${ID}/blobServices/default/containers/other`, 'locks', 'elsewhere', { level: 'CanNotDelete' });
      expect(await run()).toMatchObject({
        code: 1,
        said: [
          expect.stringContaining('error policy-missing'),
          expect.stringContaining('warning account-weak: no management lock'),
        ],
      });
      await put(group, 'locks', 'keep', { level: 'CanNotDelete' });
      await own.putPolicy(name, 364, { allowProtectedAppendWrites: true });
      expect((await run()).said).toEqual([
        expect.stringContaining('error policy-unlocked'),
        expect.stringContaining('error policy-short: the policy retains for 364 days, and 365 are promised'),
        expect.stringContaining('error account-weak: the policy allows appends'),
      ]);
      await own.lockedPolicy(name, 365);
      expect(await run()).toMatchObject({ code: 0, said: [], report: { status: 'verified' } });

      await own.arm.storageAccounts.update(GROUP, ACCOUNT, {
        allowSharedKeyAccess: true,
        allowBlobPublicAccess: true,
        allowCrossTenantReplication: true,
        enableHttpsTrafficOnly: false,
        minimumTlsVersion: 'TLS1_0',
        publicNetworkAccess: 'Enabled',
        networkRuleSet: { defaultAction: 'Allow' },
        encryption: { keySource: 'Microsoft.Storage', requireInfrastructureEncryption: false },
      });
      const role = (id: string): object => ({ roleDefinitionId: `/x/${id}`, principalId: 'somebody' });
      await put(group, 'roleAssignments', 'r1', role('ba92f5b4-2d11-453d-a403-e96b0029c9fe'));
      await put(ID, 'roleAssignments', 'r2', role('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'));
      const weak = await run();
      expect(weak.code).toBe(1);
      expect(weak.said.map((text) => text.replace(/^(\w+) account-weak: /, '$1: '))).toEqual([
        "error: requests with the account's keys are allowed (without a key expiration policy)",
        'error: containers may be made public',
        'error: requests without TLS are allowed',
        'error: the minimum TLS version is TLS1_0, not 1.2',
        'error: blobs may be replicated into other tenants',
        'warning: every network may reach the account',
        'warning: infrastructure encryption is off',
        expect.stringContaining('warning: somebody has the role Storage Blob Data Contributor'),
      ]);
    } finally {
      await own.close();
    }
  });

  test('what can not be read is never taken for right', async () => {
    const ledger = await ledgerOf();
    await stack.lockedPolicy(ledger.name, 365);
    const blind: Outside = {
      ...outside(),
      connect: async () => ({
        ...(await outside().connect(SUBSCRIPTION)),
        endpoint: `${stack.gateway.armUrl}/nothing`,
      }),
    };
    const { code, out } = await posture(ledger, [], blind);
    expect(code).toBe(2);
    expect(out).toMatch(/^unverified: posture of/);
    expect(out).toContain(`unreadable: ${ACCOUNT}: locks: can't read the management locks`);
    expect(out).toContain(`unreadable: ${ACCOUNT}: roles: can't read the role assignments`);
    const elsewhere = createArmClient(stack.gateway.armUrl, '00000000-0000-0000-0000-0000000000bb');
    const gone = await posture(ledger, [], armOutside(stack.gateway, elsewhere));
    expect([gone.code, gone.out]).toEqual([2, expect.stringContaining('404 ResourceNotFound')]);
    expect(gone.out).not.toContain('sig=');
  });
});

describe('where Azure has the container', () => {
  const url = 'https://account1.blob.core.windows.net/ledger';
  const id = ID.replace(ACCOUNT, 'account1');
  test.each<[string, readonly string[], string]>([
    [
      'nothing is said',
      [url],
      '--subscription and --resource-group are missing; or give --resource-id: az storage account show --name account1',
    ],
    ['no group', [url, '--subscription', SUBSCRIPTION], '--resource-group is missing'],
    ['a name for an id', [url, '--subscription', 'prod', '--resource-group', 'g'], 'not its name'],
    ['another account', [url, '--resource-id', ID], `is of the account ${ACCOUNT}, and TARGET is in account1`],
    [
      'an id of something else',
      [url, '--resource-id', '/subscriptions/x'],
      'must be the resource id of a storage account',
    ],
    ['both ways', [url, '--resource-id', id, '--subscription', SUBSCRIPTION], 'leave the other two out'],
    ['a mirror', ['.', '--resource-id', id], 'a copy has no policy'],
    ['no container', ['https://account1.blob.core.windows.net', '--resource-id', id], 'names no container'],
    ['days that are none', [url, '--resource-id', id, '--retention-days', '0'], '--retention-days must be'],
  ])('%s: 64, and how to get it', async (_what, args, why) => {
    const { code, stdout, stderr } = await auditseal('posture', ...args);
    expect([code, stdout, stderr]).toEqual([64, '', expect.stringContaining(why)]);
  });
});
