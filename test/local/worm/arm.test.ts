import type { BlobContainersOperations } from '@azure/arm-storage';
import { createArmClient } from '../../../local/worm/armClient.ts';
import { ACCOUNT, DAY_MS, GROUP, SUBSCRIPTION, outcomeOf, startStack } from './harness.ts';
import type { Stack } from './harness.ts';

let stack: Stack;
let containers: BlobContainersOperations;
let count = 0;

beforeAll(async () => {
  stack = await startStack();
  containers = stack.arm.blobContainers;
});

afterAll(async () => {
  await stack.close();
});

/** fresh makes a new container and gives its name. */
async function fresh(): Promise<string> {
  const name = `arm-${++count}`;
  await containers.create(GROUP, ACCOUNT, name, {});
  return name;
}

const put = async (name: string, days: number, flags: object = {}, ifMatch?: string): Promise<unknown> =>
  containers.createOrUpdateImmutabilityPolicy(GROUP, ACCOUNT, name, {
    parameters: { immutabilityPeriodSinceCreationInDays: days, ...flags },
    ...(ifMatch === undefined ? {} : { ifMatch }),
  });

const extend = async (name: string, days: number, flags: object = {}, ifMatch = '*'): Promise<unknown> =>
  containers.extendImmutabilityPolicy(GROUP, ACCOUNT, name, ifMatch, {
    parameters: { immutabilityPeriodSinceCreationInDays: days, ...flags },
  });

const lock = async (name: string, ifMatch = '*'): Promise<unknown> =>
  containers.lockImmutabilityPolicy(GROUP, ACCOUNT, name, ifMatch);

const read = async (name: string): ReturnType<BlobContainersOperations['getImmutabilityPolicy']> =>
  containers.getImmutabilityPolicy(GROUP, ACCOUNT, name);

