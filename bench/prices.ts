import { priceOf } from './costs/priceList.ts';

const each = (name: string): number => {
  const { price, per } = priceOf(name);
  return price / per;
};

/** What a blob service charges for operations, in US dollars: block blobs, hot tier, locally redundant; infra/prices.json. */
export const PRICES = {
  /** of one write; listing costs the same */
  write: each('blobHotWrite'),
  /** of one read, or question whether a name exists */
  read: each('blobHotRead'),
} as const;
