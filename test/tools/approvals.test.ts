import { getEventListeners } from 'node:events'
import { defineTool, type Tool } from 'llm-switchyard'
import { createFakeClock, runStoreLaws } from 'llm-switchyard/testing'
import {
  createApprovals,
  createMemoryRunStore,
  deferred,
  runTaken,
  type Decision,
  type PendingCall,
  type RunResponse,
} from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { asking, calling, eventsOf, runHost, saying, steps, typesOf, type RunHost } from './run-host.ts'
import { failure } from '../failure.ts'

const secret = 'a secret of at least 32 characters'
const approvals = createApprovals({ secret })

/** A host whose model reads and pays in its first step. */
async function payHost(): Promise<RunHost & { readonly ran: string[]; readonly tools: readonly Tool[] }> {
  const ran: string[] = []
  const tools = [
    defineTool({ name: 'read', execute: () => void ran.push('read') }),
    defineTool({
      name: 'pay',
      parameters: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
      needsApproval: (args: { readonly amount: number }) => args.amount > 10,
      execute: (args: { readonly amount: number }) => {
        ran.push(`pay ${args.amount}`)
        return 'paid'
      },
    }),
  ] as readonly Tool[]
  const it = await runHost(steps(calling(['read', {}, 'r'], ['pay', { amount: 50 }, 'p']), saying('Done.')))
  return { ...it, ran, tools }
}

function only({ pending }: RunResponse): PendingCall {
  const [first] = pending
  if (first === undefined || pending.length !== 1) throw new Error(`${pending.length} calls are pending`)
  return first
}

describe('a call that needs a decision', () => {
  test('ends the run, which goes on with the decision, by its state or from a store', async () => {
    for (const runs of [undefined, createMemoryRunStore()]) {
      await using it = await payHost()
      const request = { ...asking, tools: it.tools, approvals, ...(runs && { runs, runId: 'run_1' }) }
      const first = await it.orchestrator.run(request)
      expect(first).toMatchObject({ status: 'needs-approval', finishReason: 'tool-calls', steps: [] })
      expect(only(first)).toMatchObject({
        toolCallId: 'p',
        name: 'pay',
        arguments: { amount: 50 },
        needs: 'approval',
      })
      const decision = await approvals.decide(only(first), { approved: true, decidedBy: 'eve' })
      // A state passes through JSON on its way through other systems.
      const resume =
        runs === undefined ? { resume: JSON.parse(JSON.stringify(first.state)) as typeof first.state } : {}
      const second = await it.orchestrator.run({ ...request, ...resume, decisions: [decision] })
      expect(second).toMatchObject({
        status: 'complete',
        text: 'Done.',
        runId: first.runId,
        usage: { inputTokens: 10 },
      })
      expect(it.ran).toEqual(['read', 'pay 50'])
      const third = await it.orchestrator.run({ ...request, resume: second.state })
      expect([third.text, it.bodies().length]).toEqual(['Done.', 2])
    }
  })

  test('is shown in the stream, which ends with finish, and the stream that goes on begins with start', async () => {
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, approvals, stream: true as const }
    const stream = await it.orchestrator.run(request)
    expect(typesOf(await eventsOf(stream))).toEqual([
      'start',
      'tool-call',
      'tool-call',
      'approval-requested',
      'tool-result',
      'finish',
    ])
    const first = await stream.response
    const decision = await approvals.decide(only(first), { approved: true, decidedBy: 'eve' })
    const next = await it.orchestrator.run({ ...request, resume: first.state, decisions: [decision] })
    const events = await eventsOf(next)
    expect(typesOf(events)).toEqual(['start', 'tool-result', 'step', 'finish'])
    expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 10, outputTokens: 10 } })
  })

  test('that is denied is an error for the model', async () => {
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, approvals }
    const first = await it.orchestrator.run(request)
    const decision = await approvals.decide(only(first), {
      approved: false,
      decidedBy: 'eve',
      reason: 'too much',
    })
    const next = await it.orchestrator.run({
      ...request,
      resume: first.state,
      decisions: [decision],
      stream: true,
    })
    // Readers of the stream learn what became of the call.
    expect(typesOf(await eventsOf(next))).toEqual(['start', 'tool-error', 'step', 'finish'])
    const second = await next.response
    expect(second.steps[0]?.results[1]).toMatchObject({
      success: false,
      error: { message: 'the call was not approved: too much' },
    })
    expect(it.ran).toEqual(['read'])
  })

  test('asked again without a decision waits again and runs nothing', async () => {
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, approvals }
    const first = await it.orchestrator.run(request)
    const second = await it.orchestrator.run({ ...request, resume: first.state })
    expect([second.status, only(second).toolCallId, it.ran, it.bodies().length]).toEqual([
      'needs-approval',
      'p',
      ['read'],
      1,
    ])
  })

  test.each<[string, (decision: Decision, call: PendingCall) => Decision | Promise<Decision>]>([
    ['altered', (decision) => ({ ...decision, approved: true })],
    [
      'of another run',
      (_decision, call) =>
        approvals.decide({ ...call, runId: 'other' }, { approved: true, decidedBy: 'eve' }),
    ],
    [
      'of other arguments',
      (_decision, call) =>
        approvals.decide({ ...call, arguments: { amount: 5 } }, { approved: true, decidedBy: 'eve' }),
    ],
    ['by another decider', (decision) => ({ ...decision, decidedBy: 'root' })],
    [
      'with another secret',
      (_decision, call) =>
        createApprovals({ secret: `${secret}!` }).decide(call, { approved: true, decidedBy: 'eve' }),
    ],
    ['without a signature', (decision) => ({ ...decision, signature: '' })],
  ])('a decision %s is refused, and nothing runs', async (_what, forge) => {
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, approvals }
    const first = await it.orchestrator.run(request)
    const denied = await approvals.decide(only(first), { approved: false, decidedBy: 'eve' })
    const decision = await forge(denied, only(first))
    const error = await failure(
      it.orchestrator.run({ ...request, resume: first.state, decisions: [decision] }),
    )
    expect([error.kind, it.ran]).toEqual(['unauthorized', ['read']])
  })

  test('a decision is used once, and is too old after maxAgeMs', async () => {
    await using it = await payHost()
    const clock = createFakeClock()
    const short = createApprovals({ secret, maxAgeMs: 1_000, clock })
    const request = { ...asking, tools: it.tools, approvals: short }
    const first = await it.orchestrator.run(request)
    const decision = await short.decide(only(first), { approved: true, decidedBy: 'eve' })
    const second = await it.orchestrator.run({ ...request, resume: first.state, decisions: [decision] })
    const again = await failure(
      it.orchestrator.run({ ...request, resume: first.state, decisions: [decision, decision] }),
    )
    const late = await failure(
      it.orchestrator.run({ ...request, resume: second.state, decisions: [decision] }),
    )
    clock.advance(1_001)
    const old = await failure(it.orchestrator.run({ ...request, resume: first.state, decisions: [decision] }))
    expect([again.kind, late.kind, old.kind]).toEqual(['conflict', 'conflict', 'unauthorized'])
  })

  test('a needsApproval that throws needs one, and decisions need approvals', async () => {
    const tool: Tool = {
      name: 'look',
      needsApproval: () => {
        throw new Error('broken')
      },
      execute: () => 1,
    }
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const first = await it.orchestrator.run({ ...asking, tools: [tool] })
    expect(first.status).toBe('needs-approval')
    const decision = await approvals.decide(only(first), { approved: true, decidedBy: 'eve' })
    const error = await failure(
      it.orchestrator.run({ ...asking, tools: [tool], resume: first.state, decisions: [decision] }),
    )
    expect([error.kind, error.issues?.[0]?.path]).toEqual(['misconfigured', 'approvals'])
  })
})

