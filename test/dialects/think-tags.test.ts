import { chatApiCall } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'hi' }]

async function read(text: string, provider: string, stream: boolean) {
  const choice = (field: string, content: string, reason: string | null) => ({
    choices: [{ index: 0, [field]: { content }, finish_reason: reason }],
  })
  const pieces = text.split('').map((piece) => `data: ${JSON.stringify(choice('delta', piece, null))}\n\n`)
  const end = `data: ${JSON.stringify(choice('delta', '', 'stop'))}\n\ndata: [DONE]\n\n`
  const type = stream ? 'text/event-stream' : 'application/json'
  const body = stream ? pieces.join('') + end : JSON.stringify(choice('message', text, 'stop'))
  const fetch = async () => new Response(body, { headers: { 'content-type': type } })
  const reply = await chatApiCall({
    provider,
    model: 'sonar-reasoning-pro',
    apiKey: 'k',
    messages,
    stream,
    fetch,
  })
  const { text: said, reasoning } = 'response' in reply ? await reply.response : reply
  return [reasoning, said]
}

describe.each([true, false])('reasoning in tags, streamed: %s', (stream) => {
  test.each([
    ['<think>\nWell.\n</think>\n\nYes.', 'Well.\n', 'Yes.'],
    ['\n<think></think>Yes.', '', 'Yes.'],
    ['<think>Cut </thi', 'Cut </thi', ''],
    ['Yes, <think>no</think>.', '', 'Yes, <think>no</think>.'],
    ['<thin ice', '', '<thin ice'],
    ['<think', '', '<think'],
  ])('%j', async (text, reasoning, said) => {
    expect(await read(text, 'perplexity', stream)).toEqual([reasoning, said])
    expect(await read(text, 'vllm', stream)).toEqual([reasoning, said])
  })

  test('at other providers tags are text', async () => {
    expect(await read('<think>a</think>b', 'openai', stream)).toEqual(['', '<think>a</think>b'])
  })
})
