import { optionsSchema } from '../core/options.ts'
import { kind, type Field, type Group } from '../core/schema.ts'
import { coreRows, type CoreOptions } from './config.ts'

// The options of the package root that `/core` takes as features.
const FEATURES = {
  limits: 'rateLimits({ … })',
  limitStore: 'rateLimits(limits, { store })',
  costUsd: 'rateLimits(limits, { costUsd })',
  requestLimits: 'inputLimits({ … })',
  queue: 'queue({ … })',
  quotas: 'providerQuotas({ … })',
  fallback: 'attempts({ fallback })',
  retry: 'attempts({ retry })',
  continuation: 'attempts({ continuation })',
  hedge: 'attempts({ hedge })',
  throughput: 'attempts({ throughput })',
  breaker: 'attempts({ breaker })',
  breakerSync: 'attempts({ breakerSync })',
  cooldownSync: 'attempts({ cooldownSync })',
  balance: 'attempts({ balance })',
  moderation: 'moderation({ … })',
  topics: 'topics(monitor)',
} as const
type RootOption = keyof typeof FEATURES

/** The schema of {@link CoreOptions} at `/core`: an option of the root is refused, and its feature named. */
export const coreSchema: Group = optionsSchema<CoreOptions & { [K in RootOption]?: never }>()(() => ({
  ...coreRows(),
  ...(Object.fromEntries(
    Object.entries(FEATURES).map(([option, feature]) => [option, featureField(feature)]),
  ) as Record<RootOption, Field>),
}))

function featureField(feature: string): Field {
  return kind(`given as a feature here: use: [${feature}]`, () => false)
}
