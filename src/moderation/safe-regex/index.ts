export {
  compilePattern,
  readFlags,
  type PatternInput,
  type PatternMatch,
  type SafePattern,
} from './safe-pattern.ts'
export { Automaton } from './automaton.ts'
export { compileProgram, isEmptyable, type Search } from './program.ts'
export { readPattern } from './read-pattern.ts'
export { Scanner } from './scanner.ts'
export type { Outcome, SettledRange } from './settled-text.ts'
export { refusePattern } from './syntax.ts'
export { wholeWord } from './word-boundary.ts'