describe('a call whose result comes from outside', () => {
  test.each<[string, Tool]>([
    ['of a tool that the client runs', { name: 'look' }],
    ['of a tool that defers', { name: 'look', execute: () => deferred() }],
  ])('%s ends the run, which goes on with the result', async (_what, tool) => {
    await using it = await runHost(steps(calling(['look', {}, 'c1']), saying('Done.')))
    const first = await it.orchestrator.run({ ...asking, tools: [tool] })
    expect(first).toMatchObject({ status: 'needs-results', pending: [{ toolCallId: 'c1', needs: 'result' }] })
    const given = [{ toolCallId: 'c1', result: { seen: 3 } }]
    const second = await it.orchestrator.run({
      ...asking,
      tools: [tool],
      resume: first.state,
      results: given,
    })
    expect(second.steps[0]?.results[0]).toMatchObject({ success: true, data: { seen: 3 } })
    const failed = [{ toolCallId: 'c1', error: 'offline' }]
    const other = await it.orchestrator.run({
      ...asking,
      tools: [tool],
      resume: first.state,
      results: failed,
    })
    expect(other.steps[0]?.results[0]).toMatchObject({ success: false, error: { message: 'offline' } })
    const foreign = [{ toolCallId: 'c2', result: 1 }]
    const error = await failure(
      it.orchestrator.run({ ...asking, tools: [tool], resume: first.state, results: foreign }),
    )
    expect([error.kind, error.code]).toEqual(['conflict', 'not-pending'])
  })
})

