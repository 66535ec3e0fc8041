import { readFileSync } from 'node:fs';

/** Source is where a price is from. `sample`: a page of Microsoft calculates with it. `copied`: somebody else shows it. */
export interface Source {
  readonly basis: 'sample' | 'copied' | 'assumed';
  readonly title: string;
  readonly url: string | null;
  readonly date: string;
}

/** Price is one line of the price list, in the currency's units for each `per` of `unit`. */
export interface Price {
  readonly price: number;
  readonly per: number;
  readonly unit: string;
  readonly currency: string;
  readonly region: string;
  readonly source: string;
  readonly note?: string;
}

interface PriceList {
  readonly sources: Readonly<Record<string, Source>>;
  readonly prices: Readonly<Record<string, Price>>;
  /** why a type of resource has no price of its own */
  readonly free: Readonly<Record<string, string>>;
}

/** PRICE_LIST is infra/prices.json. */
export const PRICE_LIST = JSON.parse(
  readFileSync(new URL('../../infra/prices.json', import.meta.url), 'utf8'),
) as PriceList;

/** priceOf gives a line of the price list. */
export function priceOf(name: string): Price {
  const price = PRICE_LIST.prices[name];
  if (price === undefined) throw new Error(`infra/prices.json has no price ${name}`);
  return price;
}

/** sourceOf gives where a price is from. */
export function sourceOf({ source }: Price): Source {
  const found = PRICE_LIST.sources[source];
  if (found === undefined) throw new Error(`infra/prices.json has no source ${source}`);
  return found;
}
