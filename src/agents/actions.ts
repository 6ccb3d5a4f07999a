import { argument, checkArguments } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import { callSafely, inTime } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { anyObject, callable, orInfinity, positiveMilliseconds, recordOf, required } from '../core/schema.ts'

/** Who asks for an action, and where. */
export interface ActionCaller {
  readonly userId: string
  readonly orgId?: string | undefined
  readonly permissions?: readonly string[] | undefined
  readonly conversationId?: string | undefined
}

/** Something that an application does on request, such as `create-pr`. */
export interface Action<Input = never> {
  /** What the caller must be allowed. Default: nothing. */
  readonly permission?: string | undefined
  run(input: Input, caller: ActionCaller, how: { readonly signal: AbortSignal }): unknown
}

/** What the audit of actions gets, once for each that was asked for. */
export interface ActionEntry {
  readonly action: string
  readonly result: 'success' | 'failure' | 'refused'
  readonly caller: ActionCaller
  readonly durationMs: number
  readonly error?: LlmError | undefined
}

/** Options of {@link createActions}. */
export interface ActionsOptions {
  /** The actions by name. */
  readonly actions: Readonly<Record<string, Action>>
  /** Called with every action that was asked for. Must not throw. */
  readonly audit?: ((entry: ActionEntry) => void) | undefined
  /** Maximum time of one action, in ms. Default 60 000; `Infinity`: none. */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** The actions of an application, with permissions and audit. */
export interface Actions {
  /** Names of the actions that the caller may run. */
  list(caller: ActionCaller): readonly string[]
  /** Runs an action. Rejects with `not-found` for an unknown one, and with `unauthorized` if the caller may not run it. */
  run(name: string, input: unknown, caller: ActionCaller): Promise<unknown>
}

const DEFAULT_TIMEOUT_MS = 60_000

const actionsSchema = optionsSchema<ActionsOptions>()(() => ({
  actions: required(recordOf(anyObject)),
  audit: callable,
  timeoutMs: orInfinity(positiveMilliseconds),
  clock: clockField,
}))

/** Creates the actions of an application. Throws `misconfigured` if an option is not valid. */
export function createActions(options: ActionsOptions): Actions {
  checkOptions('createActions', actionsSchema, options)
  const { actions, audit, clock = systemClock } = options
  const mayRun = ({ permission }: Action, { permissions }: ActionCaller): boolean =>
    permission === undefined || permissions?.includes(permission) === true
  const find = (name: string, caller: ActionCaller): Action => {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) throw unknownAction(name, Object.keys(actions))
    if (!mayRun(action, caller))
      throw new LlmError('unauthorized', `the action "${name}" needs the permission "${action.permission}"`)
    return action
  }
  return {
    list: (caller) => {
      checkArguments('actions.list', { userId: argument.text }, caller)
      return Object.entries(actions).flatMap(([name, action]) => (mayRun(action, caller) ? [name] : []))
    },
    run: async (name, input, caller) => {
      checkArguments('actions.run', { name: argument.text }, { name })
      checkArguments('actions.run', { userId: argument.text }, caller)
      const startedAt = clock.now()
      let result: ActionEntry['result'] = 'refused'
      let failure: LlmError | undefined
      try {
        const action = find(name, caller)
        result = 'failure'
        const value = await runInTime(action, { input, caller, options })
        result = 'success'
        return value
      } catch (error) {
        failure = toLlmError(error, 'tool-failed', `the action "${name}" failed`)
        throw failure
      } finally {
        const durationMs = clock.now() - startedAt
        const entry = { action: name, result, caller, durationMs, ...(failure && { error: failure }) }
        if (audit !== undefined) callSafely(() => audit(entry))
      }
    },
  }
}

interface ActionRun {
  readonly input: unknown
  readonly caller: ActionCaller
  readonly options: ActionsOptions
}

async function runInTime(action: Action, { input, caller, options }: ActionRun): Promise<unknown> {
  const { timeoutMs: ms = DEFAULT_TIMEOUT_MS, clock = systemClock } = options
  const abort = new AbortController()
  const work = (async () => action.run(input as never, caller, { signal: abort.signal }))()
  const late = (): LlmError => {
    const error = new LlmError('timeout', `the action did not end within ${ms} ms`)
    abort.abort(error)
    return error
  }
  return ms === Infinity ? work : inTime(work, { clock, ms, late })
}

function unknownAction(name: string, known: readonly string[]): LlmError {
  const message = `there is no action "${name.slice(0, 64)}"; known: ${known.join(', ') || 'none'}`
  return new LlmError('not-found', message, { code: 'action-not-found' })
}