describe('retention policy', () => {
  test('without one, Azure shows an unlocked policy of no days', async () => {
    const name = await fresh();
    const policy = await read(name);
    expect(policy).toMatchObject({ name: 'default', immutabilityPeriodSinceCreationInDays: 0, state: 'Unlocked' });
    const { hasImmutabilityPolicy, immutabilityPolicy } = await containers.get(GROUP, ACCOUNT, name);
    expect([hasImmutabilityPolicy, immutabilityPolicy]).toEqual([false, undefined]);
    expect(await outcomeOf(lock(name))).toMatch(/^4\d\d /);
    expect(await outcomeOf(extend(name, 5))).toMatch(/^4\d\d /);
  });

  test('its life: put, change, delete, put, lock, extend five times, and never back', async () => {
    const name = await fresh();
    await put(name, 10);
    await put(name, 3, { allowProtectedAppendWrites: true });
    expect(await read(name)).toMatchObject({
      immutabilityPeriodSinceCreationInDays: 3,
      state: 'Unlocked',
      allowProtectedAppendWrites: true,
    });
    const deleted = await containers.deleteImmutabilityPolicy(GROUP, ACCOUNT, name, (await read(name)).etag ?? '');
    expect(deleted).toMatchObject({ immutabilityPeriodSinceCreationInDays: 0, state: 'Unlocked' });
    expect((await containers.get(GROUP, ACCOUNT, name)).hasImmutabilityPolicy).toBe(false);

    await put(name, 5);
    await lock(name, (await read(name)).etag);
    expect(await read(name)).toMatchObject({ immutabilityPeriodSinceCreationInDays: 5, state: 'Locked' });
    const locked = await read(name);
    expect(await outcomeOf(put(name, 50))).toBe('409 ImmutabilityPolicyLocked');
    expect(await outcomeOf(put(name, 5))).toBe('409 ImmutabilityPolicyLocked');
    expect(await outcomeOf(lock(name))).toBe('409 ImmutabilityPolicyLocked');
    expect(await outcomeOf(containers.deleteImmutabilityPolicy(GROUP, ACCOUNT, name, '*'))).toBe(
      '409 ImmutabilityPolicyLocked',
    );
    expect(await outcomeOf(extend(name, 4))).toBe('400 InvalidImmutabilityPeriod');
    expect(await outcomeOf(extend(name, 5))).toBe('400 InvalidImmutabilityPeriod');
    expect(await outcomeOf(extend(name, 9, { allowProtectedAppendWrites: true }))).toBe('409 ImmutabilityPolicyLocked');
    expect(await outcomeOf(extend(name, 9, { allowProtectedAppendWritesAll: true }))).toBe(
      '409 ImmutabilityPolicyLocked',
    );
    expect(await read(name)).toEqual(locked);

    for (let days = 6; days <= 10; days++) expect(await outcomeOf(extend(name, days))).toBe('ok');
    expect(await outcomeOf(extend(name, 11))).toBe('409 ImmutabilityPolicyExtensionLimit');
    expect(await read(name)).toMatchObject({ immutabilityPeriodSinceCreationInDays: 10, state: 'Locked' });
    const { immutabilityPolicy } = await containers.get(GROUP, ACCOUNT, name);
    const history = immutabilityPolicy?.updateHistory ?? [];
    expect(history.map(({ update, immutabilityPeriodSinceCreationInDays: days }) => [update, days])).toEqual([
      ['put', 5],
      ['lock', 5],
      ['extend', 6],
      ['extend', 7],
      ['extend', 8],
      ['extend', 9],
      ['extend', 10],
    ]);
    for (const entry of history) {
      expect(Math.abs(Number(entry.timestamp) - Date.now())).toBeLessThan(DAY_MS);
      expect(entry.objectIdentifier).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test.each([
    [0, '400 InvalidImmutabilityPeriod'],
    [-1, '400 InvalidImmutabilityPeriod'],
    [1.5, '400 InvalidImmutabilityPeriod'],
    [146_001, '400 InvalidImmutabilityPeriod'],
    [1, 'ok'],
    [146_000, 'ok'],
  ])('a period of %d days: %s', async (days, outcome) => {
    const name = await fresh();
    expect(await outcomeOf(put(name, days))).toBe(outcome);
    expect((await containers.get(GROUP, ACCOUNT, name)).hasImmutabilityPolicy).toBe(outcome === 'ok');
  });

  test('the two flags exclude each other', async () => {
    const name = await fresh();
    const both = { allowProtectedAppendWrites: true, allowProtectedAppendWritesAll: true };
    expect(await outcomeOf(put(name, 1, both))).toBe('400 InvalidRequestPropertyValue');
  });

  test('etags: quoted, unquoted, any, and an old one', async () => {
    const name = await fresh();
    await put(name, 1);
    const old = (await read(name)).etag ?? '';
    expect(old).toMatch(/^".+"$/);
    expect(await outcomeOf(put(name, 2, {}, old))).toBe('ok');
    const current = ((await read(name)).etag ?? '').replaceAll('"', '');
    expect(`"${current}"`).not.toBe(old);
    for (const refused of [
      put(name, 3, {}, old),
      lock(name, old),
      extend(name, 9, {}, old),
      containers.deleteImmutabilityPolicy(GROUP, ACCOUNT, name, old),
      containers.getImmutabilityPolicy(GROUP, ACCOUNT, name, { ifMatch: old }),
    ]) {
      expect(await outcomeOf(refused)).toBe('412 PreconditionFailed');
    }
    expect(await outcomeOf(lock(name, ''))).toBe('400 MissingRequiredHeader');
    expect(await read(name)).toMatchObject({ immutabilityPeriodSinceCreationInDays: 2, state: 'Unlocked' });
    expect(await outcomeOf(put(name, 4, {}, current))).toBe('ok');
    expect(await outcomeOf(lock(name, '*'))).toBe('ok');
  });

  test('of two who lock and change at once with one etag, one wins', async () => {
    const name = await fresh();
    await put(name, 1);
    const { etag = '' } = await read(name);
    const outcomes = await Promise.all(
      [lock(name, etag), put(name, 2, {}, etag), put(name, 3, {}, etag)].map(outcomeOf),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
  });

  test('an extension lengthens the retention of blobs already there', async () => {
    const name = await fresh();
    const blob = stack.container(name).getBlockBlobClient('blob');
    await blob.upload('content', 7);
    await stack.lockedPolicy(name, 1);
    stack.clock.aheadMs = 2 * DAY_MS;
    await extend(name, 3);
    expect(await outcomeOf(blob.delete())).toBe('409 BlobImmutableDueToPolicy');
    stack.clock.aheadMs = 3 * DAY_MS + 5000;
    expect(await outcomeOf(blob.delete())).toBe('ok');
    stack.clock.aheadMs = 0;
  });
});

describe('legal hold', () => {
  const set = async (
    name: string,
    tags: string[],
    flags: object = {},
  ): ReturnType<BlobContainersOperations['setLegalHold']> =>
    containers.setLegalHold(GROUP, ACCOUNT, name, { tags, ...flags });
  const clear = async (name: string, tags: string[]): ReturnType<BlobContainersOperations['clearLegalHold']> =>
    containers.clearLegalHold(GROUP, ACCOUNT, name, { tags });

  test('tags add up, in lower case; clearing takes only those named', async () => {
    const name = await fresh();
    expect(await set(name, ['Case1', 'case2'])).toMatchObject({ hasLegalHold: true, tags: ['case1', 'case2'] });
    expect((await set(name, ['CASE1', 'case3'])).tags).toEqual(['case1', 'case2', 'case3']);
    const { legalHold, hasLegalHold } = await containers.get(GROUP, ACCOUNT, name);
    expect(hasLegalHold).toBe(true);
    expect(legalHold?.tags?.map(({ tag }) => tag)).toEqual(['case1', 'case2', 'case3']);
    expect(legalHold?.tags?.[0]?.timestamp).toBeInstanceOf(Date);
    expect(await clear(name, ['case1', 'never'])).toMatchObject({ hasLegalHold: true, tags: ['case2', 'case3'] });
    expect(await clear(name, ['CASE2', 'case3'])).toMatchObject({ hasLegalHold: false, tags: [] });
    expect(await clear(name, ['case3'])).toMatchObject({ hasLegalHold: false, tags: [] });
    expect((await containers.get(GROUP, ACCOUNT, name)).hasLegalHold).toBe(false);
  });

  test.each([[[]], [['ab']], [['a'.repeat(24)]], [['with-dash']], [['ok1', 'not ok']]])(
    'refuses the tags %j',
    async (tags) => {
      const name = await fresh();
      expect(await outcomeOf(set(name, tags))).toBe('400 InvalidLegalHoldTag');
      expect((await containers.get(GROUP, ACCOUNT, name)).hasLegalHold).toBe(false);
    },
  );

  test('ten tags, no more', async () => {
    const name = await fresh();
    const tags = Array.from({ length: 10 }, (_unused, i) => `tag${i}`);
    expect((await set(name, tags)).tags).toHaveLength(10);
    expect(await outcomeOf(set(name, ['tag10']))).toBe('400 LegalHoldTagLimit');
    expect((await set(name, ['tag9'])).tags).toHaveLength(10);
  });

  test('a hold allows appends when told to', async () => {
    const name = await fresh();
    expect((await set(name, ['abc'], { allowProtectedAppendWritesAll: true })).allowProtectedAppendWritesAll).toBe(
      true,
    );
    const { legalHold } = await containers.get(GROUP, ACCOUNT, name);
    expect(legalHold?.protectedAppendWritesHistory?.allowProtectedAppendWritesAll).toBe(true);
  });
});

describe('containers and the account', () => {
  test('a container is created, shown, updated, listed and deleted', async () => {
    const created = await containers.create(GROUP, ACCOUNT, 'life', { metadata: { purpose: 'test' } });
    expect(created).toMatchObject({ name: 'life', publicAccess: 'None', metadata: { purpose: 'test' } });
    expect(created.id).toContain(`/storageAccounts/${ACCOUNT}/blobServices/default/containers/life`);
    expect(await outcomeOf(containers.create(GROUP, ACCOUNT, 'life', {}))).toBe('ok');
    const updated = await containers.update(GROUP, ACCOUNT, 'life', { metadata: { purpose: 'changed' } });
    expect(updated.metadata).toEqual({ purpose: 'changed' });
    expect((await stack.container('life').getProperties()).metadata).toEqual({ purpose: 'changed' });
    const names: string[] = [];
    for await (const item of containers.list(GROUP, ACCOUNT)) names.push(item.name ?? '');
    expect(names).toContain('life');
    expect(await outcomeOf(containers.delete(GROUP, ACCOUNT, 'life'))).toBe('ok');
    expect(await outcomeOf(containers.delete(GROUP, ACCOUNT, 'life'))).toBe('ok');
    expect(await outcomeOf(containers.get(GROUP, ACCOUNT, 'life'))).toBe('404 ContainerNotFound');
    expect(await outcomeOf(put('life', 1))).toBe('404 ContainerNotFound');
    expect(await outcomeOf(containers.create(GROUP, ACCOUNT, 'Not_a_name', {}))).toMatch(/^400 /);
    expect(await outcomeOf(containers.create(GROUP, ACCOUNT, 'public', { publicAccess: 'Blob' }))).toBe(
      '409 PublicAccessNotPermitted',
    );
  });

  test('a guarded container can be deleted when it is empty and not held', async () => {
    const name = await fresh();
    await stack.lockedPolicy(name, 1);
    await stack.container(name).getBlockBlobClient('blob').upload('content', 7);
    expect(await outcomeOf(containers.delete(GROUP, ACCOUNT, name))).toBe('409 ContainerProtectedFromDeletion');
    stack.clock.aheadMs = 2 * DAY_MS;
    await stack.container(name).deleteBlob('blob');
    stack.clock.aheadMs = 0;
    await containers.setLegalHold(GROUP, ACCOUNT, name, { tags: ['abc'] });
    expect(await outcomeOf(containers.delete(GROUP, ACCOUNT, name))).toBe('409 ContainerProtectedFromDeletion');
    await containers.clearLegalHold(GROUP, ACCOUNT, name, { tags: ['abc'] });
    expect(await outcomeOf(containers.delete(GROUP, ACCOUNT, name))).toBe('ok');
    // A new container of the same name starts without the old policy.
    await containers.create(GROUP, ACCOUNT, name, {});
    expect((await containers.get(GROUP, ACCOUNT, name)).hasImmutabilityPolicy).toBe(false);
  });

  test('account properties are shown as told', async () => {
    const account = await stack.arm.storageAccounts.getProperties(GROUP, ACCOUNT);
    expect(account).toMatchObject({
      name: ACCOUNT,
      kind: 'StorageV2',
      sku: { name: 'Standard_ZRS' },
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      minimumTlsVersion: 'TLS1_2',
      enableHttpsTrafficOnly: true,
      networkRuleSet: { defaultAction: 'Deny' },
    });
    await stack.arm.storageAccounts.update(GROUP, ACCOUNT, {
      allowSharedKeyAccess: true,
      networkRuleSet: { defaultAction: 'Allow' },
    });
    expect(await stack.arm.storageAccounts.getProperties(GROUP, ACCOUNT)).toMatchObject({
      allowSharedKeyAccess: true,
      networkRuleSet: { defaultAction: 'Allow' },
      minimumTlsVersion: 'TLS1_2',
    });
  });

  test('locks are listed of a scope and below it, role assignments at a scope and above it', async () => {
    const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}`;
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
    const container = `${account}/blobServices/default/containers/any`;
    const ask = async (path: string, body?: object): Promise<{ status: number; names: string[] }> => {
      const url = `${stack.gateway.armUrl}${path.replace('AUTH', 'providers/Microsoft.Authorization')}`;
      const change = body === undefined ? {} : { method: 'PUT', body: JSON.stringify({ properties: body }) };
      const response = await fetch(url, { headers: { authorization: 'Bearer x' }, ...change });
      const { value = [] } = (await response.json()) as { value?: { name: string }[] };
      return { status: response.status, names: value.map(({ name }) => name) };
    };
    for (const [scope, name] of [
      [group, 'group'],
      [account, 'account'],
      [container, 'container'],
    ]) {
      expect((await ask(`${scope}/AUTH/locks/${name}`, { level: 'CanNotDelete' })).status).toBe(201);
      expect((await ask(`${scope}/AUTH/roleAssignments/${name}`, { principalId: 'x' })).status).toBe(201);
    }
    expect((await ask(`${group}/AUTH/locks`)).names).toEqual(['group', 'account', 'container']);
    expect((await ask(`${account}/AUTH/locks`)).names).toEqual(['account', 'container']);
    expect((await ask(`${account}/AUTH/roleAssignments?$filter=atScope()`)).names).toEqual(['group', 'account']);
    expect((await ask(`${account}/AUTH/roleAssignments`)).names).toEqual(['group', 'account', 'container']);
    expect((await ask(`${group}-other/AUTH/locks`)).status).toBe(404);
    expect((await ask(`${group}/AUTH/denyAssignments`)).status).toBe(404);
  });

  test('what is not here is said so', async () => {
    const elsewhere = createArmClient(stack.gateway.armUrl, '00000000-0000-0000-0000-0000000000bb');
    expect(await outcomeOf(elsewhere.blobContainers.get(GROUP, ACCOUNT, 'any'))).toBe('404 ResourceNotFound');
    expect(await outcomeOf(containers.get('other', ACCOUNT, 'any'))).toBe('404 ResourceNotFound');
    expect(await outcomeOf(containers.get(GROUP, 'other', 'any'))).toBe('404 ResourceNotFound');
    const name = await fresh();
    expect(await outcomeOf(containers.lease(GROUP, ACCOUNT, name, { parameters: { action: 'Acquire' } }))).toBe(
      '501 NotImplemented',
    );
    const url = `${stack.gateway.armUrl}/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
    const anonymous = await fetch(url);
    expect([anonymous.status, await anonymous.json()]).toMatchObject([
      401,
      { error: { code: 'AuthenticationFailed' } },
    ]);
    const malformed = await fetch(url, {
      method: 'PATCH',
      headers: { authorization: 'Bearer x' },
      body: '{"properties":',
    });
    expect([malformed.status, await malformed.json()]).toMatchObject([
      400,
      { error: { code: 'InvalidRequestContent' } },
    ]);
  });

  test('the account cannot be deleted while a locked policy or a hold guards a blob', async () => {
    const own = await startStack();
    const deleteAccount = async (): Promise<string> => outcomeOf(own.arm.storageAccounts.delete(GROUP, ACCOUNT));
    await own.container('con').create();
    const blob = own.container('con').getBlockBlobClient('blob');
    await blob.upload('content', 7);
    await own.arm.blobContainers.setLegalHold(GROUP, ACCOUNT, 'con', { tags: ['abc'] });
    expect(await deleteAccount()).toBe('409 AccountProtectedFromDeletion');
    await own.arm.blobContainers.clearLegalHold(GROUP, ACCOUNT, 'con', { tags: ['abc'] });
    await own.lockedPolicy('con', 1);
    expect(await deleteAccount()).toBe('409 AccountProtectedFromDeletion');
    expect(await blob.exists()).toBe(true);
    await own.container('other').create();
    own.clock.aheadMs = 2 * DAY_MS;
    await blob.delete();
    expect(await deleteAccount()).toBe('ok');
    expect(await own.container('other').exists()).toBe(false);
    // An unlocked policy protects nothing: it is why posture fails until the policy is locked.
    await own.container('unlocked').create();
    await own.container('unlocked').getBlockBlobClient('blob').upload('content', 7);
    await own.putPolicy('unlocked', 100);
    expect(await deleteAccount()).toBe('ok');
    expect(await own.container('unlocked').exists()).toBe(false);
    await own.close();
  });
});
