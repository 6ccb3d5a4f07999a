import type { Clock } from '../core/clock.ts'
import type { Compiler } from './closures.ts'
import { compileExpression } from './compile-expression.ts'
import { compileStatements } from './compile-statement.ts'
import { importData } from './import-data.ts'
import type { TemplateLimits } from './limits.ts'
import { type LayoutOptions, parseTemplate } from './parse.ts'
import { range } from './range.ts'
import { readTree } from './read-tree.ts'
import { ContextNames, Scope } from './scope.ts'
import { Frame, Run, type Value } from './value.ts'

/** A template that is ready to run. It holds no state: one may serve any number of renderings. */
export interface Program {
  /** The names it asks the data for, in the order of their first use. */
  readonly reads: readonly string[]
  /** What it costs to keep, in nodes of its tree. */
  readonly nodes: number
  /** Renders it. Throws a `TemplateFault`, or what the engine throws where its stack is used up. */
  run(data: unknown, limits: TemplateLimits, clock: Clock): string
}

/** What a name means that neither template nor data sets; authors of Jinja templates write constants with a capital. */
const BUILT_IN: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', range],
  ['caller', undefined],
  ['True', true],
  ['False', false],
  ['None', null],
])

/** Compiles a template to closures. Throws a `TemplateFault`, or what the engine throws where its stack is used up. */
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
