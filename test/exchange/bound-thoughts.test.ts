import { createOrchestrator, type ChatRequest, type ChatResponse } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'

interface Body {
  readonly system?: unknown
  readonly tools?: unknown
  readonly thinking?: {
    readonly type?: string
    readonly block_binding?: { readonly prefix_mismatch_behavior?: string }
  }
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[]
}
type Block = Readonly<Record<string, unknown>>

const BETA = 'thinking-binding-controls-2026-08-01'

/** Claude's check as it is documented: a thought is bound to everything before it, and every later thought with it. */
function boundClaude() {
  const prefixes = new Map<unknown, string>()
  const seen = { requests: 0, refused: 0, dropped: 0, replayed: 0, asked: 0 }
  const prefixOf = ({ system, tools, messages }: Body, at: number): string =>
    JSON.stringify([system, tools, messages.slice(0, at).map(withoutThoughts)])
  const isBound = (body: Body): boolean =>
    body.messages.every((message, at) =>
      thoughtsOf(message).every(({ signature }) => prefixes.get(signature) === prefixOf(body, at)),
    )
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(init?.body as string) as Body
    const headers = new Headers(init?.headers)
    const drops = body.thinking?.block_binding?.prefix_mismatch_behavior === 'drop_block'
    if (drops) expect(headers.get('anthropic-beta')).toContain(BETA)
    seen.requests++
    const bound = isBound(body)
    if (drops) seen.asked++
    if (!bound && !drops) {
      seen.refused++
      const message =
        'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
      return Response.json(
        { type: 'error', error: { type: 'invalid_request_error', message } },
        { status: 400 },
      )
    }
    seen.replayed += body.messages.flatMap(thoughtsOf).length
    const signature = `SIG${seen.requests}`
    prefixes.set(signature, prefixOf(body, body.messages.length))
    return Response.json({
      type: 'message',
      model: 'claude',
      stop_reason: seen.requests % 5 === 0 ? 'tool_use' : 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
      content: [
        { type: 'thinking', thinking: '', signature },
        ...(seen.requests % 5 === 0
          ? [{ type: 'tool_use', id: `toolu_${seen.requests}`, name: 'look', input: {} }]
          : [{ type: 'text', text: `Answer ${seen.requests}` }]),
      ],
      ...(drops && !bound
        ? {
            input_transformations: [
              { type: 'thinking_dropped', path: 'messages.1.content.0', reason: 'prefix_binding_mismatch' },
            ],
          }
        : {}),
    })
  }
  return { seen, fetch: fetch as typeof globalThis.fetch }
}

function thoughtsOf({ content }: Body['messages'][number]): readonly Block[] {
  return typeof content === 'string' ? [] : content.filter(({ type }) => type === 'thinking')
}
function withoutThoughts({ role, content }: Body['messages'][number]): unknown {
  return {
    role,
    content: typeof content === 'string' ? content : content.filter(({ type }) => type !== 'thinking'),
  }
}

const tools = [{ name: 'look', parameters: { type: 'object', properties: {} } }]

/** A conversation of `turns` turns, stored as JSON after each, in which `change` may rewrite what was said. */
async function talk(
  target: Partial<ChatRequest>,
  turns: number,
  change: (history: ChatRequest['messages'], turn: number) => ChatRequest['messages'] = (history) => history,
) {
  const claude = boundClaude()
  const host = createOrchestrator({ fetch: claude.fetch, providers: { anthropic: { apiKey: 'k' } } })
  let messages: ChatRequest['messages'] = []
  const replies: ChatResponse[] = []
  const ask = async (): Promise<void> => {
    const request = {
      provider: 'anthropic',
      model: 'claude-fable-5-2',
      system: 'S',
      tools,
      ...target,
      messages,
    }
    const reply = await host.chatApiCall({ ...request, stream: false })
    replies.push(reply)
    messages = JSON.parse(JSON.stringify([...messages, reply.message])) as ChatRequest['messages']
    for (const { id } of reply.toolCalls)
      messages = [...messages, { role: 'tool', toolCallId: id, content: 'Rain' }]
    if (reply.toolCalls.length > 0) await ask()
  }
  for (let turn = 0; turn < turns; turn++) {
    const image = { type: 'image' as const, data: 'AAAA', mediaType: 'image/png' }
    const content = turn % 7 === 0 ? [{ type: 'text' as const, text: `Q${turn}` }, image] : `Q${turn}`
    messages = [...change(messages, turn), { role: 'user', content }]
    await ask()
  }
  return { seen: claude.seen, replies }
}

const dropped = (replies: readonly ChatResponse[]): readonly ChatResponse[] =>
  replies.filter(({ warnings }) =>
    warnings.some(({ message }) => message.includes('earlier reasoning was left out')),
  )

describe('thoughts that are bound to what stands before them', () => {
  test('40 turns with tools and images: every thought goes back, and none is refused', async () => {
    const { seen, replies } = await talk({}, 40)
    expect(seen.refused).toBe(0)
    expect(seen.replayed).toBe((replies.length * (replies.length - 1)) / 2)
    expect(dropped(replies)).toEqual([])
  })

  test('a changed beginning: one refusal, then the provider is asked to drop, and that is said', async () => {
    const rewrite = (history: ChatRequest['messages'], turn: number): ChatRequest['messages'] =>
      turn === 20 ? [{ role: 'user', content: 'Rewritten' }, ...history.slice(1)] : history
    const { seen, replies } = await talk({}, 40, rewrite)
    expect(seen.refused).toBe(1)
    expect(seen.asked).toBe(dropped(replies).length)
    const first = dropped(replies)[0]
    expect(first?.attempts).toHaveLength(2)
    expect(first?.warnings.map(({ message }) => message)).toContainEqual(
      'the provider did not use 1 earlier thoughts (prefix_binding_mismatch)',
    )
  })

  test('a given choice is not overridden', async () => {
    const rewrite = (history: ChatRequest['messages'], turn: number): ChatRequest['messages'] =>
      turn === 1 ? [{ role: 'user', content: 'Rewritten' }, ...history.slice(1)] : history
    const thinking = { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'error' } }
    await expect(talk({ extraBody: { thinking } }, 2, rewrite)).rejects.toMatchObject({
      kind: 'invalid-request',
    })
  })

  test.each<readonly [string, Partial<ChatRequest>]>([
    ['Vertex AI', { provider: 'vertex', api: 'anthropic', variables: { project: 'p' }, apiKey: 'k' }],
    ['Bedrock', { provider: 'bedrock', api: 'invoke', model: 'anthropic.claude-fable-5-2', apiKey: 'k' }],
    ['a model that does not think now', { extraBody: { thinking: { type: 'between_tools' } } }],
  ])('%s: the thoughts are removed instead', async (_name, target) => {
    const rewrite = (history: ChatRequest['messages'], turn: number): ChatRequest['messages'] =>
      turn === 1 ? [{ role: 'user', content: 'Rewritten' }, ...history.slice(1)] : history
    const { seen, replies } = await talk(target, 2, rewrite)
    expect(seen).toMatchObject({ refused: 1, asked: 0, replayed: 0 })
    expect(dropped(replies)).toHaveLength(1)
  })
})
