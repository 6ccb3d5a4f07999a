import { numberOf } from './text.ts'
import { type List, Macro, type Run, type Value } from './value.ts'

/** `range(stop)`, `range(start, stop)` or `range(start, stop, step)`: the numbers from `start` to before `stop`. */
export const range: Macro = /* @__PURE__ */ new Macro('range', (run, args) => {
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
    if (numbers.push(at) > maxRange) run.fail(`a range has more than ${maxRange} numbers (maxRange)`)
  }
  return numbers
}