describe('the records of a run', () => {
  test.each(runStoreLaws)('in memory: $name', ({ check }) => check(() => createMemoryRunStore()))

  test('belong to one caller: the same run id of another tenant or user is another run', async () => {
    const runs = createMemoryRunStore()
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, runs, runId: 'run_1' }
    for (const who of [{ userId: 'ada' }, { userId: 'bob' }, { userId: 'ada', tags: { tenant: 'x' } }, {}]) {
      const reply = await it.orchestrator.run({ ...request, ...who })
      expect(reply.status).toBe('needs-approval')
    }
    expect(it.ran).toEqual(['read', 'read', 'read', 'read'])
  })

  test('are refused for other messages', async () => {
    const runs = createMemoryRunStore()
    await using it = await payHost()
    const request = { ...asking, tools: it.tools, runs, runId: 'run_1' }
    await it.orchestrator.run(request)
    const messages = [{ role: 'user' as const, content: 'Something else' }]
    const error = await failure(it.orchestrator.run({ ...request, messages }))
    expect([error.kind, error.code]).toEqual(['conflict', 'run-reused'])
  })

  test('a run that has answered, and one that is refused, leave no listener on the signal', async () => {
    const { signal } = new AbortController()
    await using it = await runHost(() => saying('Done.'))
    const request = { ...asking, runs: createMemoryRunStore(), runId: 'run_1', signal }
    for (let time = 0; time < 2; time++) expect((await it.orchestrator.run(request)).text).toBe('Done.')
    await failure(it.orchestrator.run({ ...request, results: [{ toolCallId: 'c1', result: 1 }] }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('let one process at a time go on', async () => {
    const runs = createMemoryRunStore()
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const tool: Tool = {
      name: 'look',
      execute: async () => {
        entered.resolve()
        await gate.promise
        return 1
      },
    }
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const request = { ...asking, tools: [tool], runs, runId: 'run_1' }
    const first = failure(it.orchestrator.run(request))
    await entered.promise
    const second = it.orchestrator.run(request)
    gate.resolve()
    const reply = await second
    const error = await first
    expect([error.kind, error.code, reply.text]).toEqual(['conflict', 'run-taken', 'Done.'])
  })

  test('a run that another process takes starts no further tool, and aborts the one that runs', async () => {
    const runs = createMemoryRunStore()
    const started: string[] = []
    const aborted = Promise.withResolvers<string>()
    const taken = {
      ...runs,
      append: (...given: Parameters<typeof runs.append>) =>
        given[2].type === 'tool' ? Promise.reject(runTaken(given[0])) : runs.append(...given),
    }
    const tools: readonly Tool[] = [
      { name: 'quick', execute: () => void started.push('quick') },
      {
        name: 'slow',
        execute: (_args: never, { signal }) => {
          started.push('slow')
          signal?.addEventListener('abort', () => aborted.resolve('aborted'))
          return new Promise(() => undefined)
        },
      },
      { name: 'later', execute: () => void started.push('later') },
    ]
    await using it = await runHost(
      steps(calling(['slow', {}], ['quick', {}], ['later', {}]), saying('Done.')),
    )
    const error = await failure(
      it.orchestrator.run({ ...asking, tools, runs: taken, runId: 'run_1', maxParallelTools: 2 }),
    )
    expect([error.kind, error.code]).toEqual(['conflict', 'run-taken'])
    expect([await aborted.promise, started]).toEqual(['aborted', ['slow', 'quick']])
  })

  test.each(['read', 'append', 'check'] as const)(
    'a %s that never answers ends with the signal',
    async (name) => {
      const abort = new AbortController()
      const hang = (): Promise<never> => {
        setImmediate(() => abort.abort())
        return new Promise(() => undefined)
      }
      const { signal } = abort
      await using it = await payHost()
      const request = { ...asking, tools: it.tools, approvals, runId: 'run_1' }
      const first = await it.orchestrator.run(request)
      const decisions = [await approvals.decide(only(first), { approved: true, decidedBy: 'eve' })]
      const hanging =
        name === 'check'
          ? { approvals: { ...approvals, check: hang }, resume: first.state, decisions }
          : { runs: { ...createMemoryRunStore(), [name]: hang } }
      const error = await failure(it.orchestrator.run({ ...request, signal, ...hanging }))
      expect([error.kind, it.orchestrator.stats().active, it.ran]).toEqual(['aborted', 0, ['read']])
    },
  )

  test('a store that fails ends the run before the next tool', async () => {
    const runs = createMemoryRunStore()
    let ran = 0
    const failing = {
      ...runs,
      append: (...given: Parameters<typeof runs.append>) =>
        given[2].type === 'model' ? Promise.reject(new Error('disk full')) : runs.append(...given),
    }
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const error = await failure(
      it.orchestrator.run({ ...asking, tools: [{ name: 'look', execute: () => ++ran }], runs: failing }),
    )
    expect([error.message.includes('disk full'), ran]).toEqual([true, 0])
  })

  test('an interrupted model call is counted as estimated', async () => {
    const runs = createMemoryRunStore()
    const abort = new AbortController()
    const replies = [
      () => calling(['look', {}]),
      () => {
        setImmediate(() => abort.abort())
        return { text: 'never', pacing: { firstMs: 60_000 } }
      },
      () => saying('Done.'),
    ]
    await using it = await runHost(() => replies.shift()?.() ?? saying('Done.'))
    const tool: Tool = { name: 'look', execute: () => 1 }
    const request = { ...asking, tools: [tool], runs, runId: 'run_1' }
    const killed = await failure(it.orchestrator.run({ ...request, signal: abort.signal }))
    const reply = await it.orchestrator.run(request)
    expect([killed.kind, reply.text, reply.usage.estimated]).toEqual(['aborted', 'Done.', true])
    expect(reply.usage.inputTokens).toBeGreaterThan(10)
    expect(reply.usage.outputTokens).toBe(10)
  })
})
