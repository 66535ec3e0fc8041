import type { HttpRequest } from '@azure/functions';

/** HttpConditions is what a request says of the answer that it can use, each left out where it says nothing. */
export interface HttpConditions {
  readonly ifNoneMatch?: string;
  readonly acceptEncoding?: string;
}

/** conditionsOf reads the headers If-None-Match and Accept-Encoding. RFC 9110, sections 13.1.2 and 12.5.3. */
export function conditionsOf({ headers }: HttpRequest): HttpConditions {
  const [ifNoneMatch, acceptEncoding] = [headers.get('if-none-match'), headers.get('accept-encoding')];
  return { ...(ifNoneMatch !== null && { ifNoneMatch }), ...(acceptEncoding !== null && { acceptEncoding }) };
}
