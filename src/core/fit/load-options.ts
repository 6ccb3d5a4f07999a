import type { Dialect, OptionNames } from '../dialect.ts'
import type { Extensible } from '../extensible.ts'
import { lazy, loaded, type Loadable } from '../lazy.ts'
import type { Message } from '../message.ts'
import type { OptionParts, Placing } from './placing.ts'

const loadModule = lazy(() => import('./place-options.ts'))

interface Named {
  readonly provider: string
  readonly dialect: Pick<Dialect, 'options'>
  readonly definition: {
    readonly optionsOf?: readonly string[] | undefined
    readonly options?: Loadable<readonly string[]> | undefined
    readonly otherOptions?: Loadable<readonly string[]> | undefined
  }
}

/** Loads what only calls with options of providers need: the functions, and the names that the target has. */
export async function loadPlacing({ provider, dialect, definition }: Named): Promise<Placing> {
  const { optionsOf = [], options = [], otherOptions = [] } = definition
  const [module, { request = [], places }, more, other] = await Promise.all([
    loadModule(),
    loaded<OptionNames>(dialect.options ?? {}),
    loaded(options),
    loaded(otherOptions),
  ])
  const known = [...request, ...more]
  // Of a vendor whose fields are not known, any name is right.
  const names = { request: known, places: known.length === 0 ? undefined : places, other }
  return (call) => module.placeOptions(call, { providers: [...optionsOf, provider], names })
}

/** Whether a call, or any of its messages, parts and tools has options of a provider. */
export function hasOptions({
  messages,
  settings: { tools, serverTools },
  providerOptions,
}: OptionParts): boolean {
  return (
    providerOptions !== undefined ||
    messages.some(ownOptions) ||
    tools?.some(isExtended) === true ||
    serverTools?.some(isExtended) === true
  )
}

function ownOptions(message: Message): boolean {
  if (isExtended(message)) return true
  return typeof message.content !== 'string' && (message.content as readonly Extensible[]).some(isExtended)
}

function isExtended({ providerOptions }: Extensible): boolean {
  return providerOptions !== undefined
}
