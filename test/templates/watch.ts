import { isDeepStrictEqual } from 'node:util'
import { LlmError } from 'llm-switchyard'
import { createTemplateEngine, type TemplateOptions } from 'llm-switchyard/templates'
import { createFakeClock } from 'llm-switchyard/testing'
import { proving, stopwatch, type Stopwatch } from '../proof.ts'

/** Strings in data that no template may read, and in no valid output. */
const HIDDEN = /hidden-|\[native code\]|node_modules|\/src\/|\.ts:\d/

/** The outcome of a rendering. */
export interface Outcome {
  readonly output?: string | undefined
  readonly error?: LlmError | undefined
  readonly took: Stopwatch
}

// Time does not pass here: a flood has to end by the work that it makes, and honest templates need no quick machine.
// A proof takes the real clock, and measures.
const engine = createTemplateEngine(proving ? {} : { clock: createFakeClock() })

/** Renders a template. Throws unless the outcome is a text or `template-failed`, without any of the secret strings. */
export function renderWatched(source: string, data: unknown, options?: TemplateOptions): Outcome {
  const before = prototypes()
  const took = stopwatch()
  let outcome: Outcome
  try {
    const output = engine.renderTemplate(source, data, options)
    outcome = { output, took }
  } catch (error) {
    if (!LlmError.is(error, 'template-failed')) throw new Error('not a template-failed', { cause: error })
    outcome = { error, took }
  }
  if (!isDeepStrictEqual(prototypes(), before)) throw new Error('a prototype has changed')
  const { error, output } = outcome
  if (error?.cause !== undefined) throw new Error('the error has a cause')
  const said = error === undefined ? (output ?? '') : `${error.message} ${JSON.stringify(error)}`
  if (HIDDEN.test(said)) throw new Error(`it says too much: ${said}`)
  return outcome
}

const WATCHED: readonly object[] = [
  Object.prototype,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  Function.prototype,
  Map.prototype,
  Object,
  Array,
  globalThis,
]

/** Global state that a template could have changed. */
function prototypes(): unknown[] {
  return WATCHED.flatMap((target) => {
    const keys = Reflect.ownKeys(target)
    return target === globalThis
      ? keys.length
      : keys.flatMap((key) => [key, Object.getOwnPropertyDescriptor(target, key)?.value])
  })
}

/** Functions, getters and conversions that record when they run. */
export interface Traps {
  readonly data: Readonly<Record<string, unknown>>
  readonly sprung: () => readonly string[]
}

/** Data with a trap in every place that could run code of the caller. */
export function setTraps(): Traps {
  const sprung: string[] = []
  const trap = (name: string) => (): string => {
    sprung.push(name)
    return 'hidden-trap'
  }
  const converting = {
    toString: trap('toString'),
    valueOf: trap('valueOf'),
    toJSON: trap('toJSON'),
    [Symbol.toPrimitive]: trap('toPrimitive'),
    [Symbol.iterator]: trap('iterator'),
    length: 3,
    a: 'x',
  }
  Reflect.set(converting, 'then', trap('then'))
  class Instance {
    readonly a = 'hidden-field'
    get b(): string {
      return trap('getter')()
    }
    toString(): string {
      return trap('toString of an instance')()
    }
  }
  const data = {
    name: 'Ada',
    list: ['b', 'a', 3],
    dict: { a: 1, b: { c: 'd' } },
    text: 'some words here',
    f: trap('f'),
    o: converting,
    functions: [trap('item'), { g: trap('g') }],
    instance: new Instance(),
    getter: Object.defineProperty({}, 'a', { get: trap('own getter'), enumerable: true }),
  }
  return {
    data: Object.defineProperty(data, 'top', { get: trap('top getter'), enumerable: true }),
    sprung: () => sprung,
  }
}
