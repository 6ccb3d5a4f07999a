import type { Compiler, Evaluate, Execute } from './closures.ts'
import { compileMacro } from './compile-macro.ts'
import { compileAssign, compileDefinition, contextIndexOf } from './compile-name.ts'
import { itemAt, member } from './lookup.ts'
import { isEqual } from './operators.ts'
import type { Scope } from './scope.ts'
import { outputText } from './text.ts'
import type { Condition, Expression, Loop, Statement, Switch } from './tree.ts'
import { Dict, type Frame, isList, type Run, UNSET, type Value } from './value.ts'

/** Compiles a body to one closure, which charges one step per statement before the first statement runs. */
export function compileStatements(compiler: Compiler, list: readonly Statement[], scope: Scope): Execute {
  const all = list.map((statement) => compileStatement(compiler, statement, scope))
  const [first, second] = all
  if (first === undefined) return () => undefined
  if (second === undefined)
    return (run, frame) => {
      run.spend(1)
      first(run, frame)
    }
  return (run, frame) => {
    run.spend(all.length)
    for (const execute of all) execute(run, frame)
  }
}

function compileStatement(compiler: Compiler, statement: Statement, scope: Scope): Execute {
  switch (statement.kind) {
    case 'text': {
      const { text } = statement
      return (run) => run.emit(text)
    }
    case 'output':
      return compileOutput(compiler, statement.value, statement.line, scope)
    case 'if':
      return compileIf(compiler, statement, scope)
    case 'for':
      return compileLoop(compiler, statement, scope)
    case 'set':
      return compileSet(compiler, statement, scope)
    case 'macro':
      return compileDefinition(statement.macro.name, compileMacro(compiler, statement.macro, scope), scope)
    case 'switch':
      return compileSwitch(compiler, statement, scope)
  }
}

function compileOutput(compiler: Compiler, value: Expression, line: number, scope: Scope): Execute {
  const index = value.kind === 'name' ? contextIndexOf(value.name, scope) : undefined
  if (index !== undefined)
    return (run) => {
      run.line = line
      run.emit(outputText(run, run.context[index]))
    }
  const evaluate = compiler.expression(value, scope)
  return (run, frame) => {
    run.line = line
    run.emit(outputText(run, evaluate(run, frame)))
  }
}

function compileIf(compiler: Compiler, { test, body, otherwise, line }: Condition, scope: Scope): Execute {
  const condition = compiler.expression(test, scope)
  const then = compiler.statements(body, scope)
  const or = compiler.statements(otherwise, scope)
  return (run, frame) => {
    run.line = line
    if (condition(run, frame)) then(run, frame)
    else or(run, frame)
  }
}

function compileSet(
  compiler: Compiler,
  { names, value, line }: Extract<Statement, { readonly kind: 'set' }>,
  scope: Scope,
): Execute {
  const evaluate = compiler.expression(value, scope)
  const assigns = names.map((name) => compileAssign(name, scope))
  return (run, frame) => {
    run.line = line
    const result = evaluate(run, frame)
    for (const assign of assigns) assign(run, frame, result)
  }
}

function compileSwitch(
  compiler: Compiler,
  { subject, cases, otherwise, line }: Switch,
  scope: Scope,
): Execute {
  const evaluate = compiler.expression(subject, scope)
  const or = compiler.statements(otherwise, scope)
  const branches = cases.map(({ value, body, fallsThrough }) => ({
    value: compiler.expression(value, scope),
    body: compiler.statements(body, scope),
    fallsThrough,
  }))
  return (run, frame) => {
    run.line = line
    const wanted = evaluate(run, frame)
    let chosen = false
    for (const { value, body, fallsThrough } of branches) {
      run.spend(1)
      chosen ||= isEqual(run, wanted, value(run, frame))
      if (!chosen || fallsThrough) continue
      body(run, frame)
      return
    }
    or(run, frame)
  }
}

/** The iterations of one run of a loop. */
interface Iterations {
  readonly count: number
  /** Assigns the values of one iteration to the loop variables. */
  bind(index: number): void
}

/**
 * Compiles a loop over the items of a list, the characters of a text or, with two variables, the fields of a dict.
 * A variable that the body sets keeps its value between iterations and ends with the loop, unless it was set before.
 */
