import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIngestion } from './ingestion.ts';
import type { Ingestion } from './ingestion.ts';
import type { AppIdentity } from '../keyVault/appIdentity.ts';

/** What the deployment declares, and calls its stream. */
const COLUMNS = join(import.meta.dirname, '..', '..', 'infra', 'forwardColumns.json');
const STREAM = 'Custom-AuditsealRecords_CL';

/** AppIngestion is a data collection rule that the app reaches as it reaches Azure's. */
export interface AppIngestion {
  readonly service: Ingestion;
  /** settings of the app; those of the identity come beside them */
  readonly settings: Readonly<Record<string, string>>;
}

/** startAppIngestion starts one, whose rows begin with the ledger's first record. */
export async function startAppIngestion({ certificate, isToken }: AppIdentity): Promise<AppIngestion> {
  const columns = JSON.parse(readFileSync(COLUMNS, 'utf8')) as Readonly<Record<string, string>>;
  const service = await startIngestion({ certificate, isToken, columns, stream: STREAM });
  const settings = {
    FORWARD_ENDPOINT: service.endpoint,
    FORWARD_RULE: service.rule,
    FORWARD_FROM: 'beginning',
    FORWARD__credential: 'managedidentity',
  };
  return { service, settings };
}
