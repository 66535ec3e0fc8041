import type { Rule } from './rule.ts';
import { IDENTITY_RULES } from './rules/identityRules.ts';
import { DATA_RULES } from './rules/dataRules.ts';
import { SERVICE_RULES } from './rules/serviceRules.ts';
import { OTHER_RULES } from './rules/otherRules.ts';
import { GENERAL_RULES } from './rules/generalRules.ts';

/** RULES_VERSION is the version of the rules: it rises with every change of what they take. docs/format.md, section 9.7. */
export const RULES_VERSION = 1;

/**
 * RULES is all rules. All of them are applied to every record: a value that two of them take is one value, and a record may be found
 * by what another origin calls so. So they may find too much and, of the origins that they name, never too little. Of several values
 * of a field the first rule's is shown, so what says most comes first.
 *
 * A path's keys are compared without regard to ASCII case. A path goes through lists, and once into a string that is JSON itself.
 * Where it ends at a list or an object, everything below it that is no object or list is a value.
 */
export const RULES: readonly Rule[] = [
  ...IDENTITY_RULES,
  ...DATA_RULES,
  ...SERVICE_RULES,
  ...OTHER_RULES,
  ...GENERAL_RULES,
];
