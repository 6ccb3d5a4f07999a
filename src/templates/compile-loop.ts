import type { Compiler, Evaluate, Execute } from './closures.ts'
import { itemAt, member } from './lookup.ts'
import type { Scope } from './scope.ts'
import type { Loop } from './tree.ts'
import { Dict, type Frame, isList, type Run, UNSET, type Value } from './value.ts'

/** What a loop goes through. */
interface Turns {
  readonly count: number
  /** Gives the variables the values of a turn. */
  bind(index: number): void
}

/**
 * A loop over the items of a list, the characters of a text or, with two variables, the fields of a dict. What is
 * set inside stays from turn to turn, and is gone after the loop unless it was set before it.
 */
export function compileLoop(compiler: Compiler, loop: Loop, outer: Scope): Execute {
  const list = compiler.expression(loop.list, outer)
  const scope = outer.ofLoop(loop.names)
  const stateSlot = loop.usesLoop ? scope.declare('loop') : undefined
  const variables = loop.variables.map((name) => scope.declare(name, true))
  const filter = loop.filter === undefined ? undefined : compiler.expression(loop.filter, scope)
  const otherwise = compiler.statements(loop.otherwise, scope)
  // From here on `loop` is always set: neither filter nor `else` see it.
  if (loop.usesLoop) scope.declare('loop', true)
  const body = compiler.statements(loop.body, scope)
  const own = scope.slots()
  // A variable of the name `loop` hides the state of the loop.
  const loopSlot = stateSlot !== undefined && variables.includes(stateSlot) ? undefined : stateSlot
  return (run, frame) => {
    run.line = loop.line
    const value = list(run, frame)
    for (const slot of own) frame.slots[slot] = UNSET
    const all = turnsOf(run, frame, value, variables)
    const turns = filter === undefined ? all : chosen(run, frame, all, filter)
    if (turns.count === 0) {
      for (const slot of variables) frame.slots[slot] = undefined
      otherwise(run, frame)
    } else repeat(run, frame, turns, { body, loopSlot })
  }
}

interface Body {
  readonly body: Execute
  /** The slot of `loop`, where something reads it. */
  readonly loopSlot: number | undefined
}

function repeat(run: Run, frame: Frame, turns: Turns, { body, loopSlot }: Body): void {
  const { count } = turns
  const state = loopSlot === undefined ? undefined : new Dict()
  if (loopSlot !== undefined) frame.slots[loopSlot] = state
  for (let index = 0; index < count; index++) {
    run.spend(1)
    turns.bind(index)
    if (state !== undefined) moveTo(state, index, count)
    body(run, frame)
  }
}

/** The turns that a filter leaves. */
function chosen(run: Run, frame: Frame, turns: Turns, filter: Evaluate): Turns {
  const kept: number[] = []
  for (let index = 0; index < turns.count; index++) {
    run.spend(1)
    turns.bind(index)
    if (filter(run, frame)) kept.push(index)
  }
  return { count: kept.length, bind: (index) => turns.bind(kept[index] ?? 0) }
}

function turnsOf(run: Run, { slots }: Frame, value: Value, variables: readonly number[]): Turns {
  const [first = 0, second] = variables
  if (typeof value === 'string') run.read(value)
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

const NONE: Turns = Object.freeze({ count: 0, bind: () => undefined })

/** The items of a row go to the variables. */
function bindRow(run: Run, slots: Frame['slots'], row: Value, variables: readonly number[]): void {
  run.spend(variables.length)
  for (const [column, slot] of variables.entries()) slots[slot] = member(run, row, column)
}

function indexesOf(run: Run, text: string): string[] {
  run.spend(text.length)
  return Array.from({ length: text.length }, (_item, index) => String(index))
}

function moveTo(state: Dict, index: number, length: number): void {
  state['index'] = index + 1
  state['index0'] = index
  state['revindex'] = length - index
  state['revindex0'] = length - index - 1
  state['first'] = index === 0
  state['last'] = index === length - 1
  state['length'] = length
}
