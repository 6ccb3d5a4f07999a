import { chatApiCall } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { callTo } from './shapes.ts'

const target = { provider: 'openai', api: 'responses', model: 'some-model' } as const

async function read(...events: { type: string; [field: string]: unknown }[]) {
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream'), stream: true })
  return stream.response
}

const ask = (reply: object) =>
  chatApiCall({ ...callTo(target, JSON.stringify(reply), 'application/json'), stream: false })

const place = { item_id: 'msg-1', output_index: 0, content_index: 0 }
const completed = (output: readonly object[]) => ({
  type: 'response.completed',
  response: { id: 'resp-1', status: 'completed', output },
})
const message = { type: 'message', id: 'msg-1', content: [{ type: 'output_text', text: 'Low tide.' }] }

describe('a text that is told whole', () => {
  const whole = { type: 'response.output_text.done', ...place, text: 'Low tide.' }

  test.each([
    ['alone', [whole, completed([])]],
    ['before the answer repeats it', [whole, completed([message])]],
    ['under another id', [whole, completed([{ ...message, id: 'msg-2' }])]],
    [
      'after its pieces',
      [{ type: 'response.output_text.delta', ...place, delta: 'Low tide.' }, whole, completed([])],
    ],
    [
      'after pieces under another id',
      [
        { type: 'response.output_text.delta', item_id: 'msg-0', delta: 'Low tide.' },
        { ...whole, output_index: undefined },
        completed([]),
      ],
    ],
  ])('%s is given once', async (_name, events) => {
    expect((await read(...events)).text).toBe('Low tide.')
  })

  test('as a refusal', async () => {
    const refused = { type: 'response.refusal.done', ...place, refusal: 'No.' }
    expect((await read(refused, completed([]))).text).toBe('No.')
  })
})

test('arguments that come as an object are the arguments', async () => {
  const call = {
    type: 'function_call',
    id: 'fc-1',
    call_id: 'call-1',
    name: 'tide',
    arguments: { reef: 'east' },
  }
  const reply = await ask({ id: 'resp-1', status: 'completed', output: [call] })
  expect(reply.toolCalls).toMatchObject([{ name: 'tide', arguments: { reef: 'east' } }])
})

test.each([[{}], [false], [null]])('an `error` of %j beside an answer is none', async (error) => {
  expect((await ask({ id: 'resp-1', status: 'completed', error, output: [message] })).text).toBe('Low tide.')
})

test.each([
  [{ success: false, code: 500, msg: 'No such tide.' }, 'server-failed', 'No such tide.'],
  [{ output: null }, 'reply-malformed', 'holds no answer'],
  [{}, 'reply-malformed', 'holds no answer'],
])('a reply without an answer, %j, fails', async (reply, kind, words) => {
  await expect(ask(reply)).rejects.toMatchObject({ kind, message: expect.stringContaining(words) })
})
