export { planRegenerate, planResend } from './plan-regenerate.ts'
export { planTurn } from './plan-turn.ts'
export { TurnRunner, type TurnTask } from './turn-runner.ts'
export type { TurnStream } from './turn-stream.ts'
