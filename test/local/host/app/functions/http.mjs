import { app } from '@azure/functions';

app.http('echo', {
  route: 'echo/{name}/{*rest}',
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: async (request, context) => {
    context.warn(`echo ${request.params.name}`);
    const body = request.method === 'POST' ? Buffer.from(await request.arrayBuffer()) : Buffer.from('no body');
    return {
      status: 201,
      headers: {
        'x-rest': request.params.rest ?? 'none',
        'x-query': request.query.get('q') ?? 'none',
        'x-method': request.method,
        'x-url': request.url,
      },
      cookies: [{ name: 'a', value: 'b c', httpOnly: true, maxAge: 60, sameSite: 'Strict' }],
      body,
    };
  },
});
app.http('known', { route: 'echo/known', authLevel: 'anonymous', handler: () => ({ body: 'known' }) });
app.http('silent', { authLevel: 'anonymous', handler: () => undefined });
app.http('broken', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('told to break');
  },
});
app.http('guarded', { authLevel: 'function', handler: () => ({ jsonBody: { ok: true } }) });