function compileLoop(compiler: Compiler, loop: Loop, outer: Scope): Execute {
  const list = compiler.expression(loop.list, outer)
  const scope = outer.ofLoop(loop.names)
  const stateSlot = loop.usesLoop ? scope.declare('loop') : undefined
  const variables = loop.variables.map((name) => scope.declare(name, true))
  const filter = loop.filter === undefined ? undefined : compiler.expression(loop.filter, scope)
  const otherwise = compiler.statements(loop.otherwise, scope)
  // Declared after filter and `else`, because neither of them sees `loop`.
  if (loop.usesLoop) scope.declare('loop', true)
  const body = compiler.statements(loop.body, scope)
  const own = scope.slots()
  // A loop variable named `loop` hides the state of the loop.
  const loopSlot = stateSlot !== undefined && variables.includes(stateSlot) ? undefined : stateSlot
  return (run, frame) => {
    run.line = loop.line
    const value = list(run, frame)
    for (const slot of own) frame.slots[slot] = UNSET
    const all = iterationsOf(run, frame, value, variables)
    const iterations = filter === undefined ? all : filtered(run, frame, all, filter)
    if (iterations.count === 0) {
      for (const slot of variables) frame.slots[slot] = undefined
      otherwise(run, frame)
    } else repeat(run, frame, iterations, { body, loopSlot })
  }
}

interface Body {
  readonly body: Execute
  /** The slot of `loop`; `undefined` if the template never reads it. */
  readonly loopSlot: number | undefined
}

function repeat(run: Run, frame: Frame, iterations: Iterations, { body, loopSlot }: Body): void {
  const { count } = iterations
  const state = loopSlot === undefined ? undefined : new Dict()
  if (loopSlot !== undefined) frame.slots[loopSlot] = state
  for (let index = 0; index < count; index++) {
    run.spend(1)
    iterations.bind(index)
    if (state !== undefined) updateLoopState(state, index, count)
    body(run, frame)
  }
}

/** The iterations that pass the filter of `for … if`. */
function filtered(run: Run, frame: Frame, iterations: Iterations, filter: Evaluate): Iterations {
  const kept: number[] = []
  for (let index = 0; index < iterations.count; index++) {
    run.spend(1)
    iterations.bind(index)
    if (filter(run, frame)) kept.push(index)
  }
  return { count: kept.length, bind: (index) => iterations.bind(kept[index] ?? 0) }
}

function iterationsOf(run: Run, { slots }: Frame, value: Value, variables: readonly number[]): Iterations {
  const [first = 0, second] = variables
  if (typeof value === 'string') run.chargeRead(value)
  if (second === undefined) {
    if (typeof value !== 'string' && !isList(value)) return NONE
    return { count: value.length, bind: (index) => void (slots[first] = value[index]) }
  }
  if (isList(value))
    return { count: value.length, bind: (index) => bindRow(run, slots, value[index], variables) }
  if (typeof value !== 'string' && !(value instanceof Dict)) return NONE
  const keys = typeof value === 'string' ? indexesOf(run, value) : Object.keys(value)
  return {
    count: keys.length,
    bind: (index) => {
      const key = keys[index] ?? ''
      slots[first] = key
      slots[second] = typeof value === 'string' ? itemAt(run, value, index) : value[key]
    },
  }
}

const NONE: Iterations = Object.freeze({ count: 0, bind: () => undefined })

/** Assigns the items of a row to the loop variables. */
function bindRow(run: Run, slots: Frame['slots'], row: Value, variables: readonly number[]): void {
  run.spend(variables.length)
  for (const [column, slot] of variables.entries()) slots[slot] = member(run, row, column)
}

function indexesOf(run: Run, text: string): string[] {
  run.spend(text.length)
  return Array.from({ length: text.length }, (_item, index) => String(index))
}

function updateLoopState(state: Dict, index: number, length: number): void {
  state['index'] = index + 1
  state['index0'] = index
  state['revindex'] = length - index
  state['revindex0'] = length - index - 1
  state['first'] = index === 0
  state['last'] = index === length - 1
  state['length'] = length
}
