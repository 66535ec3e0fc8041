import { app } from '@azure/functions';
import type { HttpRequest } from '@azure/functions';
import { theApp } from '../src/app.ts';

const librarian = theApp();

function conditions({ headers }: HttpRequest): { ifNoneMatch?: string; acceptEncoding?: string } {
  const [ifNoneMatch, acceptEncoding] = [headers.get('if-none-match'), headers.get('accept-encoding')];
  return { ...(ifNoneMatch !== null && { ifNoneMatch }), ...(acceptEncoding !== null && { acceptEncoding }) };
}

// For everybody: the log holds hashes, counts and times of segments, and no record.
app.http('log', {
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  route: 'log/{*path}',
  handler: (request) => librarian.serveLog({ path: request.params['path'] ?? '', ...conditions(request) }),
});

// Evidence holds the record itself, so it takes a function key.
app.http('evidence', {
  methods: ['GET', 'HEAD'],
  authLevel: 'function',
  route: 'evidence',
  handler: (request) => {
    const { query } = request;
    const [partition, record] = [query.get('partition'), query.get('record')];
    return librarian.serveEvidence({ partition, record, ...conditions(request) });
  },
});
