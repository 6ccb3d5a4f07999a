import { capture, type Compiler, type Evaluate, type Execute } from './closures.ts'
import { Scope } from './scope.ts'
import type { MacroBody } from './tree.ts'
import { Frame, type Invoke, type Keywords, type List, Macro, type Run, type Value } from './value.ts'

interface Default {
  readonly name: string
  readonly slot: number
  readonly value: Evaluate
}

interface Compiled {
  readonly scope: Scope
  readonly parameters: readonly { readonly name: string; readonly slot: number }[]
  readonly defaults: readonly Default[]
  readonly callerSlot: number
  readonly body: Execute
}

/** Compiles a macro. It sees its arguments and the context, but no variables around its definition or its calls. */
export function compileMacro(compiler: Compiler, macro: MacroBody, scope: Scope): Macro {
  const compiled = compileBody(compiler, macro, Scope.ofMacro(scope.context, macro.names))
  return new Macro(macro.name, invokes(compiled, undefined))
}

/** Compiles a call block. It sees the variables around it. */
export function compileCallBlock(compiler: Compiler, block: MacroBody, scope: Scope): Evaluate {
  const compiled = compileBody(compiler, block, Scope.ofMacro(scope.context, block.names, scope))
  return (run, frame) => {
    run.spend(1)
    return new Macro(block.name, invokes(compiled, frame))
  }
}

function compileBody(compiler: Compiler, macro: MacroBody, scope: Scope): Compiled {
  const callerSlot = scope.declare('caller')
  const parameters = macro.parameters.map((name) => ({ name, slot: scope.declare(name, true) }))
  // Declared after its default is compiled: a default sees earlier parameters, but not its own.
  const defaults = macro.defaults.map(({ name, value }) => {
    const evaluate = compiler.expression(value, scope)
    return { name, slot: scope.declare(name, true), value: evaluate }
  })
  return { scope, parameters, defaults, callerSlot, body: compiler.statements(macro.body, scope) }
}

function invokes(compiled: Compiled, outer: Frame | undefined): Invoke {
  const { scope, body } = compiled
  return (run, args, keywords) => {
    run.enter()
    const frame = new Frame(scope.size, outer)
    run.spend(1 + scope.size)
    bind(run, frame, compiled, { args, keywords })
    const text = capture(run, frame, body)
    run.leave()
    return text
  }
}

interface Given {
  readonly args: List
  readonly keywords: Keywords | undefined
}

/**
 * Binds arguments to parameters: by position first, then by name. Parameters without a default come before those with
 * one. A missing argument is undefined.
 */
function bind(run: Run, frame: Frame, compiled: Compiled, { args, keywords }: Given): void {
  const { slots } = frame
  const { parameters, defaults, callerSlot } = compiled
  for (const [index, { name, slot }] of parameters.entries())
    slots[slot] = index < args.length ? args[index] : keywordOf(keywords, name)?.value
  for (const [index, { name, slot, value }] of defaults.entries()) {
    const position = parameters.length + index
    const given = position < args.length ? { value: args[position] } : keywordOf(keywords, name)
    slots[slot] = given === undefined ? value(run, frame) : given.value
  }
  const caller = keywordOf(keywords, 'caller')
  if (caller !== undefined) slots[callerSlot] = caller.value
}

function keywordOf(keywords: Keywords | undefined, name: string): { readonly value: Value } | undefined {
  const index = keywords === undefined ? -1 : keywords.names.lastIndexOf(name)
  return index < 0 ? undefined : { value: keywords?.values[index] }
}
