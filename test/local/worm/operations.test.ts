import type { BlobClient, ContainerClient } from '@azure/storage-blob';
import { picked } from '../../support/sample.ts';
import { DAY_MS, STATES, guard, outcomeOf, pictureOf, startStack } from './harness.ts';
import type { Stack, State } from './harness.ts';

const IDENTITIES = ['key', 'all', 'create'] as const;
type Identity = (typeof IDENTITIES)[number];

const PERMISSIONS = { all: 'racwdxltmeif', create: 'rcl' };
const POLICY = '409 BlobImmutableDueToPolicy';
const HOLD = '409 BlobImmutableDueToLegalHold';
const EXISTS = '409 BlobAlreadyExists';
const MISMATCH = '403 AuthorizationPermissionMismatch';
const OVERWRITE = '403 UnauthorizedBlobOverwrite';

/** Row gives, for one operation, the outcomes of an identity with all rights by state, and of one that can only create. */
interface Row {
  readonly on: 'block' | 'append' | 'page' | 'nothing';
  readonly run: (blob: BlobClient) => Promise<unknown>;
  readonly none: string;
  readonly active: string; // unlocked, locked; a hold says the same with its own code
  readonly expired: string;
  readonly create: string; // in every state
  readonly createGuarded?: string; // where the create-only identity has the right, and the state says no
  readonly identities?: readonly Identity[];
}

const refusedEver = { none: 'ok', active: POLICY, expired: POLICY };
const allowed = { none: 'ok', active: 'ok', expired: 'ok' };
const PAGE = Buffer.alloc(512, 'p');
const block = (text: string): string => Buffer.from(text).toString('base64');
const none = { ifNoneMatch: '*' };

const ROWS: Readonly<Record<string, Row>> = {
  'Put Blob, block blob over another': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().upload('changed', 7),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob, the same bytes again': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().upload('content', 7),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob, If-None-Match: *': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().upload('changed', 7, { conditions: none }),
    none: EXISTS,
    active: EXISTS,
    expired: EXISTS,
    create: OVERWRITE,
  },
  'Put Blob, If-Match: *': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().upload('changed', 7, { conditions: { ifMatch: '*' } }),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob, If-Unmodified-Since': {
    on: 'block',
    run: (blob) =>
      blob
        .getBlockBlobClient()
        .upload('changed', 7, { conditions: { ifUnmodifiedSince: new Date(Date.now() + DAY_MS) } }),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob, page blob over a block blob': {
    on: 'block',
    run: (blob) => blob.getPageBlobClient().create(512),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob, append blob over another': {
    on: 'append',
    run: (blob) => blob.getAppendBlobClient().create(),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Copy Blob over another': {
    on: 'block',
    run: (blob) => blob.beginCopyFromURL(source()).then((copy) => copy.pollUntilDone()),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Copy Blob From URL over another': {
    on: 'block',
    run: (blob) => blob.syncCopyFromURL(source()),
    ...refusedEver,
    create: OVERWRITE,
  },
  'Put Blob From URL over another': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().syncUploadFromURL(source()),
    none: '501 APINotImplemented',
    active: POLICY,
    expired: POLICY,
    create: OVERWRITE,
    identities: ['key'], // Azurite answers it with 500 when it is authorized by a SAS
  },
  'Put Block on a committed blob': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().stageBlock(block('1'), 'x', 1),
    ...refusedEver,
    create: MISMATCH,
  },
  'Put Block From URL on a committed blob': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().stageBlockFromURL(block('1'), source()),
    ...refusedEver,
    create: MISMATCH,
  },
  'Put Block List over a committed blob': {
    on: 'block',
    run: (blob) => blob.getBlockBlobClient().commitBlockList([]),
    ...refusedEver,
    create: MISMATCH,
  },
  'Append Block': {
    on: 'append',
    run: (blob) => blob.getAppendBlobClient().appendBlock('more', 4),
    ...refusedEver,
    create: MISMATCH,
  },
  Seal: {
    on: 'append',
    run: (blob) => blob.getAppendBlobClient().seal(),
    ...refusedEver,
    create: MISMATCH,
    identities: ['key'], // Azurite answers it with 500 when it is authorized by a SAS
  },
  'Put Page': {
    on: 'page',
    run: (blob) => blob.getPageBlobClient().uploadPages(PAGE, 0, 512),
    ...refusedEver,
    create: MISMATCH,
  },
  'Clear Page': {
    on: 'page',
    run: (blob) => blob.getPageBlobClient().clearPages(0, 512),
    ...refusedEver,
    create: MISMATCH,
  },
  'Resize a page blob': {
    on: 'page',
    run: (blob) => blob.getPageBlobClient().resize(1024),
    ...refusedEver,
    create: MISMATCH,
  },
  'Set Blob Metadata': {
    on: 'block',
    run: (blob) => blob.setMetadata({ root: 'changed' }),
    ...refusedEver,
    create: MISMATCH,
  },
  'Set Blob Properties': {
    on: 'block',
    run: (blob) => blob.setHTTPHeaders({ blobContentType: 'text/changed' }),
    ...refusedEver,
    create: MISMATCH,
  },
  'Set Blob Tags': {
    on: 'block',
    run: (blob) => blob.setTags({ changed: 'yes' }),
    ...refusedEver,
    create: MISMATCH,
  },
  'Snapshot Blob': {
    on: 'block',
    run: (blob) => blob.createSnapshot(),
    ...refusedEver,
    create: 'ok',
    createGuarded: POLICY,
  },
  'Lease Blob': {
    on: 'block',
    run: (blob) => blob.getBlobLeaseClient().acquireLease(15),
    ...refusedEver,
    create: MISMATCH,
  },
  'Undelete Blob': {
    on: 'block',
    run: (blob) => blob.undelete(),
    none: '501 APINotImplemented',
    active: POLICY,
    expired: POLICY,
    create: MISMATCH,
  },
  'Set Blob Tier': {
    on: 'block',
    run: (blob) => blob.setAccessTier('Cool'),
    ...allowed,
    create: MISMATCH,
  },
  'Delete Blob': {
    on: 'block',
    run: (blob) => blob.delete(),
    none: 'ok',
    active: POLICY,
    expired: 'ok',
    create: MISMATCH,
  },
  'Delete Blob, append blob': {
    on: 'append',
    run: (blob) => blob.delete({ conditions: { ifMatch: '*' } }),
    none: 'ok',
    active: POLICY,
    expired: 'ok',
    create: MISMATCH,
  },
  'Delete Blob that is not there': {
    on: 'nothing',
    run: (blob) => blob.delete(),
    none: '404 BlobNotFound',
    active: '404 BlobNotFound',
    expired: '404 BlobNotFound',
    create: MISMATCH,
  },
  'Put Blob, new name': {
    on: 'nothing',
    run: (blob) => blob.getBlockBlobClient().upload('new', 3),
    ...allowed,
    create: 'ok',
  },
  'Put Blob, new name, If-None-Match: *': {
    on: 'nothing',
    run: (blob) => blob.getBlockBlobClient().upload('new', 3, { conditions: none, tier: 'Cool', metadata: { a: 'b' } }),
    ...allowed,
    create: 'ok',
  },
  'Put Blob, new name, If-Match: *': {
    on: 'nothing',
    run: (blob) => blob.getBlockBlobClient().upload('new', 3, { conditions: { ifMatch: '*' } }),
    none: '412 ConditionNotMet',
    active: '412 ConditionNotMet',
    expired: '412 ConditionNotMet',
    create: '412 ConditionNotMet',
  },
  'Put Block and Put Block List, new name': {
    on: 'nothing',
    run: (blob) =>
      blob.getBlockBlobClient().uploadData(Buffer.from('in several blocks'), { blockSize: 8, maxSingleShotSize: 4 }),
    ...allowed,
    create: MISMATCH,
  },
  'Put Blob, new page blob': {
    on: 'nothing',
    run: (blob) => blob.getPageBlobClient().create(512),
    ...allowed,
    create: 'ok',
  },
  'Put Blob, new append blob': {
    on: 'nothing',
    run: (blob) => blob.getAppendBlobClient().create(),
    ...allowed,
    create: 'ok',
  },
  'Copy Blob, new name': {
    on: 'nothing',
    run: (blob) => blob.beginCopyFromURL(source()).then((copy) => copy.pollUntilDone()),
    ...allowed,
    create: 'ok',
  },
};

