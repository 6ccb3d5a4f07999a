import type { Compiler, Evaluate } from './closures.ts'
import { TemplateFault } from './fault.ts'
import { filters } from './filters/index.ts'
import { compileName } from './compile-name.ts'
import type { Scope } from './scope.ts'
import { tests } from './tests.ts'
import type { Expression } from './tree.ts'
import { type Keywords, type List, Macro } from './value.ts'

type Tree<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>

const NONE: List = Object.freeze([])

/** The filters that leave a text escaped if it was, as stock nunjucks does. */
const KEEPING: ReadonlySet<string> = new Set([
  'capitalize',
  'center',
  'indent',
  'nl2br',
  'replace',
  'string',
  'striptags',
  'title',
  'trim',
  'truncate',
])
const ESCAPING: ReadonlySet<string> = new Set(['e', 'escape', 'forceescape', 'safe'])

/** A call of a macro, of `caller` or of `range`. */
export function compileCall(compiler: Compiler, { name, args, line }: Tree<'call'>, scope: Scope): Evaluate {
  const callee = compileName(name, scope)
  const positional = compileAll(compiler, args.positional, scope)
  const values = compileAll(
    compiler,
    args.keywords.map(({ value }) => value),
    scope,
  )
  const names = args.keywords.map((keyword) => keyword.name)
  const cost = 1 + args.positional.length + names.length
  return (run, frame) => {
    const macro = callee(run, frame)
    if (!(macro instanceof Macro)) {
      run.line = line
      return run.fail(`\`${name}\` is called but is no macro`)
    }
    run.spend(cost)
    const given = positional(run, frame)
    const keywords: Keywords | undefined =
      names.length === 0 ? undefined : { names, values: values(run, frame) }
    run.line = line
    return macro.invoke(run, given, keywords)
  }
}

/** A filter. Named arguments are put in their places here, once. */
export function compileFilter(compiler: Compiler, tree: Tree<'filter'>, scope: Scope): Evaluate {
  const { name, line } = tree
  const found = filters.get(isEscapedAlready(tree) ? 'string' : name)
  if (found === undefined) throw new TemplateFault(`the filter \`${name}\` is not known`, line)
  const input = compiler.expression(tree.input, scope)
  const args = compileAll(compiler, arranged(tree, found.parameters), scope)
  const { apply } = found
  return (run, frame) => {
    const value = input(run, frame)
    const given = args(run, frame)
    run.line = line
    run.spend(1)
    return apply(run, value, given)
  }
}

/** The arguments of a filter in the order of its parameters. */
function arranged({ name, args, line }: Tree<'filter'>, parameters: readonly string[]): Expression[] {
  const all: Expression[] = [...args.positional]
  for (const keyword of args.keywords) {
    const index = parameters.indexOf(keyword.name)
    if (index < 0) throw new TemplateFault(`the filter \`${name}\` has no argument \`${keyword.name}\``, line)
    while (all.length < index) all.push({ kind: 'literal', value: undefined })
    all[index] = keyword.value
  }
  return all
}

function isEscapedAlready({ name, input }: Tree<'filter'>): boolean {
  return (name === 'e' || name === 'escape') && isEscaped(input)
}

function isEscaped(tree: Expression): boolean {
  if (tree.kind !== 'filter') return false
  return ESCAPING.has(tree.name) || (KEEPING.has(tree.name) && isEscaped(tree.input))
}

/** A question after `is`. */
export function compileTest(compiler: Compiler, tree: Tree<'test'>, scope: Scope): Evaluate {
  const test = tests.get(tree.name) ?? (() => false)
  const target = compiler.expression(tree.target, scope)
  const args = compileAll(compiler, tree.args, scope)
  return (run, frame) => {
    run.spend(1)
    const value = target(run, frame)
    return test(run, value, args(run, frame)[0])
  }
}

/** Several expressions, as one that makes a list. The caller charges their number. */
export function compileAll(
  compiler: Compiler,
  trees: readonly Expression[],
  scope: Scope,
): (...at: Parameters<Evaluate>) => List {
  const all = trees.map((tree) => compiler.expression(tree, scope))
  const [first, second] = all
  if (first === undefined) return () => NONE
  if (second === undefined) return (run, frame) => [first(run, frame)]
  return (run, frame) => all.map((one) => one(run, frame))
}
