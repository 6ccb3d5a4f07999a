import { createUndiciTransport } from 'llm-switchyard/undici'
import { describe, expect, test, vi } from 'vitest'

vi.mock('undici', () => {
  throw Object.assign(new Error("Cannot find package 'undici'"), { code: 'ERR_MODULE_NOT_FOUND' })
})

describe('without the optional peer undici', () => {
  const request = { url: 'http://127.0.0.1:9/v1', method: 'POST', headers: {}, body: '{}' } as const
  const { signal } = new AbortController()

  test('a call rejects with what to install, and close() succeeds', async () => {
    const transport = createUndiciTransport()
    await expect(transport.send(request, { signal })).rejects.toMatchObject({
      kind: 'misconfigured',
      message:
        'createUndiciTransport (llm-switchyard/undici) needs the package undici, which could not be loaded: npm install undici',
    })
    await transport.close()
  })

  test('a dispatcher of the application needs no package', async () => {
    const sent: string[] = []
    const dispatcher = {
      dispatch: (
        { path }: { path: string },
        handler: { onResponseError(at: undefined, error: Error): void },
      ) => {
        sent.push(path)
        handler.onResponseError(undefined, new Error('as the test wants it'))
        return true
      },
    }
    const transport = createUndiciTransport({ dispatcher })
    await expect(transport.send(request, { signal })).rejects.toMatchObject({ kind: 'network' })
    expect(sent).toEqual(['/v1'])
  })
})
