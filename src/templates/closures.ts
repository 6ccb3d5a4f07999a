import type { Scope } from './scope.ts'
import type { Expression, Statement } from './tree.ts'
import type { Frame, Run, Value } from './value.ts'

/** A compiled expression. */
export type Evaluate = (run: Run, frame: Frame) => Value

/** A compiled statement. */
export type Execute = (run: Run, frame: Frame) => void

/** Compiles trees to closures. Generates no code. */
export interface Compiler {
  expression(tree: Expression, scope: Scope): Evaluate
  statements(list: readonly Statement[], scope: Scope): Execute
}

/** Runs a body and returns its output as a text. */
export function capture(run: Run, frame: Frame, body: Execute): string {
  const { out } = run
  run.out = ''
  body(run, frame)
  const text = run.out
  run.out = out
  return text
}
