import { LlmError } from './core/error.ts'
import type { Feature } from './core/feature.ts'
import { isObject } from './core/json.ts'
import { checkOptions, optionsSchema } from './core/options.ts'
import { syncField } from './core/port-fields.ts'
import type { ModelTable, OwnFacts } from './core/model-facts.ts'
import type { ProviderDefinition } from './core/provider.ts'
import { callable, withMethods, type Group } from './core/schema.ts'
import {
  inputLimits,
  limitsSchema,
  limitStoreField,
  providerQuotas,
  quotasSchema,
  rateLimits,
  requestLimitsField,
  type CostOf,
  type InputLimits,
  type LimitEvent,
  type LimitsConfig,
  type LimitStore,
  type QuotaOptions,
} from './limits/index.ts'
import {
  moderation,
  moderationSchema,
  topics,
  type ModerationEvent,
  type ModerationOptions,
  type TopicMonitor,
} from './moderation/index.ts'
import type * as Models from './models/index.ts'
import { operations } from './operations/index.ts'
import {
  composeOrchestrator,
  coreRows,
  type CoreOptions,
  type Orchestrator,
  type ProviderConfig,
} from './orchestrator/index.ts'
import { catalogue } from './providers/index.ts'
import { queue, queueSchema, type QueueConfig, type QueueEvent } from './queue/index.ts'
import {
  attempts,
  attemptsRows,
  type AttemptEvent,
  type AttemptsOptions,
  type CooldownSync,
} from './resilience/index.ts'

/** A decision of the orchestrator, with the numbers behind it. Holds no text and no key. */
export type OrchestratorEvent =
  | AttemptEvent
  | { readonly type: 'limit'; readonly event: LimitEvent }
  | { readonly type: 'queue'; readonly event: QueueEvent }
  | { readonly type: 'moderation'; readonly event: ModerationEvent }

/** Options of `createOrchestrator`. Each is optional; an absent one costs nothing. */
export interface OrchestratorOptions extends Omit<CoreOptions, 'onEvent' | 'providers'>, AttemptsOptions {
  /** Built-in providers by id with the access of this application, deployments that extend one, and definitions of your own. */
  readonly providers?: Readonly<Record<string, ProviderConfig | ProviderDefinition>> | undefined
  /** Refuses calls beyond these rates and budgets. Default: none. */
  readonly limits?: LimitsConfig | undefined
  /** Where limits are counted. Default: in this process; a shared store counts over many. */
  readonly limitStore?: LimitStore | undefined
  /** Prices, for budgets in USD: called before a call with its estimated usage, and after it. Default: no price is known. */
  readonly costUsd?: CostOf | undefined
  /**
   * Refuses chat requests that are larger than this, or hold what is not allowed, before anything else. `true`: the default
   * limits. Default: off.
   */
  readonly requestLimits?: true | Partial<InputLimits> | undefined
  /** How many calls run at once, and how the others wait. Default: all run at once. */
  readonly queue?: QueueConfig | undefined
  /** Slows calls down before a provider refuses them, by its own rate-limit headers. Default: off. */
  readonly quotas?: QuotaOptions | undefined
  /** Shares cooldowns of targets and API keys with other processes. The application closes it. Default: not shared. */
  readonly cooldownSync?: CooldownSync | undefined
  /** Moderates the messages of users and the responses of models. Default: off. */
  readonly moderation?: ModerationOptions | undefined
  /**
   * Receives the texts of users and models, moderated or not; team and organisation are the tags `team` and `org`.
   * Default: none.
   */
  readonly topics?: TopicMonitor | undefined
  /** Called with every decision, and the numbers behind it. Must not throw. */
  readonly onEvent?: ((event: OrchestratorEvent) => void) | undefined
}

/** The schema of {@link OrchestratorOptions}. */
export const orchestratorSchema: Group = optionsSchema<OrchestratorOptions>()(() => ({
  ...coreRows(),
  ...attemptsRows(),
  limits: limitsSchema,
  limitStore: limitStoreField,
  costUsd: callable,
  requestLimits: requestLimitsField,
  queue: queueSchema,
  quotas: quotasSchema,
  cooldownSync: syncField,
  moderation: moderationSchema,
  topics: withMethods('observe'),
}))

/** Makes an orchestrator over the whole catalogue. Throws `misconfigured` naming the option that is wrong. */
export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  checkOptions('createOrchestrator', orchestratorSchema, options)
  const use = [...(options.use ?? []), ...featuresOf(options)]
  return compose({ ...options, use } as CoreOptions, options.costUsd)
}

/** Makes an orchestrator over the whole catalogue without options, and without the features that need some. */
export function createBareOrchestrator(): Orchestrator {
  return compose({ use: [attempts()] })
}

function compose(options: CoreOptions, costUsd?: CostOf): Orchestrator {
  return composeOrchestrator({ catalogue, operations, loadModels, costUsd }, options)
}

// Imported by a variable, because a bundler would put the whole table into every application.
const MODELS = 'llm-switchyard/models'

async function loadModels(own: readonly OwnFacts[]): Promise<ModelTable> {
  const { createModelTable, modelTable } = (await import(MODELS).catch((cause: unknown) => {
    const message = `the table of models could not be loaded: in a bundle, pass models: modelTable from '${MODELS}'`
    throw new LlmError('misconfigured', message, { cause })
  })) as typeof Models
  return own.length === 0 ? modelTable : createModelTable({ own, base: modelTable })
}

/** The features behind the flat options. An absent option adds no stage. */
function featuresOf(options: OrchestratorOptions): readonly Feature[] {
  checkSyncs(options)
  const { limits, limitStore: store, costUsd, quotas, cooldownSync } = options
  return [
    options.requestLimits === undefined ? [] : [inputLimits(options.requestLimits)],
    limits === undefined ? [] : [rateLimits(limits, { store, costUsd })],
    options.topics === undefined ? [] : [topics(options.topics)],
    options.moderation === undefined ? [] : [moderation(options.moderation)],
    options.queue === undefined ? [] : [queue(options.queue)],
    [attempts(attemptsOf(options))],
    quotas === undefined ? [] : [providerQuotas(quotas, { cooldownSync })],
  ].flat()
}

function attemptsOf(options: OrchestratorOptions): AttemptsOptions {
  const { fallback, retry, continuation, hedge, throughput } = options
  const { breaker, breakerSync, cooldownSync, balance } = options
  return { fallback, retry, continuation, hedge, throughput, breaker, breakerSync, cooldownSync, balance }
}

function checkSyncs({ breaker, breakerSync, cooldownSync, quotas, providers }: OrchestratorOptions): void {
  if (breakerSync !== undefined && breaker === undefined)
    refuse('breakerSync', 'shares breakers, and there are none: give breaker, {} for its defaults')
  const hasKeys = Object.values(providers ?? {}).some(
    (entry: unknown) => isObject(entry) && Array.isArray(entry['apiKey']),
  )
  if (cooldownSync !== undefined && quotas === undefined && !hasKeys)
    refuse(
      'cooldownSync',
      'shares what quotas and keys learn, and there are none: give quotas, {} for their defaults',
    )
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
