import { describe, expect, test, vi } from 'vitest'
import { defineProvider, type Dialect, type Fault } from 'llm-switchyard/adapter'
import { createOrchestrator, LlmError, type ChatRequest, type ChatStream } from 'llm-switchyard'
import { laterFault } from '../../src/dialects/later-fault.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'

const read: Dialect['fault'] = (status, body) => ({
  kind: 'overloaded',
  message: `read ${JSON.stringify(body)}`,
  status,
})
const text = (piece: string): string =>
  `data: ${JSON.stringify({ id: 'i', model: 'm', choices: [{ index: 0, delta: { content: piece } }] })}\n\n`
const error = `data: {"error":{"message":"Oh dear.","code":"server_error"}}\n\n`

function requestTo(fault: Dialect['fault'], body: string, status = 200) {
  const dialect: Dialect = {
    ...openaiChat,
    fault,
    reader: () => ({
      read: (json, event, out) => {
        if ((json as { error?: unknown }).error !== undefined)
          out.push({ type: 'fault', fault: () => fault(undefined, json) })
        else reader.read(json, event, out)
      },
    }),
  }
  const reader = openaiChat.reader({})
  const provider = defineProvider({
    id: 'own',
    name: 'Own',
    dialect,
    baseUrl: 'http://own.test/v1',
    auth: { type: 'none' },
  })
  const { chatApiCall } = createOrchestrator({ providers: { own: provider } })
  return (more: Pick<ChatRequest, 'signal'> = {}): Promise<ChatStream> =>
    chatApiCall({
      stream: true,
      provider: 'own',
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      fetch: async () => new Response(body, { status, headers: { 'content-type': 'text/event-stream' } }),
      ...more,
    })
}

/** The text of a stream, and the error that ends it. */
async function endOf(stream: Promise<ChatStream>): Promise<{ text: string; error: LlmError }> {
  let seen = ''
  try {
    for await (const event of await stream) if (event.type === 'text-delta') seen += event.text
  } catch (failed) {
    if (LlmError.is(failed)) return { text: seen, error: failed }
    throw failed
  }
  throw new Error('the stream did not fail')
}

/** A function whose promise is settled by hand. */
function slow(): { fault: Dialect['fault']; settle: (fault: Fault) => void; asked: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<Fault>()
  const asked = Promise.withResolvers<void>()
  const fault = (): Promise<Fault> => {
    asked.resolve()
    return promise
  }
  return { fault, settle: resolve, asked: asked.promise }
}

describe('the reader of error replies', () => {
  test('is loaded by the first error, once', async () => {
    const load = vi.fn(async () => read)
    const fault = laterFault(load)
    expect(load).not.toHaveBeenCalled()
    expect(await fault(529, 'x')).toEqual({ kind: 'overloaded', message: 'read "x"', status: 529 })
    expect(fault(500, 'y')).toEqual({ kind: 'overloaded', message: 'read "y"', status: 500 })
    expect(load).toHaveBeenCalledOnce()
  })

  test.each([
    [401, 'unauthorized'],
    [429, 'rate-limited'],
    [400, 'invalid-request'],
    [503, 'server-failed'],
    [undefined, 'server-failed'],
  ])('that cannot be loaded hides no reply with status %s', async (status, kind) => {
    const fault = laterFault(() =>
      Promise.reject(new TypeError('Failed to fetch dynamically imported module')),
    )
    for (const body of ['Oh dear.', { error: { message: 'Oh dear.' } }]) {
      const found = await fault(status, body)
      expect(found).toMatchObject({ kind, status })
      expect(found.message).toContain('Oh dear.')
    }
  })

  test('is loaded again after a failed load', async () => {
    const load = vi.fn(async () => read).mockRejectedValueOnce(new TypeError('offline'))
    const fault = laterFault(load)
    expect(await fault(500, 'x')).toMatchObject({ kind: 'server-failed', message: 'x' })
    expect(await fault(500, 'x')).toMatchObject({ kind: 'overloaded' })
  })
})

describe('an error that takes time to be read', () => {
  test('comes after all content, and ends the stream', async () => {
    const { fault, settle, asked } = slow()
    const ended = endOf(requestTo(fault, `${text('Well, ')}${text('then')}${error}${text('never')}`)())
    await asked
    settle({ kind: 'overloaded', message: 'Too busy.' })
    const { text: seen, error: failed } = await ended
    expect(seen).toBe('Well, then')
    expect(failed).toMatchObject({ kind: 'overloaded', partial: { text: 'Well, then' } })
    expect(failed.message).toContain('Too busy.')
  })

  test('before any content rejects the call', async () => {
    const { fault, settle } = slow()
    settle({ kind: 'rate-limited', message: 'Slower.' })
    await expect(requestTo(fault, error)()).rejects.toMatchObject({ kind: 'rate-limited' })
  })

  test('of a status is read before the call rejects', async () => {
    const { fault, settle } = slow()
    settle({ kind: 'conflict', message: 'Twice.' })
    await expect(requestTo(fault, '{}', 409)()).rejects.toMatchObject({ kind: 'conflict', status: 409 })
  })

  test('is malformed if it cannot be read', async () => {
    const unread = async (): Promise<Fault> => {
      throw new Error('no reader')
    }
    const { error: failed } = await endOf(requestTo(unread, `${text('Well')}${error}`)())
    expect(failed).toMatchObject({ kind: 'reply-malformed', partial: { text: 'Well' } })
    expect(failed.message).toContain('no reader')
  })

  test('gives way to the signal of the call', async () => {
    const { fault, asked } = slow()
    const leaving = new AbortController()
    const ended = endOf(requestTo(fault, `${text('Well')}${error}`)({ signal: leaving.signal }))
    await asked
    leaving.abort()
    expect((await ended).error).toMatchObject({ kind: 'aborted', partial: { text: 'Well' } })
  })

  test('ends the attempt of a stream without a consumer', async () => {
    const { fault, settle, asked } = slow()
    const stream = await requestTo(fault, `${text('Well')}${error}`)()
    await asked
    settle({ kind: 'overloaded', message: 'Too busy.' })
    await expect(stream.response).rejects.toMatchObject({ kind: 'overloaded' })
  })
})
