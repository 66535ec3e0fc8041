import type { OptionTable } from './usage.ts';

/** TARGET_MEANING says what TARGET is to commands that only read a ledger. */
export const TARGET_MEANING =
  "TARGET is a mirror folder or a container's URL, with a SAS in it or for the account that you are signed in with.";

/** LIST_MEANING says what a list of ledgers is to commands that take one. */
export const LIST_MEANING =
  'LIST, in the place of TARGET, is a file of JSON that lists several ledgers, each with its name and its own options. They ' +
  "get one verdict: violated if one is, else unverified if one is or can't be reached. Its form is in docs/operations.md.";

/** CONTAINER_MEANING says what TARGET is to commands that record in the ledger what they did. */
export const CONTAINER_MEANING =
  "TARGET is the container's URL, with a SAS in it or for the account that you are signed in with; the right to read, list and create is needed.";

/** jsonOption is the option that prints a result for programs. */
export const jsonOption = (what: string): { readonly type: 'flag'; readonly meaning: string } => ({
  type: 'flag',
  meaning: `print ${what} as JSON`,
});

/** policyOption is the option that names the witnesses to trust. */
export const policyOption = (
  what: string,
): { readonly type: 'file'; readonly placeholder: string; readonly meaning: string } => ({
  type: 'file',
  placeholder: 'FILE',
  meaning:
    `the witnesses that you trust, and how many of them must have cosigned ${what}, in the format of ` +
    'c2sp.org/tlog-policy. The keys in its log lines count as with --key',
});

/** ARM_OPTIONS are the options that say where Azure Resource Manager has TARGET. */
export const ARM_OPTIONS = {
  'resource-id': {
    type: 'text',
    placeholder: 'ID',
    meaning: 'resource id of the storage account, which names the subscription and the resource group',
  },
  subscription: { type: 'text', placeholder: 'ID', meaning: 'instead of --resource-id: the id of the subscription' },
  'resource-group': { type: 'text', placeholder: 'NAME', meaning: "and the name of the account's resource group" },
  arm: {
    type: 'text',
    placeholder: 'URL',
    meaning: 'where Azure Resource Manager is, in another cloud than the public one',
  },
} as const satisfies OptionTable;

/** ARM_NOTES says where to get the resource id. */
export const ARM_NOTES = [
  'This prints the resource id of the storage account:',
  '  az storage account show --name ACCOUNT --query id --output tsv',
];

/** ACTION_OPTIONS are the options that say who changes what guards a container, and why. */
export const ACTION_OPTIONS = {
  why: { type: 'text', placeholder: 'TEXT', meaning: 'the reason (default: asked for at the terminal)' },
  who: { type: 'text', placeholder: 'NAME', meaning: "who acts (default: the name that the sign-in's token claims)" },
} as const satisfies OptionTable;
