import type { Clock } from '../core/clock.ts'
import type { Compiler } from './closures.ts'
import { compileExpression } from './compile-expression.ts'
import { compileStatements } from './compile-statement.ts'
import { importData } from './import-data.ts'
import type { TemplateLimits } from './limits.ts'
import { type LayoutOptions, parseTemplate } from './parse.ts'
import { readTree } from './read-tree.ts'
import { ContextNames, Scope } from './scope.ts'
import { numberOf } from './text.ts'
import { Frame, type List, Macro, Run, type Value } from './value.ts'

/** A compiled template. It has no state and can run any number of times. */
export interface Program {
  /** The names that it reads from the data, in the order of first use. */
  readonly reads: readonly string[]
  /** Number of nodes of its tree: its size in a cache. */
  readonly nodes: number
  /** Renders the template. Throws a `TemplateFault`, or a `RangeError` if the call stack overflows. */
  run(data: unknown, limits: TemplateLimits, clock: Clock): string
}

/** `range(stop)`, `range(start, stop)` and `range(start, stop, step)`: the numbers from `start` to before `stop`. */
const range: Macro = /* @__PURE__ */ new Macro('range', (run, args) => {
  const [first, second, third] = args
  const [start, stop] = second === undefined ? [0, first] : [numberOf(run, first), second]
  const step = second === undefined || !third ? 1 : numberOf(run, third)
  return count(run, { start, stop: numberOf(run, stop), step })
})

interface Span {
  readonly start: number
  readonly stop: number
  readonly step: number
}

function count(run: Run, { start, stop, step }: Span): List {
  const { maxRange } = run.limits
  const numbers: Value[] = []
  const goesOn = step > 0 ? (at: number) => at < stop : (at: number) => at > stop
  for (let at = start; goesOn(at); at += step) {
    run.spend(1)
    if (numbers.push(at) > maxRange) run.exceeded(`a range has more than ${maxRange} numbers`, 'maxRange')
  }
  return numbers
}

/** Names that are defined if neither template nor data sets them. Jinja authors write constants with a capital. */
const BUILT_IN: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', range],
  ['caller', undefined],
  ['True', true],
  ['False', false],
  ['None', null],
])

/** Compiles a template to closures. Throws a `TemplateFault`, or a `RangeError` if the call stack overflows. */
export function compileProgram(source: string, limits: TemplateLimits, layout: LayoutOptions): Program {
  const tree = readTree(parseTemplate(source, limits, layout), limits)
  const context = new ContextNames()
  const scope = Scope.ofTemplate(context, tree.names)
  const compiler: Compiler = {
    expression: (expression, at) => compileExpression(compiler, expression, at),
    statements: (statements, at) => compileStatements(compiler, statements, at),
  }
  const body = compiler.statements(tree.body, scope)
  const names = context.read
  const builtIn = [...names.entries()].filter(([, name]) => BUILT_IN.has(name))
  const run = (data: unknown, now: TemplateLimits, clock: Clock): string => {
    const values: Value[] = importData(data, names, now)
    for (const [index, name] of builtIn) if (values[index] === undefined) values[index] = BUILT_IN.get(name)
    const rendering = new Run(now, values, clock)
    body(rendering, new Frame(scope.size))
    return rendering.out
  }
  return {
    reads: names.filter((name) => !BUILT_IN.has(name) && !tree.names.has(name)),
    nodes: tree.nodes,
    run,
  }
}
