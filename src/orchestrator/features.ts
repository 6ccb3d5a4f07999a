import { LlmError } from '../core/error.ts'
import type { Feature, MountedFeature } from '../core/feature.ts'
import type { Message } from '../core/message.ts'
import type { MessageReview } from '../core/review.ts'
import type { StageContext } from '../core/stage-context.ts'
import type { Stage } from '../core/stage.ts'
import { boundedStage } from './bounded-stage.ts'

/** The mounted features and all stages of one orchestrator. */
export class Features {
  readonly stages: readonly Stage[]
  readonly #mounted: ReadonlyMap<string, MountedFeature>

  /** Throws `misconfigured` if two features have one name, or a value is neither a feature nor a stage. */
  constructor(use: readonly (Feature | Stage)[], context: StageContext) {
    const mounted = new Map<string, MountedFeature>()
    const stages: Stage[] = []
    for (const [at, one] of use.entries()) {
      if (isStage(one)) stages.push(boundedStage(one))
      else {
        const feature = mountOnce(one, { at, mounted, context })
        mounted.set(one.name, feature)
        stages.push(...feature.stages.map(boundedStage))
      }
    }
    this.stages = stages
    this.#mounted = mounted
  }

  /** Whether a feature is in use. */
  has(name: string): boolean {
    return this.#mounted.has(name)
  }

  /** Returns the handle of a feature; `undefined` if it is not in use. */
  handleOf(name: string): unknown {
    return this.#mounted.get(name)?.handle
  }

  /** Returns messages as the features allow them, one after the other. Rejects with what the first of them refuses. */
  async review(given: MessageReview): Promise<readonly Message[]> {
    let { messages } = given
    for (const feature of this.#mounted.values())
      messages = (await feature.review?.({ ...given, messages })) ?? messages
    return messages
  }

  /** Closes all features. Resolves when each has closed, or has failed to. */
  async close(): Promise<void> {
    const close = async (feature: MountedFeature): Promise<void> => feature.close?.()
    await Promise.allSettled([...this.#mounted.values()].map(close))
  }
}

interface MountInput {
  readonly at: number
  readonly mounted: ReadonlyMap<string, MountedFeature>
  readonly context: StageContext
}

function mountOnce(feature: Feature, { at, mounted, context }: MountInput): MountedFeature {
  if (typeof feature?.mount !== 'function' || typeof feature.name !== 'string')
    refuse(at, 'is neither a feature such as queue({ … }) nor a stage { name, at, run }')
  if (mounted.has(feature.name)) refuse(at, `is a second feature "${feature.name}"; remove one of them`)
  return feature.mount(context)
}

function isStage(one: Feature | Stage): one is Stage {
  const stage = one as Partial<Stage> | null | undefined
  return typeof stage?.run === 'function' && (stage.at === 'call' || stage.at === 'attempt')
}

function refuse(at: number, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: use.${at} ${problem}`, {
    issues: [{ path: `use.${at}`, message: problem }],
  })
}