/** TRIALS are all operations by all identities. */
const TRIALS = Object.entries(ROWS).flatMap(([label, row]) =>
  (row.identities ?? IDENTITIES).map((identity) => ({ label, row, identity })),
);

let stack: Stack;
let sources: ContainerClient;

beforeAll(async () => {
  stack = await startStack();
  sources = stack.sasContainer('sources', 'r');
  await stack.container('sources').create();
  await stack.container('sources').getBlockBlobClient('source').upload('changed', 7);
});

afterAll(async () => {
  await stack.close();
});

test.each(STATES)('what may be done to a blob under state %s', async (state) => {
  const name = `state-${state.toLowerCase()}`;
  const container = stack.container(name);
  await container.create();
  const trials = picked(TRIALS, 15, Math.ceil(TRIALS.length / 2));
  for (const { label, row, identity } of trials) await seed(container, blobName(label, identity), row.on);
  await guard(stack, name, state);

  for (const { label, row, identity } of trials) {
    const actor = identity === 'key' ? container : stack.sasContainer(name, PERMISSIONS[identity]);
    const blob = blobName(label, identity);
    const before = await pictureOf(container, blob);
    const outcome = await outcomeOf(row.run(actor.getBlobClient(blob)));
    expect([label, identity, outcome]).toEqual([label, identity, expected(row, state, identity)]);
    if (outcome !== 'ok') expect([label, await pictureOf(container, blob)]).toEqual([label, before]);
  }
});

async function seed(container: ContainerClient, name: string, on: Row['on']): Promise<void> {
  const blob = container.getBlobClient(name);
  if (on === 'block') await blob.getBlockBlobClient().upload('content', 7, { metadata: { root: 'kept' } });
  if (on === 'append') {
    await blob.getAppendBlobClient().create({ metadata: { root: 'kept' } });
    await blob.getAppendBlobClient().appendBlock('content', 7);
  }
  if (on === 'page') await blob.getPageBlobClient().create(512);
}

function expected(row: Row, state: State, identity: Identity): string {
  const held = (outcome: string): string => (outcome === POLICY ? HOLD : outcome);
  if (identity === 'create') {
    if (row.createGuarded === undefined || state === 'none') return row.create;
    return state === 'hold' || state === 'expiredHold' ? held(row.createGuarded) : row.createGuarded;
  }
  if (state === 'none') return row.none;
  if (state === 'expired') return row.expired;
  return state === 'hold' || state === 'expiredHold' ? held(row.active) : row.active;
}

const blobName = (label: string, identity: Identity): string => `${label.replaceAll(/[^\w]+/g, '-')}/${identity}`;

const source = (): string => sources.getBlobClient('source').url;
