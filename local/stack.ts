import { join } from 'node:path';
import {
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { startAzurite, startAzuriteQueues } from './azurite.ts';
import { startHost } from './host/client.ts';
import type { HostLine, HostProcess } from './host/client.ts';
import { startEventHub } from './hub/server.ts';
import type { EventHub } from './hub/server.ts';
import { startAppIngestion } from './ingestion/appIngestion.ts';
import type { Ingestion } from './ingestion/ingestion.ts';
import { startAppIdentity } from './keyVault/appIdentity.ts';
import { startAppVault } from './keyVault/appVault.ts';
import type { KeyVault } from './keyVault/keyVault.ts';
import { AUDITOR, LEDGER_ORIGIN, signerKeyOf, verifierKeyOf } from './logKey.ts';
import { freshKeys, openState } from './stackState.ts';
import { createArmClient } from './worm/armClient.ts';
import { startWormGateway } from './worm/gateway.ts';
import type { WormGateway } from './worm/gateway.ts';

/** Names of what Azure would hold. The subscription is nobody's. */
export const HUB_NAME = 'audit';
const LEDGER_CONTAINER = 'ledger';
const SUBSCRIPTION_ID = '00000000-0000-0000-0000-000000000000';
const RESOURCE_GROUP = 'local';
const INGEST_GROUP = 'ingest';
const REPAIR_GROUP = 'repair';
export const RECHECK_QUEUE = 'recheck';
export const TLOG_CONTAINER = 'tlog';
const RETENTION_DAYS = 365;
const SAS_HOURS = 24 * 7;

/** Where the stand-ins are found. */
interface Place {
  readonly account: string;
  readonly blobPort: number;
  readonly queuePort: number;
  readonly hubPort: number;
}

/** Free ports, so that any number of stacks run side by side. */
const ANYWHERE: Place = { account: 'auditseal', blobPort: 0, queuePort: 0, hubPort: 0 };

/**
 * The places and keys that everybody's tools know: `UseDevelopmentStorage=true`, and the key of the official Event Hubs
 * emulator. With them local.settings.example.json works as it is. The keys are public and protect nothing.
 */
const WELL_KNOWN: Place = { account: 'devstoreaccount1', blobPort: 10_000, queuePort: 10_001, hubPort: 5672 };
const WELL_KNOWN_KEYS = {
  accountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  hubKey: 'SAS_KEY_VALUE',
  signerKey: signerKeyOf(Buffer.alloc(32)),
  auditorKey: signerKeyOf(Buffer.alloc(32, 1), AUDITOR),
};

const LEAP_DAY = '0 0 0 29 2 *';

/** NO_TIMERS are settings with which timers run when they are told to; by themselves only on leap days. */
export const NO_TIMERS = {
  WATCH_SCHEDULE: LEAP_DAY,
  INTEGRATE_SCHEDULE: LEAP_DAY,
  VERIFY_SCHEDULE: LEAP_DAY,
  POSTURE_SCHEDULE: LEAP_DAY,
  FORWARD_SCHEDULE: LEAP_DAY,
} as const;

export interface StackOptions {
  /** folder of the built app: host.json, package.json and dist/ */
  readonly appDir: string;
  readonly partitions: number;
  /** keeps the state; without it everything is in memory */
  readonly dataDir?: string;
  /** at the ports and with the keys of local.settings.example.json */
  readonly wellKnown?: boolean;
  /** the app signs with a key in a vault too, and reports with another one there alone */
  readonly hasVault?: boolean;
  /** the app hands records on to a table elsewhere */
  readonly hasIngestion?: boolean;
  /** settings of the app that differ from the stack's own */
  readonly settings?: Readonly<Record<string, string>>;
  /** the Node that hosts run under; that of this process when not given */
  readonly node?: string;
}

/** Stack is everything that stands in for Azure, running, on 127.0.0.1. */
export interface Stack {
  readonly hub: EventHub;
  /** the vault, if the stack has one; the log's key in it is `log`, the auditor's `auditor` */
  readonly vault?: KeyVault;
  /** where records are handed on to, if the stack has that */
  readonly ingestion?: Ingestion;
  /** the container's address without a token */
  readonly containerUrl: string;
  /** where Azure Resource Manager has the container's account, and what else it shows */
  readonly gateway: WormGateway;
  readonly accountId: string;
  /** settings that the app is started with */
  readonly settings: Readonly<Record<string, string>>;
  /** keys that open the log's checkpoints, by c2sp.org/signed-note: `name+ID+base64(1 || public key)` */
  readonly verifierKeys: readonly string[];
  /** the key that opens the auditor's reports, in the same form */
  readonly auditorKey: string;
  /**
   * sasUrl is the ledger's address with a token of its own for the given rights: r, c, l, w, d … `container` names another
   * container.
   */
  sasUrl(rights: string, container?: string): string;
  /** owner is a client of the container with the account's key: it may do whatever the store lets anybody do. */
  readonly owner: ContainerClient;
  /**
   * startHost starts a Functions host with the app. Several may run; they share the partitions. `settings` are those of this
   * host that differ from the stack's.
   */
  startHost(onLine?: (line: HostLine) => void, settings?: Readonly<Record<string, string>>): Promise<HostProcess>;
  /** close stops the hosts that still run, and everything else. */
  close(): Promise<void>;
}

/** startStack starts hub and store and provisions the ledger's container, with an unlocked policy as a deployment does. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, partitions, wellKnown = false, hasVault = false, hasIngestion = false } = options;
  const { account, blobPort, queuePort, hubPort } = wellKnown ? WELL_KNOWN : ANYWHERE;
  const { release, ...saved } = await openState(dataDir, partitions, wellKnown ? WELL_KNOWN_KEYS : freshKeys());
  const closers: (() => Promise<unknown>)[] = [release];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const azurite = await startAzurite({
      account,
      key: saved.accountKey,
      ...(dataDir !== undefined && { dataDir: join(dataDir, 'blobs') }),
    });
    closers.push(() => azurite.close());
    const gateway = await startWormGateway({
      upstream: azurite.url,
      account,
      key: saved.accountKey,
      port: blobPort,
      subscriptionId: SUBSCRIPTION_ID,
      resourceGroup: RESOURCE_GROUP,
      ...(dataDir !== undefined && { dataDir: join(dataDir, 'worm') }),
    });
    closers.push(() => gateway.close());
    const queues = await startAzuriteQueues({
      account,
      key: saved.accountKey,
      port: queuePort,
      ...(dataDir !== undefined && { dataDir: join(dataDir, 'queues') }),
    });
    closers.push(() => queues.close());
    const hub = await startEventHub({
      hubs: [{ name: HUB_NAME, partitions, consumerGroups: [INGEST_GROUP, REPAIR_GROUP] }],
      key: saved.hubKey,
      port: hubPort,
      ...(dataDir !== undefined && { dataDir: join(dataDir, 'hub') }),
    });
    closers.push(() => hub.close());
    const identity = hasVault || hasIngestion ? await startAppIdentity() : undefined;
    if (identity !== undefined) closers.push(() => identity.close());
    const appVault = hasVault ? await startAppVault(dataDir && join(dataDir, 'vault'), identity) : undefined;
    if (appVault !== undefined) closers.push(() => appVault.close());
    const ingestion = hasIngestion && identity !== undefined ? await startAppIngestion(identity) : undefined;
    if (ingestion !== undefined) closers.push(() => ingestion.service.close());

    const credential = new StorageSharedKeyCredential(account, saved.accountKey);
    const blobs = new BlobServiceClient(gateway.blobUrl, credential);
    const owner = blobs.getContainerClient(LEDGER_CONTAINER);
    await provision(owner, gateway.armUrl, account);
    await blobs.getContainerClient(TLOG_CONTAINER).createIfNotExists();

    const sas = (rights: string, containerName = LEDGER_CONTAINER): string =>
      generateBlobSASQueryParameters(
        {
          containerName,
          permissions: ContainerSASPermissions.parse(rights),
          startsOn: new Date(Date.now() - 300_000),
          expiresOn: new Date(Date.now() + SAS_HOURS * 3_600_000),
        },
        credential,
      ).toString();
    const accountId = `/subscriptions/${SUBSCRIPTION_ID}/resourceGroups/${RESOURCE_GROUP}/providers/Microsoft.Storage/storageAccounts/${account}`;
    const settings = {
      FUNCTIONS_WORKER_RUNTIME: 'node',
      AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${saved.accountKey};BlobEndpoint=${gateway.blobUrl};QueueEndpoint=${queues.url}/${account};`,
      HUB: hub.connectionString(),
      HUB_NAME,
      HUB_CONSUMER_GROUP: INGEST_GROUP,
      HUB_REPAIR_GROUP: REPAIR_GROUP,
      // Read, create, list: the rights that the writer has on Azure, and no others.
      LEDGER: `BlobEndpoint=${gateway.blobUrl};SharedAccessSignature=${sas('rcl')}`,
      LEDGER_CONTAINER,
      LEDGER_ORIGIN,
      LEDGER_SIGNER_KEY: saved.signerKey,
      // An ordinary container: the checkpoint in it is replaced.
      TLOG: `BlobEndpoint=${gateway.blobUrl};SharedAccessSignature=${sas('rcwl', TLOG_CONTAINER)}`,
      TLOG_CONTAINER,
      WATCH_SCHEDULE: '50 * * * * *',
      INTEGRATE_SCHEDULE: '*/30 * * * * *',
      VERIFY_SCHEDULE: '0 */5 * * * *',
      POSTURE_SCHEDULE: '20 */5 * * * *',
      FORWARD_SCHEDULE: '15 * * * * *',
      RECHECK_QUEUE,
      LEDGER_RESOURCE_ID: accountId,
      RETENTION_DAYS: String(RETENTION_DAYS),
      ARM_ENDPOINT: gateway.armUrl,
      // Who holds drills may all that the policy must refuse.
      DRILL: `BlobEndpoint=${gateway.blobUrl};SharedAccessSignature=${sas('racwd')}`,
      ...(appVault?.settings ?? { AUDITOR_SIGNER_KEY: saved.auditorKey }),
      ...identity?.settings,
      ...ingestion?.settings,
      ...options.settings,
    };
    const containerUrl = `${gateway.blobUrl}/${LEDGER_CONTAINER}`;
    const hosts = new Set<HostProcess>();
    closers.push(() => Promise.all([...hosts].map((host) => host.stop())));
    return {
      hub,
      ...(appVault !== undefined && { vault: appVault.vault }),
      ...(ingestion !== undefined && { ingestion: ingestion.service }),
      owner,
      gateway,
      accountId,
      containerUrl,
      settings,
      verifierKeys: [
        verifierKeyOf(saved.signerKey),
        ...(appVault === undefined ? [] : [appVault.verifierKey('log', LEDGER_ORIGIN)]),
      ],
      auditorKey: appVault?.verifierKey('auditor', AUDITOR) ?? verifierKeyOf(saved.auditorKey),
      sasUrl: (rights, container = LEDGER_CONTAINER) => `${gateway.blobUrl}/${container}?${sas(rights, container)}`,
      async startHost(onLine, differing = {}) {
        const host = await startHost({
          appDir: options.appDir,
          settings: { ...settings, ...differing },
          ...(onLine !== undefined && { onLine }),
          ...(options.node !== undefined && { node: options.node }),
        });
        hosts.add(host);
        void host.exited.finally(() => hosts.delete(host));
        return host;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** provision does what the deployment does: the container, and its retention policy if it has none. */
async function provision(owner: ContainerClient, armUrl: string, account: string): Promise<void> {
  await owner.createIfNotExists();
  const { blobContainers } = createArmClient(armUrl, SUBSCRIPTION_ID);
  const policy = await blobContainers.getImmutabilityPolicy(RESOURCE_GROUP, account, LEDGER_CONTAINER);
  if ((policy.immutabilityPeriodSinceCreationInDays ?? 0) > 0) return;
  await blobContainers.createOrUpdateImmutabilityPolicy(RESOURCE_GROUP, account, LEDGER_CONTAINER, {
    parameters: { immutabilityPeriodSinceCreationInDays: RETENTION_DAYS, allowProtectedAppendWrites: false },
  });
}
