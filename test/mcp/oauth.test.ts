import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { expect, test } from 'vitest'
import { failure } from '../failure.ts'
import { client, run } from './mcp-host.ts'
import { httpSite, sdkServer } from './sdk-server.ts'

/** An authorization server and a resource server in one, which knows one code and one token. */
function guard(request: IncomingMessage, response: ServerResponse): boolean {
  const origin = `http://${request.headers.host}`
  const json = (body: unknown, status = 200): true => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    return true
  }
  const { pathname } = new URL(request.url ?? '/', origin)
  if (pathname.startsWith('/.well-known/oauth-protected-resource'))
    return json({ resource: `${origin}/mcp`, authorization_servers: [origin] })
  if (pathname.startsWith('/.well-known/oauth-authorization-server'))
    return json({
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    })
  if (pathname === '/token') {
    void text(request).then((body) =>
      body.includes('code=right-code')
        ? json({ access_token: 'right-token', token_type: 'Bearer' })
        : json({ error: 'invalid_grant' }, 400),
    )
    return true
  }
  if (pathname !== '/mcp') return json({}, 404)
  if (request.headers.authorization === 'Bearer right-token') return false
  const metadata = `${origin}/.well-known/oauth-protected-resource`
  response.setHeader('www-authenticate', `Bearer resource_metadata="${metadata}"`)
  return json({ error: 'unauthorized' }, 401)
}

test('a server that needs an authorization: the user is sent to it, and the code ends it', async () => {
  await using site = await httpSite(() => sdkServer(), guard)
  const sent: URL[] = []
  let tokens: Awaited<ReturnType<OAuthClientProvider['tokens']>>
  let verifier = ''
  const authProvider: OAuthClientProvider = {
    redirectUrl: 'https://app.example/back',
    clientMetadata: { redirect_uris: ['https://app.example/back'] },
    clientInformation: () => ({ client_id: 'harbour-app' }),
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved
    },
    redirectToAuthorization: (url) => void sent.push(url),
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
  }
  await using made = client({ server: { type: 'http', url: site.url, authProvider } })
  expect(await failure(made.finishAuth('early'))).toMatchObject({ kind: 'conflict' })
  expect(await failure(made.tools())).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringContaining('finishAuth'),
  })
  expect(sent.map(({ pathname }) => pathname)).toEqual(['/authorize'])
  expect((await failure(made.finishAuth('wrong-code'))).message).not.toContain('right-token')
  await made.finishAuth('right-code')
  expect(await run(made, 'harbour_add', { a: 1, b: 1 })).toBe('2')
  expect(sent).toHaveLength(1)
})

test('without a provider, the refusal says so', async () => {
  await using site = await httpSite(() => sdkServer(), guard)
  await using made = client({ server: { type: 'http', url: site.url } })
  expect(await failure(made.tools())).toMatchObject({ kind: 'unauthorized' })
})
