import { ACCOUNT, DAY_MS, GROUP, STATES, guard, outcomeOf, pictureOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

const POLICY = '409 BlobImmutableDueToPolicy';
const HOLD = '409 BlobImmutableDueToLegalHold';
const MISMATCH = '403 AuthorizationPermissionMismatch';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack.close();
});

test('Put Blob says no to per-blob immutability headers, which Azurite would ignore', async () => {
  const container = stack.container('per-blob');
  await container.create();
  const url = stack.sasContainer('per-blob', 'racwd').getBlobClient('new').url;
  for (const header of ['x-ms-immutability-policy-until-date', 'x-ms-immutability-policy-mode', 'x-ms-legal-hold']) {
    const headers = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2026-06-06', [header]: 'true' };
    const response = await fetch(url, { method: 'PUT', headers, body: 'x' });
    expect([response.status, response.headers.get('x-ms-error-code')]).toEqual([400, 'UnsupportedHeader']);
    expect(await response.text()).toContain(header);
  }
  expect(await pictureOf(container)).toEqual([]);
  const blob = stack.container('per-blob').getBlobClient('new');
  expect(await outcomeOf(blob.setLegalHold(true))).toBe('400 UnsupportedHeader');
  expect(await outcomeOf(blob.setImmutabilityPolicy({ expiriesOn: new Date(), policyMode: 'Locked' }))).toBe(
    '400 UnsupportedHeader',
  );
  expect(await outcomeOf(blob.deleteImmutabilityPolicy())).toBe('501 APINotImplemented');
});

test('snapshots made before the policy are guarded as their blob is', async () => {
  const container = stack.container('snapshots');
  await container.create();
  const blob = container.getBlockBlobClient('blob');
  await blob.upload('content', 7);
  const { snapshot = '' } = await blob.createSnapshot();
  await stack.putPolicy('snapshots', 30);
  const before = await pictureOf(container);
  expect(before).toHaveLength(2);
  expect(await outcomeOf(blob.withSnapshot(snapshot).delete())).toBe(POLICY);
  expect(await outcomeOf(blob.delete({ deleteSnapshots: 'only' }))).toBe(POLICY);
  expect(await outcomeOf(blob.delete({ deleteSnapshots: 'include' }))).toBe(POLICY);
  expect(await pictureOf(container)).toEqual(before);
  await withClock(31, async () => {
    expect(await outcomeOf(blob.delete())).toBe('409 SnapshotsPresent');
    expect(await outcomeOf(blob.withSnapshot(snapshot).delete())).toBe('ok');
    expect(await outcomeOf(blob.delete())).toBe('ok');
  });
  expect(await pictureOf(container)).toEqual([]);
});

test.each(['allowProtectedAppendWrites', 'allowProtectedAppendWritesAll'])(
  'with %s an append blob grows, and is kept from its last change on',
  async (flag) => {
    const name = flag.toLowerCase();
    const container = stack.container(name);
    await container.create();
    await container.getBlockBlobClient('block').upload('content', 7);
    await stack.putPolicy(name, 1, { [flag]: true });
    const blob = container.getAppendBlobClient('log');
    await blob.create();
    expect(await outcomeOf(blob.appendBlock('one', 3))).toBe('ok');
    expect(await outcomeOf(blob.setMetadata({ a: 'b' }))).toBe(POLICY);
    expect(await outcomeOf(blob.seal())).toBe(POLICY);
    expect(await outcomeOf(container.getAppendBlobClient('block').appendBlock('no', 2))).toBe(POLICY);
    await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, name, { tags: ['case1'] });
    expect(await outcomeOf(blob.appendBlock('two', 3))).toBe(HOLD);
    await stack.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, name, {
      tags: ['case1'],
      allowProtectedAppendWritesAll: true,
    });
    expect(await outcomeOf(blob.appendBlock('two', 3))).toBe('ok');
    expect((await blob.downloadToBuffer()).toString()).toBe('onetwo');
    expect(await outcomeOf(blob.delete())).toBe(HOLD);
  },
);

test('containers under a policy or a hold cannot be deleted through the blob service', async () => {
  const outcomes: Record<string, string> = {};
  for (const state of STATES) {
    const name = `delete-${state.toLowerCase()}`;
    await stack.container(name).create();
    await guard(stack, name, state);
    outcomes[state] = await outcomeOf(stack.container(name).delete());
    expect(await outcomeOf(stack.sasContainer(name, 'racwd').delete())).toBe(MISMATCH);
  }
  expect(outcomes).toEqual({
    none: 'ok',
    unlocked: '409 ContainerProtectedFromDeletion',
    locked: '409 ContainerImmutabilityPolicyLocked',
    hold: '409 ContainerHasLegalHold',
    expired: '409 ContainerImmutabilityPolicyLocked',
    expiredHold: '409 ContainerHasLegalHold',
  });
});

async function withClock(days: number, work: () => Promise<void>): Promise<void> {
  const { aheadMs } = stack.clock;
  stack.clock.aheadMs = days * DAY_MS;
  await work();
  stack.clock.aheadMs = aheadMs;
}
