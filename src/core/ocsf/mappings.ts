import type { Mapping } from './mapping.ts';
import { CONTROL_MAPPINGS } from './mappings/controlMappings.ts';
import { DATA_MAPPINGS } from './mappings/dataMappings.ts';
import { FINDING_MAPPINGS } from './mappings/findingMappings.ts';
import { IDENTITY_MAPPINGS } from './mappings/identityMappings.ts';
import { NETWORK_MAPPINGS } from './mappings/networkMappings.ts';

/**
 * MAPPINGS is all mappings. The first one that is of a record and finds all that its class requires counts. Which category means what is
 * whoever sends the record's word: nothing here says that a record is what it pretends to be.
 */
export const MAPPINGS: readonly Mapping[] = [
  ...CONTROL_MAPPINGS,
  ...IDENTITY_MAPPINGS,
  ...DATA_MAPPINGS,
  ...NETWORK_MAPPINGS,
  ...FINDING_MAPPINGS,
];
