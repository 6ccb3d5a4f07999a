import { describe, expect, onTestFinished, test } from 'vitest'
import { createOrchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import {
  createChatHandler,
  type ChatHandler,
  type ChatHandlerOptions,
  type RunEnd,
} from '../../../../src/delivery/http/index.ts'
import { post } from './served.ts'
import { patience } from '../../../patience.ts'

const url = 'http://any/api/chat'
const long = 'word '.repeat(100).trim()

interface Setting {
  readonly script: FakeScript
  readonly orchestrator?: OrchestratorOptions
  readonly handler?: Partial<ChatHandlerOptions>
  /** Done once the first content is there. */
  readonly act?: (handler: ChatHandler) => Promise<unknown>
  readonly error?: { readonly code: string; readonly message: string }
  readonly content: 'none' | 'some' | 'all'
  readonly end: Partial<RunEnd>
}

const stop = (handler: ChatHandler): Promise<Response> =>
  handler(new Request(`${url}/c/stop`, { method: 'POST' }))

const endings: Readonly<Record<string, Setting>> = {
  done: { script: { text: long }, content: 'all', end: { reason: 'finished', save: 'complete' } },
  'error before content': {
    script: { error: { kind: 'server-failed' } },
    content: 'none',
    error: { code: 'server-failed', message: 'The model failed to answer; try again later.' },
    end: { reason: 'error', save: 'never' },
  },
  'error after content': {
    script: { text: long, chunks: 10, chaos: { type: 'error', at: 'middle', error: 'overloaded' } },
    content: 'some',
    error: { code: 'overloaded', message: 'The model is overloaded; try again later.' },
    end: { reason: 'error', save: 'partial' },
  },
  'a cut connection': {
    script: { text: long, chunks: 10, chaos: { type: 'cut', at: 'middle', by: 'reset' } },
    content: 'some',
    error: { code: 'stream-broken', message: 'The answer broke off before its end.' },
    end: { reason: 'error', save: 'partial' },
  },
  stop: {
    script: { text: long, chunks: 10, chaos: { type: 'hang', at: 'middle' } },
    content: 'some',
    act: stop,
    error: { code: 'aborted', message: 'the client stopped the stream' },
    end: { reason: 'cancelled', save: 'partial' },
  },
  size: {
    script: { text: long, chunks: 10 },
    orchestrator: { stream: { maxBytes: 111 } },
    content: 'some',
    error: { code: 'reply-malformed', message: 'The answer was cut off, or could not be read.' },
    end: { reason: 'size', save: 'partial', response: expect.objectContaining({ text: long.slice(0, 111) }) },
  },
  idle: {
    script: { text: long, chunks: 10, chaos: { type: 'hang', at: 'middle' } },
    handler: { idleMs: 800 * patience },
    content: 'some',
    error: { code: 'timeout', message: 'The model did not answer in time; try again later.' },
    end: { reason: 'idle', save: 'partial' },
  },
  shutdown: {
    script: { text: long, chunks: 10, chaos: { type: 'hang', at: 'middle' } },
    content: 'some',
    act: (handler) => handler.close(),
    error: { code: 'aborted', message: 'The service is shutting down; try again.' },
    end: { reason: 'shutdown', save: 'partial' },
  },
}

async function run(protocol: string, { script, orchestrator: host, handler: options, act }: Setting) {
  const provider = await createFakeProvider({ script })
  const orchestrator = createOrchestrator({
    ...host,
    providers: { openai: { apiKey: 'sk-test', baseUrl: provider.baseUrl('openai-chat') } },
  })
  const ends: RunEnd[] = []
  const handler = createChatHandler(orchestrator, {
    authorize: 'open',
    defaults: { model: 'openai/gpt-4.1-mini' },
    onSave: (end) => void ends.push(end),
    ...options,
  })
  onTestFinished(async () => {
    await handler.close()
    await orchestrator.close()
    await provider.close()
  })
  const response = await handler(post(`${url}?protocol=${protocol}`, { message: 'Hi', conversationId: 'c' }))
  const reading = response.text()
  if (act !== undefined) {
    await expect.poll(() => handler.runs.stats().running).toBe(1)
    const id = response.headers.get('x-stream-id') ?? ''
    await expect.poll(async () => (await handler.runs.info(id))?.last).toBeGreaterThan(0)
    await act(handler)
  }
  return { response, text: await reading, ends }
}

const dataOf = (text: string): string[] =>
  text.split('\n\n').flatMap((block) => {
    const data = block.split('\n').find((line) => line.startsWith('data: '))
    return data === undefined ? [] : [data.slice(6)]
  })

describe.each(Object.entries(endings))('%s', (_name, setting) => {
  const { content, error, end } = setting

  const checkText = (said: string): void => {
    if (content === 'all') expect(said).toBe(long)
    else if (content === 'none') expect(said).toBe('')
    else expect(long.startsWith(said) && said !== '' && said !== long).toBe(true)
  }
  const checkEnd = (ends: readonly RunEnd[]): void => {
    expect(ends).toHaveLength(1)
    expect(ends[0]).toMatchObject({ conversationId: 'c', ...end })
    if (content !== 'none') expect(ends[0]?.usage.outputTokens).toBeGreaterThan(0)
    // A provider that broke off is owed what reached the caller, without the input.
    const broken = end.reason === 'error' || end.reason === 'idle'
    if (broken) expect(ends[0]?.usage.inputTokens).toBe(0)
    else expect(ends[0]?.usage.inputTokens).toBeGreaterThan(0)
  }

  test('in plain frames', async () => {
    const { response, text, ends } = await run('sse', setting)
    expect(response.status).toBe(200)
    expect(text.startsWith(':ok\n\n')).toBe(true)
    const data = dataOf(text)
    expect(data.filter((each) => each === '[DONE]')).toHaveLength(1)
    expect(data.at(-1)).toBe('[DONE]')
    const frames = data.slice(0, -1).map((each) => JSON.parse(each) as { type: string; content?: string })
    const last = frames.at(-1)
    const rest = frames.slice(0, -1)
    expect(rest.every(({ type }) => type === 'content')).toBe(true)
    checkText(rest.map((frame) => frame.content).join(''))
    const usage = { totalTokens: expect.any(Number) }
    if (error === undefined)
      expect(last).toMatchObject({ type: 'done', finishReason: 'stop', usage, conversationId: 'c' })
    else expect(last).toMatchObject({ type: 'error', error, usage })
    checkEnd(ends)
  })

  test('in the UI message stream', async () => {
    const { response, text, ends } = await run('ui-message', setting)
    expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1')
    const data = dataOf(text)
    expect(data.filter((each) => each === '[DONE]')).toHaveLength(1)
    const chunks = data.slice(0, -1).map((each) => JSON.parse(each) as { type: string; delta?: string })
    expect(chunks[0]?.type).toBe('start')
    checkText(chunks.map(({ type, delta }) => (type === 'text-delta' ? delta : '')).join(''))
    const terminals = chunks.filter(({ type }) => ['finish', 'error', 'abort'].includes(type))
    expect(terminals).toEqual([chunks.at(-1)])
    const type = error === undefined ? 'finish' : end.reason === 'cancelled' ? 'abort' : 'error'
    expect(terminals[0]).toMatchObject({ type })
    checkEnd(ends)
  })

  test('in lines of JSON', async () => {
    const { text, ends } = await run('ndjson', setting)
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string })
    checkText(lines.map((line) => (line.type === 'text-delta' ? line.text : '')).join(''))
    const terminals = lines.filter(({ type }) => type === 'finish' || type === 'error')
    expect(terminals).toEqual([lines.at(-1)])
    expect(terminals[0]).toMatchObject(error === undefined ? { type: 'finish' } : { type: 'error', error })
    checkEnd(ends)
  })
})
