import { systemClock, type Clock } from '../core/clock.ts'
import { Scope } from '../core/call-scope.ts'
import { newId } from '../core/create-id.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { anyObject, kind, listOf, nonEmptyText } from '../core/schema.ts'
import type { JsonValue } from '../core/json.ts'
import type { ToolMessage } from '../core/message.ts'
import type { Tool } from '../core/request.ts'
import { defineTool } from '../core/tool.ts'
import { ToolRunner, usableTools, type DecidedCall, type ToolOutcome } from '../tools/index.ts'

/** For whom the tool runs in a test. */
export interface ToolHarnessOptions {
  readonly userId?: string | undefined
  readonly identity?: unknown
  readonly permissions?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly conversationId?: string | undefined
  /** Default: the system clock. A fake one tests the tool's time limit. */
  readonly clock?: Clock | undefined
}

/** What one run of a tool did. */
export interface HarnessResult {
  /** `needs-approval`: the tool was not run. `pending`: its result comes later, or the client runs it. */
  readonly state: 'success' | 'error' | 'needs-approval' | 'pending'
  /** The result, as the page gets it. */
  readonly data?: JsonValue | undefined
  /** Why it failed, as the model gets it. */
  readonly error?: string | undefined
  /** What the model gets. */
  readonly output?: ToolMessage['content'] | undefined
  /** What the tool told on its way. */
  readonly progress: readonly JsonValue[]
}

/** Runs one tool as a tool loop does. */
export interface ToolHarness {
  /** Runs the tool with these arguments: checked, bounded in time, with its result as the loop makes it. Never rejects. */
  call(args?: JsonValue): Promise<HarnessResult>
}

const harnessSchema = optionsSchema<ToolHarnessOptions>()(() => ({
  userId: nonEmptyText,
  identity: kind('any value', () => true),
  permissions: listOf(nonEmptyText),
  tags: anyObject,
  conversationId: nonEmptyText,
  clock: clockField,
}))

/**
 * Tests one tool without a model. Throws `misconfigured` if the tool or an option is not valid.
 *
 * ```ts
 * const { state, data } = await toolHarness(weather).call({ city: 'Oslo' })
 * ```
 */
export function toolHarness(tool: Tool, options: ToolHarnessOptions = {}): ToolHarness {
  checkOptions('toolHarness', harnessSchema, options)
  const checked = defineTool(tool)
  return { call: (args = {}) => callOnce(checked, args, options) }
}

async function callOnce(
  tool: Tool,
  args: JsonValue,
  { clock = systemClock, ...caller }: ToolHarnessOptions,
): Promise<HarnessResult> {
  const scope = new Scope(undefined, 0, clock.now())
  const runner = new ToolRunner({ context: { ...caller, runId: newId('run') }, scope, clock })
  const call = { id: newId('call'), name: tool.name, arguments: args }
  const tools = usableTools([tool], caller.permissions)
  const decided = await runner.decide(call, { tools, step: 0, isApproved: false })
  const progress: JsonValue[] = []
  let outcome: ToolOutcome | undefined
  await runner.run([decided], {
    step: 0,
    progress: (event) => void (event.type === 'tool-progress' && progress.push(event.progress)),
    settled: (_call, settled) => void (outcome = settled),
    deferred: () => undefined,
  })
  scope.release()
  return resultOf(decided, outcome, progress)
}

function resultOf(
  { state }: DecidedCall,
  outcome: ToolOutcome | undefined,
  progress: readonly JsonValue[],
): HarnessResult {
  if (outcome === undefined)
    return { state: state === 'needs-approval' ? 'needs-approval' : 'pending', progress }
  const { event, message } = outcome
  if (event.type === 'tool-error')
    return { state: 'error', error: event.message, output: message.content, progress }
  return { state: 'success', data: event.result, output: message.content, progress }
}
