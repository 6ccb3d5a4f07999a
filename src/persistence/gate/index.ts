export { createGate, type Gate, type GateOptions } from './gate.ts'
export { checkSignal, ended, unlessAborted } from './signal.ts'
