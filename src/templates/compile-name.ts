import type { Evaluate, Execute } from './closures.ts'
import type { Place, Scope } from './scope.ts'
import { type Frame, type Run, UNSET, type Value } from './value.ts'

/** Compiles the read of a variable: from the nearest frame that sets it, else from the context. Costs one step. */
export function compileName(name: string, scope: Scope): Evaluate {
  const places = scope.places(name)
  const [nearest] = places
  if (nearest === undefined) return fromContext(scope.context.indexOf(name))
  if (nearest.always && nearest.hops === 0) return fromSlot(nearest.slot)
  if (places.at(-1)?.always === true) return fromPlaces(places, undefined)
  return fromPlaces(places, scope.context.indexOf(name))
}

/** Returns the context index of a name, or `undefined` if a frame may set the name. */
export function contextIndexOf(name: string, scope: Scope): number | undefined {
  return scope.places(name).length === 0 ? scope.context.indexOf(name) : undefined
}

function fromContext(index: number): Evaluate {
  return (run) => {
    run.spend(1)
    return run.context[index]
  }
}

function fromSlot(slot: number): Evaluate {
  return (run, frame) => {
    run.spend(1)
    const value = frame.slots[slot]
    return value === UNSET ? undefined : value
  }
}

function fromPlaces(places: readonly Place[], index: number | undefined): Evaluate {
  return (run, frame) => {
    run.spend(1)
    for (const place of places) {
      const value = slotOf(frame, place)
      if (value !== UNSET) return value
    }
    return index === undefined ? undefined : run.context[index]
  }
}

function slotOf(frame: Frame, { hops, slot }: Place): Value | typeof UNSET {
  let at: Frame | undefined = frame
  for (let hop = 0; hop < hops; hop++) at = at?.parent
  return at?.slots[slot]
}

/** Assigns a variable: in the frame that set it, else in this frame. */
export type Assign = (run: Run, frame: Frame, value: Value) => void

export function compileAssign(name: string, scope: Scope): Assign {
  const targets = scope.targets(name)
  const [own = 0] = targets
  const cell = scope.isTop ? scope.context.cell(name) : undefined
  return (run, frame, value) => {
    const { slots } = frame
    let slot = own
    for (const target of targets) {
      if (slots[target] === UNSET) continue
      slot = target
      break
    }
    slots[slot] = value
    if (cell !== undefined && cell.index >= 0) run.context[cell.index] = value
  }
}

/** Compiles a definition, which assigns a macro to its name. */
export function compileDefinition(name: string, value: Value, scope: Scope): Execute {
  const slot = scope.declare(name)
  const cell = scope.sharesMacros ? scope.context.cell(name) : undefined
  return (run, frame) => {
    frame.slots[slot] = value
    if (cell !== undefined && cell.index >= 0) run.context[cell.index] = value
  }
}
